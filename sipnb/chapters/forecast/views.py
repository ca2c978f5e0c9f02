"""Forecast, as it is shown: the chance of missing each target, the work to expect, and how good the models were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from sipnb.chapters.facts import ForecastFact
from sipnb.chapters.forecast.analysis import Forecasts
from sipnb.cycles import noun
from sipnb.show import figures, words
from sipnb.show.display import Shown, folded, points, say, table
from sipnb.show.display import figure as drawn_figure

#: The id of the table of chances, to which a plan's main points lead.
RISKS = "risks"

#: Resolved in time, and the times it follows from: what is expected of one bears on the other.
PROMISED, TAKEN = "sla_attainment", ("restore_median", "restore_mean", "restore_p90", "restore_p95")


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


def risks(forecasts: Forecasts, currency: str) -> Shown:
    """The chance of missing each target, next cycle and the last one ahead, the likeliest first."""
    targeted = sorted((f for f in forecasts.facts if f.target is not None), key=lambda f: (-f.steps[0].miss, f.title))
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
    return table(frame, "Probability of missing the target", numeric=tuple(frame.columns[1:]), id=RISKS)


def apart(forecasts: Forecasts, currency: str) -> Shown:
    """Forecasts that hardly come true together: tickets in time on another course than the times they take.

    It claims no more than that: how far the one follows the other is not estimated.
    """
    made = {fact.kpi: fact for fact in forecasts.facts}
    promised = made.get(PROMISED)
    takes = [made[kpi] for kpi in TAKEN if kpi in made and promised and made[kpi].course != promised.course]
    return points([_apart(forecasts, promised, taken, currency) for taken in takes]) if takes else say("")


def _apart(forecasts: Forecasts, promised: ForecastFact, taken: ForecastFact, currency: str) -> str:
    one, other = (f"{forecasts.nouns[f.kpi]} is expected to {_course(f, currency)}" for f in (promised, taken))
    return (
        f"{words.upper(one)} by {promised.steps[-1].label}, but {other}. Each is forecast from its own past alone, so one of "
        "the two may be wrong."
    )


def _course(fact: ForecastFact, currency: str) -> str:
    now, then = (words.prose(value, fact.unit, currency) for value in (fact.now, fact.steps[-1].mean))
    if not fact.course:
        return f"stay near {now}"
    return f"{'rise' if fact.steps[-1].mean > fact.now else 'fall'} from {now} to {then}"


def most_at_risk(forecasts: Forecasts, currency: str) -> Shown:
    """The chart of the target likeliest to be missed."""
    targeted = [f for f in forecasts.facts if f.target is not None]
    if not targeted:
        return say("")
    return figure(forecasts, max(targeted, key=lambda f: (f.steps[0].miss, f.kpi)).kpi, currency)


def figure(forecasts: Forecasts, kpi: str, currency: str) -> Shown:
    """One forecast, or why there is none."""
    fact = forecasts.fact(kpi)
    if fact is None:
        title = forecasts.titles[kpi]
        return say(f"{title}: not forecast, {forecasts.left_out.get(title, 'no data')}.")
    series, first = forecasts.series[kpi], fact.steps[0]
    period = noun(first.cycle)
    return fan(
        fact, series, currency, name=f"forecast-{kpi.replace('_', '-')}",
        subtitle=f"{fact.title}; dotted: expected, hatched: 80 % interval, grey: 95 %{_risk(fact)}",
        alt=f"{len(series)} {period}s of {fact.title.lower()} and a forecast of {len(fact.steps)}: {first.label} about "
        f"{words.number(first.mean, fact.unit, currency)}, "
        f"{words.interval(first.low_80, first.high_80, fact.unit, currency)} with 80 % probability.",
        source=f"Model: {fact.model}, chosen among {fact.models} over {fact.origins} past {period}s.",
    )  # fmt: skip


def fan(
    fact: ForecastFact, past: pd.DataFrame, currency: str, *, name: str, subtitle: str, alt: str, source: str,
    expected: str = "Expected", planned: Mapping[str, Sequence[float]] = MappingProxyType({}), defined: bool = True,
) -> Shown:  # fmt: skip
    """A forecast as a figure: `past` has value and label a cycle; `planned` is what is expected otherwise, by its name."""
    ahead = pd.DataFrame([step.model_dump() for step in fact.steps])
    other, when = next(iter(planned.values()), None), words.upper(noun(fact.steps[0].cycle))
    drawn = figures.fan_chart(
        past["value"], list(past["label"]), ahead, list(ahead["short"]), fact.unit, currency, fact.target, other
    )
    future = pd.DataFrame(
        {
            when: ahead["short"], expected: ahead["mean"], "80 % from": ahead["low_80"], "80 % to": ahead["high_80"],
            "95 % from": ahead["low_95"], "95 % to": ahead["high_95"], **planned,
        }
    )  # fmt: skip
    data = pd.concat([pd.DataFrame({when: past["label"], "Value": past["value"]}), future], ignore_index=True)
    numbers = list(data.columns[1:])
    return drawn_figure(
        drawn, name=name, finding=finding(fact, currency), subtitle=subtitle, alt=alt,
        data=data.astype(dict.fromkeys(numbers, float)), units=dict.fromkeys(numbers, fact.unit), currency=currency,
        definition=fact.kpi if defined else "", source=source,
    )  # fmt: skip


def all_steps(forecasts: Forecasts, currency: str) -> Shown:
    """Every forecast, a row a measure and cycle."""
    rows = [
        {
            "Measure": f.title,
            words.upper(noun(step.cycle)): step.label,
            "Expected": words.number(step.mean, f.unit, currency),
            "80 % interval": words.interval(step.low_80, step.high_80, f.unit, currency),
            "95 % interval": words.interval(step.low_95, step.high_95, f.unit, currency),
        }
        for f in forecasts.facts
        for step in f.steps
    ]
    if not rows:
        return say("Nothing is forecast.")
    numeric = ("Expected", "80 % interval", "95 % interval")
    return folded(
        table(pd.DataFrame(rows), f"Forecasts of the next {noun(forecasts.facts[0].steps[0].cycle)}s", numeric=numeric),
        "All forecasts",
    )


def chosen(forecasts: Forecasts) -> Shown:
    """The model used for each measure, and how it would have done."""
    rows = [row for row in _scores(forecasts) if row["Model"].endswith(_CHOSEN)]
    if not rows:
        return say("No model was fitted.")
    return table(pd.DataFrame(rows), "The model used for each measure, and how it did", numeric=_SCORES)


def competition(forecasts: Forecasts) -> Shown:
    """How each model of the pool would have done."""
    rows = _scores(forecasts)
    if not rows:
        return say("")
    caption = "Rolling-origin scores, before the intervals were widened to fit them"
    return folded(table(pd.DataFrame(rows), caption, numeric=_SCORES), "All models that competed")


_SCORES = ("Error", "Inside its own 95 % interval", "Past forecasts")
_CHOSEN = " (chosen)"


def _scores(forecasts: Forecasts) -> list[dict[str, str]]:
    return [
        {
            "Measure": forecasts.titles[kpi],
            "Model": record.model + (_CHOSEN if record.model == made.model else ""),
            "Error": words.significant(record.mase) if record.mase == record.mase else "–",
            "Inside its own 95 % interval": words.number(record.coverage_95, "share"),
            "Past forecasts": f"{record.origins}",
        }
        for kpi, made in forecasts.forecasts.items()
        for record in made.scores.itertuples(index=False)
    ]


def not_forecast(forecasts: Forecasts) -> Shown:
    """What has no forecast, and why."""
    return points(
        [f"{title}: not forecast, {reason}." for title, reason in forecasts.left_out.items()]
        or ["Nothing is left out."]
    )
