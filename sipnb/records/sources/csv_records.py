"""Records and fields of delimited text: a sound block of bytes at once, an odd one record by record.

A quote opens a field only where a field starts and closes it only where one ends; any other quote is text (5" disk).
A quote that is never closed, or only by one in a later line after which no field ends, is taken as stray: the lines up
to the one it stands in are lost and the next line starts afresh, so that one quote cannot swallow a file.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np

LF, CR, SPACE = 10, 13, 32
LONGEST = 8 << 20  # bytes; a longer line or record is no record of an export

DELIMITERS = [b",", b";", b"\t", b"|", b"^", b"~"]

OPEN = "a quote that is not closed"
AFTER = "text after a closing quote"


class Dialect(NamedTuple):
    """How fields are told apart; single bytes, empty where there is none. A quote is escaped by doubling it, always,
    and by a backslash if `backslash`."""

    delimiter: bytes
    quote: bytes = b'"'
    backslash: bool = False


class Marks(NamedTuple):
    """Bytes that stand in the text of records for what parts fields, and for line ends within a field."""

    delimiter: bytes = b"\x1f"
    feed: bytes = b" "
    carriage: bytes = b" "


class Records(NamedTuple):
    """The complete records of a block of bytes; arrays hold one entry a record, offsets count bytes from the block's start."""

    text: bytes  # the records without quotes, one a line, with `Marks`; a loose carriage return has become a space
    starts: np.ndarray
    ends: np.ndarray  # where the line end stands
    lines: np.ndarray  # physical lines before the first one of each record
    spans: np.ndarray  # physical lines of each record
    fields: np.ndarray
    blank: np.ndarray  # which are empty lines
    carriage: np.ndarray  # which end in CR LF
    trouble: dict[int, str]  # what is wrong with the quotes of a record
    regular: bool  # every quote opens or closes a field or is doubled; no carriage return outside of quotes is loose

    @property
    def used(self) -> int:
        """Bytes up to the end of the last complete record."""
        return int(self.ends[-1]) + 1 if len(self.ends) else 0


def records(block: bytes, dialect: Dialect, final: bool, marks: Marks | None = None) -> Records:
    """The complete records of a block that ends in a line end; one whose end is yet to come is left out, unless `final`.

    Their text is given only with `marks`.

        records(b'a,"b, c"\\n', Dialect(b","), True, Marks()).text  # b"a\\x1fb, c\\n"
    """
    a = np.frombuffer(block, np.uint8)
    text, ends, fields, trouble, regular = _at_once(a, *dialect, final, marks) or _one_by_one(
        block, dialect, final, marks or Marks()
    )
    starts = np.concatenate([[0], ends[:-1] + 1])[: len(ends)]
    newlines = np.flatnonzero(a == LF)
    lines = np.searchsorted(newlines, starts)
    spans = np.searchsorted(newlines, ends) - lines + 1
    carriage = a[ends - 1] == CR  # before the first byte comes the last one, a line end
    return Records(text, starts, ends, lines, spans, fields, ends == starts + carriage, carriage, trouble, regular)


def _at_once(a: np.ndarray, delimiter: bytes, quote: bytes, backslash: bool, final: bool, marks: Marks | None):
    """Text, ends, fields and trouble of the records, and whether they are regular; None where a quote is not."""
    delimiters, quotes = (a == ord(sign) if sign else np.zeros(len(a), bool) for sign in (delimiter, quote))
    at = np.flatnonzero(quotes)
    if len(at) and (backslash or (len(at) % 2 and (final or len(a) > LONGEST))):
        return None
    beside = np.zeros(256, bool)
    beside[[LF, *delimiter, *quote]] = True
    opening, closing = at[::2], at[1::2]
    before, after = a[opening - 1], a[closing + 1]
    if not beside[before].all() or not (beside[after] | (after == CR) & (a.take(closing + 2, mode="clip") == LF)).all():
        return None
    outside = ~np.bitwise_xor.accumulate(quotes)
    ends = np.flatnonzero((a == LF) & outside)
    between = np.flatnonzero(delimiters & outside)
    fields = np.diff(np.searchsorted(between, ends), prepend=0) + 1
    used = int(ends[-1]) + 1 if len(ends) else 0
    returns = np.flatnonzero(a[:used] == CR)
    ending = ends[a[ends - 1] == CR] - 1
    loose, text = int(outside[returns].sum()) > len(ending), b""
    if marks:
        signs, keep = a.copy(), ~quotes
        keep[ending] = False
        keep[opening[before == ord(quote or b"\0")]] = True  # the second of a doubled quote is text
        signs[between] = ord(marks.delimiter)
        signs[(a == LF) & ~outside] = ord(marks.feed)
        signs[returns] = np.where(outside[returns], SPACE, ord(marks.carriage))
        text = signs[:used][keep[:used]].tobytes()
    return text, ends, fields, {}, not loose


def _one_by_one(block: bytes, dialect: Dialect, final: bool, marks: Marks):
    """The same for a block with other quotes."""
    at, ends, fields, texts, trouble = 0, [], [], [], {}
    while at < len(block) and (record := _record(block, at, dialect, final, marks)):
        found, end, why = record
        if why:
            trouble[len(ends)] = why
        ends.append(end)
        fields.append(len(found))
        texts.append(marks.delimiter.join(found).removesuffix(b"\r").replace(b"\r", b" "))
        at = end + 1
    return b"\n".join([*texts, b""]), np.array(ends, np.int64), np.array(fields, np.int64), trouble, False


def _record(block: bytes, at: int, dialect: Dialect, final: bool, marks: Marks) -> tuple[list[bytes], int, str] | None:
    """Fields and end of the record that begins at an offset, and what is wrong; None where its end is yet to come."""
    delimiter, quote, backslash = dialect
    quoted, behind, plain, escaped = _grammar(dialect)
    fields, why, line_end = [], "", -1
    while True:
        line_end = line_end if line_end >= at else block.index(b"\n", at)
        first = block.find(quote, at, line_end)
        if first < 0:
            return fields + block[at:line_end].split(delimiter), line_end, why
        if begin := block.rfind(delimiter, at, first) + 1:
            fields += block[at : begin - 1].split(delimiter)
            at = begin
        value, end = b"", None
        if found := quoted.match(block, at):
            spaces, value, closing = found.groups()
            value = escaped.sub(rb"\1", value) if backslash else value.replace(quote + quote, quote)
            value = value.replace(b"\n", marks.feed).replace(b"\r", marks.carriage)
            end = behind.match(block, found.end()) if closing else None
            if not end:
                if not closing and not final and len(block) - first <= LONGEST:
                    return None
                if not closing or line_end < found.end():
                    return fields + block[at:line_end].split(delimiter), line_end, OPEN
                if spaces:
                    value = b""  # a quoted word is text, and so are the spaces before it
                else:
                    at, why = found.end(), AFTER
        end = end or plain.match(block, at)
        fields.append(value + end[1])
        at = end.end()
        if block[at - 1] == LF:
            return fields, at - 1, why


@lru_cache
def _grammar(dialect: Dialect) -> tuple[re.Pattern[bytes], ...]:
    """Patterns of a quoted field, of what comes after it, of any other field, and of an escaped sign."""
    # Python's `csv` knows no spaces round quotes, takes away every backslash, and does not say which field it failed in.
    delimiter, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
    spaces = b" *" if dialect.delimiter != b" " else b""
    special, escape = (quote + rb"\\", rb"\\.|") if dialect.backslash else (quote, b"")
    # A quoted text is never given back piece by piece (+): many doubled quotes would take much memory.
    value = b"[^%b]*+(?:(?:%b%b%b)[^%b]*+)*+" % (special, escape, quote, quote, special)
    patterns = (
        b"(%b)%b(%b)(%b?)" % (spaces, quote, value, quote),
        b"%b()(?:%b|\r?\n)" % (spaces, delimiter),
        b"([^%b\n]*)(?:%b|\n)" % (delimiter, delimiter),
        b"[%b]([%b])" % (special, special),
    )
    return tuple(re.compile(pattern, re.DOTALL) for pattern in patterns)


def likeliest(head: bytes, delimiters: list[bytes]) -> Dialect:
    """The delimiter and quote under which the first records have as many fields as the header; the first of equals.

    likeliest(b"a;b\\n1;2,5\\n", DELIMITERS)  # Dialect(b";")
    """
    # Enough lines to tell a dialect by; trying a wrong one on many is slow.
    short = head[: head.rfind(b"\n", 0, 1 << 16) + 1]
    head = ended(short if short.count(b"\n") > 10 else head)

    def fit(dialect: Dialect) -> tuple[float, int]:
        found = records(head, dialect, True)
        width, *others = found.fields[~found.blank].tolist()
        share = 1.0
        if others:
            # Every line may have one delimiter more than the header, or one fewer: at its end, with nothing behind it.
            likely = max(others.count(width + more) / len(others) - 0.1 * abs(more) for more in (0, -1, 1))
            share = max(likely - 0.1 * len(found.trouble) / len(others), 0)
        # That every line has one field says little: any sign that does not occur gives as much.
        return (share + 0.25 * (width > 2) if width > 1 else 0.3 * share), width

    best = max((Dialect(delimiter) for delimiter in delimiters), key=fit)
    single = Dialect(best.delimiter, b"'")
    usual, other = (records(head, each, True, Marks()) for each in (best, single))
    quoting = [
        head.count(each.quote) > found.text.count(each.quote) for each, found in ((best, usual), (single, other))
    ]
    return single if quoting == [False, True] and not other.trouble and fit(single) >= fit(best) else best


def escaping(sample: bytes, dialect: Dialect, width: int) -> Dialect:
    """The dialect, with backslashes as escapes where quotes are less troubled and more lines of that width then."""
    other = dialect._replace(backslash=True)
    usual, escaped = (records(ended(sample), each, True) for each in (dialect, other))
    wider = int((escaped.fields == width).sum()) - int((usual.fields == width).sum())
    fewer = len(usual.trouble) - len(escaped.trouble)
    return other if fewer > 0 and wider + fewer >= 0 else dialect


def ended(text: bytes) -> bytes:
    """Text whose last line has an end."""
    return text if text.endswith(b"\n") else text + b"\n"
