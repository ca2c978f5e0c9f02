"""What is forecast after a shift, and with one odd month in the past.

    python benchmarks/forecasts.py [--series 40] [--nhs FOLDER]

Thirty months of a level with noise, three steps ahead; what comes is known. After a shift the future lies on the new level;
one odd month says nothing of it. For each case: the expected value over what is right, how often it is more than a quarter
off, and how often it lies outside its own 80 % interval. For shares also the probability of falling below a level, said and
true. Last the words in which plans tell that probability of the next month: how often each is said, and how often it then came.
Nothing but what happens by chance may be more than a quarter off, and no expected value outside its own interval.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from sipnb.methods.forecasting import Forecast, forecast
from sipnb.show import words

MONTHS, AHEAD = 30, 3
FACTORS, AGO = (0.5, 1.5, 2.0, 3.5), (1, 2, 3, 6)
#: Values of one odd month where sixty are usual, and how many months ago it was.
ODD, ODD_AGO = (0.0, 300.0), (2, 8, 20)


def shifted(random: np.random.Generator, kind: str, factor: float, ago: int) -> tuple[Forecast, float]:
    """A forecast of 1,000 times a factor since so many months, and the right answer."""
    level = 1000 * np.where(np.arange(MONTHS) >= MONTHS - ago, factor, 1.0)
    y = level * np.exp(0.04 * random.normal(size=MONTHS))
    return forecast(pd.Series(np.round(y) if kind == "count" else y), AHEAD, season=12, kind=kind), 1000 * factor


def odd(random: np.random.Generator, kind: str, value: float, ago: int) -> tuple[Forecast, float]:
    """A forecast of sixty a month with one odd month, and the right answer."""
    y = random.poisson(60, MONTHS).astype(float)
    y[-1 - ago] = value
    return forecast(pd.Series(y), AHEAD, season=12, kind=kind), 60.0


def share(random: np.random.Generator, before: float, after: float, ago: int, n: int) -> tuple[Forecast, float]:
    """A forecast of a share of n cases that went from one level to another."""
    p = np.where(np.arange(MONTHS) >= MONTHS - ago, after, before)
    return forecast(pd.Series(random.binomial(n, p) / n), AHEAD, season=12, kind="share", n=np.full(MONTHS, n)), after


def wandering(series: int) -> Iterator[tuple[float, bool]]:
    """How likely a miss was said to be, and whether it came: months that hang together, a target near their level."""
    for seed in range(series):
        random = np.random.default_rng([7, seed])
        level, shocks = random.uniform(0.75, 0.95), random.normal(size=MONTHS + 1)
        for t in range(1, MONTHS + 1):
            shocks[t] = 0.4 * shocks[t - 1] + np.sqrt(1 - 0.16) * shocks[t]
        n = random.poisson(300, MONTHS + 1)
        y = random.binomial(n, np.clip(level + 0.02 * shocks, 0.01, 0.99)) / n
        target = level + random.uniform(-0.08, 0.08)
        made = forecast(pd.Series(y[:-1]), 1, season=12, kind="share", n=n[:-1])
        yield made.probability(1, below=target), bool(y[-1] < target)


def departments(folder: Path) -> Iterator[tuple[float, bool]]:
    """The same of real emergency departments, whose target is what three of four months of the year before reached or missed."""
    table = pd.read_csv(folder / "ae_attendances.csv")
    table = table[table["type"].astype(str) == "1"]
    cases, late = (table.pivot_table(index="period", columns="org_code", values=c, aggfunc="sum").sort_index()
                   for c in ("attendances", "breaches"))  # fmt: skip
    for at, code in enumerate(cases.columns[cases.notna().all() & (cases.min() > 500)]):
        n = cases[code].to_numpy()
        y = 1 - late[code].fillna(0).to_numpy() / n
        for end in (len(y) - 1, len(y) - 5):
            target = float(np.quantile(y[end - 12 : end], (0.25, 0.5, 0.75)[at % 3]))
            made = forecast(pd.Series(y[end - MONTHS : end]), 1, season=12, kind="share", n=n[end - MONTHS : end])
            yield made.probability(1, below=target), bool(y[end] < target)


def in_words(title: str, told: Iterator[tuple[float, bool]]) -> None:
    """For each of the words: how often it was said, with which probability on average, and how often the miss came."""
    found = pd.DataFrame(told, columns=["said", "came"]).assign(
        word=lambda f: [words.likelihood(p, "miss") for p in f["said"]]
    )
    print(f"\n{title}: {len(found)} forecasts\n{'word':<34}{'times':>7}{'said':>8}{'came':>8}")
    for word, rows in sorted(found.groupby("word"), key=lambda pair: -pair[1]["said"].mean()):
        print(f"{word:<34}{len(rows):>7}{rows['said'].mean():>8.0%}{rows['came'].mean():>8.0%}")


def judged(make: Callable[[np.random.Generator], tuple[Forecast, float]], series: int) -> dict[str, float]:
    """Over so many series: the median of expected ÷ right at the last step, how often off, how often outside itself."""
    ratios, outside, wide = [], 0, []
    for seed in range(series):
        found, right = make(np.random.default_rng([3, seed]))
        last = found.table.iloc[-1]
        ratios.append(last["mean"] / right)
        wide.append(last["high_95"] / right)
        inside = (found.table["low_80"] <= found.table["mean"]) & (found.table["mean"] <= found.table["high_80"])
        outside += not inside.all() or not np.isfinite(found.table.to_numpy()).all()
    return {
        "ratio": float(np.median(ratios)), "off": float(np.mean(np.abs(np.array(ratios) - 1) > 0.25)),
        "outside": outside, "high": float(np.median(wide)),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=40)
    parser.add_argument("--nhs", type=Path, help="the folder of ae_attendances.csv")
    told = parser.parse_args()
    cases = [(f"{kind} x {factor:g}, {ago} months ago", lambda r, k=kind, f=factor, a=ago: shifted(r, k, f, a))
             for kind in ("count", "value", "duration") for factor in FACTORS for ago in AGO]  # fmt: skip
    cases += [(f"{kind} of 60, once {value:g}, {ago} months ago", lambda r, k=kind, v=value, a=ago: odd(r, k, v, a))
              for kind in ("count", "duration") for value in ODD for ago in ODD_AGO]  # fmt: skip
    print(f"{'case':<40}{'expected / right':>18}{'over 25 % off':>15}{'upper 95 %':>12}{'outside itself':>16}")
    for name, make in cases:
        found = judged(make, told.series)
        high = f"{found['high']:.1f} x"
        print(f"{name:<40}{found['ratio']:>18.2f}{found['off']:>15.0%}{high:>12}{found['outside']:>16}")
    for before, after, below, n in ((0.95, 0.80, 0.75, 300), (0.80, 0.80, 0.75, 300), (0.999, 0.999, 0.99, 2000)):
        for ago in AGO:
            every = [share(np.random.default_rng([5, seed]), before, after, ago, n)[0] for seed in range(told.series)]
            said = np.mean([one.probability(AHEAD, below=below) for one in every])
            true = (np.random.default_rng(1).binomial(n, after, 100_000) / n < below).mean()
            expected = np.median([one.table["mean"].iloc[-1] for one in every])
            case = f"share {before} to {after}, {ago} months ago"
            print(f"{case:<40} expected {expected:.4f}; below {below}: said {said:.3f}, true {true:.3f}")
    in_words("months that hang together, a target near their level", wandering(25 * told.series))
    if told.nhs:
        in_words("emergency departments, a target near last year's months", departments(told.nhs))


if __name__ == "__main__":
    main()
