"""KPIs that an organisation defines itself: checked, and as entries of the catalogue."""

from __future__ import annotations

from sipnb import formulas
from sipnb.catalogue import KPIS, Kpi, OwnFormula
from sipnb.params import OwnKpi
from sipnb.tables import TABLES
from sipnb.validation import nearest


def checked(where: str, own: dict[str, OwnKpi], errors: list[str]) -> dict[str, Kpi]:
    """The organisation's own KPIs that can be computed; what is wrong with the others is added to `errors`."""
    good = {}
    for name, kpi in own.items():
        at = f"{where}.{name}"
        found = [f"{at}: is a KPI of the catalogue already; choose another name"] if name in KPIS else []
        if kpi.table not in TABLES:
            found.append(f"{at}.table: {kpi.table!r} is not a canonical table; {nearest(kpi.table, TABLES)}")
        elif not kpi.measured:
            found += _misunderstood(at, kpi)
        errors += found
        if not found:
            good[name] = entry(name, kpi)
    return good


def entry(name: str, kpi: OwnKpi) -> Kpi:
    """An organisation's own KPI as an entry of the catalogue."""
    shared = {"id": name, "title": kpi.title, "short": kpi.short or kpi.title, "good": kpi.good, "core": True,
              "minimum_n": kpi.minimum_n, "noun": kpi.noun or f"“{kpi.title}”",
              "clause": kpi.clause or f"“{kpi.title}” stood at {{value}}"}  # fmt: skip
    if kpi.measured:
        formula = f"as another tool measured it under {_listed(kpi.measured)}: numerators ÷ denominators, added up"
        return Kpi(
            **shared, formula=formula, unit=kpi.unit or "share", cohort="as measured", clock="as measured",
            kind="value" if (kpi.unit or "share") != "share" else "share", needs=("measurements",),
            own=OwnFormula("measurements", "period", "measured", names=tuple(kpi.measured)),
        )  # fmt: skip
    statistic, at = kpi.statistic, kpi.at or TABLES[kpi.table].at
    expression = getattr(kpi, statistic)
    among = f"{kpi.table} where {kpi.where}" if kpi.where else kpi.table
    return Kpi(
        **shared, formula=f"{statistic} of {expression}, over {among}",
        unit=kpi.unit or {"share": "share", "count": "count"}.get(statistic, "number"),
        cohort=f"{at} in the cycle", clock="none",
        kind={"share": "share", "count": "count"}.get(statistic, "value"), needs=(kpi.table,),
        own=OwnFormula(kpi.table, at, statistic, expression, kpi.where),
    )  # fmt: skip


def _listed(names: list[str]) -> str:
    """Names in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _misunderstood(where: str, kpi: OwnKpi) -> list[str]:
    columns, found = TABLES[kpi.table].columns, []
    if kpi.at is not None and (kpi.at not in columns or columns[kpi.at].kind not in ("time", "date")):
        times = [c for c, column in columns.items() if column.kind in ("time", "date")]
        found.append(f"{where}.at: {kpi.at!r} is not a time of table {kpi.table}; {nearest(kpi.at, times)}")
    result = "condition" if kpi.statistic in ("share", "count") else "number"
    for part, text in kpi.formulas.items():
        try:
            formulas.check(kpi.table, text, "condition" if part == "where" else result)
        except formulas.FormulaError as error:
            found.append(f"{where}.{part}: {formulas.shown(text)} {error}")
    return found
