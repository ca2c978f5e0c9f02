"""Every measure of the service as a fact: its figure, its interval, its chart's verdict, and whether that may be chance.

A change is claimed where its p-value holds among all measures of the service and the latest point is on its side. That the chart
flags a point is no condition: a flag looks at one point where the test looks at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from sipnb import kpis
from sipnb.catalogue import Kpi
from sipnb.chapters import results
from sipnb.chapters.baseline import charts
from sipnb.chapters.baseline.charts import Anew, Charted, charted
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import About, Figures, KpiFact, ReviewFacts
from sipnb.kpis import attainment
from sipnb.methods import discoveries
from sipnb.show import words

_NOT_CHARTED = {"rolling": "covers a whole year", "derived": "follows availability"}

#: The same promise counted in other ways: cohort, clock and the function that does it.
WAYS = (
    ("opened in the cycle", "as recorded", attainment.sla_opened),
    ("open at the cut-off: not yet past due", "as recorded", attainment.sla_stock),
    ("resolved in the cycle", "gross", lambda scope: attainment.on_clock(scope, "gross")),
    ("resolved in the cycle", "business", lambda scope: attainment.on_clock(scope, "business")),
    ("resolved in the cycle", "net", lambda scope: attainment.on_clock(scope, "net")),
)  # fmt: skip


@dataclass(frozen=True)
class Measures(Figures):
    """Every measure of a service in a cycle: its figures, the charts they are judged by, and what has no data.

    `kpis` are all figures, the scorecard's (`measures`) and the same measures counted otherwise; `charts` are by KPI,
    `without_data` says what is missing, by title.
    """

    about: About
    titles: dict[str, str]
    kpis: list[KpiFact]
    charts: dict[str, Charted]
    without_data: dict[str, str]

    @property
    def tested(self) -> int:
        """Measures whose latest cycles could be tested for a change."""
        return sum(k.tested for k in self.measures)

    @property
    def signals(self) -> int:
        """Points of all charts that stand out."""
        return sum(k.signals for k in self.measures)

    @property
    def expected_false(self) -> float:
        """So many points chance alone would make stand out."""
        return sum(k.expected_false or 0.0 for k in self.measures)

    def table(self) -> pd.DataFrame:
        """The figures of the scorecard: a row a KPI, with its interval, its cases, and what its chart says."""
        columns = (
            "kpi",
            "value",
            "low",
            "high",
            "n",
            "target",
            "previous",
            "variation",
            "sure",
            "p",
            "assurance",
            "unjudged",
        )
        return results.frame(self.measures, *columns).set_index("kpi")

    def series(self) -> pd.DataFrame:
        """Every measure's points with their limits, a row a point: kpi, cycle, grain, label, value, … , signal."""
        return charts.long(self.charts)


def begun_anew(reviewed: ReviewFacts) -> dict[str, Anew]:
    """By KPI: the latest action that worked, with the first whole cycle since. A shift that nobody made begins nothing anew: what
    got worse by itself does not become usual."""
    found = [(one.outcome.change.first, one) for one in reviewed.actions
             if one.outcome and one.outcome.status == "worked" and one.outcome.change and one.outcome.kpi]  # fmt: skip
    found.sort(key=lambda pair: (pair[0], pair[1].id))
    return {one.outcome.kpi: Anew(first, one.title) for first, one in found}


def measure_all(
    context: ServiceContext,
    anew: Mapping[str, Anew] = MappingProxyType({}),
    rules: str = "nhs",
    false_discoveries: float = 0.05,
) -> Measures:
    """Every measure with data, with limits over its history, or since an action that worked (`anew`, as `begun_anew` finds them).

    `rules` names the set by which points of a chart stand out (`spc.RULES`). Of the changes that are claimed of the
    service's measures at most a share of `false_discoveries` may be chance.
    """
    facts, drawn, without = [], {}, {}
    titles = {kpi: known.title for kpi, known in context.kpis.items()}
    if not context.records.account["rows"] and context.service.monitored_since is None:
        # Nothing names this service: no ticket is not the same as no trouble.
        nothing = dict.fromkeys(titles.values(), "no record names this service")
        return Measures(context.about, titles, [], {}, nothing)
    for kpi, known in context.kpis.items():
        if not kpis.supplied(kpi, context.scope):
            without[known.title] = _lacking(context, known)
            continue
        series = context.series(kpi)
        now = kpis.measure(kpi, context.scope)
        if series["value"].notna().sum() == 0:
            if math.isnan(now.value):
                without[known.title] = _lacking(context, known)
                continue
            # Younger than a whole cycle: the figure stands, without a history.
            series = pd.DataFrame([now.record() | {"label": context.cycle.short}], index=[context.cycle.name])
        drawn[kpi] = charted(context, known, series, rules, anew.get(kpi))
        facts.append(_fact(context, known, series, drawn[kpi]))
    return Measures(context.about, titles, [*_sure(facts, false_discoveries), *_ways(context, rules)], drawn, without)


def _lacking(context: ServiceContext, known: Kpi) -> str:
    lacking = kpis.missing(known, context.scope)
    if lacking:
        named = [" or ".join(way.replace(".", ": ") for way in one.split("|")) for one in lacking]
        return f"the exports hold no {words.listed(named)}".replace("_", " ")
    if known.id == "error_budget" and "availability" not in context.service.targets:
        return "there is no target for availability"
    return "no case in its history"


def _fact(context: ServiceContext, known: Kpi, series: pd.DataFrame, drawn: Charted) -> KpiFact:
    now, chart = series.iloc[-1], drawn.chart
    before = series.iloc[-2] if len(series) > 1 else {"value": None, "low": None, "high": None, "n": 0}
    there = bool(chart.points["value"].notna().any())
    points = chart.points.iloc[-1] if there else None
    unjudged = _unjudged(known, int(now["n"]), drawn, context.refused(known.id))
    few = bool(unjudged)
    judged = not few and not math.isnan(now["value"]) and drawn.change is not None
    change = drawn.change if judged and not math.isnan(drawn.change.p) else None
    by_time = drawn.grain != "occurrence"
    # What usually happens in a week says nothing of a month's figure.
    limits = points if there and drawn.grain == context.cycle.kind else {"low": None, "high": None, "mean": None}
    missing = math.isnan(now["value"])
    return KpiFact(
        kpi=known.id, title=known.title, short=known.short, formula=known.formula, headline=True,
        core=known.core or known.id in context.service.targets, cohort=known.cohort, clock=known.clock, unit=known.unit,
        good=known.good, value=now["value"], low=now["low"], high=now["high"], n=int(now["n"]),
        minimum_n=known.minimum_n, numerator=now["numerator"], denominator=now["denominator"], target=context.target(known.id),
        previous=before["value"], previous_low=before["low"], previous_high=before["high"], previous_n=int(before["n"]),
        missed_for=_missed_for(series["value"], context.target(known.id), known.good),
        # Trial limits, tiny samples and rare events carry no claim: the point is shown, its signal is not.
        variation="no data" if missing else "common" if few else chart.variation,
        changed_for=0 if missing or few else _alike(chart.points["signal"], chart.variation),
        assurance="no target" if few or not by_time else chart.assurance,
        chart=chart.kind, grain=drawn.grain, trial=chart.trial, points=chart.n, signals=0 if few else chart.signals,
        expected_false=0.0 if few else chart.expected_false,
        lower_limit=limits["low"], upper_limit=limits["high"], mean=limits["mean"], autocorrelation=chart.autocorrelation,
        usual=drawn.usual if change and by_time else limits["mean"],
        # More days between events are fewer events.
        p=change.p if change else None, moved=(change.direction if by_time else -change.direction) if change else 0,
        window=change.window if change else 0, form=change.form if change else "",
        scatter=drawn.scatter if drawn.grain == context.cycle.kind else None, cycles=int(series["value"].notna().sum()),
        sure=False, rule="" if few or points is None else str(points["rule"]), claims=not few, unjudged=unjudged,
        definition=known.definition, rebased=drawn.rebased, begun=drawn.begun,
    )  # fmt: skip


def _alike(signals: pd.Series, latest: str) -> int:
    """How many points in a row, up to the latest, carry its signal; 0 where it has none."""
    return 0 if latest == "common" else int((signals == latest)[::-1].cumprod().sum())


def _missed_for(values: pd.Series, target: float | None, good: str) -> int:
    if target is None:
        return 0
    bad = (values < target) if good == "up" else (values > target)
    return int(bad[::-1].cumprod().sum())


def _unjudged(known: Kpi, n: int, drawn: Charted, refused: str) -> str:
    """Why a measure carries no claim; empty where it does."""
    if refused:
        return refused
    if known.kind in _NOT_CHARTED:
        return _NOT_CHARTED[known.kind]
    if drawn.grain != "occurrence" and n < known.minimum_n:
        return f"too few cases to judge ({n:,})"
    if drawn.chart.trial:
        points = "event" if drawn.grain == "occurrence" else drawn.grain
        return f"too few {points}s to judge ({drawn.chart.n})"
    return "too rare to judge by limits" if drawn.lumpy else ""


def _sure(facts: list[KpiFact], false_discoveries: float) -> list[KpiFact]:
    """The facts with what holds when all of them are looked at together (Benjamini and Hochberg 1995)."""
    p = pd.Series([k.p if k.tested else math.nan for k in facts], dtype="float64")
    holds = discoveries.benjamini_hochberg(p, false_discoveries)["rejected"]
    # Where work takes longer, the part of it that is on hold falls by itself: that is no improvement.
    slower = any(
        sure and k.kpi.startswith(("restore_", "sla_attainment")) and k.course == "concern"
        for k, sure in zip(facts, holds, strict=True)
    )
    mechanical = [slower and k.kpi in ("on_hold_share", "sla_gaming_gap") and k.course == "improvement" for k in facts]
    holds = holds & ~pd.Series(mechanical, dtype=bool)
    return [
        _changed(k) if sure else k.model_copy(update={"usual": k.mean}) for k, sure in zip(facts, holds, strict=True)
    ]


def _changed(fact: KpiFact) -> KpiFact:
    """A measure whose change holds: what it says is the change's, and no longer its latest point's."""
    told = {"sure": True, "variation": fact.course, "changed_for": fact.window, "rule": "level"}
    # Where a measure has left its level, its old limits no longer say what the process can do; new ones do.
    anew = fact.begun and fact.course == "improvement"
    return fact.model_copy(
        update=told | ({"assurance": "unsettled"} if fact.assurance != "no target" and not anew else {})
    )


def _ways(context: ServiceContext, rules: str) -> list[KpiFact]:
    """SLA attainment by its other cohorts and clocks, where the records tell."""
    known, facts = context.kpis["sla_attainment"], []
    if kpis.missing(known, context.scope):
        return facts
    covered = [c.name for c in kpis.covered("sla_attainment", context.scope)]
    for cohort, clock, counted in WAYS:
        frame = counted(context.scope).set_axis([c.name for c in context.history])
        series = frame.loc[covered].assign(label=[c.short for c in context.history if c.name in covered])
        if series.empty or not series["n"].iloc[-1]:
            continue
        fact = _fact(context, known, series, charted(context, known, series, rules))
        facts.append(fact.model_copy(update={"headline": False, "cohort": cohort, "clock": clock}))
    return facts
