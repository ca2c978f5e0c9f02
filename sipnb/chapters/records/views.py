"""The records, as they are shown: each part of the data-quality page."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sipnb.chapters.context import RecordsContext
from sipnb.chapters.records import account
from sipnb.chapters.records.account import Account, Fate, Kind, Level, Verdict
from sipnb.chapters.records.coverage import ServiceRows, Supplied, Untaken
from sipnb.show import words
from sipnb.show.display import Shown, macros, say


def _shown(macro: str, text: str, *given: object) -> Shown:
    return Shown(str(getattr(macros("records"), macro)(*given)), text)


def verdict(found: Verdict) -> Shown:
    """Whether plans can be made of these records, and where the rows went."""
    return _shown("verdict", "\n".join([found.sentence, *found.cautions]), found)


def accounts(sources: Sequence[Account], total: Fate) -> Shown:
    """The account of each source: rows read are rows used plus rows set aside, with the reasons."""
    text = "\n".join(f"{one.name}: {account.balance(one.fate)}" for one in sources)
    return _shown("account", text, sources, total, account.bar)


def findings(levels: Sequence[Level]) -> Shown:
    """What the rules found, by level, the gravest first, and what it does to the plans."""
    text = "\n".join(f"{level.title}: {'; '.join(s for one in level.told for s in one.sentences)}" for level in levels)
    return _shown("findings", text or "Nothing.", levels)


def quiet(ok: Sequence[tuple[str, str]], no_data: Sequence[tuple[str, str]]) -> Shown:
    """The rules that found nothing, and those that had nothing to look at."""
    text = f"{words.plural(len(ok), 'rule')} found nothing; {len(no_data)} had nothing to look at"
    return _shown("quiet", text, ok, no_data)


def set_aside(total: Fate, frozen: bool, veiled: bool) -> Shown:
    """Where all rows that were set aside are, and how their values are told."""
    return _shown("set_aside", f"{total.others + total.wrong:,} rows set aside", total, frozen, veiled)


def wrong_rows(found: tuple[list[Kind], list[Kind], str], named: bool) -> Shown:
    """The first rows with something wrong, by reason; `named` says whether the source stands beside the file."""
    return _shown("wrong_rows", _kinds(found), found, named)


def other_rows(found: tuple[list[Kind], list[Kind], str], named: bool) -> Shown:
    """The first rows that are not for these plans, by reason."""
    return _shown("other_rows", _kinds(found), found, named)


def emptied_values(found: Sequence[Kind], named: bool) -> Shown:
    """The columns of which values count as missing, with the first of them."""
    text = "\n".join(f"{kind.reason} ({kind.count})" for kind in found)
    return _shown("emptied_values", text, found, named) if found else Shown("<p>No value.</p>", "No value.")


def tables(found: Sequence[Supplied], missing: str) -> Shown:
    """The tables made of the exports, with their columns, and those that no source gives."""
    return _shown("tables_supplied", "\n".join(f"{one.name}: {one.rows:,} rows" for one in found), found, missing)


def services(found: tuple[list[ServiceRows], list[ServiceRows], str], tables: Sequence[Supplied]) -> Shown:
    """Rows of each service by table, and its rows that were set aside."""
    return _shown("services_supplied", f"{len(found[0]) + len(found[1])} services", *found, tables)


def recorded(found: Sequence[tuple[str, str]]) -> Shown:
    """The tickets as the tool itself recorded them."""
    return _shown("as_recorded", "\n".join(f"{name}: {text}" for name, text in found), found)


def untaken(found: Sequence[Untaken]) -> Shown:
    """The columns that the exports have and their mappings do not take."""
    return _shown("columns_untaken", "\n".join(f"{one.source}: {', '.join(one.columns)}" for one in found), found)


def files(notes: tuple[list[str], list[str]], found: Sequence[Account]) -> Shown:
    """How files were read where there was something to choose, and the account of each where a source has several."""
    return _shown("files_read", "\n".join(notes[0]), notes, found)


def controls(table: pd.DataFrame, context: RecordsContext) -> Shown:
    """In how many services, and by which measures, actions of others are compared with what would have been."""
    if context.cycle is None:
        return say("Actions are judged in the plans.")
    if table.empty:
        return say("No action is old enough to be judged yet.")
    titles = words.listed([words.lower(context.workbook.kpis[kpi].title) for kpi in table["kpi"].unique()])
    several = words.plural(table["service"].nunique(), "service")
    return say(f"Actions are compared with up to {several} in which nothing was done at their time, by {titles}.")


def _kinds(found: tuple[list[Kind], list[Kind], str]) -> str:
    return "\n".join(f"{kind.reason} ({kind.count})" for kind in [*found[0], *found[1]]) or "No row."
