"""What is kept of the texts of tickets: for each, which words it has that name nobody, in no order, and never the text.

A word is kept where it is known to be one. It stands between blanks as nothing but letters, so that addresses, host names,
numbers, identifiers and whatever an encoding has broken are none. And one of these holds:

* it is among the organisation's own words: those of its services, and of categories and subcategories that
  are frequent, so that plans name them anyway;
* it is a noun, product or abbreviation that ships (`catalogue/texts.toml`);
* writers who use capitals write it small: in at least `SMALL` different texts in which something within a sentence has a capital,
  and in at least `MOSTLY` of all in which it does not begin a sentence. Names have a capital there, in all languages that have
  any. And it mostly stands behind other words than `user` and `for`, which login names follow.

German nouns have a capital as names have: they are kept where they are among the former, and lost otherwise. Nothing can be told
from texts that are written in small letters, in capitals, or in a script without them.

Left out whatever else holds: what follows a closing (regards, mfg, cordialement) or a title (Mr, Frau, M.); what single systems
are called (configuration items of one word); words that tell nothing. At last a word counts for a service only where it is in the
texts of `TICKETS` of its tickets by `REQUESTERS` people, or of `UNKNOWN` tickets where nobody knows who asked.

Words are judged over all services, as a word is one everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from sipnb.catalogue import TEXTS
from sipnb.records import freezing
from sipnb.records.frozen import WORDS
from sipnb.records.sql import quoted

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

_OPEN, _CLOSE = "(\"'„“«‚‘\\[", ".,;:!?)\"'”“»’…\\]"
_WORD = rf"^[{_OPEN}]*(?:(?:[ldjmnstc]|qu)['’])?(\p{{L}}{{3,24}})[{_CLOSE}]*$"
_BARE = rf"^[{_OPEN}]*(.*?)[{_CLOSE}]*$"


def freeze(
    con: duckdb.DuckDBPyConnection, columns: Iterable[str], names: Iterable[str], ids: list[str], folder: Path
) -> dict[str, str]:
    """Write the words of each service's tickets to `folder/words/service=<id>/data_0.parquet`; the SHA-256 of each by its path.

    `con` has the view `tickets` with these `columns`, `summary` among them; `names` are what services are called. A file has a
    row a ticket that has any such word: ticket, words (sorted, parted by blanks).
    """
    columns = set(columns)
    _take_apart(con)
    _judge(con, columns, names)
    requester = "count(DISTINCT requester)" if "requester" in columns else "NULL"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE worded AS SELECT _service, ticket, word"
        f"{', requester' if 'requester' in columns else ''} FROM tickets JOIN texts USING (summary) "
        "JOIN (SELECT DISTINCT id, lower(word) AS word FROM spoken WHERE NOT named) USING (id) JOIN allowed USING (word)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE shared AS SELECT _service, word FROM worded GROUP BY ALL HAVING "
        + (
            f"count(*) >= {TICKETS} AND {requester} >= {REQUESTERS}"
            if "requester" in columns
            else f"count(*) >= {UNKNOWN}"
        )
    )
    reader = con.execute(
        "SELECT _service, ticket, string_agg(word, ' ' ORDER BY word) AS words FROM worded JOIN shared USING (_service, word) "
        "GROUP BY ALL ORDER BY _service, ticket"
    ).to_arrow_reader(freezing.BATCH)
    files = freezing.written(reader, WORDS, ids, folder)
    for table in ("texts", "spoken", "allowed", "worded", "shared"):
        con.execute(f"DROP TABLE {table}")
    return files


def _take_apart(con: duckdb.DuckDBPyConnection) -> None:
    """`texts`: each different text; `spoken`: its words as they are written, whether one begins a sentence (`first`) or may be of
    somebody's name (`named`), and whether the text shows that its writer uses capitals."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE texts AS SELECT summary, row_number() OVER () AS id, string_split_regex(trim("
        f"regexp_replace(nfc_normalize(left(summary, {LONGEST})), '[\\p{{Cf}}]', '', 'g')), '[\\s\\p{{Z}}]+') AS chunks "
        "FROM (SELECT DISTINCT summary FROM tickets WHERE summary IS NOT NULL)"
    )
    bare = f"regexp_extract(lower(x), {quoted(_BARE)}, 1)"
    titled = f"lower(x) IN ({_listed(TEXTS.titles)}) OR {bare} IN ({_listed(TEXTS.titles)})"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE spoken AS SELECT id, one.word AS word, one.first AS first, one.named AS named, "
        "one.whom AS whom, bool_or(NOT one.first AND regexp_matches(one.word, '^\\p{Lu}\\p{Ll}+$')) OVER (PARTITION BY id) "
        "AS capitals FROM ("
        "SELECT id, unnest(list_transform(range(1, len(chunks) + 1), lambda i: {"
        f"word: regexp_extract(chunks[i], {quoted(_WORD)}, 1), "
        "first: i = 1 OR regexp_matches(chunks[i - 1], '[.!?:;]$|^[-–—•*>|]+$'), "
        f"whom: i > 1 AND regexp_extract(lower(chunks[i - 1]), {quoted(_BARE)}, 1) IN ({_listed(TEXTS.before_names)}), "
        "named: (closed > 0 AND i >= closed) OR list_contains(titled[greatest(i - 3, 1):i], true)})) AS one FROM ("
        f"SELECT id, chunks, list_transform(chunks, lambda x: {titled}) AS titled, "
        f"coalesce(list_position(list_transform(chunks, lambda x: {bare} IN ({_listed(TEXTS.signatures)})), true), 0) AS closed "
        "FROM texts)) WHERE one.word <> ''"
    )


def _judge(con: duckdb.DuckDBPyConnection, columns: set[str], names: Iterable[str]) -> None:
    """`allowed`: the words, in small letters, that name nobody."""
    own = [
        f"SELECT {c} AS value FROM tickets GROUP BY 1 HAVING count(*) >= greatest({LISTED}, {LISTED_SHARE} * "
        "(SELECT count(*) FROM tickets))"
        for c in ("category", "subcategory")
        if c in columns
    ]
    own.append(f"SELECT unnest([{', '.join(map(quoted, names))}]::VARCHAR[]) AS value")
    parts = "unnest(regexp_extract_all(lower(nfc_normalize(value)), '\\p{L}{3,}'))"
    items = "SELECT NULL::VARCHAR AS word"
    if "configuration_item" in columns:
        items = (
            f"SELECT {parts} AS word FROM (SELECT DISTINCT configuration_item AS value FROM tickets) "
            "WHERE NOT regexp_matches(value, '\\s')"
        )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE allowed AS WITH "
        f"known AS (SELECT {parts} AS word FROM (SELECT DISTINCT value FROM ({' UNION ALL '.join(own)})) "
        f"UNION SELECT unnest([{_listed(TEXTS.plain)}])), items AS ({items}), "
        "seen AS (SELECT lower(word) AS word, count(DISTINCT id) FILTER (capitals AND word = lower(word) AND "
        "NOT named AND regexp_matches(word, '^\\p{Ll}')) AS small, "
        "count(DISTINCT id) FILTER (NOT first AND word <> lower(word)) AS large, "
        "count(DISTINCT id) FILTER (whom) AS whose, count(DISTINCT id) AS texts FROM spoken GROUP BY 1) "
        "SELECT word FROM seen WHERE (word IN (SELECT word FROM known) OR "
        f"(small >= {SMALL} AND small >= {MOSTLY} * (small + large) AND 2 * whose <= texts "
        "AND word NOT IN (SELECT word FROM items WHERE word IS NOT NULL))) "
        f"AND word NOT IN ({_listed(TEXTS.stop)})"
    )


def _listed(words: Iterable[str]) -> str:
    return ", ".join(map(quoted, words))
