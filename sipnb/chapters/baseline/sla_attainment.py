"""Attainment of the service-level targets: the same tickets counted by cohort, by clock and by policy."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sipnb.chapters.baseline.control_charts import source
from sipnb.chapters.baseline.measures import Measures
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import KpiFact, PolicyFact
from sipnb.kpis import attainment
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, folded, say, table

_CLOCKS = {
    "gross": "Clock that never stops",
    "business": "Agreed hours",
    "net": "Agreed hours, stopped on hold",
}
_REOPENED = {
    "R1": "from the first opening to the last resolution",
    "R2": "a clock of its own after each reopening",
    "R3": "to the first resolution",
}
_PRIORITY = {"P1": "goal of the final priority", "P2": "goal of each priority while it held"}


def policies(context: ServiceContext) -> list[PolicyFact]:
    """Attainment under each policy for reopenings and changed priorities."""
    found = attainment.by_policy(context.scope)
    return [PolicyFact(**row) for row in found.to_dict("records")]


def inferred_late(context: ServiceContext) -> int:
    """How many tickets count as late by their age at the cut-off, because no due time is recorded."""
    waiting = context.scope.tickets_open()
    late = attainment.late_from(context.scope)[waiting.index]
    return int(((late < context.scope.known_until) & waiting["sla_due"].isna()).sum())


def late_words(late: pd.Series) -> Shown:
    """How many open tickets are past due, and for how long: `late` has the days of each."""
    if late.empty:
        return say("No ticket that is open at the cut-off is known to be past due.")
    are = words.plural(len(late), "open ticket is", "open tickets are")
    return say(
        f"**{are} past due** at the cut-off, half of them for {words.number(float(late.median()), 'days')} and more."
    )


def _cohorts(measures: Measures) -> list[tuple[str, str, KpiFact]]:
    by = {k.cohort: k for k in measures.ways("sla_attainment") if k.clock == "as recorded" and not k.headline}
    period = measures.about.period
    every = (
        ("Resolved (as reported)", f"Resolved in the {period}, as others report it", measures.measure("sla_reported")),
        (
            f"Decided in the {period}",
            "Decided: resolved in time, or due time passed (headline)",
            measures.measure("sla_attainment"),
        ),
        (f"Opened in the {period}", f"Opened in the {period}, due by the cut-off", by.get("opened in the cycle")),
        (
            "Still open, not yet late",
            "Open at the cut-off, not yet past due",
            by.get("open at the cut-off: not yet past due"),
        ),
    )
    return [(label, cohort, k) for label, cohort, k in every if k is not None and k.n > 0]


def cohort_figure(measures: Measures, target: float | None) -> Shown:
    """Attainment by cohort with Wilson intervals."""
    cohorts = _cohorts(measures)
    if not cohorts:
        return say("No data: the records do not say whether tickets met a target.")
    drawn = pd.DataFrame([{"label": label, "value": k.value, "low": k.low, "high": k.high} for label, _, k in cohorts])
    first, second = measures.measure("sla_reported"), measures.measure("sla_attainment")
    title = f"{words.number(cohorts[0][2].value, 'share')} in time"
    if first and second and first.n and second.n:
        headline, reported = words.number(second.value, "share"), words.number(first.value, "share")
        same = headline == reported
        title = f"{headline} in time, open tickets counted or not" if same else (
            f"{headline} in time; {reported} if open tickets are left out"
        )  # fmt: skip
    data = pd.DataFrame(
        {
            "Cohort": [cohort for _, cohort, _ in cohorts],
            "In time": [k.value for *_, k in cohorts],
            "95 % from": [k.low for *_, k in cohorts],
            "95 % to": [k.high for *_, k in cohorts],
            "Met": [k.numerator for *_, k in cohorts],
            "n": [k.n for *_, k in cohorts],
        }
    )
    units = {"In time": "share", "95 % from": "share", "95 % to": "share", "Met": "count", "n": "count"}
    said = "; ".join(f"{label} {words.number(k.value, 'share')} (n {k.n:,})" for label, _, k in cohorts)
    return figure(
        figures.intervals(drawn, "share", measures.about.currency, target), name="cohorts", finding=title,
        subtitle=f"Share resolved in time by cohort, 95 % Wilson intervals; {measures.about.cycle_label}",
        alt=f"{len(cohorts)} cohorts with intervals: {said}.", data=data, units=units, source=source(measures.about),
        definition="sla_attainment",
    )  # fmt: skip


def clocks_table(measures: Measures) -> Shown:
    """Attainment of the same tickets on three clocks."""
    by = {k.clock: k for k in measures.ways("sla_attainment") if k.clock in _CLOCKS}
    if not by:
        return say("No data for a comparison of clocks: it needs due times and time on hold.")
    frame = pd.DataFrame(
        [
            {
                "Clock": f"{_CLOCKS[clock]} ({clock})",
                "Within the goal": words.number(k.value, "share"),
                "95 % interval": words.interval(k.low, k.high, "share"),
                "n": f"{k.n:,}",
            }
            for clock, k in by.items()
        ]
    )
    numeric = ("Within the goal", "95 % interval", "n")
    return table(frame, "The same tickets and goals on three clocks, resolved tickets only", numeric=numeric)


def gap_words(measures: Measures) -> Shown:
    """How much of the attainment rests on holding the clock."""
    k = measures.measure("sla_gaming_gap")
    if k is None or k.value is None:
        return say("")
    return say(
        f"**{words.number(k.value, 'points')}** ({words.interval(k.low, k.high, 'points')}, n {k.n:,}) of attainment rest on "
        f"the clock standing still while tickets are on hold; {words.lower(words.change(k))}."
    )


def policies_table(policies: Sequence[PolicyFact]) -> Shown:
    """Attainment under the other policies for reopened tickets and changed priorities."""
    if not policies:
        return say("No data for other policies: they need the history of states, due times and priorities.")
    frame = pd.DataFrame(
        [
            {
                "Reopened tickets": f"{p.reopened}: {_REOPENED[p.reopened]}",
                "Changed priorities": f"{p.priority}: {_PRIORITY[p.priority]}",
                "Within the goal": words.number(p.value, "share"),
                "95 % interval": words.interval(p.low, p.high, "share"),
                "n": f"{p.n:,}",
            }
            for p in policies
        ]
    )
    shown = table(
        frame, "Attainment on the net clock under each policy; goals by priority are those that the due times imply",
        numeric=("Within the goal", "95 % interval", "n"),
    )  # fmt: skip
    return folded(shown, "Other policies for reopened tickets and changed priorities")
