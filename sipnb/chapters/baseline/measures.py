"""Every measure of the service as a fact: its figure, its interval, its chart's verdict, and whether that may be chance."""

from __future__ import annotations

import math

import pandas as pd

from sipnb import kpis
from sipnb.catalogue import Kpi
from sipnb.chapters.baseline.charts import Charted, charted
from sipnb.chapters.facts import BaselineFacts, KpiFact
from sipnb.chapters.subject import Subject
from sipnb.kpis import attainment
from sipnb.methods import discoveries
from sipnb.show import words
from sipnb.show.display import Shown, folded, say, table, together

#: Among the measures of one service, so many of the changes that are claimed may be chance.
FALSE_DISCOVERIES = 0.05

_NOT_CHARTED = {"rolling": "covers a year, not a cycle", "derived": "follows availability"}

#: The same promise counted in other ways: cohort, clock and the function that does it.
WAYS = (
    ("opened in the cycle", "as recorded", attainment.sla_opened),
    ("open at the cut-off: not yet past due", "as recorded", attainment.sla_stock),
    ("resolved in the cycle", "gross", lambda scope: attainment.on_clock(scope, "gross")),
    ("resolved in the cycle", "business", lambda scope: attainment.on_clock(scope, "business")),
    ("resolved in the cycle", "net", lambda scope: attainment.on_clock(scope, "net")),
)  # fmt: skip


def measured(subject: Subject) -> tuple[list[KpiFact], dict[str, Charted], dict[str, str]]:
    """The facts of every measure with data, their charts by KPI, and what is missing for the others."""
    facts, drawn, without = [], {}, {}
    if not subject.records.account["rows"] and subject.service.monitored_since is None:
        # Nothing names this service: no ticket is not the same as no trouble.
        return [], {}, {known.title: "no record names this service" for known in subject.kpis.values()}
    for kpi, known in subject.kpis.items():
        if not kpis.supplied(kpi, subject.scope):
            without[known.title] = _lacking(subject, known)
            continue
        series = subject.series(kpi)
        now = kpis.measure(kpi, subject.scope)
        if series["value"].notna().sum() == 0:
            if math.isnan(now.value):
                without[known.title] = _lacking(subject, known)
                continue
            # Younger than a whole cycle: the figure stands, without a history.
            series = pd.DataFrame([now.record() | {"label": subject.cycle.short}], index=[subject.cycle.name])
        drawn[kpi] = charted(subject, known, series)
        facts.append(_fact(subject, known, series, drawn[kpi]))
    return [*_sure(facts), *_ways(subject)], drawn, without


def _lacking(subject: Subject, known: Kpi) -> str:
    lacking = kpis.missing(known, subject.scope)
    if lacking:
        named = [" or ".join(way.replace(".", ": ") for way in one.split("|")) for one in lacking]
        return f"the exports hold no {words.listed(named)}".replace("_", " ")
    if known.id == "error_budget" and "availability" not in subject.service.targets:
        return "there is no target for availability"
    return "no case in these cycles"


def _fact(subject: Subject, known: Kpi, series: pd.DataFrame, drawn: Charted) -> KpiFact:
    now, chart = series.iloc[-1], drawn.chart
    before = series.iloc[-2] if len(series) > 1 else {"value": None, "low": None, "high": None, "n": 0}
    there = bool(chart.points["value"].notna().any())
    points = chart.points.iloc[-1] if there else None
    unjudged = _unjudged(known, int(now["n"]), drawn, subject.refused(known.id))
    few = bool(unjudged)
    judged = not few and not math.isnan(now["value"]) and drawn.change is not None
    change = drawn.change if judged and not math.isnan(drawn.change.p) else None
    by_time = drawn.grain != "occurrence"
    # What usually happens in a week says nothing of a month's figure.
    limits = points if there and drawn.grain == subject.cycle.kind else {"low": None, "high": None, "mean": None}
    missing = math.isnan(now["value"])
    return KpiFact(
        kpi=known.id, title=known.title, short=known.short, formula=known.formula, headline=True,
        core=known.core or known.id in subject.service.targets, cohort=known.cohort, clock=known.clock, unit=known.unit,
        good=known.good, value=now["value"], low=now["low"], high=now["high"], n=int(now["n"]),
        minimum_n=known.minimum_n, numerator=now["numerator"], denominator=now["denominator"], target=subject.target(known.id),
        previous=before["value"], previous_low=before["low"], previous_high=before["high"], previous_n=int(before["n"]),
        missed_for=_missed_for(series["value"], subject.target(known.id), known.good),
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
        scatter=drawn.scatter if drawn.grain == subject.cycle.kind else None, cycles=int(series["value"].notna().sum()),
        sure=False, rule="" if few or points is None else str(points["rule"]), claims=not few, unjudged=unjudged,
        definition=known.definition, rebased=drawn.rebased,
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
        points = {"occurrence": "event", "week": "week"}.get(drawn.grain, "cycle")
        return f"too few {points}s to judge ({drawn.chart.n})"
    return "too rare to judge by limits" if drawn.lumpy else ""


def _sure(facts: list[KpiFact]) -> list[KpiFact]:
    """The facts with what holds when all of them are looked at together (Benjamini and Hochberg 1995)."""
    p = pd.Series([k.p if k.tested else math.nan for k in facts], dtype="float64")
    holds = discoveries.benjamini_hochberg(p, FALSE_DISCOVERIES)["rejected"]
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
    # Where a measure has left its level, its old limits no longer say what the process can do.
    return fact.model_copy(update=told | ({"assurance": "unsettled"} if fact.assurance != "no target" else {}))


def _ways(subject: Subject) -> list[KpiFact]:
    """SLA attainment by its other cohorts and clocks, where the records tell."""
    known, facts = subject.kpis["sla_attainment"], []
    if kpis.missing(known, subject.scope):
        return facts
    covered = [c.name for c in kpis.covered("sla_attainment", subject.scope)]
    for cohort, clock, work_out in WAYS:
        frame = work_out(subject.scope).set_axis([c.name for c in subject.history])
        series = frame.loc[covered].assign(label=[c.short for c in subject.history if c.name in covered])
        if series.empty or not series["n"].iloc[-1]:
            continue
        fact = _fact(subject, known, series, charted(subject, known, series))
        facts.append(fact.model_copy(update={"headline": False, "cohort": cohort, "clock": clock}))
    return facts


def scorecard(facts: BaselineFacts) -> Shown:
    """The measures with a target and those that matter everywhere, then all others."""
    if not facts.measures:
        return say("There is no data for any measure in this cycle.")
    front, rest = [k for k in facts.measures if k.core], [k for k in facts.measures if not k.core]
    shown = _scores(facts, front, f"Scorecard, {facts.about.cycle_label}") if front else say("")
    if not rest:
        return shown
    more = folded(
        _scores(facts, rest, f"Further measures, {facts.about.cycle_label}"), words.plural(len(rest), "further measure")
    )
    return together(shown, more)


def _scores(facts: BaselineFacts, some: list[KpiFact], caption: str) -> Shown:
    currency, now = facts.about.currency, facts.about.cycle_label
    lines = [
        {
            "Measure": k.title,
            now: words.number(k.value, k.unit, currency),
            "95 % interval": words.interval(k.low, k.high, k.unit, currency),
            "n": f"{k.n:,}",
            "Target": words.number(k.target, k.unit, currency) if k.target is not None else "–",
            "Since previous": words.difference(k.value, k.previous, k.unit, currency),
            "Change": words.change(k),
            "Against target": words.ASSURANCE[k.assurance][1] if k.claims else "–",
            "Definition": k.definition,
        }
        for k in some
    ]
    return table(pd.DataFrame(lines), caption, numeric=(now, "95 % interval", "n", "Target", "Since previous"))


def without_data(facts: BaselineFacts) -> Shown:
    """The measures without data, and what is missing."""
    if not facts.without_data:
        return say("Every measure of the catalogue has data.")
    frame = pd.DataFrame({"Measure": list(facts.without_data), "Why": list(facts.without_data.values())})
    return folded(
        table(frame, "Measures without data, and what is missing"),
        f"{words.plural(len(frame), 'measure')} without data",
    )


def chance(facts: BaselineFacts) -> Shown:
    """How many signals the charts show, how many chance alone would, and what holds when all are looked at together."""
    claimed = [k for k in facts.measures if k.claims]
    if not claimed:
        return say("No measure has 13 points of history yet: limits are on trial, and no change is claimed.")
    seeming = [k for k in claimed if k.changed or k.sure]
    sure = [k for k in seeming if k.sure]
    text = (
        f"Over all measures and cycles {words.plural(facts.signals, 'point')} stand out; if nothing ever changed, chance "
        f"alone would make about {facts.expected_false:.0f} do so. "
    )
    if not seeming:
        return say(text + "In the latest cycle none does.")
    verb = "shows" if len(seeming) == 1 else "show"
    text += (
        f"{words.plural(len(seeming), 'measure')} {verb} a change in the latest cycle; looked at together with all "
        f"{facts.tested} that could be tested, "
    )
    if not sure:
        return say(text + "none is certain: each of them may be chance.")
    named = "; ".join(words.lower(k.title) for k in sure)
    return say(text + f"{len(sure)} of them hold{'s' if len(sure) == 1 else ''}: {named}.")
