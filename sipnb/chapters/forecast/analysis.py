"""Forecast, in numbers: what the next cycles bring if nothing is done, and how likely each target is to be missed."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sipnb import kpis
from sipnb.catalogue import Kpi
from sipnb.chapters.baseline import workdays
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import ForecastFact, StepFact
from sipnb.methods import forecasting
from sipnb.show import words

#: Forecast whether or not there is a target: what the work will be.
ALWAYS = ("volume", "backlog")

#: How a forecast treats each kind of measure; what is not here is not forecast.
_KINDS = {"share": "share", "share of time": "share", "duration": "duration", "count": "count", "stock": "count",
          "rare": "count", "value": "value"}  # fmt: skip


@dataclass(frozen=True)
class Forecasts:
    """The forecasts of a service's measures, by KPI, with the series they go on from, and what is not forecast and why.

    `facts` are what the plan says of them; `titles` and `nouns` name the measures.
    """

    facts: list[ForecastFact]
    left_out: dict[str, str]
    series: dict[str, pd.DataFrame]
    forecasts: dict[str, forecasting.Forecast]
    titles: dict[str, str]
    nouns: dict[str, str]

    def fact(self, kpi: str) -> ForecastFact | None:
        """The forecast of a KPI, if it has one."""
        return next((f for f in self.facts if f.kpi == kpi), None)

    def table(self) -> pd.DataFrame:
        """A row a measure and step ahead: kpi, step, cycle, mean, the 80 and 95 % intervals, chance of missing the target."""
        rows = [
            {"kpi": f.kpi, "step": at, **step.model_dump(exclude={"label", "short"})}
            for f in self.facts
            for at, step in enumerate(f.steps, start=1)
        ]
        return pd.DataFrame(rows)

    def scores(self) -> pd.DataFrame:
        """How each model of the pool would have done over past cycles, a row a measure and model; `chosen` is the one used."""
        rows = [
            one.scores.assign(kpi=kpi, chosen=one.scores["model"] == one.model) for kpi, one in self.forecasts.items()
        ]
        return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["kpi", "model", "chosen"])


def forecast_all(context: ServiceContext, horizon: int = 3, fewest: int = 12) -> Forecasts:
    """The next `horizon` cycles of volume, backlog and every measure with a target that has `fewest` cycles of history."""
    made: dict[str, forecasting.Forecast] = {}
    lines: dict[str, pd.DataFrame] = {}
    facts, left_out = [], {}
    for kpi, known in context.kpis.items():
        if kpi not in context.service.targets and kpi not in ALWAYS:
            continue
        series = context.series(kpi)
        reason = context.refused(kpi) or _unfit(known, series, fewest, context.cycle.kind)
        if reason:
            left_out[known.title] = reason
            continue
        try:
            made[kpi] = _forecast(context, known, series, horizon)
        except forecasting.TooShort as error:
            left_out[known.title] = str(error)
            continue
        lines[kpi] = series
        facts.append(_fact(context, kpi, made[kpi], float(series["value"].iloc[-1])))
    titles = {kpi: known.title for kpi, known in context.kpis.items()}
    nouns = {kpi: known.noun for kpi, known in context.kpis.items()}
    return Forecasts(facts, left_out, lines, made, titles, nouns)


def _forecast(context: ServiceContext, known: Kpi, series: pd.DataFrame, horizon: int) -> forecasting.Forecast:
    counted = series["n"].where(series["value"].notna()) if known.kind == "share" else None
    options = {"season": context.cycle.season, "kind": _KINDS[known.kind], "n": counted}
    if known.id != "volume":
        return forecasting.forecast(series["value"], horizon, **options)
    # Months differ by their working days, and those of the next ones are known.
    sizes = workdays.sizes(context, context.history[-len(series) :])
    ahead = workdays.sizes(context, [context.cycle.shift(step) for step in range(1, horizon + 1)])
    return forecasting.forecast(series["value"] / sizes, horizon, **options).resized(ahead)


def _unfit(known: Kpi, series: pd.DataFrame, fewest: int, period: str) -> str:
    if known.kind not in _KINDS:
        return "it is measured over a rolling year, or follows from another measure"
    there = series["value"].notna().sum()
    if there == 0:
        return "no data"
    if there < fewest:
        return f"{words.plural(int(there), period)} of history; a forecast here needs {fewest}"
    if words.is_missing(float(series["value"].iloc[-1])):
        return f"no data this {period}"
    if kpis.lumpy(series, known.unit):
        return f"more than half of its {period}s are alike; rare events need another kind of forecast"
    if series["n"].median() < known.minimum_n:
        return f"half of its {period}s rest on fewer than {known.minimum_n} cases"
    return ""


def _fact(context: ServiceContext, kpi: str, forecast: forecasting.Forecast, now: float) -> ForecastFact:
    known, target = context.kpis[kpi], context.target(kpi)
    best = forecast.scores.set_index("model").loc[forecast.model]
    steps = []
    for step in range(1, len(forecast.table) + 1):
        ahead = context.cycle.shift(step)
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
