"""Forecast: what the next cycles bring if nothing is done, and how likely each target is to be missed."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sipnb import kpis
from sipnb.catalogue import Kpi
from sipnb.chapters import workdays
from sipnb.chapters.facts import ForecastFact, ForecastFacts, StepFact
from sipnb.chapters.subject import Subject
from sipnb.methods import forecasting
from sipnb.show import figures, words
from sipnb.show.display import Shown, folded, points, say, table
from sipnb.show.display import figure as drawn_figure

CHAPTER = "4_forecast"
HORIZON = 3

#: Forecast whether or not there is a target: what the work will be.
ALWAYS = ("volume", "backlog")

#: Resolved in time, and the times it follows from: what is expected of one bears on the other.
PROMISED, TAKEN = "sla_attainment", ("restore_median", "restore_mean", "restore_p90", "restore_p95")

#: How a forecast treats each kind of measure; what is not here is not forecast.
_KINDS = {"share": "share", "share of time": "share", "duration": "duration", "count": "count", "stock": "count",
          "rare": "count", "value": "value"}  # fmt: skip


@dataclass(frozen=True)
class Forecasts:
    """The facts, and the whole forecasts behind them."""

    facts: ForecastFacts
    series: dict[str, pd.DataFrame]
    forecasts: dict[str, forecasting.Forecast]
    titles: dict[str, str]
    nouns: dict[str, str]


def work_out(subject: Subject) -> Forecasts:
    """The next three cycles of volume, backlog and every measure with a target, where there is history enough."""
    made: dict[str, forecasting.Forecast] = {}
    lines: dict[str, pd.DataFrame] = {}
    facts, left_out = [], {}
    for kpi, known in subject.kpis.items():
        if kpi not in subject.service.targets and kpi not in ALWAYS:
            continue
        series = subject.series(kpi)
        reason = subject.refused(kpi) or _unfit(known, series)
        if reason:
            left_out[known.title] = reason
            continue
        counted = series["n"].where(series["value"].notna()) if known.kind == "share" else None
        try:
            made[kpi] = _forecast(subject, known, series, counted)
        except forecasting.TooShort as error:
            left_out[known.title] = str(error)
            continue
        lines[kpi] = series
        facts.append(_fact(subject, kpi, made[kpi], float(series["value"].iloc[-1])))
    titles = {kpi: known.title for kpi, known in subject.kpis.items()}
    nouns = {kpi: known.noun for kpi, known in subject.kpis.items()}
    return Forecasts(ForecastFacts(forecasts=facts, left_out=left_out), lines, made, titles, nouns)


def _forecast(subject: Subject, known: Kpi, series: pd.DataFrame, counted: pd.Series | None) -> forecasting.Forecast:
    options = {"season": subject.cycle.season, "kind": _KINDS[known.kind], "n": counted}
    if known.id != "volume":
        return forecasting.forecast(series["value"], HORIZON, **options)
    # Months differ by their working days, and those of the next ones are known.
    sizes = workdays.sizes(subject, subject.history[-len(series) :])
    ahead = workdays.sizes(subject, [subject.cycle.shift(step) for step in range(1, HORIZON + 1)])
    return forecasting.forecast(series["value"] / sizes, HORIZON, **options).resized(ahead)


def _unfit(known: Kpi, series: pd.DataFrame) -> str:
    if known.kind not in _KINDS:
        return "it is measured over a rolling year, or follows from another measure"
    there = series["value"].notna().sum()
    if there == 0:
        return "no data"
    if there < 12:
        return f"{words.plural(int(there), 'cycle')} of history; a forecast here needs 12"
    if words.is_missing(float(series["value"].iloc[-1])):
        return "no data in this cycle"
    if kpis.lumpy(series, known.unit):
        return "more than half of its cycles are alike; rare events need another kind of forecast"
    if series["n"].median() < known.minimum_n:
        return f"half of its cycles rest on fewer than {known.minimum_n} cases"
    return ""


def _fact(subject: Subject, kpi: str, forecast: forecasting.Forecast, now: float) -> ForecastFact:
    known, target = subject.kpis[kpi], subject.target(kpi)
    best = forecast.scores.set_index("model").loc[forecast.model]
    steps = []
    for step in range(1, HORIZON + 1):
        ahead = subject.cycle.shift(step)
        miss = None
        if target is not None:
            miss = forecast.probability(step, **{"below" if known.good == "up" else "above": target})
        row = forecast.table.loc[step]
        steps.append(
            StepFact(
                cycle=ahead.name, label=ahead.label, short=ahead.short, miss=miss,
                mean=row["mean"], low_80=row["low_80"], high_80=row["high_80"],
                low_95=row["low_95"], high_95=row["high_95"],
            )
        )  # fmt: skip
    return ForecastFact(
        kpi=kpi, title=known.title, short=known.short, unit=known.unit, good=known.good, target=target, model=forecast.model,
        models=len(forecast.scores), origins=int(best["origins"]), mase=best["mase"], coverage_95=best["coverage_95"],
        season=forecast.season_used, now=now, steps=steps,
    )  # fmt: skip


def finding(fact: ForecastFact, currency: str) -> str:
    """What a forecast says, as its chart's title."""
    first = fact.steps[0]
    value, when = words.prose(first.mean, fact.unit, currency), words.bare(first.label)
    if first.miss is None:
        return f"{fact.short}: about {value} expected in {when}"
    target = words.prose(fact.target, fact.unit, currency)
    return f"{value} expected in {when}, against a target of {target}"


def _risk(fact: ForecastFact) -> str:
    if fact.steps[0].miss is None:
        return ""
    return f"; chance of a miss {words.probability(fact.steps[0].miss)} in {words.bare(fact.steps[0].label)}"


def risks(facts: ForecastFacts, currency: str) -> Shown:
    """The chance of missing each target, next cycle and the last one ahead, the likeliest first."""
    targeted = sorted((f for f in facts.forecasts if f.target is not None), key=lambda f: (-f.steps[0].miss, f.title))
    if not targeted:
        return say("No measure with a target has enough history to be forecast.")
    frame = pd.DataFrame(
        [
            {
                "Measure": f.title,
                "Target": words.number(f.target, f.unit, currency),
                **{s.label: words.probability(s.miss) for s in f.steps},
                f"Expected in {f.steps[0].label}": words.number(f.steps[0].mean, f.unit, currency),
            }
            for f in targeted
        ]
    )
    return table(frame, "Probability of missing the target", numeric=tuple(frame.columns[1:]))


def apart(ahead: Forecasts, currency: str) -> Shown:
    """Forecasts that hardly come true together: tickets in time on another course than the times they take.

    It claims no more than that: how far the one follows the other is not estimated.
    """
    made = {fact.kpi: fact for fact in ahead.facts.forecasts}
    promised = made.get(PROMISED)
    takes = [made[kpi] for kpi in TAKEN if kpi in made and promised and made[kpi].course != promised.course]
    return points([_apart(ahead, promised, taken, currency) for taken in takes]) if takes else say("")


def _apart(ahead: Forecasts, promised: ForecastFact, taken: ForecastFact, currency: str) -> str:
    one, other = (f"{ahead.nouns[f.kpi]} is expected to {_course(f, currency)}" for f in (promised, taken))
    return (
        f"{words.upper(one)} by {promised.steps[-1].label}, but {other}. Each is forecast from its own past alone, so one of "
        "the two may be wrong."
    )


def _course(fact: ForecastFact, currency: str) -> str:
    now, then = (words.prose(value, fact.unit, currency) for value in (fact.now, fact.steps[-1].mean))
    if not fact.course:
        return f"stay near {now}"
    return f"{'rise' if fact.steps[-1].mean > fact.now else 'fall'} from {now} to {then}"


def most_at_risk(ahead: Forecasts, currency: str) -> Shown:
    """The chart of the target likeliest to be missed."""
    targeted = [f for f in ahead.facts.forecasts if f.target is not None]
    if not targeted:
        return say("")
    return figure(ahead, max(targeted, key=lambda f: (f.steps[0].miss, f.kpi)).kpi, currency)


def figure(ahead: Forecasts, kpi: str, currency: str) -> Shown:
    """One forecast, or why there is none."""
    fact = next((f for f in ahead.facts.forecasts if f.kpi == kpi), None)
    if fact is None:
        title = ahead.titles[kpi]
        return say(f"{title}: not forecast, {ahead.facts.left_out.get(title, 'no data')}.")
    series = ahead.series[kpi]
    drawn = figures.fan_chart(
        series["value"], list(series["label"]), ahead.forecasts[kpi].table, [s.short for s in fact.steps], fact.unit,
        currency, fact.target,
    )  # fmt: skip
    past = pd.DataFrame({"Cycle": series["label"], "Value": series["value"]})
    future = pd.DataFrame(
        {
            "Cycle": [s.short for s in fact.steps], "Expected": [s.mean for s in fact.steps],
            "80 % from": [s.low_80 for s in fact.steps], "80 % to": [s.high_80 for s in fact.steps],
            "95 % from": [s.low_95 for s in fact.steps], "95 % to": [s.high_95 for s in fact.steps],
        }
    )  # fmt: skip
    data = pd.concat([past, future], ignore_index=True).astype({"Expected": float})
    first = fact.steps[0]
    return drawn_figure(
        drawn, name=f"forecast-{kpi.replace('_', '-')}", finding=finding(fact, currency),
        subtitle=f"{fact.title}; dotted: expected, hatched: 80 % interval, grey: 95 %{_risk(fact)}",
        alt=f"{len(series)} cycles of {fact.title.lower()} and a forecast of {HORIZON}: {first.label} about "
        f"{words.number(first.mean, fact.unit, currency)}, "
        f"{words.interval(first.low_80, first.high_80, fact.unit, currency)} with 80 % probability.",
        data=data, units=dict.fromkeys(data.columns[1:], fact.unit), currency=currency, definition=kpi,
        source=f"Model: {fact.model}, chosen among {fact.models} over {fact.origins} past cycles.",
    )  # fmt: skip


def all_steps(facts: ForecastFacts, currency: str) -> Shown:
    """Every forecast, a row a measure and cycle."""
    rows = [
        {
            "Measure": f.title,
            "Cycle": step.label,
            "Expected": words.number(step.mean, f.unit, currency),
            "80 % interval": words.interval(step.low_80, step.high_80, f.unit, currency),
            "95 % interval": words.interval(step.low_95, step.high_95, f.unit, currency),
        }
        for f in facts.forecasts
        for step in f.steps
    ]
    if not rows:
        return say("Nothing is forecast in this cycle.")
    numeric = ("Expected", "80 % interval", "95 % interval")
    return folded(table(pd.DataFrame(rows), "Forecasts of the next cycles", numeric=numeric), "All forecasts")


def chosen(ahead: Forecasts) -> Shown:
    """The model used for each measure, and how it would have done."""
    rows = [row for row in _scores(ahead) if row["Model"].endswith(_CHOSEN)]
    if not rows:
        return say("No model was fitted.")
    return table(pd.DataFrame(rows), "The model used for each measure, on past cycles", numeric=_SCORES)


def competition(ahead: Forecasts) -> Shown:
    """How each model of the pool would have done."""
    rows = _scores(ahead)
    if not rows:
        return say("")
    caption = "Rolling-origin scores, before the intervals were widened to fit them"
    return folded(table(pd.DataFrame(rows), caption, numeric=_SCORES), "All models that competed")


_SCORES = ("Error", "Inside its own 95 % interval", "Past cycles")
_CHOSEN = " (chosen)"


def _scores(ahead: Forecasts) -> list[dict[str, str]]:
    return [
        {
            "Measure": ahead.titles[kpi],
            "Model": record.model + (_CHOSEN if record.model == made.model else ""),
            "Error": words.significant(record.mase) if record.mase == record.mase else "–",
            "Inside its own 95 % interval": words.number(record.coverage_95, "share"),
            "Past cycles": f"{record.origins}",
        }
        for kpi, made in ahead.forecasts.items()
        for record in made.scores.itertuples(index=False)
    ]


def not_forecast(facts: ForecastFacts) -> Shown:
    """What has no forecast, and why."""
    return points(
        [f"{title}: not forecast, {reason}." for title, reason in facts.left_out.items()] or ["Nothing is left out."]
    )
