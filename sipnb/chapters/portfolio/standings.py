"""The matrix of the portfolio: every core measure by how it moved and by where its target lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sipnb.chapters.facts import BaselineFacts, KpiFact, PositionFact

#: Rows and columns in the order in which they are printed, with their words.
ROWS = {"worse": "Worse", "no real change": "No real change", "better": "Better", "not judged": "Not judged"}
COLUMNS = {
    "fails": "Consistently fails",
    "hit and miss": "Hit and miss",
    "unsettled": "Has shifted",
    "meets": "Consistently meets",
    "none": "No target, or too few cases",
}
_COLUMN = {
    "consistently fails": "fails",
    "consistently meets": "meets",
    "hit and miss": "hit and miss",
    "unsettled": "unsettled",
}


def positions(baselines: Mapping[str, BaselineFacts]) -> list[PositionFact]:
    """Where each core measure of each service stands."""
    return [
        PositionFact(service=service, kpi=one.kpi, short=one.short or one.title, row=_row(one), column=_column(one))
        for service, measured in baselines.items()
        for one in measured.measures
        if one.core
    ]


def _row(fact: KpiFact) -> str:
    if not fact.claims or fact.variation == "no data":
        return "not judged"
    if not fact.sure or fact.variation == "common":
        return "no real change"  # what does not hold among all measures may be chance
    # Higher or lower than usual is no judgement where neither side is good.
    return {"improvement": "better", "concern": "worse"}.get(fact.variation, "not judged")


def _column(fact: KpiFact) -> str:
    return _COLUMN.get(fact.assurance, "none") if fact.claims else "none"


def cells(found: Iterable[PositionFact]) -> dict[tuple[str, str], dict[str, list[str]]]:
    """By row and column: the short titles of the measures there, by service."""
    by_cell: dict[tuple[str, str], dict[str, list[str]]] = {}
    for one in found:
        by_cell.setdefault((one.row, one.column), {}).setdefault(one.service, []).append(one.short)
    return by_cell
