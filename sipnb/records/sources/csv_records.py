"""Records and fields of delimited text, found in whole blocks of bytes at once.

A quote opens a field only where a field starts and closes it only where one ends; any other quote is text (5" disk).
A quote that is never closed, or only by one in a later line after which no field ends, is taken as stray: the lines up
to the one it stands in are lost and the next line starts afresh, so that one quote cannot swallow a file.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np

LF, CR, SPACE, BACKSLASH = 10, 13, 32, 92
LONGEST = 8 << 20  # bytes; a longer line or record is no record of an export

DELIMITERS = [b",", b";", b"\t", b"|", b"^", b"~"]

OPEN = "a quote that is not closed"
AFTER = "text after a closing quote"


@dataclass(frozen=True)
class Dialect:
    """How fields are told apart; single bytes, empty where there is none. A quote is escaped by doubling it, always,
    and by a backslash if `backslash`."""

    delimiter: bytes
    quote: bytes = b'"'
    backslash: bool = False


@dataclass
class Records:
    """The records of a block of bytes; arrays hold one entry a record, offsets count bytes from the block's start.

    `lines` counts physical lines before each record's first; `trouble` pairs a record with what is wrong with its
    quotes; `odd` says that spaces stand round quotes. `quoted` and `drop` tell for each byte whether it is quoted text
    and whether it is no text (quotes, spaces round them, escapes); they are None in a block without quotes.
    """

    starts: np.ndarray
    ends: np.ndarray  # where the line end stands
    lines: np.ndarray
    fields: np.ndarray
    trouble: list[tuple[int, str]]
    odd: bool
    bytes: np.ndarray
    newlines: np.ndarray
    delimiters: np.ndarray  # those between fields
    quoted: np.ndarray | None
    drop: np.ndarray | None

    @property
    def used(self) -> int:
        """Bytes up to the end of the last complete record."""
        return int(self.ends[-1]) + 1 if len(self.ends) else 0

    @property
    def spans(self) -> np.ndarray:
        """Physical lines of each record."""
        return np.searchsorted(self.newlines, self.ends) - self.lines + 1

    @property
    def newlines_inside(self) -> np.ndarray:
        return self.newlines[self.at(self.newlines)]

    def blank(self) -> np.ndarray:
        """Which records are empty lines."""
        length = self.ends - self.starts
        return (length == 0) | ((length == 1) & (self.bytes[self.starts] == CR))

    def carriage(self) -> np.ndarray:
        """Which records end in CR LF."""
        return (self.ends > self.starts) & (self.bytes[self.ends - 1] == CR)

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Whether these offsets are quoted text."""
        return np.zeros(len(positions), bool) if self.quoted is None else self.quoted[positions]


@dataclass
class _Quotes:
    """What the quotes of a block do: `inside` after each one, the text ones, and stray ones by offset."""

    inside: np.ndarray
    text: np.ndarray
    trouble: dict[int, str] = field(default_factory=dict)


def records(block: bytes, dialect: Dialect, final: bool) -> Records:
    """The complete records of a block that ends in a line end; a record whose end is yet to come is left out, unless
    `final`."""
    a = np.frombuffer(block, np.uint8)
    newlines = np.flatnonzero(a == LF)
    quoted, drop, trouble, odd = None, None, {}, False
    if dialect.quote and dialect.quote in block:
        regular = _regular(a, dialect, final)
        quoted, drop, trouble, odd = regular if regular else _irregular(a, dialect, newlines, final)
    outside = np.arange(len(newlines)) if quoted is None else np.flatnonzero(~quoted[newlines])
    ends = newlines[outside]
    starts = np.concatenate([[0], ends[:-1] + 1])[: len(ends)]
    lines = np.concatenate([[0], outside[:-1] + 1])[: len(ends)]
    between = a == dialect.delimiter[0] if dialect.delimiter else np.zeros(len(a), bool)
    if quoted is not None:
        between &= ~quoted
    delimiters = np.flatnonzero(between)
    fields = np.diff(np.searchsorted(delimiters, ends), prepend=0) + 1
    where = ((int(np.searchsorted(ends, place)), why) for place, why in sorted(trouble.items()))
    stray = [(record, why) for record, why in where if record < len(ends)]
    return Records(starts, ends, lines, fields, stray, odd, a, newlines, delimiters, quoted, drop)


def likeliest(head: bytes, delimiters: list[bytes]) -> Dialect:
    """The delimiter and quote under which the first records have as many fields as the header; the first of equals."""
    head = _sample(head)

    def fit(dialect: Dialect) -> tuple[float, int]:
        found = records(head, dialect, True)
        live = np.flatnonzero(~found.blank())
        width, others = int(found.fields[live[0]]), found.fields[live[1:]]
        share = 1.0
        if len(others):
            # Every line may have one delimiter more than the header, or one fewer: at its end, with nothing behind it.
            likely = max(float((others == width + more).mean()) - 0.1 * abs(more) for more in (0, -1, 1))
            share = max(likely - 0.1 * len(found.trouble) / len(others), 0)
        # That every line has one field says little: any sign that does not occur gives as much.
        return (share + 0.25 * (width > 2) if width > 1 else 0.3 * share), width

    best = max((Dialect(delimiter) for delimiter in delimiters), key=fit)
    single = Dialect(best.delimiter, b"'")
    usual, other = records(head, best, True), records(head, single, True)
    if _quoted(other) and not _quoted(usual) and not other.trouble and fit(single) >= fit(best):
        return single
    return best


def escaping(sample: bytes, dialect: Dialect, width: int) -> Dialect:
    """The dialect, with backslashes as escapes where quotes are less troubled and more lines of that width then."""
    other = Dialect(dialect.delimiter, dialect.quote, True)
    usual, escaped = (records(sample.rstrip(b"\n") + b"\n", each, True) for each in (dialect, other))
    wider = int((escaped.fields == width).sum()) - int((usual.fields == width).sum())
    fewer = len(usual.trouble) - len(escaped.trouble)
    return other if fewer > 0 and wider + fewer >= 0 else dialect


def _sample(head: bytes) -> bytes:
    """Enough lines to tell a dialect by; trying a wrong one on many is slow."""
    short = head[: head.rfind(b"\n", 0, 1 << 16) + 1]
    head = short if short.count(b"\n") > 10 else head
    return head if head.endswith(b"\n") else head + b"\n"


def _quoted(found: Records) -> bool:
    return found.quoted is not None and bool(found.quoted.any())


def plain(found: Records, good: np.ndarray, separator: int, newline: int, carriage: int) -> bytes:
    """The good records without quotes, one a line: fields part at the byte `separator`, and line ends within a field
    are the bytes `newline` and `carriage`. A carriage return outside quotes that ends no line becomes a space."""
    used = found.used
    a = found.bytes[:used].copy()
    keep = np.repeat(good, found.ends - found.starts + 1)
    if found.drop is not None:
        keep &= ~found.drop[:used]
    a[found.delimiters[found.delimiters < used]] = separator
    inside = found.newlines_inside
    a[inside[inside < used]] = newline
    returns = np.flatnonzero(a == CR)
    if len(returns):
        a[returns] = np.where(found.at(returns), carriage, SPACE)
        keep[found.ends[found.carriage()] - 1] = False
    return a[keep].tobytes()


def _regular(a: np.ndarray, dialect: Dialect, final: bool):
    """As _irregular, fast, for a block whose quotes all open or close a field or are doubled; None for another."""
    quote = a == dialect.quote[0]
    quoted = _odd_so_far(quote)
    if dialect.backslash or (quoted[-1] and (final or len(a) > LONGEST)):
        return None
    edge = a == LF
    if dialect.delimiter:
        edge |= a == dialect.delimiter[0]
    beside = edge | quote
    opening, closing = quote & quoted, quote & ~quoted
    if (opening[1:] & ~beside[:-1]).any():
        return None
    beside[:-1] |= (a[:-1] == CR) & (a[1:] == LF)
    if (closing[:-1] & ~beside[1:]).any():
        return None
    opening[1:] &= ~quote[:-1]  # the second of a doubled quote is text
    return quoted, opening | closing, {}, False


def _odd_so_far(marks: np.ndarray) -> np.ndarray:
    """For each place whether an odd number of marks stands up to and at it; 64 places at a time."""
    bits = np.packbits(marks, bitorder="little")
    words = np.zeros(-(-len(bits) // 8), np.uint64)
    words.view(np.uint8)[: len(bits)] = bits
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    before = np.concatenate([[False], np.cumsum(words >> np.uint64(63))[:-1] & np.uint64(1)]).astype(bool)
    words[before] ^= np.uint64(2**64 - 1)
    return np.unpackbits(words.view(np.uint8), bitorder="little", count=len(marks)).view(bool)


def _irregular(a: np.ndarray, dialect: Dialect, newlines: np.ndarray, final: bool):
    """For each byte whether it is quoted and whether it is no text, stray quotes, and whether spaces stand round
    quotes."""
    quotes, escapes = np.flatnonzero(a == dialect.quote[0]), np.zeros(0, np.int64)
    if dialect.backslash:
        quotes, escapes = _unescaped(a, quotes, dialect.quote[0])
    quoted, drop = np.zeros(len(a), bool), np.zeros(len(a), bool)
    if not len(quotes):
        return quoted, drop, {}, False
    found, dropped, odd = _roles(a, quotes, newlines, dialect.delimiter, final)
    turns = quotes[np.diff(found.inside, prepend=False)]
    quoted[turns] = True
    quoted = _odd_so_far(quoted)
    drop[dropped] = True
    drop[escapes[quoted[escapes]]] = True
    return quoted, drop, found.trouble, odd


def _unescaped(a: np.ndarray, quotes: np.ndarray, quote: int) -> tuple[np.ndarray, np.ndarray]:
    """The quotes no backslash escapes, and the backslashes that escape a quote or a backslash."""
    strokes = np.flatnonzero(a == BACKSLASH)
    if not len(strokes):
        return quotes, strokes
    fresh = np.diff(strokes, prepend=-2) != 1
    index = np.arange(len(strokes))
    escaping = strokes[(index - np.maximum.accumulate(np.where(fresh, index, 0))) % 2 == 0]
    nextone = a[np.minimum(escaping + 1, len(a) - 1)]
    return quotes[~np.isin(quotes, escaping + 1)], escaping[(nextone == quote) | (nextone == BACKSLASH)]


def _roles(a: np.ndarray, q: np.ndarray, newlines: np.ndarray, delimiter: bytes, final: bool):
    """What each quote does (_Quotes), the offsets that are no text, and whether spaces stand round quotes."""
    stop = delimiter[0] if delimiter else LF
    skip = stop != SPACE
    first, after_first = _beyond(a, q, -1, skip)
    last, after_last = _beyond(a, q, 1, skip)
    starts = (first < 0) | (after_first == stop) | (after_first == LF)
    crlf = (after_last == CR) & (a[np.minimum(last + 1, len(a) - 1)] == LF)
    ends = (last >= len(a)) | (after_last == stop) | (after_last == LF) | crlf
    near = np.diff(q) == 1
    doubled_before = np.concatenate([[False], near])  # the second of two quotes: opens again what the first closed
    doubled_after = np.concatenate([near, [False]])
    spaced = first != q - 1
    found = _follow(q, newlines, starts, ends, spaced, doubled_before, doubled_after, len(a), final)
    opening = found.inside & ~found.text
    closing = ~found.inside & ~found.text
    drop = q[(opening & ~doubled_before) | closing]
    loose_before = np.flatnonzero(opening & starts & spaced & ~doubled_before)
    loose_after = np.flatnonzero(closing & ends & (last != q + 1))
    odd = bool(len(loose_before) or len(loose_after))
    if odd:
        spaces_before = _ranges(first[loose_before] + 1, q[loose_before])
        drop = np.concatenate([drop, spaces_before, _ranges(q[loose_after] + 1, last[loose_after])])
    return found, drop, odd


def _ranges(begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """All whole numbers from each begin up to before its end."""
    length = end - begin
    return np.repeat(begin - np.cumsum(length) + length, length) + np.arange(length.sum())


def _beyond(a: np.ndarray, q: np.ndarray, step: int, skip: bool) -> tuple[np.ndarray, np.ndarray]:
    """The nearest byte before (-1) or after (1) each quote, no space if `skip`: its offset and its value."""
    at = q + step
    inside = (at >= 0) & (at < len(a))
    value = np.where(inside, a[np.clip(at, 0, len(a) - 1)], LF)
    loose = np.flatnonzero(value == SPACE) if skip else []
    if len(loose):
        text = np.flatnonzero(a != SPACE)
        index = np.searchsorted(text, at[loose]) - (1 if step < 0 else 0)
        there = (index >= 0) & (index < len(text))
        at[loose] = np.where(there, text[np.clip(index, 0, len(text) - 1)], -1 if step < 0 else len(a))
        value[loose] = np.where(there, a[np.clip(at[loose], 0, len(a) - 1)], LF)
    return at, value


def _follow(q, newlines, starts, ends, spaced, doubled_before, doubled_after, size: int, final: bool) -> _Quotes:
    """Follow the quotes: they open and close in turn but for those that break the rule, which alone are looped over."""
    count = len(q)
    found = _Quotes(np.zeros(count, bool), np.zeros(count, bool))
    no_open, no_close = np.flatnonzero(~starts & ~doubled_before), np.flatnonzero(~ends & ~doubled_after)
    wrong_open = [no_open[no_open % 2 == p].tolist() for p in (0, 1)]
    wrong_close = [no_close[no_close % 2 == p].tolist() for p in (0, 1)]

    def alternate(begin: int, end: int) -> None:
        found.inside[begin:end:2] = True

    def opener(begin: int, quote: int) -> int:
        """The quote that opened the field in which `quote`, one that opens it or opens it again, stands."""
        while quote > begin and doubled_before[quote]:
            quote -= 2
        return max(quote, begin)

    def text(begin: int, quote: int) -> int:
        """Take one quote for text, and those that touch it; gives the next one."""
        alternate(begin, quote)
        following = quote + 1
        while following < count and doubled_before[following]:
            following += 1
        found.text[quote:following] = True
        return following

    def stray(begin: int, quote: int) -> int:
        """Take a quote and those in the rest of its line for text; the next line starts afresh."""
        alternate(begin, quote)
        line_end = np.searchsorted(newlines, q[quote])
        following = int(np.searchsorted(q, newlines[line_end])) if line_end < len(newlines) else count
        found.text[quote:following] = True
        found.trouble[int(q[quote])] = OPEN
        return following

    at = 0
    while at < count:
        bad_open, bad_close = _next(wrong_open[at % 2], at, count), _next(wrong_close[(at + 1) % 2], at, count)
        if bad_open < bad_close:
            at = text(at, bad_open)
            continue
        if bad_close < count:
            quote = opener(at, bad_close - 1)
            line_end = np.searchsorted(newlines, q[quote])
            if line_end < len(newlines) and newlines[line_end] < q[bad_close]:
                at = stray(at, quote)
            elif spaced[quote]:
                at = text(at, quote)
            else:
                alternate(at, bad_close + 1)
                found.trouble[int(q[bad_close])] = AFTER
                at = bad_close + 1
            continue
        if (count - at) % 2:  # still open at the end of the block
            quote = opener(at, count - 1)
            if final or size - q[quote] > LONGEST:
                at = stray(at, quote)
                continue
        alternate(at, count)
        break
    return found


def _next(places: list[int], at: int, none: int) -> int:
    index = bisect_left(places, at)
    return places[index] if index < len(places) else none
