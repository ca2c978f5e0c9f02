"""What choosing among 4,000 options of 1,000 services costs, in seconds of CPU, and how far the value for money falls short.

    python benchmarks/selection.py [--seeds 2] [--share 0.02]

Each simulated service has four options; two of them exclude each other, another two act on the same tickets, every tenth needs
the one before it. There are budgets of money and of the days of three roles, each of which pays for a share of all that there
is. It is chosen once to the end, with a fixed order among equals, and then for 200 draws of the values within a thousandth of the
best (`--within 0`: to the end, four times as long). Bars: 30 s and 180 s.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from sipnb.methods.selection import Problem, choose, greedy, stays

SERVICES, OPTIONS, ROLES, DRAWS = 1000, 4, 3, 200
BARS = {"choice": 30.0, "draws": 180.0}


def problem(seed: int, share: float) -> Problem:
    """Options whose cost, effort and value grow with the size of their service, and scatter widely around it."""
    rng, n = np.random.default_rng(seed), SERVICES * OPTIONS
    size = rng.lognormal(0, 0.8, SERVICES).repeat(OPTIONS)
    money = np.round(size * rng.lognormal(9.5, 0.7, n), -2)
    days = np.round(size * rng.uniform(0, 30, (ROLES, n))) * (rng.random((ROLES, n)) < 0.6)
    value = np.round(size * rng.lognormal(9.8, 1.0, n) - 2000, 2)
    uses = np.vstack([money, days])
    first = np.arange(0, n, OPTIONS)
    amounts = 0.4 * np.minimum(value[first + 2], value[first + 3]).clip(0)
    return Problem(
        value,
        uses,
        share * uses.sum(axis=1),
        requires=tuple((int(i) + 1, int(i)) for i in first[::10]),
        excludes=tuple((int(i), int(i) + 3) for i in first),
        overlaps=tuple((int(i) + 2, int(i) + 3, float(amount)) for i, amount in zip(first, amounts, strict=True)),
        at_least=((tuple(range(40)), 2),),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--share", type=float, default=0.02, help="of everything that the budgets pay for")
    parser.add_argument("--within", type=float, default=1e-3, help="by which part a draw's choice may fall short")
    given = parser.parse_args()
    for seed in range(given.seeds):
        one = problem(seed, given.share)
        begun = time.process_time()
        choice = choose(one)
        spent = {"choice": time.process_time() - begun}
        draws = one.value * np.random.default_rng(seed + 1000).lognormal(0, 0.4, (DRAWS, len(one.value)))
        begun = time.process_time()
        sure = stays(one, draws, choice, within=given.within)[choice.chosen]
        spent["draws"] = time.process_time() - begun
        short = 1 - greedy(one).value / choice.value
        print(
            f"seed {seed}: {choice.chosen.sum()} of {len(one.value):,} options chosen; value for money loses {short:.1%}"
        )
        print(f"  chosen in every second draw and more: {(sure >= 0.5).sum()}, in nine of ten: {(sure >= 0.9).sum()}")
        for name, seconds in spent.items():
            over = "" if seconds <= BARS[name] else "  OVER"
            print(f"  {name}: {seconds:.1f} s of CPU; bar {BARS[name]:g} s{over}")


if __name__ == "__main__":
    main()
