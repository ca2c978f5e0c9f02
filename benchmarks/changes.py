"""How often a service that did not change is said to have changed, and a real change is found; and how often a target is said
to be missed by a service that lies exactly on it.

    python benchmarks/changes.py [--series 2000]

Shares of 30 months, .85 throughout, counted from 100 to 5,000 tickets a month. A change is claimed alone where its p-value holds
among 22 measures of which nothing else moved (.0023), in a crowd where six moved (.0136).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import pandas as pd

from sipnb.catalogue import KPIS
from sipnb.chapters.gap_analysis import analysis as gaps
from sipnb.kpis import certainty
from sipnb.kpis.scope import shares

MONTHS, LEVEL, DROP = 30, 0.85, 0.05
ALONE, CROWD = 0.0023, 0.0136
#: What the months do beside counting: how far their level differs, and how.
NULLS = [
    ("same throughout", 100, 0.0, 0.0, 0.0), ("same throughout", 300, 0.0, 0.0, 0.0),
    ("months differ by 1.5 points", 300, 0.015, 0.0, 0.0), ("months differ by 1.5 points", 1000, 0.015, 0.0, 0.0),
    ("season of 3 points", 300, 0.0, 0.0, 0.03), ("season of 3 points", 1000, 0.0, 0.0, 0.03),
    ("half is left of each month", 300, 0.02, 0.5, 0.0), ("half is left of each month", 1000, 0.02, 0.5, 0.0),
    ("half is left of each month", 3000, 0.02, 0.5, 0.0),
]  # fmt: skip


def months(rng: np.random.Generator, series: int, n: int, differ: float, left: float, season: float) -> np.ndarray:
    """The levels of the months, a row a series: normal around .85, autocorrelated by `left`, with a season of random phase."""
    noise = rng.normal(size=(series, MONTHS + 20))
    for at in range(1, noise.shape[1]):
        noise[:, at] = left * noise[:, at - 1] + np.sqrt(1 - left**2) * noise[:, at]
    turn = 2 * np.pi * np.arange(MONTHS) / 12 + rng.uniform(0, 2 * np.pi, (series, 1))
    return LEVEL + differ * noise[:, 20:] + season * np.sin(turn)


def counted(rng: np.random.Generator, levels: np.ndarray, n: int) -> Iterator[pd.DataFrame]:
    """Numerator, denominator and value of each series."""
    cases = rng.poisson(n, levels.shape).clip(20)
    for successes, of in zip(rng.binomial(cases, levels.clip(0.02, 0.995)), cases, strict=True):
        yield pd.DataFrame({"value": successes / of, "numerator": successes, "denominator": of, "n": of}, dtype=float)


def claimed(line: pd.DataFrame) -> tuple[float, int]:
    """The p-value and direction of a share's latest change, as the baseline tests it."""
    known = KPIS["sla_attainment"]
    found, _ = certainty.latest_change(known, line, certainty.near_normal(known, line), season=12)
    return found.p, found.direction


def changes(series: int) -> pd.DataFrame:
    """The share of series with a claim, a row a setting: nothing happened, or 5 points were lost 3 months ago."""
    rng, rows = np.random.default_rng(2026), []
    found = [("nothing happened", *null) for null in NULLS]
    found += [("5 points lost 3 months ago", *null) for null in NULLS if null[1] in (100, 300, 1000)]
    found += [("5 points lost 3 months ago", "same throughout", 1000, 0.0, 0.0, 0.0)]
    for happened, name, n, differ, left, season in found:
        levels = months(rng, series, n, differ, left, season)
        levels[:, -3:] -= DROP if happened != "nothing happened" else 0.0
        p, way = map(np.array, zip(*(claimed(line) for line in counted(rng, levels, n)), strict=True))
        rows.append(
            {"what happened": happened, "months": name, "tickets": n}
            | {f"{which} {said}": ((p <= at) & (way == side)).mean() for said, at in (("alone", ALONE), ("crowd", CROWD))
               for which, side in (("worse", -1), ("better", 1))}
        )  # fmt: skip
    return pd.DataFrame(rows)


def missed(series: int) -> pd.DataFrame:
    """How often a service exactly on its target is said to miss it, a row a setting."""
    rng, rows, known = np.random.default_rng(2027), [], KPIS["sla_attainment"]
    for n in (100, 300, 1000, 5000):
        for name, differ, left in (("same throughout", 0.0, 0.0), ("months differ by 2 points", 0.02, 0.0),
                                   ("half is left of each month", 0.02, 0.5)):  # fmt: skip
            said = []
            for line in counted(rng, months(rng, series, n, differ, left, 0.0), n):
                plain = shares(line["numerator"].to_numpy(), line["denominator"].to_numpy())
                latest = certainty.scattered(known, plain).iloc[-1]
                before = gaps.status(latest["value"], plain["low"].iloc[-1], plain["high"].iloc[-1], LEVEL, "up")
                said.append(
                    (
                        before == "fails",
                        gaps.status(latest["value"], latest["low"], latest["high"], LEVEL, "up") == "fails",
                    )
                )
            counting, level = np.mean(said, axis=0)
            rows.append({"months": name, "tickets": n, "missed, by counting alone": counting, "missed": level})
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=2000)
    told = parser.parse_args()
    with pd.option_context("display.width", 200, "display.max_columns", 20, "display.float_format", "{:.2%}".format):
        print("a change that is claimed (limits: .3 % alone and 1 % in a crowd where nothing happened)\n")
        print(changes(told.series).to_string(index=False))
        print("\na target that is called missed by a service exactly on it (limit 5 %)\n")
        print(missed(told.series).to_string(index=False))


if __name__ == "__main__":
    main()
