"""What is kept of the texts of tickets: for each, which words it has that name nobody, in no order, and never the text.

A word is kept where it is known to be one. It stands between blanks as nothing but letters, so that addresses, host names,
numbers, identifiers and whatever an encoding has broken are none. And one of these holds:

* it is among the organisation's own words: those of its services, and of categories and subcategories that are frequent, so that
  plans name them anyway;
* it is a noun, product or abbreviation that ships (`catalogue/texts.toml`);
* writers who use capitals write it small: in at least `SMALL` different texts in which something within a sentence has a capital,
  and in at least `MOSTLY` of all in which it does not begin a sentence. Names have a capital there, in all languages that have
  any. And it mostly stands behind other words than `user` and `for`, which login names follow, and is no part of what a single
  system is called (a configuration item of one word).

German nouns have a capital as names have: they are kept where they are among the former, and lost otherwise. Nothing can be told
from texts that are written in small letters, in capitals, or in a script without them.

Left out whatever else holds: what follows a closing (regards, mfg, cordialement) or a title (Mr, Frau, M.); words that tell
nothing. At last a word counts for a service only where it is in the texts of `TICKETS` of its tickets by `REQUESTERS` people, or
of `UNKNOWN` tickets where nobody knows who asked.

Words are judged over all services, as a word is one everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from sipnb.catalogue import TEXTS
from sipnb.places import WORDS
from sipnb.records import freezing

#: A word, or a cluster of tickets, is shown where so many tickets of so many requesters have it.
TICKETS, REQUESTERS = 5, 3
#: So many tickets, where requesters are not known.
UNKNOWN = 10
#: Texts in which a word has to be written small by somebody who uses capitals, and their least part of all.
SMALL, MOSTLY = 3, 0.75
#: A category is one of a list, and not what somebody wrote into a field, where so many tickets and such a share of all have it.
LISTED, LISTED_SHARE = 20, 0.005
#: No more of a text is read.
LONGEST = 400

_OPEN, _CLOSE = "(\"'„“«‚‘[", ".,;:!?)\"'”“»’…]"
_ARTICLE = re.compile("(?:[ldjmnstc]|qu)['’](.+)")
_NAMES = re.compile(r"[^\W\d_]{3,}")
#: What is known of a piece of text between blanks, as bits; what is above them is the number of its word.
_ENDS, _TITLE, _CLOSING, _BEFORE_NAME, _BITS = 1, 2, 4, 8, 4
#: Texts read at a time, and different pieces remembered.
_BATCH, _REMEMBERED = 50_000, 1_000_000


def freeze(
    con: duckdb.DuckDBPyConnection, columns: Iterable[str], names: Iterable[str], ids: list[str], folder: Path
) -> dict[str, str]:
    """Write the words of each service's tickets to `folder/words/service=<id>/data_0.parquet`; the SHA-256 of each by its path.

    `con` has the view `tickets` with these `columns`, `summary` among them; `names` are what services are called. A file has a
    row a ticket that has any such word: ticket, words (sorted, parted by blanks).
    """
    columns = set(columns)
    read = _Reader()
    con.execute(
        "CREATE OR REPLACE TABLE texts AS SELECT summary, row_number() OVER () - 1 AS id FROM "
        "(SELECT DISTINCT summary FROM tickets WHERE summary IS NOT NULL)"
    )
    con.execute("CREATE OR REPLACE TABLE spoken (id BIGINT, code BIGINT)")
    texts = con.cursor().execute(f"SELECT id, left(summary, {LONGEST}) FROM texts ORDER BY id").to_arrow_reader(_BATCH)
    for batch in texts:
        said = read.batch(batch.column(0).to_numpy(), batch.column(1).to_pylist())  # noqa: F841 - DuckDB finds it by its name
        con.execute("INSERT INTO spoken SELECT id, code FROM said")
    words = read.allowed(_known(con, columns, names), _items(con, columns))
    allowed = pa.table({"code": pa.array(words, pa.int64()), "word": pa.array(list(words.values()), pa.string())})  # noqa: F841
    people = "requester" in columns
    con.execute(
        f"CREATE OR REPLACE TABLE worded AS SELECT _service, ticket, word{', requester' if people else ''} "
        "FROM tickets JOIN texts USING (summary) JOIN spoken USING (id) JOIN allowed USING (code)"
    )
    enough = (
        f"count(*) >= {TICKETS} AND count(DISTINCT requester) >= {REQUESTERS}" if people else f"count(*) >= {UNKNOWN}"
    )
    reader = con.execute(
        "SELECT _service, ticket, string_agg(word, ' ' ORDER BY word) AS words FROM worded JOIN "
        f"(SELECT _service, word FROM worded GROUP BY ALL HAVING {enough}) USING (_service, word) "
        "GROUP BY ALL ORDER BY _service, ticket"
    ).to_arrow_reader(freezing.BATCH)
    files = freezing.written(reader, WORDS, ids, folder)
    for table in ("texts", "spoken", "worded"):
        con.execute(f"DROP TABLE {table}")
    return files


def _known(con: duckdb.DuckDBPyConnection, columns: set[str], names: Iterable[str]) -> set[str]:
    """The organisation's own words, and ours."""
    own = list(names)
    for column in {"category", "subcategory"} & columns:
        found = con.execute(
            f"SELECT {column} FROM tickets WHERE {column} IS NOT NULL GROUP BY 1 HAVING count(*) >= "
            f"greatest({LISTED}, {LISTED_SHARE} * (SELECT count(*) FROM tickets))"
        ).fetchall()
        own += [value for (value,) in found]
    return {word for value in own for word in _NAMES.findall(_clean(value).lower())} | set(TEXTS.plain)


def _items(con: duckdb.DuckDBPyConnection, columns: set[str]) -> set[str]:
    """The parts of what single systems are called: configuration items of one word."""
    if "configuration_item" not in columns:
        return set()
    found = con.execute(
        "SELECT DISTINCT configuration_item FROM tickets WHERE configuration_item IS NOT NULL"
    ).fetchall()
    return {word for (value,) in found if len(value.split()) == 1 for word in _NAMES.findall(_clean(value).lower())}


def _clean(text: str) -> str:
    """A text with each letter as one character, and without characters that nobody sees."""
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) != "Cf")


class _Reader:
    """Takes texts apart, and counts for each word, in small letters, in how many of them it is written how.

    `codes` numbers words as they are written, from 1; `small` numbers them in small letters; `counts` has, by the latter: texts
    in which it is small and something else has a capital; large within a sentence; behind a word that names follow; texts.
    """

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.small: dict[str, int] = {}
        self.of: list[int] = [0]
        self.written: list[tuple[bool, bool, bool]] = [
            (False, False, False)
        ]  # small, large, a capital and then small letters
        self.pieces: dict[str, int] = {}
        self.counts = np.zeros((4, 1), dtype=np.int64)

    def batch(self, ids: np.ndarray, texts: list[str]) -> pa.Table:
        """Which words these texts have that are of nobody's name: id, code; counts all on the way."""
        split = [_clean(text).split() for text in texts]
        text = np.repeat(np.arange(len(split)), [len(pieces) for pieces in split])
        known = self.pieces
        piece = np.fromiter(
            (known[one] if one in known else self._piece(one) for one in chain.from_iterable(split)),
            np.int64,
            len(text),
        )
        code, bits = piece >> _BITS, piece & ((1 << _BITS) - 1)
        before = np.append(True, text[1:] != text[:-1]) if len(text) else np.empty(0, dtype=bool)
        first = before | (_shifted(bits, text, 1) & _ENDS > 0)
        whom = _shifted(bits, text, 1) & _BEFORE_NAME > 0
        named = np.logical_or.reduce([_shifted(bits, text, by) & _TITLE > 0 for by in range(4)])
        named |= _closed(bits & _CLOSING > 0, text, before)
        small, large, capital = np.array(self.written).T[:, code]
        capitals = np.bincount(text, capital & ~first, minlength=len(split)) > 0
        flags = np.stack([small & capitals[text] & ~named, large & ~first, whom, np.ones(len(text), bool), ~named])
        return self._count(ids, text, np.array(self.of)[code], flags)

    def _piece(self, piece: str) -> int:
        """A piece of text between blanks: the number of its word, 0 where it is none, and what else is known of it."""
        core = piece.lstrip(_OPEN).rstrip(_CLOSE)
        bare, dotted = core.lower(), piece.lower()
        ends = piece[-1] in ".!?:;" or not piece.strip("-–—•*>|")
        bits = _ENDS * ends | _TITLE * (bare in _TITLES or dotted in _TITLES)
        bits |= _CLOSING * (bare in _CLOSINGS) | _BEFORE_NAME * (bare in _BEFORE)
        article = _ARTICLE.fullmatch(core)
        word = article[1] if article else core
        number = self._word(word) if word.isalpha() and 3 <= len(word) <= 24 else 0
        found = number << _BITS | bits
        if number and len(self.pieces) < _REMEMBERED:
            self.pieces[piece] = found
        return found

    def _word(self, word: str) -> int:
        if word not in self.codes:
            self.codes[word] = len(self.codes) + 1
            self.of.append(self.small.setdefault(word.lower(), len(self.small) + 1))
            self.written.append(
                (word.islower() and word[0].islower(), word != word.lower(), word[0].isupper() and word[1:].islower())
            )
        return self.codes[word]

    def _count(self, ids: np.ndarray, text: np.ndarray, word: np.ndarray, flags: np.ndarray) -> pa.Table:
        """Each word of a text once, however often it is there."""
        there = np.flatnonzero(word)
        order = there[np.lexsort((word[there], text[there]))]
        text, word, flags = text[order], word[order], flags[:, order]
        heads = (
            np.flatnonzero(np.append(True, (text[1:] != text[:-1]) | (word[1:] != word[:-1]))) if len(order) else order
        )
        width = len(self.small) + 1
        self.counts = np.pad(self.counts, ((0, 0), (0, width - self.counts.shape[1])))
        if not len(heads):
            return pa.table({"id": pa.array([], pa.int64()), "code": pa.array([], pa.int64())})
        once = np.logical_or.reduceat(flags, heads, axis=1)
        for row in range(4):
            self.counts[row] += np.bincount(word[heads], once[row], minlength=width).astype(np.int64)
        kept = heads[once[4]]
        return pa.table({"id": ids[text[kept]], "code": word[kept]})

    def allowed(self, known: set[str], items: set[str]) -> dict[int, str]:
        """The words that name nobody, in small letters, by their number."""
        stop = set(TEXTS.stop)
        small, large, whom, every = self.counts
        told = (small >= SMALL) & (small >= MOSTLY * (small + large)) & (2 * whom <= every)
        return {
            number: word
            for word, number in self.small.items()
            if word not in stop and (word in known or (told[number] and word not in items))
        }


def _shifted(bits: np.ndarray, text: np.ndarray, by: int) -> np.ndarray:
    """The bits of what stands `by` pieces before in the same text; 0 where nothing does."""
    found = np.zeros_like(bits)
    found[by:] = np.where(text[by:] == text[: len(text) - by], bits[: len(bits) - by], 0)
    return found


def _closed(closing: np.ndarray, text: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Which pieces are a closing or stand behind one in their text."""
    so_far = np.cumsum(closing)
    earlier = (so_far - closing)[np.flatnonzero(begins)]
    return so_far > earlier[np.cumsum(begins) - 1] if len(text) else closing


_TITLES, _CLOSINGS, _BEFORE = frozenset(TEXTS.titles), frozenset(TEXTS.signatures), frozenset(TEXTS.before_names)
