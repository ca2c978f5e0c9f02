"""What something that happens to a case costs it, looked at from a landmark: like cases compared with like.

What happens to a ticket while it is open — a hand-over, a hold, a comment — happens more often to tickets that stay open
longer. Compared at their end, those that were passed on did worse although passing on cost nothing. From a landmark on the
comparison is fair: only cases that are still undecided then, separated by what had happened to them *by then*.

Sources: Anderson, Cain and Gelber (1983), "Analysis of survival by tumor response"; Rosenbaum and Rubin (1983) for the
standardisation to those concerned; variances by the delta method, of shares that are a half case away from 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from sipnb.methods.proportions import Estimate

#: A stratum in which fewer others can be compared with those concerned is left out.
FEWEST = 5


@dataclass(frozen=True)
class Comparison:
    """Those concerned against like others.

    ``concerned`` is their share of successes, ``others`` that of others with the same mix of strata, ``difference`` others
    less concerned, ``effect`` what that comes to among all cases of ``total``. ``left_out`` counts those concerned for whom
    there were no like others: for them no effect is counted.
    """

    concerned: float
    others: float
    difference: Estimate
    effect: Estimate
    n_concerned: int
    n_others: int
    left_out: int
    total: int


def compared(strata, concerned, success, total: int, level: float = 0.95) -> Comparison | None:
    """Compare the cases at risk at a landmark by whether something had happened to them by then.

    ``strata`` (labels), ``concerned`` and ``success`` (flags): equally long, one a case at risk. ``total`` is the number of
    cases in the measure that the effect is carried to, those decided before the landmark among them: the effect is the share
    of all that are concerned times their difference, and its interval holds the uncertainty of both. None where no stratum
    can be compared. Raises ValueError for unequal lengths, and where ``total`` is less than the cases given.
    """
    happened, good = np.asarray(concerned, dtype=bool), np.asarray(success, dtype=bool)
    labels = pd.factorize(np.asarray(strata, dtype=object))[0]
    if not len(labels) == len(happened) == len(good):
        raise ValueError(
            f"strata, concerned and success must be equally long, not {len(labels)}, {len(happened)}, {len(good)}"
        )
    if total < len(labels):
        raise ValueError(f"total is {total}, less than the {len(labels)} cases given; it must hold them all")
    size = int(labels.max(initial=-1)) + 1

    def count(which) -> np.ndarray:
        return np.bincount(labels[which], minlength=size)

    n1, n0, k1, k0 = count(happened), count(~happened), count(happened & good), count(~happened & good)
    like = (n1 > 0) & (n0 >= FEWEST)
    left_out = int(n1[~like].sum())
    n1, n0, k1, k0 = n1[like], n0[like], k1[like], k0[like]
    if not n1.sum():
        return None
    gap = k0 / n0 - k1 / n1
    # Half a case away from 0 and 1: a stratum in which all of three succeeded is not without scatter.
    near1, near0 = (k1 + 0.5) / (n1 + 1), (k0 + 0.5) / (n0 + 1)
    scatter = near1 * (1 - near1) / n1 + near0 * (1 - near0) / n0
    weight, part = n1 / n1.sum(), n1 / total
    z = float(stats.norm.ppf((1 + level) / 2))
    difference, error = float(weight @ gap), float(np.sqrt(weight**2 @ scatter))
    effect = float(part @ gap)
    effect_error = float(np.sqrt(part**2 @ scatter + (part @ gap**2 - effect**2) / total))
    n = int(n1.sum() + n0.sum())
    return Comparison(
        float(k1.sum() / n1.sum()), float(weight @ (k0 / n0)),
        Estimate(difference, max(-1.0, difference - z * error), min(1.0, difference + z * error), n),
        Estimate(effect, max(-1.0, effect - z * effect_error), min(1.0, effect + z * effect_error), int(total)),
        int(n1.sum()), int(n0.sum()), left_out, int(total),
    )  # fmt: skip
