"""How often intervals hold the truth, and how often something is named though there is nothing to name.

    python benchmarks/coverage.py [--trials 400] [--only availability]

Everything is drawn from a truth that is known. Each line says what was found, and the bar it must keep; a line that misses it
ends the run with status 1. Nominal coverage is 95 %.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sipnb import tables
from sipnb.cycles import parse
from sipnb.kpis import attainment, people, restoration, uptime
from sipnb.kpis.scope import Scope
from sipnb.methods import durations, pareto, proportions
from sipnb.methods.funnels import funnel

CYCLE = parse("2026-10", "UTC")
SIZES = (2, 5, 10, 20, 50, 100)


@dataclass(frozen=True)
class Line:
    """One thing that was simulated: what came of it, and between which bounds it must lie."""

    what: str
    value: float
    low: float = 0.0
    high: float = 1.0
    note: str = ""

    @property
    def kept(self) -> bool:
        return np.isnan(self.value) or self.low <= self.value <= self.high


class Tables:
    """Records held in memory: the tables given, nothing else supplied."""

    def __init__(self, **given: pd.DataFrame):
        self.given, firsts = {}, {}
        for name, rows in given.items():
            nothing = tables.empty(name)
            frame = rows.reindex(columns=nothing.columns)
            self.given[name] = frame.astype(nothing.dtypes.to_dict())
            at = self.given[name][tables.TABLES[name].at]
            firsts[name] = {"first": str(at.min()) if len(at) else None}
        self.quality = {"tables": firsts, "cutoff": str(CYCLE.cutoff), "rules": []}

    def withheld(self, kpi, cycle) -> str:
        return ""

    def has(self, name: str) -> bool:
        return name in self.given

    def supplies(self, table: str, column: str) -> bool:
        return table in self.given and self.given[table][column].notna().any()

    def table(self, name: str) -> pd.DataFrame:
        return self.given.get(name, tables.empty(name))

    __getattr__ = table


def scope(months: int, **given: pd.DataFrame) -> Scope:
    """These tables over so many months up to October 2026, watched from the first of them on."""
    cycles = tuple(CYCLE.history(months))
    return Scope(Tables(**given), cycles, monitored_since=cycles[0].start)


def availability(rng: np.random.Generator, trials: int) -> Iterator[Line]:
    """The year's interval of availability against what the service loses in the long run."""
    cycles = CYCLE.history(12)
    opens, hours = cycles[0].opens, (CYCLE.cutoff - cycles[0].opens).total_seconds() / 3600
    for per in (3, 8, 30):
        for median, sigma in ((2, 1.0), (2, 1.5), (20, 1.0), (20, 1.5)):

            def outages(n: int, median=median, sigma=sigma) -> pd.DataFrame:
                start = opens + pd.to_timedelta(np.sort(rng.uniform(0, hours, n)), unit="h").floor("s")
                lasts = pd.to_timedelta(median * np.exp(sigma * rng.normal(size=n)), unit="h").ceil("s")
                ends = pd.Series(start + lasts).clip(upper=CYCLE.cutoff)
                return pd.DataFrame(
                    {"service": "s", "started": start, "ended": ends, "kind": "unplanned", "share": 1.0}
                )

            truth = 1 - np.mean([_hours_lost(outages(rng.poisson(per))) for _ in range(2000)]) / hours
            inside = []
            for _ in range(trials):
                some = outages(rng.poisson(per))
                if some.empty:
                    continue
                year = uptime.availability_between(scope(12, outages=some), cycles[0], CYCLE).iloc[0]
                inside.append(bool(year["low"] <= truth <= year["high"]))
            yield Line(
                f"availability, {per} outages a year, median {median} h, sigma {sigma}", np.mean(inside), 0.9, 0.99
            )


def _hours_lost(outages: pd.DataFrame) -> float:
    """Hours in which at least one of these outages lasted; they are in the order of their starts."""
    starts, ends = (outages[c].to_numpy("datetime64[s]").astype("int64") / 3600 for c in ("started", "ended"))
    before = np.r_[-np.inf, np.maximum.accumulate(ends)[:-1]]
    return float(np.maximum(ends - np.maximum(starts, before), 0).sum())


def intervals(rng: np.random.Generator, trials: int) -> Iterator[Line]:
    """Every kind of interval at small numbers; none given counts neither way, and says so."""
    big = np.exp(1.5 * rng.normal(size=1_000_000))
    means = {
        "normal": (lambda n: rng.normal(10, 1, n), 10.0),
        "lognormal, sigma 1": (lambda n: np.exp(rng.normal(size=n)), np.exp(0.5)),
    }
    restricted = np.minimum(24 * np.exp(1.5 * rng.normal(size=1_000_000)), 336).mean()
    grades, chances = np.arange(5) / 4, {"satisfied": [0.02, 0.03, 0.05, 0.2, 0.7], "alike": [0, 0, 0.1, 0.8, 0.1]}

    def share(n: int):
        return proportions.wilson(rng.binomial(n, 0.85), n), 0.85

    def difference(n: int):
        return proportions.newcombe(rng.binomial(n, 0.85), n, rng.binomial(n, 0.7), n), 0.15

    def rate(n: int):
        return proportions.poisson_rate(rng.poisson(n), 1.0), n

    def hold(n: int):
        gross = np.exp(1.5 * rng.normal(size=n))
        return proportions.ratio_of_sums(gross * rng.beta(0.5, 1.5, n), gross, share=True), 0.25

    def ratio(n: int):
        hours = np.exp(rng.normal(size=n))
        return proportions.ratio_of_sums(hours * rng.gamma(2, 2, n), hours), 4.0

    def survey(name: str):
        def one(n: int):
            scores = rng.choice(grades, n, p=chances[name])
            answered = pd.DataFrame(
                {
                    "service": "s",
                    "answered": CYCLE.opens + pd.Timedelta(days=1),
                    "score": 1 + 4 * scores,
                    "scale_max": 5,
                },
                index=range(n),
            )
            return people.csat_mean(scope(1, surveys=answered)).iloc[0], float(np.dot(grades, chances[name]))

        return one

    def curve(n: int):
        lasts, seen = 24 * np.exp(1.5 * rng.normal(size=n)), rng.uniform(336, 744, n)
        return durations.kaplan_meier(np.minimum(lasts, seen), lasts <= seen)

    kinds: dict[str, Callable] = {
        "share (Wilson)": share, "difference of shares (Newcombe)": difference, "rate of events (Garwood)": rate,
        "share of time on hold": hold, "ratio of sums": ratio,
        **{f"mean, {name}": lambda n, of=of: (proportions.mean_interval(of[0](n)), of[1]) for name, of in means.items()},
        **{f"mean satisfaction, {name}": survey(name) for name in chances},
        "median time to restore": lambda n: (curve(n).quantile(0.5), 24.0),
        "restricted mean to 14 days": lambda n: (curve(n).restricted_mean(336), restricted),
        "share open after 48 h": lambda n: (curve(n).at(48), float((24 * big > 48).mean())),
    }  # fmt: skip
    for name, draw in kinds.items():
        for n in SIZES:
            inside = []
            for _ in range(trials):
                found, truth = draw(n)
                if np.isfinite(found.low):
                    inside.append(bool(found.low <= truth <= found.high))
            given = len(inside) / trials
            yield Line(f"{name}, n {n}", np.mean(inside) if given > 0.05 else np.nan, 0.9, 1.0, f"given in {given:.0%}")


def services(rng: np.random.Generator, trials: int) -> Iterator[Line]:
    """How many of a hundred equal services a funnel names."""
    for share, scatter in ((0.8, 0.0), (0.95, 0.0), (0.8, 0.05), (0.95, 0.05), (0.5, 0.1)):
        named = []
        for _ in range(trials // 2):
            n = np.exp(rng.uniform(np.log(30), np.log(1000), 100)).astype(int)
            angle = np.clip(np.arcsin(np.sqrt(share)) + scatter * rng.normal(size=100), 0, np.pi / 2)
            points = funnel(rng.binomial(n, np.sin(angle) ** 2), n).points
            named.append(int((points["outside_998_adjusted"] != 0).sum()))
        yield Line(f"named of 100 equal services, share {share}, scatter {scatter}", np.mean(named), 0.0, 2.0)


def categories(rng: np.random.Generator, trials: int) -> Iterator[Line]:
    """How often one of equal categories is said to be among the largest, or to be missed more often."""
    for n in (30, 100, 400, 2000):
        top = [(pareto.pareto(pd.Series(rng.multinomial(n, [0.1] * 10)))["top"] >= 0.95).any() for _ in range(trials)]
        yield Line(f"a false top of 10 equal categories, {n} misses", np.mean(top), 0.0, 0.05)
    found, named = [], []
    for _ in range(trials):
        missed = rng.random(800) < 0.15
        frame = pd.DataFrame({f"of {v}": rng.integers(0, v, 800).astype(str) for v in (2, 4, 6, 12, 40)})
        found.append(bool(pareto.telling(frame, missed, draws=199)["found"].any()))
        counts = pd.crosstab(frame["of 12"], missed)
        named.append(bool(pareto.over_represented(counts[True], counts.sum(axis=1)).any()))
    yield Line("an attribute is said to tell of misses, of five that do not", np.mean(found), 0.0, 0.075)
    yield Line("a part of 12 is said to be missed more often, of equal ones", np.mean(named), 0.0, 0.065)


def tickets(
    rng: np.random.Generator, months: int, n: int, lasts: Callable[[int], np.ndarray]
) -> tuple[pd.DataFrame, np.ndarray]:
    """About `n` incidents a month with their resolutions up to the cut-off, and how many hours each took in truth."""
    opens = CYCLE.history(months)[0].opens
    number = rng.poisson(n * months)
    at = np.sort(rng.uniform(0, (CYCLE.cutoff - opens).total_seconds(), number))
    opened, hours = opens + pd.to_timedelta(at, unit="s").floor("s"), lasts(number)
    resolved = pd.Series(opened + pd.to_timedelta(hours, unit="h").ceil("s"))
    resolved = resolved.where(resolved < CYCLE.cutoff)
    rows = {"ticket": [f"T{i}" for i in range(number)], "service": "s", "kind": "incident", "opened": opened,
            "resolved": resolved, "ended": resolved, "priority": rng.integers(1, 5, number)}  # fmt: skip
    return pd.DataFrame(rows), hours


def opened(rng: np.random.Generator, trials: int) -> Iterator[Line]:
    """Attainment of the tickets opened in the latest cycle, where truly eight of ten meet their target."""
    for recorded in ("due time", "mark at closing"):
        for goal in (1, 5, 10, 20):
            latest = []
            for _ in range(max(trials // 20, 5)):
                frame, hours = tickets(rng, 8, 400, lambda n, goal=goal: 24 * rng.exponential(goal / np.log(5), n))
                if recorded == "due time":
                    frame["sla_due"] = frame["opened"] + pd.Timedelta(days=goal)
                else:
                    frame["sla_met"] = pd.Series(hours <= 24 * goal, dtype="boolean").where(frame["resolved"].notna())
                latest.append(attainment.sla_opened(scope(5, tickets=frame))["value"].iloc[-1])
            yield Line(f"opened in the latest cycle, truth .80, goal {goal} d, {recorded}", np.mean(latest), 0.77, 0.83)


def tails(rng: np.random.Generator, trials: int) -> Iterator[Line]:
    """The 90th percentile of the latest cycle: shown always or never, and then about as long as it is."""
    for median, sigma, n in ((10, 1.2, 100), (48, 1.5, 100), (72, 1.5, 100), (96, 1.2, 60)):
        truth, found, own = median * np.exp(1.2816 * sigma), [], []
        for _ in range(max(trials // 8, 10)):
            frame, hours = tickets(rng, 8, n, lambda k, m=median, s=sigma: m * np.exp(s * rng.normal(size=k)))
            found.append(restoration.restore_p90(scope(6, tickets=frame))["value"].iloc[-1])
            own.append(np.quantile(hours[frame["opened"] >= CYCLE.opens], 0.9))
        shown, own = np.isfinite(found), np.array(own)
        what, note = f"P90 of the latest cycle, truth {truth:.0f} h", f"shown in {shown.mean():.0%}"
        some = shown.mean() > 0.05
        yield Line(
            f"{what}: true P90 of those shown ÷ of all",
            own[shown].mean() / own.mean() if some else np.nan,
            0.93,
            1.07,
            note,
        )
        yield Line(f"{what}: median shown ÷ truth", np.nanmedian(found) / truth if some else np.nan, 0.85, 1.15)


PARTS = {
    "availability": availability, "intervals": intervals, "services": services, "categories": categories,
    "opened": opened, "tails": tails,
}  # fmt: skip


def simulated(part: str, trials: int, seed: int = 1) -> list[Line]:
    """The lines of one part; the same seed gives the same."""
    return list(PARTS[part](np.random.default_rng(seed), trials))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--only", choices=PARTS, action="append")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    kept = True
    for part in chosen.only or PARTS:
        for line in PARTS[part](np.random.default_rng(1), chosen.trials):
            kept &= line.kept
            value = "none" if np.isnan(line.value) else f"{line.value:.3f}"
            bar = "" if line.kept else f"  MISSES {line.low:g}–{line.high:g}"
            print(f"{line.what}: {value}{'  ' + line.note if line.note else ''}{bar}", flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
