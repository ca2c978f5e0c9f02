"""What is forecast after a shift, and with one odd month in the past.

    python benchmarks/forecasts.py [--series 40]

Thirty months of a level with noise, three steps ahead; what comes is known. After a shift the future lies on the new level;
one odd month says nothing of it. For each case: the expected value over what is right, how often it is more than a quarter
off, and how often it lies outside its own 80 % interval. For shares also the probability of falling below a level, said and
true. Nothing but what happens by chance may be more than a quarter off, and no expected value outside its own interval.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd

from sipnb.methods.forecasting import Forecast, forecast

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


if __name__ == "__main__":
    main()
