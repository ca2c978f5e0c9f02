"""Whether something comes more often, or more rarely, from a day on, beside all else that comes.

How many come for each event of another kind is compared, so that a busy season makes nothing more frequent. Events do not come
singly: how far their numbers scatter from block to block, beyond what counting alone does, widens the interval; blocks are long,
so that what is still there a week later falls within one.

Source: McCullagh and Nelder (1989), Generalized Linear Models, over-dispersion estimated by Pearson's statistic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

#: Each side needs so many blocks for its scatter to be known.
FEWEST = 3


@dataclass(frozen=True)
class Trend:
    """How many came for each one before, beside all others: `ratio` with its interval (`low`, `high`); `p` of no change
    (two-sided)."""

    ratio: float
    low: float
    high: float
    p: float


def against_before(counts, others, start: int | None = None, level: float = 0.95) -> Trend:
    """How many `counts` there are for each of `others` from block `start` on (default: the middle), over that before.

    counts, others: (n,) whole numbers a block of equal length, oldest first: of the kind in question, and of all other kinds.
    Half an event is added on each side, so that none has a logarithm. Raises ValueError for lengths that do not fit, for
    fewer than `FEWEST` blocks on a side, and for negative numbers.
    """
    x, o = np.asarray(counts, dtype=float), np.asarray(others, dtype=float)
    start = len(x) // 2 if start is None else start
    if x.shape != o.shape or x.ndim != 1 or not FEWEST <= start <= len(x) - FEWEST:
        raise ValueError(f"counts and others must be equally long, with at least {FEWEST} blocks on each side")
    if (x < 0).any() or (o < 0).any():
        raise ValueError("there cannot be fewer events than none")
    side = (np.arange(len(x)) >= start).astype(int)
    events, beside = np.bincount(side, x) + 0.5, np.bincount(side, o) + 0.5
    share = (events / (events + beside))[side]
    free, expected = len(x) - 2, np.maximum((x + o) * share, 1e-9)
    scatter = max(1.0, float(np.sum((x - expected) ** 2 / (expected * (1 - share)))) / free)
    log = math.log(events[1] / beside[1]) - math.log(events[0] / beside[0])
    error = math.sqrt(scatter * float(np.sum(1 / events + 1 / beside)))
    wide = float(stats.t.ppf(0.5 + level / 2, free)) * error
    return Trend(
        math.exp(log), math.exp(log - wide), math.exp(log + wide), float(2 * stats.t.sf(abs(log) / error, free))
    )
