"""The bytes of a text export: one pass for their hash and their oddities, then the text itself in blocks of lines."""

from __future__ import annotations

import codecs
import errno
import hashlib
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from sipnb.places import content_hash
from sipnb.records.scratch import forget, unnamed
from sipnb.records.sources import limits
from sipnb.records.sources.csv_records import CR, LF, LONGEST
from sipnb.records.sources.relation import MissingInput

EMPTY = "{path} is empty: it has no line of text; export it again"
CHUNK = 128 << 10  # bytes; small enough for what is computed of them to stay near the processor
HEAD = 1 << 20  # bytes from which header, delimiter and quotes are told
_ENOUGH = 64 << 10  # bytes of lines from which an encoding or an escape is told
# Noncharacters, which no text holds: they mark what cannot be read, and NEVER is a delimiter that is never met.
UNDECODED, OVERLONG, NEVER = "\ufdd0", "\ufdd2", "\ufdd3"
CONTROLS = (31, 30, 29, 28, 1, 2)  # bytes that text hardly ever holds

_NOT_TEXT = [
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook (.xlsx)"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls)"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"ARROW1", "an Arrow file"),
]


@dataclass
class Scan:
    """What one pass over a file's bytes tells. Counts are of bytes, so they hold for encodings that keep ASCII."""

    path: Path
    plain: Path  # the file itself, or what it was unpacked to
    sha256: str = ""
    size: int = 0  # bytes, unpacked
    blank: int = 0
    longest: int = 0  # bytes of the longest line
    feeds: int = 0  # line feeds
    rest: int = 0  # bytes after the last line feed
    returns: int = 0  # carriage returns
    pairs: int = 0  # carriage returns before a line feed
    zeros: int = 0
    broken: int = 0  # lines with bytes that are not UTF-8, counted up to some thousands
    sound: int = 0  # characters beyond ASCII, or lines with such, that are UTF-8
    high: bytes = b""  # some lines that are not UTF-8
    escapes: bytes = b""  # some lines in which a backslash stands before a quote
    quotes: set[bytes] = field(default_factory=set)
    unused: list[int] = field(default_factory=lambda: list(CONTROLS))  # control bytes that do not occur

    @property
    def lines(self) -> int:
        return self.feeds + (self.rest > 0)

    def head(self) -> bytes:
        with self.plain.open("rb") as file:
            return file.read(HEAD)


def scan(path: Path, scratch: Path, unpacked: str | None = None) -> Scan:
    """Read a file once; .gz and .zst are unpacked into `scratch`, to what `unpacked` allows (`limits.most`).

    Raises MissingInput for what is no whole text, or too much; then nothing is left of it.
    """
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise MissingInput(f"{path} cannot be read: {error.strerror}; see that it is a file you may open") from error
    looks = next((what for magic, what in _NOT_TEXT if start.startswith(magic)), None)
    if looks:
        raise MissingInput(f"{path} is no text: it looks like {looks}; export it as CSV or give it its own suffix")
    if not start:
        raise MissingInput(f"{path} is empty (0 bytes); export it again")
    packed = "gzip" if start.startswith(b"\x1f\x8b") else "zstd" if start.startswith(b"\x28\xb5\x2f\xfd") else None
    found = Scan(path, path)
    if packed:
        digest = hashlib.blake2s(str(path.absolute()).encode(), digest_size=4).hexdigest()
        found.plain = unnamed(scratch, f"{path.stem}.{digest}.unpacked")
    try:
        with path.open("rb") as raw, ThreadPoolExecutor(1) as other:
            chunks = limits.counted(_chunks(raw, packed), path, unpacked) if packed else _chunks(raw, packed)
            _look(found, chunks, other if not packed else None)
        if packed:
            found.sha256 = content_hash(path)
    except BaseException as error:
        if not packed:
            raise
        forget(found.plain)
        if told := _damage(error, found):
            raise MissingInput(f"{path} {told}; export or copy it again") from None
        raise
    if found.size == 0 or (found.lines == found.blank and not found.zeros):
        raise MissingInput(EMPTY.format(path=path))
    return found


def _damage(error: BaseException, found: Scan) -> str:
    """What is wrong with compressed data; empty where something else is."""
    if isinstance(error, EOFError):
        done = f"after line {found.lines:,}" if found.lines else "in its first line"
        return f"ends in the middle of its compressed data {done}"
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or isinstance(error, MissingInput) or not isinstance(error, zlib.error | pa.ArrowException | OSError):
        return ""
    return f"is damaged: its compressed data cannot be unpacked after line {found.lines:,}"


def _chunks(raw, packed: str | None) -> Iterator[bytes]:
    if packed:
        yield from _unpacked_zstd(raw) if packed == "zstd" else _unpacked_gzip(raw)
        return
    while chunk := raw.read(CHUNK):
        yield chunk


def _unpacked_gzip(raw) -> Iterator[bytes]:
    """The text up to where the data ends, whole or not: so that it can be said in which line."""
    unpack = None
    while data := raw.read(CHUNK):
        while data:
            unpack = unpack or zlib.decompressobj(31)
            if chunk := unpack.decompress(data, CHUNK):
                yield chunk
            data = unpack.unconsumed_tail
            if unpack.eof:  # another member may follow, or the zeros that a tape leaves
                data, unpack = unpack.unused_data.lstrip(b"\0"), None
    while unpack and (chunk := unpack.decompress(unpack.unconsumed_tail, CHUNK)):
        yield chunk
    if unpack and not unpack.eof:
        raise EOFError


def _unpacked_zstd(raw) -> Iterator[bytes]:
    try:
        with pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise (EOFError if "Truncated" in str(error) else OSError)(str(error)) from None


def _look(found: Scan, chunks: Iterator[bytes], other: ThreadPoolExecutor | None) -> None:
    """Fill in what the chunks tell; `other` hashes them in the meantime, or they are unpacked ones and are written."""
    digest = hashlib.sha256()
    hashing = None
    tail, last, pending = -1, b"", b""  # where the last line feed stood, the byte before a chunk, half a character
    out = found.plain.open("wb") if other is None else None
    try:
        for chunk in chunks:
            if out:
                out.write(chunk)
            else:
                if hashing:
                    hashing.result()
                hashing = other.submit(digest.update, chunk)
            a = np.frombuffer(chunk, np.uint8)
            newlines = np.flatnonzero(a == LF)
            returns = chunk.count(b"\r")
            if returns or last == b"\r":
                found.returns += returns
                found.pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
            if len(newlines):
                length = np.diff(newlines + found.size, prepend=tail) - 1
                found.longest = max(found.longest, int(length.max()))
                found.blank += int((length == 0).sum())
                if found.returns:
                    one = newlines[length == 1]
                    found.blank += int((a[one[one > 0] - 1] == CR).sum()) + int(0 in one and last == b"\r")
                tail = found.size + int(newlines[-1])
                found.feeds += len(newlines)
            found.zeros += chunk.count(b"\0")
            found.quotes |= {quote for quote in (b'"', b"'") if quote in chunk}
            found.unused = [mark for mark in found.unused if mark not in chunk]
            if not found.escapes and b"\\" in chunk and (at := chunk.find(b'\\"')) >= 0:
                found.escapes = _whole_lines(chunk, at)
            if pending or not chunk.isascii():
                pending = _judge(found, pending + chunk)
            found.size += len(chunk)
            last = chunk[-1:]
    finally:
        if out:
            out.close()
    if pending:
        found.broken += 1
        found.high = found.high or pending
    found.rest = found.size - tail - 1  # a last line without line end
    found.blank += found.rest == 1 and last == b"\r"
    found.longest = max(found.longest, found.rest)
    if hashing:
        hashing.result()
        found.sha256 = digest.hexdigest()


def _judge(found: Scan, data: bytes) -> bytes:
    """Count what is and is not UTF-8 in a chunk; gives back the half character it ends in."""
    try:
        text, used = codecs.utf_8_decode(data, "strict", False)
        found.sound += used - len(text)
        return data[used:]
    except UnicodeDecodeError as error:
        if not found.high:
            part = _whole_lines(data, error.start)
            found.high = b"\n".join(line for line in part.split(b"\n") if not line.isascii())
    *lines, rest = data.split(b"\n")
    if found.broken >= 5000:  # enough to decide by
        return b""
    for line in lines or [rest]:
        try:
            found.sound += len(line.decode()) < len(line)
        except UnicodeDecodeError:
            found.broken += 1
    return rest if lines and len(rest) < CHUNK else b""


def _whole_lines(data: bytes, at: int) -> bytes:
    """The lines around an offset, as far as they are at hand."""
    begin, end = data.rfind(b"\n", 0, at) + 1, data.rfind(b"\n", at, at + _ENOUGH)
    return data[max(begin, at - _ENOUGH) : end + 1 if end >= 0 else at + _ENOUGH]


def _mark(error: UnicodeError) -> tuple[str, int]:
    return UNDECODED, error.end


codecs.register_error("sipnb-mark", _mark)


def blocks(found: Scan, codec: str, mark: int, returns: bool, overlong: list[int]) -> Iterator[bytes]:
    """The text behind a byte-order mark of that length, as UTF-8, in blocks of whole lines; U+FDD0 are bytes that are
    no text.

    With `returns`, carriage returns end lines as well. A line of more than LONGEST bytes is U+FDD2 instead, and its
    length joins `overlong`.
    """
    hold, dropped = b"", 0
    for chunk in _text(found, codec, mark, returns):
        whole = hold + chunk
        first = whole.find(b"\n")
        if first < 0 and dropped + len(whole) > LONGEST:
            hold, dropped = b"", dropped + len(whole)
            continue
        if dropped + first > LONGEST:
            overlong.append(dropped + first)
            whole, dropped = OVERLONG.encode() + whole[first:], 0
        end = whole.rfind(b"\n") + 1
        hold = whole[end:]
        if end:
            yield whole[:end]
    if dropped:
        overlong.append(dropped)
    if dropped or hold:
        yield OVERLONG.encode() if dropped else hold


def _text(found: Scan, codec: str, mark: int, returns: bool) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)("sipnb-mark") if codec != "utf-8" or found.broken else None
    held = b""
    with found.plain.open("rb") as file:
        file.seek(mark)
        while True:
            chunk = file.read(CHUNK)
            text = decoder.decode(chunk, not chunk).encode("utf-8", "replace") if decoder else chunk
            if returns:
                text = held + text
                held = b"\r" if chunk and text.endswith(b"\r") else b""
                text = text[: len(text) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            if text:
                yield text
            if not chunk:
                return
