"""How often the interval of a service's yearly loss holds the truth, and how often next year's is above the P90 that was stated.

    python -m benchmarks.losses [--services 1000] [--seed 101] [--jobs 2]

Services have a known rate (1 to 20 events a year) and known sizes (lognormal, sigma 0.8 to 1.8), and were watched for 1 to 3
years. Other kinds of services break what the method believes: events that come in bursts, sizes of a gamma distribution, sizes of
which one in twenty is ten times as large. A line that misses its bar says so; of what the method believes, or of events in
bursts, it ends the run with status 1.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sipnb.methods import losses

#: How many years tell what the true process does.
YEARS = 20_000
KINDS = ("as believed", "in bursts", "gamma sizes", "some far larger")
#: Numbers of events by which lines are told apart.
BINS = (1, 2, 3, 5, 8, 12, 20, 40, 10_000)
#: The least that 90 % intervals may cover, and between which shares of years may lie above a stated P90.
COVERS, ABOVE = 0.85, (0.05, 0.15)


@dataclass(frozen=True)
class Service:
    """A process that costs: its rate of events a year, how many come at once on average, and its sizes."""

    rate: float
    burst: float
    kind: str
    sigma: float

    def sizes(self, n: int, random: np.random.Generator) -> np.ndarray:
        if self.kind == "gamma sizes":
            return random.gamma(1 / self.sigma**2, 100 * self.sigma**2, n) + 0.01
        far = np.where(random.random(n) < 0.05, 10.0, 1.0) if self.kind == "some far larger" else 1.0
        return 100 * np.exp(self.sigma * random.normal(size=n)) * far

    def events(self, spans: int, years: float, random: np.random.Generator) -> np.ndarray:
        """Numbers of events in so many spans of so many years each."""
        begun = random.poisson(self.rate / self.burst * years, spans)
        if self.burst == 1:
            return begun
        return begun + np.where(begun > 0, random.negative_binomial(np.maximum(begun, 1), 1 / self.burst), 0)

    def years(self, random: np.random.Generator) -> np.ndarray:
        """What each of many years costs."""
        number = self.events(YEARS, 1.0, random)
        return np.bincount(np.repeat(np.arange(YEARS), number), self.sizes(int(number.sum()), random), YEARS)


def drawn(kind: str, random: np.random.Generator) -> Service:
    burst = 2.0 if kind == "in bursts" else 1.0
    return Service(float(np.exp(random.uniform(0, np.log(20)))), burst, kind, float(random.uniform(0.8, 1.8)))


def measured(case: tuple[str, int, int]) -> dict:
    """One service: what was stated of its loss, and what is true."""
    kind, seed, number = case
    random = np.random.default_rng([seed, KINDS.index(kind), number])
    service, months = drawn(kind, random), int(random.integers(12, 37))
    counts = service.events(months, 1 / 12, random)
    seen = service.sizes(int(counts.sum()), random)
    if not len(seen):
        return {"kind": kind, "n": 0}
    truth = service.years(random)
    began = time.process_time()
    loss = losses.loss_of_events(seen, months / 12, counts=counts)
    mean, p90 = loss.mean, loss.quantile(0.9)
    at = np.quantile(truth, [0.25, 0.5, 0.75, 0.9, 0.95])
    curve = loss.curve(at)
    took = time.process_time() - began
    beyond = np.array([(truth > x).mean() for x in at])
    return {
        "kind": kind, "n": len(seen), "seconds": took, "dispersion": loss.dispersion[0],
        "mean": mean.low <= truth.mean() <= mean.high, "p90": p90.low <= np.quantile(truth, 0.9) <= p90.high,
        "curve": np.mean((curve["low"] <= beyond) & (beyond <= curve["high"])),
        "above_p90": (truth > p90.value).mean(), "above_p50": (truth > loss.quantile(0.5).value).mean(),
        "above_p99": (truth > loss.quantile(0.99).value).mean(),
        "width": p90.high / p90.low if p90.low > 0 else np.inf, "off": mean.value / truth.mean(),
    }  # fmt: skip


def simulated(kind: str, services: int, seed: int, jobs: int = 1) -> pd.DataFrame:
    """What was stated of so many services, and what is true, one a row; the same seed gives the same."""
    cases = [(kind, seed, number) for number in range(services)]
    if jobs == 1:
        return pd.DataFrame([measured(case) for case in cases])
    with multiprocessing.Pool(jobs) as pool:
        return pd.DataFrame(pool.map(measured, cases, chunksize=20))


def told(rows: pd.DataFrame) -> str:
    return (
        f"{len(rows)} services: 90 % intervals hold the mean in {rows['mean'].mean():.1%}, P90 in {rows['p90'].mean():.1%}, "
        f"the curve in {rows['curve'].mean():.1%}; next year is above P50 in {rows['above_p50'].mean():.1%}, above P90 in "
        f"{rows['above_p90'].mean():.1%}, above P99 in {rows['above_p99'].mean():.1%}; P90 within a factor of "
        f"{np.sqrt(rows['width'].median()):.1f}, mean times {rows['off'].median():.2f}"
    )


def kept(rows: pd.DataFrame) -> bool:
    """Whether services whose curve is shown have what is stated."""
    held = min(rows[what].mean() for what in ("mean", "p90", "curve"))
    return held >= COVERS and ABOVE[0] <= rows["above_p90"].mean() <= ABOVE[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    well = True
    for kind in KINDS:
        rows = simulated(kind, given.services, given.seed, given.jobs)
        some = rows[rows["n"] > 0]
        print(f"{kind}: {len(rows) - len(some)} of {len(rows)} services had no event")
        for low, high in zip(BINS, BINS[1:], strict=False):
            if len(part := some[some["n"].between(low, high - 1)]):
                print(f"  {low} to {min(high - 1, some['n'].max())} events, {told(part)}", flush=True)
        shown = some[some["n"] >= losses.FEWEST]
        good = kept(shown)
        well &= good or kind not in KINDS[:2]
        print(
            f"  shown, from {losses.FEWEST} events on, {told(shown)}{'' if good else '  MISSES'}\n"
            f"  CPU a service {shown['seconds'].median():.3f} s, of one in a hundred {shown['seconds'].quantile(0.99):.3f} s"
        )
    print(f"bars: {COVERS:.0%} held, {ABOVE[0]:.0%} to {ABOVE[1]:.0%} above P90")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
