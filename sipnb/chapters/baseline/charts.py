"""Which chart fits a measure, at which grain, and whether its latest cycles differ from what they were.

Shares of cases get Laney's p′ chart, counts the c′ chart, durations an XmR chart of their logarithms, rare events a chart
of the time between them, all else an XmR chart. A measure is charted by cycle; a service too young for that by week, if
its weeks hold cases enough. Where more than half of the values are nought, or all of a share (`kpis.lumpy`), there are no
limits, no change is claimed and nothing is forecast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sipnb import kpis
from sipnb.catalogue import Kpi
from sipnb.chapters.baseline import workdays
from sipnb.chapters.context import ServiceContext
from sipnb.kpis import certainty
from sipnb.kpis.scope import placed
from sipnb.methods import scatter, spc

#: With fewer points than this not even trial limits are drawn: a service of six weeks has five or six whole ones.
FEWEST = 5
#: An event that happens less often than this in a cycle is rare: its chart is that of the time between events.
RARE_BELOW = 3.0
#: So many points on the better side of the old level, one after the other, are a shift.
RUN = 7


@dataclass(frozen=True)
class Charted:
    """A measure's series with its chart: `line` has a row a point (value, low, high, n, label), as `chart.points` has.

    `grain` is what a point is: month, quarter, week, or occurrence. `change` is what the latest points show, None where it
    cannot be tested; `usual` the level before it; `begun` the cycle from which limits begin anew, since an action worked.
    `scatter` is how much points vary around their level, on the scale of `kpis.certainty.near_normal`, with the change taken
    out; NaN where it is not known.
    """

    line: pd.DataFrame
    chart: spc.Chart
    grain: str
    change: spc.Change | None
    lumpy: bool
    rebased: str = ""
    usual: float = math.nan
    scatter: float = math.nan
    begun: str = ""


@dataclass(frozen=True)
class Anew:
    """The first whole cycle since an action that worked, and what that was: a measure's usual range may begin there anew."""

    cycle: str
    title: str


def charted(
    context: ServiceContext, known: Kpi, series: pd.DataFrame, rules: str = "nhs", anew: Anew | None = None
) -> Charted:
    """The chart of a measure against the service's target, over its cycles or, where it is young, its weeks.

    `rules` names the set of rules by which points stand out (`spc.RULES`). Where an action moved the measure, limits begin anew
    with it; whether the measure has changed is still asked of its whole history. Raises ValueError for rules that are not known.
    """
    if known.kind == "rare" and (gaps := _gaps(context, known, series, rules)) is not None:
        return gaps
    line, grain = series, context.cycle.kind
    if len(series) < spc.TRIAL_BELOW and (weekly := _weekly(context, known)) is not None:
        line, grain = weekly, "week"
    groups, rebased = _groups(context, known, line, grain)
    lumpy = kpis.lumpy(line, known.unit)
    if (
        known.kind in ("rolling", "derived")
        or line["value"].notna().sum() < FEWEST
        or lumpy
        or context.refused(known.id)
    ):
        return Charted(line, _bare(line, known.good, context.target(known.id)), grain, None, lumpy, rebased)
    sizes = _sizes(context, known, line, grain)
    begun = anew.cycle if groups is None and anew is not None and _moved(line, anew, known.good) else ""
    limits = spc.groups_from(line.index, [(begun, anew.title)]) if begun and anew else groups
    chart = _possible(known, _chart(known, line, context.target(known.id), limits, sizes, rules))
    if begun:
        # The history is as long as it was: what it says of the latest cycles is no trial.
        chart = replace(chart, trial=int(line["value"].notna().sum()) < spc.TRIAL_BELOW)
    latest = line[groups == groups[-1]] if groups is not None else line
    season = context.cycle.season if grain == context.cycle.kind else None
    near_normal = certainty.near_normal(known, latest, None if sizes is None else sizes[latest.index])
    return replace(_tested(known, line, chart, grain, latest, near_normal, rebased, season), begun=begun)


def _moved(line: pd.DataFrame, anew: Anew, good: str) -> bool:
    """Whether the measure has stayed on the better side of its old level since: each of the first `RUN` points, of `FEWEST` at
    least. With a known cause that is when limits are set anew (NHS England, Making Data Count)."""
    if anew.cycle not in line.index or good not in ("up", "down"):
        return False
    at = line.index.get_loc(anew.cycle)
    before, since = line["value"].iloc[:at].dropna(), line["value"].iloc[at:].dropna().iloc[:RUN]
    if len(before) < FEWEST or len(since) < FEWEST:
        return False
    better = since > before.mean() if good == "up" else since < before.mean()
    return bool(better.all())


def _sizes(context: ServiceContext, known: Kpi, line: pd.DataFrame, grain: str) -> pd.Series | None:
    """How much work each point has room for, for what comes with the working days; None where points are alike."""
    if known.id != "volume":
        return None
    cycles = context.weeks.cycles if grain == "week" and context.weeks is not None else context.history
    return pd.Series(workdays.sizes(context, cycles), index=[c.name for c in cycles])[line.index]


def _tested(
    known: Kpi, line: pd.DataFrame, chart: spc.Chart, grain: str, latest: pd.DataFrame, near_normal: pd.Series,
    rebased: str = "", season: int | None = None,
) -> Charted:  # fmt: skip
    """The chart with what its latest points show, and the false signals to expect of a series that remembers.

    A stock resembles the one of the month before: its chart flags more by chance than that of independent points.
    """
    change, usual = certainty.latest_change(known, latest, near_normal, season)
    steady = certainty.steady(near_normal.dropna().to_numpy(), change)
    memory = _memory(steady)
    more = spc.expected_false(chart.n, chart.rules, memory) - spc.expected_false(chart.n, chart.rules)
    chart = replace(chart, expected_false=chart.expected_false + more, autocorrelation=memory)
    return Charted(line, chart, grain, change, False, rebased, usual, scatter.of_drifting(steady).value)


def _memory(values: np.ndarray) -> float:
    """How much of a point stays in the next: lag-1 autocorrelation, corrected for its bias in short series (Kendall 1954);
    0 where it is no more than noise."""
    n = len(values)
    if n < FEWEST:
        return 0.0
    found = spc.autocorrelation(values)
    return min(0.95, found + (1 + 3 * found) / n) if found > 1 / math.sqrt(n) else 0.0


def _weekly(context: ServiceContext, known: Kpi) -> pd.DataFrame | None:
    """The series by week, where the service has fewer whole cycles than limits need and its weeks hold cases enough."""
    # The restricted mean of a week ends earlier than that of a month: they are not the same measure.
    if known.kind in ("rolling", "derived", "rare") or known.id == "restore_mean" or context.weeks is None:
        return None
    line = kpis.series(known.id, context.weeks)
    counts = line["n"][line["value"].notna()]
    enough = len(counts) >= FEWEST and counts.median() >= max(known.minimum_n, 1)
    return line if enough else None


#: What a measure in a unit cannot be less or more than.
POSSIBLE = {"share": (0.0, 1.0), "points": (-1.0, 1.0), "number": (-math.inf, math.inf), "money": (-math.inf, math.inf)}


def _possible(known: Kpi, chart: spc.Chart) -> spc.Chart:
    """The chart with limits that end where the measure does: a range of 98.9 to 100.5 % is a calculation, not a range."""
    low, high = POSSIBLE.get(known.unit, (0.0, math.inf))
    points = chart.points
    return replace(chart, points=points.assign(low=points["low"].clip(low, high), high=points["high"].clip(low, high)))


def _chart(
    known: Kpi, line: pd.DataFrame, target: float | None, groups: np.ndarray | None, sizes: pd.Series | None, rules: str
) -> spc.Chart:
    options = {"good": known.good, "target": target, "groups": groups, "rules": rules}
    values = line["value"]
    if sizes is not None:
        rate = options | {"target": None if target is None else target / sizes.iloc[-1]}
        chart = spc.u_chart(values, sizes, prime=True, screen=True, **rate)
        # Drawn as what was counted: the limits of a month with fewer working days are lower.
        drawn = chart.points[["mean", "low", "high"]].mul(sizes, axis=0)
        return replace(chart, points=chart.points.assign(value=values, **drawn))
    if known.kind == "share":
        return spc.p_chart(line["numerator"], line["denominator"], screen=True, **options)
    if known.kind in ("count", "rare"):
        return spc.c_chart(values, prime=True, screen=True, **options)
    if known.kind == "duration" and (values.dropna() > 0).all():
        return spc.log_xmr(values, **options)
    return spc.xmr(values, **options)


def _bare(line: pd.DataFrame, good: str, target: float | None) -> spc.Chart:
    """The points without range and signals: limits drawn from rare events or a handful of points would mislead."""
    found = spc.xmr(line["value"], good=good, target=target)
    points = found.points
    signal = points["signal"].where(points["signal"] == "no data", "common")
    bare = points.assign(low=math.nan, high=math.nan, mean=math.nan, rule="", signal=signal, direction=0)
    return replace(
        found, kind="", points=bare, variation="common", assurance="no target", signals=0, expected_false=0.0
    )


def _gaps(context: ServiceContext, known: Kpi, series: pd.DataFrame, rules: str) -> Charted | None:
    """The chart of the days between rare events; None where they are not rare, or no series says when they began."""
    counts = series["value"].dropna()
    if counts.empty or counts.mean() >= RARE_BELOW:
        return None
    opens, cutoff = context.history[len(context.history) - len(series)].opens, context.cycle.cutoff
    times = _EVENTS[known.id](context.scope)
    times = times[(times >= opens) & (times < cutoff)].sort_values()
    days = times.diff().dt.total_seconds().iloc[1:] / 86400
    labels = [t.tz_convert(context.cycle.zone).strftime("%-d %b %y") for t in times.iloc[1:]]
    so_far = (cutoff - times.iloc[-1]).total_seconds() / 86400 if len(times) else math.nan
    if len(days) and so_far > days.mean():
        # The gap that still runs counts once it is long: it can only grow.
        days, labels = pd.concat([days, pd.Series([so_far])]), [*labels, "so far"]
    line = pd.DataFrame({"value": days.to_numpy(), "low": math.nan, "high": math.nan, "n": 1, "label": labels})
    line.index = pd.Index(range(1, len(line) + 1), name="cycle")
    good = "up" if known.good == "down" else "down"
    if len(line) < FEWEST or context.refused(known.id):
        return Charted(line, _bare(line, good, None), "occurrence", None, lumpy=False)
    return _tested(
        known, line, spc.t_chart(line["value"], good=good, rules=rules), "occurrence", line, line["value"] ** (1 / 3.6)
    )


_EVENTS = {"outage_count": kpis.uptime.started, "major_incidents": kpis.uptime.majors}


def _groups(context: ServiceContext, known: Kpi, line: pd.DataFrame, grain: str) -> tuple[np.ndarray | None, str]:
    """Which points stand under limits of their own since a baseline was set anew, and the reason for the latest one."""
    resets = [b for b in context.service.baselines if b.kpi == known.id]
    cycles = context.weeks.cycles if grain == "week" and context.weeks is not None else context.history
    begun = {c.name: c.start for c in cycles}
    anew: dict[str, str] = {}
    for start, reason in sorted((context.workbook.cycle(b.start).start, b.reason) for b in resets):
        after = [name for name in line.index if begun[name] >= start]
        if 0 < len(after) < len(line):
            anew[after[0]] = reason
    return (spc.groups_from(line.index, anew.items()), list(anew.values())[-1]) if anew else (None, "")


def fine(context: ServiceContext, days: int = 91, weeks: int = 52) -> Charted | None:
    """Tickets opened at the finest grain that their number carries: the last `days` by day, or the last `weeks` by week.

    Days are compared with their own weekday's level. None where even weeks hold fewer than ten.
    """
    scope = context.scope
    opened = scope.records.tickets["opened"]
    if opened.empty:
        return None
    zone, end = context.cycle.zone, pd.Timestamp(context.cycle.end)
    begun = max(
        opened.min().tz_convert(zone).tz_localize(None).normalize() + pd.Timedelta(days=1),
        end - pd.Timedelta(weeks=weeks),
    )
    for grain, span, step, least in (("day", days, 1, 20), ("week", 7 * weeks, 7, 10)):
        length = min(span, (end - begun).days) // step * step
        begins = pd.date_range(end - pd.Timedelta(days=length), end, freq=f"{step}D")
        edges = begins.tz_localize(zone, nonexistent="shift_forward", ambiguous=True).tz_convert("UTC").as_unit("us")
        if len(edges) - 1 < FEWEST:
            continue
        where = placed(opened, edges)
        counts = np.bincount(where[where >= 0], minlength=len(edges) - 1).astype(float)
        if np.median(counts) >= least:
            return _fine(begins[:-1], counts, grain)
    return None


def _fine(days: pd.DatetimeIndex, counts: np.ndarray, grain: str) -> Charted:
    values = pd.Series(counts, index=days)
    size = _weekdays(values) if grain == "day" else pd.Series(1.0, index=days)
    chart = spc.u_chart(values, size, prime=True, screen=True, good="neutral")
    level = values / size
    line = pd.DataFrame({"value": level.to_numpy(), "raw": counts, "low": math.nan, "high": math.nan})
    line["n"] = counts.astype(int)
    line["label"] = [f"{d.day} {d:%b}" for d in days]
    line.index = pd.Index([f"{d:%Y-%m-%d}" for d in days], name="cycle")
    return Charted(line, replace(chart, points=chart.points.set_axis(line.index)), grain, None, lumpy=False)


def _weekdays(values: pd.Series) -> pd.Series:
    """Each day's usual size against the mean of all days: a quiet weekday scatters more around its level, and its limits
    are as much wider. NaN on days that are closed."""
    weekday = pd.Series(values.index.day_of_week, index=values.index)
    level = spc.weekday_adjusted(values, weekday.to_numpy())
    size = (values / level).where(values > 0).groupby(weekday).median()
    return weekday.map(size).where(level.notna())


def long(charts: dict[str, Charted]) -> pd.DataFrame:
    """Every measure's points with their limits, a row a point: kpi, cycle, grain, label, value, … , signal."""
    if charts:
        lines = [_long(kpi, one) for kpi, one in charts.items()]
        return pd.DataFrame({column: np.concatenate([line[column] for line in lines]) for column in lines[0]})
    texts = {c: pd.Series([], dtype="str") for c in ("kpi", "cycle", "grain", "label", "signal")}
    numbers = {c: pd.Series([], dtype="float64") for c in ("value", "low", "high", "n", "mean", "lower", "upper")}
    return pd.DataFrame({**texts, **numbers})


def _long(kpi: str, one: Charted) -> dict[str, np.ndarray]:
    line, drawn = one.line, one.chart.points
    return {
        "kpi": np.repeat(kpi, len(line)), "cycle": line.index.to_numpy().astype(str),
        "grain": np.repeat(one.grain, len(line)), "label": line["label"].to_numpy(str),
        "value": line["value"].to_numpy(float), "low": line["low"].to_numpy(float),
        "high": line["high"].to_numpy(float), "n": line["n"].to_numpy(int),
        "mean": drawn["mean"].to_numpy(float), "lower": drawn["low"].to_numpy(float),
        "upper": drawn["high"].to_numpy(float), "signal": drawn["signal"].to_numpy(str),
    }  # fmt: skip
