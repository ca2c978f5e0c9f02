"""How often a service that games nothing is suspected of it.

    python -m benchmarks.honesty [--seeds 20] [--jobs 2]

Every seed is another organisation, in which nobody lowers a priority to be in time, closes early, or closes in bulk. Several of
its services are checked as the gap analysis does, at its level and at 5 %.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections import Counter
from itertools import product

from benchmarks import drivers
from sipnb.drivers import honesty

SERVICES = ("email", "workplace", "payments", "identity")
DAYS = 365
LEVELS = (0.01, 0.05)


def suspected(case: tuple[int, str]) -> list[tuple[float, str]]:
    """The checks of a service that speak, each with its level."""
    seed, service = case
    looked = drivers.scope(seed, service)
    window = looked.cycle.last_days(DAYS)
    return [(level, one.name) for level in LEVELS for one in honesty.checks(looked, window, level) if one.found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    cases = list(product(range(1, given.seeds + 1), SERVICES))
    with multiprocessing.Pool(given.jobs) as pool:
        found = pool.map(suspected, cases)
    for level in LEVELS:
        accused = [one for one in found if any(at == level for at, _ in one)]
        names = Counter(name for one in accused for at, name in one if at == level)
        print(
            f"level {level:.0%}: {len(accused)} of {len(cases)} plain services accused ({len(accused) / len(cases):.1%}); "
            f"bar {level + 0.025:.1%}; {dict(names)}"
        )


if __name__ == "__main__":
    main()
