"""Delimited text and JSON lines as a part: what DuckDB reads, which lines are no records, and where each record stands.

DuckDB 1.5 reads sound files fast but not odd ones: in parallel it splits quoted line breaks wrongly, a stray quote ends
the file without a word, and mixed line ends stop it. So a file is handed to it as it lies only when a pass over its
bytes finds nothing odd; otherwise the sound records are written once more, one a line and without quotes, and that is
read. Either way its rows are held against a count of our own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import BinaryIO

import duckdb
import numpy as np

from sipnb.records.scratch import forget, unnamed
from sipnb.records.sources import byte_scan, csv_records, encodings, headings, limits
from sipnb.records.sources.csv_records import LONGEST, Dialect, Marks, Records, ended, records
from sipnb.records.sources.headings import header
from sipnb.records.sources.relation import TOTALS, Malformed, MissingInput, Part
from sipnb.records.sql import located, name, quoted

_SIGNS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_SEP = re.compile(rb'"?sep=(.|[^\x00-\x7f]+)"?\r?', re.IGNORECASE)
_LONG = 1 << 20  # bytes of a line that DuckDB reads with its own settings; longer ones need larger buffers
_TOTALS_ROW = "a totals row"
_UNSETTLED = "{path} was read as {rows:,} records where it holds {good:,}; this is a fault of sipnb, please report it"


def open_text(
    path: Path, scratch: Path, delimiter: str | None = None, encoding: str | None = None, lines: bool = False,
    skip: int | None = None, wanted: set[str] | None = None, unpacked: str | None = None,
) -> TextPart:  # fmt: skip
    """A delimited text file, or with `lines` one of JSON lines, ready to be read; .gz and .zst too.

    `skip`: how many lines stand above the header; else it is looked for, by the columns `wanted` if they are known.
    `unpacked`: what it may unfold to, see `limits.most`.
    Copies that are needed go into the folder `scratch` and must stay there until the part is read. Raises MissingInput
    for a file that holds no table at all: empty, cut short while compressed, binary, or of an unknown encoding.
    """
    return open_scanned(byte_scan.scan(path, scratch, unpacked), scratch, delimiter, encoding, lines, skip, wanted)


def open_scanned(
    found: byte_scan.Scan, scratch: Path, delimiter: str | None = None, encoding: str | None = None, lines: bool = False,
    skip: int | None = None, wanted: set[str] | None = None,
) -> TextPart:  # fmt: skip
    """The same for a file that has been scanned."""
    path, delimiter = found.path, {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)
    how = encodings.encoding(found, encoding)
    part = TextPart(path.name, "", {}, found.sha256, scan=found, encoding=how, scratch=scratch)
    part.notes += [how.note] if how.note else []
    part.returns = _returns_end_lines(found, how)
    block = b""
    for more in byte_scan.blocks(found, how.codec, how.mark, part.returns, []):
        block += more
        if len(block) >= byte_scan.HEAD:
            break
    part.skipped = _above(part, block, delimiter, wanted or set()) if skip is None and not lines else skip or 0
    below = block.split(b"\n", part.skipped)[-1] if block.count(b"\n") >= part.skipped else b""
    head = below.lstrip(b"\r\n")
    if not head:
        raise MissingInput(
            f"{path} has no line after the {part.skipped:,} that are skipped; set `skip` of the source to fewer"
            if part.skipped
            else byte_scan.EMPTY.format(path=path)
        )
    part.late = len(head) < len(block)
    head = head[: head.rfind(b"\n", 0, byte_scan.HEAD) + 1] or head
    if lines:
        part.columns, part.dialect = {"line": "VARCHAR"}, Dialect(b"", b"")
    else:
        _read_head(part, head, delimiter)
    part.prepare()
    return part


@dataclass
class TextPart(Part):
    """A text file. `records` counts what was read: records handed on and malformed ones."""

    scan: byte_scan.Scan | None = None
    encoding: encodings.Encoding | None = None
    scratch: Path | None = None
    dialect: Dialect = field(default_factory=lambda: Dialect(b","))
    delimiter: bytes = b""  # as it stands in the file, if that is more than one byte
    returns: bool = False  # whether carriage returns end lines
    preface: int = 0  # records that are no data: a header, and `sep=;` before it
    late: bool = False  # whether other lines stand before or between these
    skipped: int = 0  # lines above the header that are no part of the table

    def __post_init__(self) -> None:
        self._good: int | None = None  # sound records, once the file was gone through
        self._copied: Path | None = None
        self._steps: tuple[np.ndarray, np.ndarray] = (np.zeros(0, np.int64), np.zeros(0, np.int64))
        self._longest = 0
        self._spanning = False  # whether some records span several lines
        self._inner = False  # whether line ends stand within fields

    @property
    def records(self) -> int:
        """Records read, malformed ones included; blank lines and the header do not count."""
        if self._good is None:
            return max(self.scan.lines - self.scan.blank - self.preface, 0)
        return self._good + len(self.malformed)

    def prepare(self) -> None:
        """Choose what DuckDB reads: the file as it lies, or the sound records written once more."""
        found, has_quotes = self.scan, bool(self.dialect.quote) and self.dialect.quote in self.scan.quotes
        even = found.returns == found.pairs and (found.pairs in (0, found.feeds))
        sound = (
            self.encoding.codec == "utf-8"
            and not (found.broken or found.zeros or self.delimiter or self.dialect.backslash or self.late)
            and found.longest <= LONGEST
            and (even or (has_quotes and not self.returns))
        )
        if sound and has_quotes:
            sound = len(self.columns) > 1 and self._go_through(stop=True)
        if not sound:
            self.salvage()
            return
        self._longest = max(self._longest, found.longest)
        self._relate(found.plain, self.dialect.delimiter, self.dialect.quote)
        if self._good is None:
            self.first = 1 + self.preface

    def salvage(self) -> bool:
        """Have `relation` give the sound records from a copy; False if it does already.

        Raises MissingInput where the copy cannot be written.
        """
        if self._copied:
            return False
        digest = hashlib.blake2s(str(self.scan.path.absolute()).encode(), digest_size=4).hexdigest()
        copy = self.scratch / f"{self.name}.{digest}.records"
        try:
            copy = unnamed(self.scratch, copy.name)
            with copy.open("wb") as out:
                self._go_through(out)
        except OSError as error:
            raise MissingInput(f"{copy} cannot be written ({error}); it is needed to read {self.scan.path}") from error
        self._copied = copy
        self._forget_plain()
        self._relate(copy, self._marks().delimiter, b"")
        return True

    def settle(self, con: duckdb.DuckDBPyConnection, rows: int) -> bool:
        """Hold the rows read against the count of our own; the first difference is looked for line by line."""
        if not self._copied and self._good is None and rows != self.records:
            self._go_through()
        if self._good is None or rows == self._good:
            return True
        if self._copied:
            raise MissingInput(_UNSETTLED.format(path=self.scan.path, rows=rows, good=self._good))
        self.salvage()
        return False

    def close(self) -> None:
        """Remove the copies, which hold all that the file does."""
        if self._good is None and self.scan.blank:
            self._go_through()  # where records stand cannot be told afterwards
        if self._copied:
            forget(self._copied)
        self._forget_plain()

    def _forget_plain(self) -> None:
        """Remove what the file was unpacked to."""
        if self.scan.plain != self.scan.path:
            forget(self.scan.plain)
            self.scan.plain = self.scan.path

    def places(self, rows: np.ndarray) -> np.ndarray:
        """The physical lines, counted from 1, on which these records start."""
        if self._good is None and self.scan.blank:
            self._go_through()
        ordinals, shifts = self._steps
        rows = np.asarray(rows, np.int64)
        if not len(ordinals):
            return rows + self.first
        return rows + shifts[np.searchsorted(ordinals, rows, "right") - 1]

    def _marks(self) -> Marks:
        """Control bytes that stand in the copy for the delimiter, a line feed and a carriage return within a field."""
        marks = self.scan.unused + [mark for mark in byte_scan.CONTROLS if mark not in self.scan.unused]
        return Marks(*[bytes([mark]) for mark in marks if bytes([mark]) != self.dialect.delimiter][:3])

    def _relate(self, path: Path, delimiter: bytes, quote: bytes) -> None:
        columns = ", ".join(f"{quoted(column)}: 'VARCHAR'" for column in self.columns)
        options = [
            "auto_detect = false, header = false, compression = 'none', hive_partitioning = false, strict_mode = true",
            f"columns = {{{columns}}}, delim = {quoted(delimiter.decode() or byte_scan.NEVER)}",
            f"quote = {quoted(quote.decode())}, escape = {quoted(quote.decode())}",
        ]
        if not self._copied:
            options.append(f"skip = {self.preface}, ignore_errors = true")
            if self._spanning:
                options.append("parallel = false")
        if self._longest > _LONG:
            options.append(f"max_line_size = {2 * LONGEST}, buffer_size = {4 * LONGEST}")
        self.relation = f"read_csv({located(path)}, {', '.join(options)})"
        signs = (
            {mark.decode(): sign for mark, sign in zip(self._marks()[1:], "\n\r", strict=True)} if self._inner else {}
        )
        if self.delimiter:
            signs[self.dialect.delimiter.decode()] = self.delimiter.decode()
        if self._copied and signs:
            fields = []
            for column in self.columns:
                value = name(column)
                for mark, sign in signs.items():
                    value = f"replace({value}, chr({ord(mark)}), {quoted(sign)})"
                fields.append(f"{value} AS {name(column)}")
            self.relation = f"(SELECT {', '.join(fields)} FROM {self.relation})"
        if len(self.columns) == 1 and not self._copied:  # to DuckDB a blank line is a record of one column
            self.relation = f"(SELECT * FROM {self.relation} WHERE {name(next(iter(self.columns)))} IS NOT NULL)"

    def _go_through(self, out: BinaryIO | None = None, stop: bool = False) -> bool:
        """Go through all records: count the sound ones, keep the others as malformed, note where records stand.

        Sound ones are written to `out`. With `stop`, gives False at the first thing DuckDB would stumble over.
        """
        steps, overlong, line_ends = [], [], set()
        good, line, preface, shift, enough = 0, 1 + self.skipped, self.preface, None, 0
        self.malformed, rest, marks = [], b"", self._marks() if out else None
        for block, final in _last(self._blocks(overlong)):
            data = (rest + block).replace(self.delimiter, self.dialect.delimiter) if self.delimiter else rest + block
            if len(data) < enough and not final:
                rest = data
                continue
            cut = final and not data.endswith(b"\n")
            found = records(ended(data), self.dialect, final, marks)
            rest = data[found.used :]
            enough = 2 * len(rest)  # a long record is not looked at again for each block
            if stop:
                # It would stumble over quotes that are text, spaces beside quotes, and uneven line ends.
                line_ends.update(found.carriage[: len(found.ends) - cut].tolist())
                if not found.regular or len(line_ends) > 1 or (cut and data.endswith(b"\r")):
                    return False
            live = ~found.blank
            heading = np.flatnonzero(live)[:preface]
            live[heading] = False
            preface -= len(heading)
            reasons = self._reasons(found, data, live, overlong, marks)
            for index, reason in reasons.items():
                told = reason if reason == _TOTALS_ROW else f"malformed line: {reason}"
                self.malformed.append(Malformed(line + int(found.lines[index]), "", told, _start(found, data, index)))
            live[list(reasons)] = False
            places = line + found.lines[live]
            if len(places):
                shifts = places - np.arange(good, good + len(places))
                new = np.flatnonzero(np.diff(shifts, prepend=-1 if shift is None else shift))
                steps.append((new + good, shifts[new]))
                shift = shifts[-1]
                self._spanning = self._spanning or bool((found.spans[live] > 1).any())
                self._longest = max(self._longest, int((found.ends - found.starts)[live].max()))
            if out:
                self._inner = self._inner or bool((found.spans > 1).any()) or b"\r" in data
                out.write(found.text if live.all() else b"\n".join([*compress(found.text.split(b"\n"), live), b""]))
            good += len(places)
            if found.used:
                line += int(found.lines[-1] + found.spans[-1])
        self._good = good
        if steps:
            self._steps = tuple(np.concatenate(side) for side in zip(*steps, strict=True))
            self.first = int(self._steps[1][0])
        return True

    def _blocks(self, overlong: list[int]) -> Iterator[bytes]:
        left = self.skipped
        for block in byte_scan.blocks(self.scan, self.encoding.codec, self.encoding.mark, self.returns, overlong):
            while left and block:
                block, left = block[block.find(b"\n") + 1 or len(block) :], left - 1
            if block:
                yield block

    def _reasons(
        self, found: Records, data: bytes, live: np.ndarray, overlong: list[int], marks: Marks | None
    ) -> dict[int, str]:
        """Why records of a block are malformed; the graver reason replaces the lesser one."""
        reasons, width = {}, len(self.columns)
        for index in np.flatnonzero(found.fields != width).tolist() if self.dialect.delimiter else []:
            count, span = int(found.fields[index]), int(found.spans[index])
            where = f", in a record of {span:,} lines" if span > 1 else ""
            reasons[index] = f"{count:,} field{'s' * (count != 1)} where the header has {width:,}{where}"
            if count < width and span == 1 and self._is_totals(_start(found, data, index)):
                reasons[index] = _TOTALS_ROW
        reasons |= found.trouble
        size = found.ends - found.starts
        reasons |= {index: f"a record of {size[index]:,} bytes" for index in np.flatnonzero(size > LONGEST).tolist()}
        undecoded = f"bytes that are not {self.encoding.label} text"
        signs = {mark: f"a control character (0x{ord(mark):02X})" for mark in marks or ()} | {b"\0": "a NUL byte"}
        if self.encoding.codec != "utf-8" or self.scan.broken:
            signs[byte_scan.UNDECODED.encode()] = undecoded
        for sign, why in signs.items():
            reasons |= dict.fromkeys(_holding(found, data, sign), why)
        if overlong:
            for index in _holding(found, data, byte_scan.OVERLONG.encode()):
                reasons[index] = f"a line of {overlong.pop(0):,} bytes" if overlong else undecoded
        return {index: reasons[index] for index in sorted(reasons) if live[index]}

    def _is_totals(self, start: str) -> bool:
        cells = [cell.strip(' "') for cell in start.split(self.dialect.delimiter.decode()) if cell]
        return bool(cells) and 2 * len(cells) <= len(self.columns) and bool(re.fullmatch(TOTALS, cells[0]))


def _holding(found: Records, data: bytes, sign: bytes) -> list[int]:
    """The records of a block that hold a sign."""
    places = [match.start() for match in re.finditer(re.escape(sign), data[: found.used])] if sign in data else []
    return np.unique(np.searchsorted(found.ends, places)).tolist()


def _last(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each block, and whether it is the last one."""
    held = next(blocks, None)
    for block in blocks:
        yield held, False
        held = block
    if held is not None:
        yield held, True


def _start(found: Records, data: bytes, index: int) -> str:
    """The first 200 characters of a record."""
    begin, end = int(found.starts[index]), int(found.ends[index])
    text = data[begin : min(end, begin + 800)].decode("utf-8", "replace")[:200].rstrip("\r")
    return text.translate({0: "\ufffd", ord(byte_scan.UNDECODED): "\ufffd", ord(byte_scan.OVERLONG): "…"})


def _returns_end_lines(found: byte_scan.Scan, how: encodings.Encoding) -> bool:
    """Whether lines end in carriage returns alone, as on old Macs."""
    if how.codec.startswith(("utf-16", "utf-32")):
        text = found.head()[how.mark :].decode(how.codec, "replace")
        return text.count("\r") - text.count("\r\n") > text.count("\n")
    return found.returns - found.pairs > found.feeds


def _above(part: TextPart, block: bytes, delimiter: str | None, wanted: set[str]) -> int:
    """How many lines stand above the header; none where the first line that holds anything can be it."""
    lines = block[: byte_scan.HEAD].decode("utf-8", "replace").split("\n")[: 4 * headings.ROWS]
    held = [number for number, line in enumerate(lines) if line.strip()]
    if not held or _SEP.fullmatch(lines[held[0]].strip("\r").encode()):
        return 0
    signs = [delimiter] if delimiter and len(delimiter) == 1 else [sign.decode() for sign in csv_records.DELIMITERS]
    above = held[headings.above([lines[number].rstrip("\r") for number in held], signs, wanted)]
    if above > held[0]:
        part.notes.append(f"{part.name}: the header is line {above + 1}; what stands above it is not read")
        return above
    return 0


def _read_head(part: TextPart, head: bytes, given: str | None) -> None:
    """Delimiter, quote and columns, from the first lines."""
    path = part.scan.path
    lines = head.split(b"\n", 2)
    sep = _SEP.fullmatch(lines[0])
    if sep:
        given = given or sep[1].decode()
        rest = head[len(lines[0]) + 1 :]
        part.preface, body = 1, rest.lstrip(b"\r\n")
        part.late = part.late or len(body) < len(rest)
    else:
        body = head
    if not body.strip(b"\r\n"):
        raise MissingInput(f"{path} has no header line; export it again with its column names")
    if body.startswith(byte_scan.OVERLONG.encode()):
        raise MissingInput(f"{path} is no table: its first line is longer than {LONGEST >> 20} MB; export it again")
    if given is not None:
        if not given or any(sign in given for sign in '\r\n\0"'):
            raise MissingInput(f"{path}: {given!r} cannot part fields; name a delimiter such as ',' or ';'")
        if len(given.encode()) > 1:
            part.delimiter, given = given.encode(), chr((part.scan.unused or byte_scan.CONTROLS)[-1])
            body = body.replace(part.delimiter, given.encode())
    part.preface += 1
    usual = b"\t" if ".tsv" in part.name.lower() else b","
    part.dialect = csv_records.likeliest(body, [given.encode()] if given else [usual, *csv_records.DELIMITERS])
    if part.scan.escapes:
        sample = body
        if b'\\"' not in body:
            sample = part.scan.escapes.decode(part.encoding.codec, "replace").encode()
            sample = sample.replace(part.delimiter, part.dialect.delimiter) if part.delimiter else sample
        part.dialect = csv_records.escaping(sample, part.dialect, len(_heading(body, part.dialect)))
    found = _heading(body, part.dialect)
    limits.wide(path, len(found))
    names, notes = header(found)
    part.columns = dict.fromkeys(names, "VARCHAR")
    part.notes += [f"{part.name}: {note}" for note in notes]
    sign = part.dialect.delimiter.decode()
    if len(part.columns) > 1 and part.dialect.delimiter != usual and not part.delimiter:
        part.notes.append(f"{part.name} is read with {_SIGNS.get(sign, repr(sign))} between its fields")


def _heading(body: bytes, dialect: Dialect) -> list[str]:
    """The fields of the first record that is no blank line; one more or fewer where every record below has a delimiter
    at its end and that one has not, or the other way round."""
    body = body[: body.rfind(b"\n") + 1] or body + b"\n"
    found = records(body, dialect, True, Marks())
    first, *below = np.flatnonzero(~found.blank).tolist()
    names = found.text.split(b"\n")[first].decode("utf-8", "replace").split("\x1f")
    widths = set(found.fields[below].tolist())
    if len(names) > 1 and names[-1] == "" and widths == {len(names) - 1}:
        return names[:-1]
    trailing = all(body[end - 1] == ord(dialect.delimiter) for end in (found.ends - found.carriage)[below].tolist())
    return [*names, ""] if len(names) > 1 and trailing and widths == {len(names) + 1} else names
