"""Values by their shape: how something is written, without what it says.

What is wrong with an export is told by examples, and examples are of people: names, addresses, whole lines. So an example
is shown by its shape, unless the workbook says `show_values: true` or the value is a word that many rows share.

    Ana Müller           ≈ Aaaa Aaaa, 9 letters
    2026-13-45 8 Uhr     ≈ 9999-99-99 9 Aaaa, 3 letters
"""

from __future__ import annotations

from sipnb.tables import TABLES

#: What a shape begins with: "looks like".
SIGN = "≈ "
#: A value that stands in so many rows, of so few different ones in its column, is a word of the tool and not of a person.
ROWS, WORDS = 20, 36
#: Figures too short to be of anybody, such as a priority of 9.
_SHORT = r"[-+]?[0-9]{1,3}([.,][0-9]{1,2})?"
#: Characters of a shape before it is cut, and of a value that are looked at.
LONGEST, _LOOKED_AT = 60, 400


def shape(value: str) -> str:
    """SQL: the shape of a text, NULL where it is NULL.

    Letters become `A` and `a`, and as many of them as stand together `AAA` and `aaa`; digits become `9`, more than eight
    together `99999999…`; punctuation stays; other signs become `*`. What is left is cut after 60 characters. The number of
    letters is told, in all of a text up to 400 characters.
    """
    text = f"left({value}, {_LOOKED_AT})"
    told = text
    for pattern, written in (
        (r"\p{N}", "9"),
        (r"[\p{Lu}\p{Lt}]{2,}", "AAA"),
        (r"[\p{Lu}\p{Lt}]", "A"),
        (r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]+", "aaa"),
        (r"[^\x00-\x7f\p{P}\p{Sc}\p{Sm}\p{Z}]", "*"),
        (r"\*{2,}", "*"),
        (r"9{9,}", "99999999…"),
    ):
        told = f"regexp_replace({told}, '{pattern}', '{written}', 'g')"
    letters = rf"length(regexp_replace({text}, '[^\p{{L}}]', '', 'g'))"
    cut = f"CASE WHEN length(_written) > {LONGEST} THEN left(_written, {LONGEST}) || '…' ELSE _written END"
    many = "CASE _letters WHEN 0 THEN '' WHEN 1 THEN ', 1 letter' ELSE ', ' || _letters || ' letters' END"
    looked_at = f"(SELECT {told} AS _written, {letters} AS _letters)"
    return f"(SELECT '{SIGN}' || {cut} || {many} FROM {looked_at} WHERE _written IS NOT NULL)"


def nameable(table: str, column: str) -> bool:
    """Whether a value of this column that many rows share may be shown: never free text, never an identifier, and never a person.

    Who resolved a ticket should be one of two words; where an export names people there, they are wrong ones, and many.
    """
    known = TABLES.get(table.removesuffix(" (events)"))
    if known is None or column not in known.columns:
        return False
    if known.columns[column].personal or column == "resolver":
        return False
    return known.columns[column].named or column in ("service", "state", "outcome")


def shared(value: str, rows: str | int, words: str | int) -> str:
    """SQL: whether a value is a word of the tool, by the rows it stands in and the number of different ones in its column;
    or a figure too short to be of anybody. Only for `nameable` columns."""
    return f"(({rows} >= {ROWS} AND {words} <= {WORDS}) OR regexp_full_match({value}, '{_SHORT}'))"


def in_sight(
    counted: list[tuple[str, int]], show: bool, words: int | None = WORDS
) -> tuple[list[tuple[str, int]], int]:
    """Of values with their numbers of rows those that may be shown, and how many are not.

    `words`: above so many different ones they are of people; None for the names of services, of which there may be many.
    """
    if show:
        return counted, 0
    if words is not None and len(counted) > words:
        return [], len(counted)
    kept = [(value, n) for value, n in counted if n >= ROWS]
    return kept, len(counted) - len(kept)


def others(hidden: int, any_shown: bool) -> list[str]:
    """The end of a list of values of which some are not shown."""
    if not hidden:
        return []
    more = "other" if any_shown else "value"
    return [f"{hidden:,} {more}{'s' if hidden > 1 else ''} of too few rows to be shown"]


def written(value: str, most: int = 60) -> str:
    """A value or a shape within a sentence: `'soon'`, `≈ aaa, 4 letters`."""
    return value if value.startswith(SIGN) else repr(value[:most])


def equals(column: str, value: str) -> str:
    """What a column holds, in a sentence: `opened = 'soon'`, `opened ≈ aaa, 4 letters`."""
    return f"{column} {value}" if value.startswith(SIGN) else f"{column} = {written(value)}"
