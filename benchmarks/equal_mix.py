"""Services on equal mix: how often equals are named that differ in their mix alone, and how often a worse one is.

python benchmarks/equal_mix.py [--estates 100]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np

from sipnb.chapters.facts import StratumFact
from sipnb.chapters.gap_analysis.mix import KPI
from sipnb.chapters.portfolio import equal_mix

#: How often tickets of each priority miss their target in every service.
RATES = (0.4, 0.2, 0.1, 0.02)

Counts = Mapping[str, Mapping[str, tuple[int, int]]]


def simulated(seed: int, services: int, worse: float = 0.0) -> Counts:
    """The tickets of services by priority, and how many missed: alike within each, different in their mix and size.

    The first service misses `worse` more of each.
    """
    draw = np.random.default_rng(seed)
    found = {}
    for i in range(services):
        n = draw.multinomial(draw.integers(30, 2000), draw.dirichlet([2, 2, 2, 2]))
        k = draw.binomial(n, np.array(RATES) + (worse if i == 0 else 0))
        found[f"s{i}"] = {
            f"incident P{at + 1}": (int(a), int(b)) for at, (a, b) in enumerate(zip(n, k, strict=True)) if a
        }
    return found


def mixed(counts: Counts) -> dict[str, SimpleNamespace]:
    """What the chapters of services hand over of these counts, as far as the comparison reads it."""
    measure = SimpleNamespace(kpi=KPI, refused=[], value=0.5, title="Resolved in time")
    baseline = SimpleNamespace(about=SimpleNamespace(name="A service"), measures=[measure], measure=lambda kpi: measure)
    return {
        service: SimpleNamespace(
            baseline=baseline,
            gaps=SimpleNamespace(mix=[StratumFact(kpi=KPI, stratum=s, n=n, wrong=k) for s, (n, k) in strata.items()]),
        )
        for service, strata in counts.items()
    }


def main() -> None:
    """Print how often who is named, on equal mix and as counted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--estates", type=int, default=100)
    estates = parser.parse_args().estates
    equal = crude = 0
    for seed in range(estates):
        fact = equal_mix.compared(mixed(simulated(seed, 100))).fact
        equal += fact.funnel.outside_adjusted
        crude += sum(one.crude_side != 0 for one in fact.services)
    print(f"100 equal services, {estates} times: {equal} of {100 * estates:,} named on equal mix, {crude} as counted")
    first = [
        equal_mix.compared(mixed(simulated(10_000 + seed, 60, worse=0.15))).fact.services[0] for seed in range(estates)
    ]
    large = [one for one in first if one.n >= 300]
    sides = [sum(getattr(one, side) == -1 for one in large) for side in ("side", "crude_side")]
    print(f"15 points worse in each priority, 300 tickets or more, {len(large)} times: named {sides[0]} times on equal mix, "
          f"{sides[1]} as counted")  # fmt: skip


if __name__ == "__main__":
    main()
