"""Baseline: how the service really performs, whether that is changing, and how sure we are."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pandas as pd

from sipnb import kpis
from sipnb.catalogue import KPIS, Kpi
from sipnb.chapters.results import BaselineFacts, CohortFact, FlowFact, KpiFact, RestoreFact
from sipnb.chapters.subject import Subject
from sipnb.methods import durations, spc
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, points, say, table

CHAPTER = "2_baseline"

#: The measures that get a chart of their own, in the order of the story.
HEADLINES = ("sla_attainment", "restore_median", "backlog", "availability", "csat_top2", "change_failure_rate")


#: With fewer points than this not even trial limits are drawn.
FEWEST = 6


@dataclass(frozen=True)
class Baseline:
    """The facts, and what the figures are drawn from."""

    facts: BaselineFacts
    series: pd.DataFrame
    charts: dict[str, spc.Chart]
    flow: pd.DataFrame
    survival: durations.Survival | None

    def fact(self, kpi: str) -> KpiFact | None:
        """The scorecard line of a KPI, if it has data."""
        return next((k for k in self.facts.kpis if k.kpi == kpi), None)


def work_out(subject: Subject) -> Baseline:
    """Every KPI that has data, with limits over its history; cohorts, flow and time to restore of the cycle."""
    charts, measured, lines = {}, [], []
    for kpi in KPIS:
        series = subject.series(kpi)
        if series["value"].notna().sum() == 0:
            now = kpis.measure(kpi, subject.records, subject.cycle, subject.severities)
            if now.n == 0 or math.isnan(now.value):
                continue
            # Younger than a whole cycle: the figure stands, without a history.
            series = pd.DataFrame([now.record() | {"label": subject.cycle.short}], index=[subject.cycle.name])
        charts[kpi] = chart(subject, kpi, series)
        measured.append(_kpi(subject, kpi, series, charts[kpi]))
        lines.append(_long(kpi, series, charts[kpi]))
    survival = kpis.restore_survival(subject.records, subject.cycle)
    flow = flow_table(subject)
    facts = BaselineFacts(
        about=subject.about,
        kpis=measured,
        without_data=[KPIS[k].title for k in KPIS if k not in charts],
        cohorts=cohorts(subject),
        flow=_flow(flow),
        restore=_restore(subject, survival),
        history_cycles=max((c.n for c in charts.values()), default=0),
        rows=subject.records.account["rows"],
        set_aside={
            reason: sum(per.get(reason, 0) for per in subject.records.account["set_aside"].values())
            for reason in sorted({r for per in subject.records.account["set_aside"].values() for r in per})
        },
        warnings=subject.records.warnings,
        severities=subject.severities,
        signals=sum(k.signals for k in measured),
        expected_false=sum(k.expected_false or 0.0 for k in measured),
    )
    long = pd.concat(lines, ignore_index=True) if lines else _long_empty()
    return Baseline(facts, long, charts, flow, survival)


def chart(subject: Subject, kpi: str, series: pd.DataFrame) -> spc.Chart:
    """The process behaviour chart of a KPI against the service's target."""
    found = spc.xmr(series["value"], good=KPIS[kpi].good, target=subject.target(kpi))
    if not kpis.lumpy(series) and found.n >= FEWEST and not subject.refused(kpi):
        return found
    # Limits drawn from rare events or a handful of points would mislead: the points stand, without range and signals.
    bare = found.points.assign(low=math.nan, high=math.nan, rule="", signal=_unsignalled(found.points), direction=0)
    return replace(found, points=bare, variation="common", assurance="no target", signals=0, expected_false=0.0)


def _unsignalled(points: pd.DataFrame) -> pd.Series:
    return points["signal"].where(points["signal"] == "no data", "common")


def cohorts(subject: Subject) -> list[CohortFact]:
    """SLA attainment of the three cohorts and the headline, with Wilson intervals; those without data are left out."""
    ways = (
        ("Resolved in the cycle, as others report it", kpis.sla_reported(subject.records, subject.cycle)),
        (
            "Resolved, and open past due counted as missed (headline)",
            kpis.sla_attainment(subject.records, subject.cycle),
        ),
        ("Opened in the cycle", kpis.sla_opened(subject.records, subject.cycle)),
        ("Open at the cut-off, not yet past due", kpis.sla_stock(subject.records, subject.cycle)),
    )
    return [CohortFact(cohort=name, value=m.value, low=m.low, high=m.high, n=m.n) for name, m in ways if m.n > 0]


def flow_table(subject: Subject) -> pd.DataFrame:
    """Opened, resolved and stock by cycle (index cycle; columns label, before, opened, resolved, after)."""
    rows = []
    covered = kpis.covered("volume", subject.records, subject.history)
    for cycle in covered:
        rows.append(
            {
                "cycle": cycle.name,
                "label": cycle.short,
                "before": len(kpis.open_at(subject.records, cycle.opens)),
                "opened": len(kpis.opened_in(subject.records, cycle)),
                "resolved": len(kpis.resolved_in(subject.records, cycle)),
                "after": len(kpis.open_at(subject.records, cycle.cutoff)),
            }
        )
    columns = ["cycle", "label", "before", "opened", "resolved", "after"]
    return pd.DataFrame(rows, columns=columns).set_index("cycle")


def _flow(flow: pd.DataFrame) -> FlowFact | None:
    if flow.empty:
        return None
    now = flow.iloc[-1]
    return FlowFact(
        stock_before=int(now["before"]), opened=int(now["opened"]), resolved=int(now["resolved"]),
        stock_after=int(now["after"]),
    )  # fmt: skip


def _restore(subject: Subject, survival: durations.Survival | None) -> RestoreFact | None:
    if survival is None:
        return None
    done = kpis.resolved_in(subject.records, subject.cycle)
    done = done[done["kind"] == "incident"]
    hours = (done["resolved"] - done["opened"]).dt.total_seconds() / 3600
    median = survival.quantile(0.5)
    return RestoreFact(
        n=survival.n, restored=survival.events, still_open=survival.censored,
        median=median.value, low=median.low, high=median.high,
        naive_median=float(hours.median()), naive_mean=float(hours.mean()), naive_n=len(hours),
    )  # fmt: skip


def _unjudged(known: Kpi, n: int, chart: spc.Chart, rare: bool, refused: str) -> str:
    """Why a measure carries no claim; empty where it does."""
    if refused:
        return refused
    if n < known.minimum_n:
        return f"too few cases to judge ({n:,})"
    if chart.trial:
        return f"too few cycles to judge ({chart.n})"
    return "too rare to judge by limits" if rare else ""


def _kpi(subject: Subject, kpi: str, series: pd.DataFrame, chart: spc.Chart) -> KpiFact:
    known = KPIS[kpi]
    now, points = series.iloc[-1], chart.points.iloc[-1]
    unjudged = _unjudged(known, int(now["n"]), chart, kpis.lumpy(series), subject.refused(kpi))
    few = bool(unjudged)
    return KpiFact(
        kpi=kpi, title=known.title, cohort=known.cohort, clock=known.clock, unit=known.unit, good=known.good,
        value=now["value"], low=now["low"], high=now["high"], n=int(now["n"]),
        numerator=now["numerator"], denominator=now["denominator"],
        target=subject.target(kpi), previous=series["value"].iloc[-2] if len(series) > 1 else None,
        # Trial limits, tiny samples and rare events carry no claim: the point is shown, its signal is not.
        variation="no data" if math.isnan(now["value"]) else "common" if few else chart.variation,
        assurance="no target" if few else chart.assurance,
        trial=chart.trial, points=chart.n, signals=0 if few else chart.signals,
        expected_false=0.0 if few else chart.expected_false,
        lower_limit=points["low"], upper_limit=points["high"], mean=points["mean"],
        rule="" if few else str(points["rule"]), claims=not few, unjudged=unjudged, definition=known.definition,
    )  # fmt: skip


def _long(kpi: str, series: pd.DataFrame, chart: spc.Chart) -> pd.DataFrame:
    points = chart.points
    return pd.DataFrame(
        {
            "kpi": kpi, "cycle": series.index, "label": series["label"].to_numpy(),
            "value": series["value"].to_numpy(float), "low": series["low"].to_numpy(float),
            "high": series["high"].to_numpy(float), "n": series["n"].to_numpy(int),
            "mean": points["mean"].to_numpy(float), "lower": points["low"].to_numpy(float),
            "upper": points["high"].to_numpy(float), "signal": points["signal"].to_numpy(str),
        }
    )  # fmt: skip


def _long_empty() -> pd.DataFrame:
    texts = {c: pd.Series([], dtype="str") for c in ("kpi", "cycle", "label", "signal")}
    return pd.DataFrame({**texts, **{c: [] for c in ("value", "low", "high", "n", "mean", "lower", "upper")}})


def measures(facts: BaselineFacts) -> Shown:
    """The scorecard."""
    if not facts.kpis:
        return say("There is no data for any measure in this cycle.")
    currency = facts.about.currency
    lines = []
    for k in facts.kpis:
        _, variation, _ = words.VARIATION[k.variation]
        _, assurance, _ = words.ASSURANCE[k.assurance]
        lines.append(
            {
                "Measure": k.title,
                facts.about.cycle_label: words.number(k.value, k.unit, currency),
                "95 % interval": words.interval(k.low, k.high, k.unit, currency),
                "n": f"{k.n:,}",
                "Target": words.number(k.target, k.unit, currency) if k.target is not None else "–",
                "Since previous": words.difference(k.value, k.previous, k.unit, currency),
                "Change": variation if k.claims else k.unjudged,
                "Against target": assurance if k.claims else "–",
            }
        )
    missing = f" No data: {', '.join(words.lower(t) for t in facts.without_data)}." if facts.without_data else ""
    caption = f"Scorecard, {facts.about.cycle_label}.{missing}"
    numeric = (facts.about.cycle_label, "95 % interval", "n", "Target", "Since previous")
    return table(pd.DataFrame(lines), caption, numeric=numeric)


def finding(fact: KpiFact, currency: str) -> str:
    """What a control chart says, as its title: at most 12 words, worked out from the data."""
    value = words.number(fact.value, fact.unit, currency)
    if not fact.claims:
        return f"{KPIS[fact.kpi].short}: {value}, {fact.unjudged}"
    phrase = {
        "improvement": "better than it used to be",
        "concern": "worse than it used to be",
        "common": "within its usual range",
        "neutral high": "higher than usual",
        "neutral low": "lower than usual",
        "no data": "no data in this cycle",
    }[fact.variation]
    return f"{KPIS[fact.kpi].short}: {value}, {phrase}"


def alt(fact: KpiFact, currency: str) -> str:
    """Alternative text of a control chart."""
    value = words.number(fact.value, fact.unit, currency)
    limits = words.interval(fact.lower_limit, fact.upper_limit, fact.unit, currency)
    usual = "" if fact.lower_limit is None else f" Usual range {limits}."
    return (
        f"Control chart of {words.lower(fact.title)} over {words.plural(fact.points, 'cycle')}. Latest {value}.{usual}"
    )


def _source(facts: BaselineFacts) -> str:
    return f"Records of {facts.about.name}, as known at the cut-off {facts.about.cutoff_label}."


def records(facts: BaselineFacts) -> Shown:
    """What this service's figures rest on, and what was set aside."""
    lines = [f"{words.plural(n, 'row')} of {name.replace('_', ' ')}." for name, n in facts.rows.items()]
    lines += [f"Set aside: {words.plural(n, 'row')}, {reason}." for reason, n in facts.set_aside.items()]
    lines += [f"**Caution:** {warning}" for warning in facts.warnings]
    return points(lines) if lines else say("There are no records of this service up to the cut-off.")


def chance(facts: BaselineFacts) -> Shown:
    """How many signals the charts show, and how many chance alone would."""
    if not any(k.claims for k in facts.kpis):
        return say("No measure has 13 cycles of history yet: limits are on trial, and no change is claimed.")
    return say(
        f"Over all measures and cycles {words.plural(facts.signals, 'point')} stand out; if nothing ever changed, chance "
        f"alone would make about {facts.expected_false:.0f} do so."
    )


def flow_figure(measured: Baseline) -> Shown:
    """Opened, resolved and stock by cycle."""
    flow, facts = measured.flow, measured.facts
    if flow.empty:
        return say("No whole cycle of tickets yet.")
    now = flow.iloc[-1]
    change = int(now["after"] - now["before"])
    what = f"grew by {change:,}" if change > 0 else f"fell by {-change:,}" if change < 0 else "stayed the same"
    data = flow[["label", "opened", "resolved", "after"]].set_axis(
        ["Cycle", "Opened", "Resolved", "Open after"], axis=1
    )
    return figure(
        figures.flow(flow["opened"], flow["resolved"], flow["after"], list(flow["label"])),
        name="flow",
        finding=f"{now['after']:,} tickets left open; the stock {what}",
        subtitle=f"Tickets opened and resolved by cycle, and open at its end; {facts.about.name}",
        alt=f"Tickets opened and resolved over {len(flow)} cycles. In the last, {now['opened']:,} were opened and "
        f"{now['resolved']:,} resolved, leaving {now['after']:,} open.",
        data=data,
        source=_source(facts),
    )


def flow_identity(facts: BaselineFacts) -> Shown:
    """The stock identity in numbers."""
    f = facts.flow
    if f is None:
        return say("")
    return say(
        f"{f.stock_before:,} open before + {f.opened:,} opened − {f.resolved:,} resolved = **{f.stock_after:,} open** at "
        "the cut-off."
    )


def cohort_figure(facts: BaselineFacts, target: float | None) -> Shown:
    """Attainment by cohort with Wilson intervals."""
    if not facts.cohorts:
        return say("No data: the records do not say whether tickets met a target.")
    rows = pd.DataFrame([c.model_dump() for c in facts.cohorts])
    labels = {
        "Resolved in the cycle, as others report it": "Resolved (as reported)",
        "Resolved, and open past due counted as missed (headline)": "Open past due counted",
        "Opened in the cycle": "Opened in the cycle",
        "Open at the cut-off, not yet past due": "Still open, not yet late",
    }
    drawn = rows.assign(label=rows["cohort"].map(labels))
    by_name = {c.cohort: c for c in facts.cohorts}
    first = by_name.get("Resolved in the cycle, as others report it")
    second = by_name.get("Resolved, and open past due counted as missed (headline)")
    if first and second:
        headline, reported = words.number(second.value, "share"), words.number(first.value, "share")
        title = f"{headline} in time; {reported} if open tickets are left out"
    else:
        title = f"{words.number(facts.cohorts[0].value, 'share')} in time"
    data = pd.DataFrame(
        {
            "Cohort": rows["cohort"],
            "In time": [words.number(v, "share") for v in rows["value"]],
            "95 % interval": [words.interval(a, b, "share") for a, b in zip(rows["low"], rows["high"], strict=True)],
            "n": [f"{n:,}" for n in rows["n"]],
        }
    )
    return figure(
        figures.intervals(drawn, "share", facts.about.currency, target), name="cohorts", finding=title,
        subtitle=f"Share resolved within target by cohort, 95 % Wilson intervals; {facts.about.cycle_label}",
        alt=f"{len(rows)} cohorts with intervals: "
        + "; ".join(f"{labels[c]} {words.number(v, 'share')}" for c, v in zip(rows["cohort"], rows["value"], strict=True))
        + ".",
        data=data, source=_source(facts),
    )  # fmt: skip


def control_figure(measured: Baseline, kpi: str) -> Shown:
    """The control chart of a KPI, or why there is none."""
    fact = measured.fact(kpi)
    if fact is None:
        return say(f"{KPIS[kpi].title}: no data.")
    chart, facts = measured.charts[kpi], measured.facts
    currency, unit = facts.about.currency, fact.unit
    lines = measured.series[measured.series["kpi"] == kpi]
    if chart.n < 2:
        return say(f"{fact.title}: {words.number(fact.value, unit, currency)} (n {fact.n:,}); no history to chart yet.")
    data = pd.DataFrame(
        {
            "Cycle": lines["label"],
            "Value": [words.number(v, unit, currency) for v in lines["value"]],
            "95 % interval": [
                words.interval(a, b, unit, currency) for a, b in zip(lines["low"], lines["high"], strict=True)
            ],
            "n": [f"{n:,}" for n in lines["n"]],
            "Signal": [words.VARIATION[s][1] for s in lines["signal"]],
        }
    )
    limits = "; grey band: XmR limits" + (", on trial" if chart.trial else f", {chart.rules.upper()} rules")
    if chart.points["low"].isna().all():
        limits = "; no limits drawn"
    return figure(
        figures.control_chart(_drawable(chart.points, unit), list(lines["label"]), unit, currency, fact.target),
        name=kpi.replace("_", "-"), finding=finding(fact, currency),
        subtitle=f"{fact.title}, {fact.cohort}, by cycle{limits}",
        alt=alt(fact, currency), data=data, source=f"{_source(facts)} Definition {fact.definition}.",
    )  # fmt: skip


def _drawable(points: pd.DataFrame, unit: str) -> pd.DataFrame:
    # A limit below zero or above the whole is a calculation, not a place on the axis.
    top = 1.0 if unit == "share" else math.inf
    return points.assign(low=points["low"].clip(0, top), high=points["high"].clip(0, top))


def survival_figure(measured: Baseline) -> Shown:
    """Time to restore, open tickets counted."""
    r, facts = measured.facts.restore, measured.facts
    if r is None or measured.survival is None:
        return say("No incident opened in this cycle has been restored: nothing to draw.")
    curve = measured.survival.curve
    hours = [1, 2, 4, 8, 16, 24, 48, 96, 168, 336]
    at = [measured.survival.at(h) for h in hours if h <= curve["time"].max()]
    data = pd.DataFrame(
        {
            "After": [words.number(h, "hours") for h in hours[: len(at)]],
            "Not yet restored": [words.number(e.value, "share") for e in at],
            "95 % interval": [words.interval(e.low, e.high, "share") for e in at],
        }
    )
    if data.empty:
        data = pd.DataFrame({"After": [words.number(curve["time"].max(), "hours")], "Not yet restored": ["–"]})
    half = f"half are restored after {words.number(r.median, 'hours')}" if r.median is not None and r.median == r.median else (
        "fewer than half are restored yet"
    )  # fmt: skip
    return figure(
        figures.survival(curve, r.median if r.median is not None else math.nan, r.naive_median or math.nan),
        name="restore", finding=f"Of {words.plural(r.n, 'incident')}, {half}",
        subtitle=f"Share of incidents opened in {facts.about.cycle_label} not yet restored, by time since opening; "
        "95 % band",
        alt=f"Falling curve of the share of {r.n:,} incidents not yet restored; {half}. {r.still_open:,} are still open and "
        "count for as long as they have waited.",
        data=data, source=_source(facts),
    )  # fmt: skip


def restore_compared(facts: BaselineFacts) -> Shown:
    """The same question answered with and without open tickets."""
    r = facts.restore
    if r is None:
        return say("")
    frame = pd.DataFrame(
        {
            "How it is counted": [
                "Median, open tickets counted (Kaplan–Meier)",
                "Median of closed tickets",
                "Mean of closed tickets",
            ],
            "Time to restore": [words.number(v, "hours") for v in (r.median, r.naive_median, r.naive_mean)],
            "95 % interval": [words.interval(r.low, r.high, "hours"), "–", "–"],
            "n": [f"{r.n:,} ({r.still_open:,} open)", f"{r.naive_n:,}", f"{r.naive_n:,}"],
        }
    )
    return table(frame, "One question, three answers", numeric=("Time to restore", "95 % interval", "n"))


def availability_words(facts: BaselineFacts) -> Shown:
    """Which outages count."""
    if not any(k.kpi == "availability" for k in facts.kpis):
        return say("No data: the organisation supplies no outage records.")
    which = words.listed(facts.severities) if facts.severities else "all severities"
    return say(
        f"Counted are unplanned outages of these severities: **{which}**. Announced maintenance is taken out of the agreed "
        "time; overlapping outages count once."
    )
