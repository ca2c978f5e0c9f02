"""The columns in which a measure's figure is laid out, defined once: for notebooks, pages, mails, CSV and spreadsheets.

A column has its raw value, for programs, and its text, for readers. To change what a figure looks like, change it here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sipnb.chapters.facts import KpiFact
from sipnb.show import words

#: In which direction a measure went, where that follows from better or worse and from which side is good.
_SIDE = {
    ("concern", "up"): "low",
    ("concern", "down"): "high",
    ("improvement", "up"): "high",
    ("improvement", "down"): "low",
}

GOOD = {"up": "higher is better", "down": "lower is better", "neutral": "neither side is better"}


@dataclass(frozen=True)
class Badge:
    """A judgement: a sign, its words, and its tone. `heavy` is set where a target is out of reach as things are."""

    sign: str
    text: str
    tone: str
    heavy: bool = False


@dataclass(frozen=True)
class Column:
    """A column of figures: its name for programs, its title for readers, and both forms of a figure in it.

    `raw` is a number, a word or a truth value; `text` takes the currency of the organisation. `number` columns are set to the
    right.
    """

    name: str
    title: str
    raw: Callable[[KpiFact], Any]
    text: Callable[[KpiFact, str], str]
    number: bool = False


def rounded(value: float | None) -> float | None:
    """A figure for programs, to six decimals."""
    return None if value is None else round(value, 6)


def _level(name: str, title: str, of: Callable[[KpiFact], float | None]) -> Column:
    return Column(
        name, title, lambda k: rounded(of(k)), lambda k, currency: words.number(of(k), k.unit, currency), True
    )


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        Column("title", "Measure", lambda k: k.title, lambda k, _: k.title),
        _level("value", "Value", lambda k: k.value),
        Column(
            "interval", "95 % interval", lambda k: (rounded(k.low), rounded(k.high)),
            lambda k, currency: words.interval(k.low, k.high, k.unit, currency, beside=k.value), True,
        ),
        Column("n", "n", lambda k: k.n, lambda k, _: f"{k.n:,}", True),
        Column(
            "target", "Target", lambda k: rounded(k.target),
            lambda k, currency: "–" if k.target is None else words.number(k.target, k.unit, currency), True,
        ),
        Column(
            "since", "Since previous", lambda k: rounded(k.previous),
            lambda k, currency: words.difference(k.value, k.previous, k.unit, currency), True,
        ),
        Column("variation", "Change", lambda k: k.variation if k.claims else "not judged", lambda k, _: words.change(k)),
        Column(
            "assurance", "Against target", lambda k: k.assurance if k.claims else "not judged",
            lambda k, _: words.ASSURANCE[k.assurance][1] if k.claims else "–",
        ),
        Column("definition", "Definition", lambda k: k.definition, lambda k, _: k.definition),
    )
}  # fmt: skip


def texts(fact: KpiFact, currency: str, *names: str) -> dict[str, str]:
    """A measure's figure for readers: text by the title of each of the columns named."""
    return {COLUMNS[name].title: COLUMNS[name].text(fact, currency) for name in names}


def record(fact: KpiFact, currency: str) -> dict[str, Any]:
    """A measure's figure for programs, a field a column; `unit` is the currency where it is money."""
    low, high = COLUMNS["interval"].raw(fact)
    return {
        "kpi": fact.kpi, "title": fact.title, "unit": currency if fact.unit == "money" else fact.unit,
        "good": fact.good, "core": fact.core, "value": COLUMNS["value"].raw(fact), "low_95": low, "high_95": high,
        "n": fact.n, "target": COLUMNS["target"].raw(fact), "previous": COLUMNS["since"].raw(fact),
        "variation": COLUMNS["variation"].raw(fact), "holds_among_all": fact.sure,
        "assurance": COLUMNS["assurance"].raw(fact), "not_judged_because": unjudged(fact), "definition": fact.definition,
    }  # fmt: skip


def unjudged(fact: KpiFact) -> str:
    """Why a measure carries no claim; empty where it does."""
    return "" if fact.claims else fact.unjudged or "too few to judge"


def judged(fact: KpiFact) -> tuple[Badge, Badge]:
    """Whether the measure changed, and where its target lies, as badges."""
    (sign, text, tone), doubt = words.VARIATION[fact.variation], ""
    if fact.changed and not fact.sure:
        # One of so many measures is always about to leave its range: what does not hold among them stands back.
        doubt, tone = "; may be chance", "common"
    side = _SIDE.get((fact.variation, fact.good))
    against, said, its_tone = words.ASSURANCE[fact.assurance]
    change = Badge(sign, (f"{text}, {side}" if side else text) + doubt, tone)
    return change, Badge(against, said, its_tone, heavy=fact.assurance == "consistently fails")
