"""What drives an outcome: which values of which attributes go with more of what goes wrong, mix and each other allowed for.

Many values of many attributes are looked at. One is named only where, in one half of the weeks, more goes wrong with its cases
than with like others (by Benjamini and Hochberg over all that were looked at), where the other half of the weeks confirms it,
and where it carries a part of all that went wrong that is worth a word. What is named is then held fixed, and the next is
looked for in what it leaves unexplained, so that a cause is named once and not by everything that goes with it. A value is
always compared with all others of its attribute together: else the last of them would be held against the best one.

The test is the score test of a logistic regression with the scatter of days: cases of one day have much in common, and
counted one by one they find drivers in nothing.

Sources: Benjamini and Hochberg (1995); Boos (1992), "On generalized score tests"; Cox (1975), "A note on data-splitting";
Ochiai (1957) for how far two values name the same cases; `sipnb.methods.marginal` for the effects.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import sparse, stats

from sipnb.methods import discoveries, marginal
from sipnb.methods.proportions import Estimate

#: With fewer cases or bad cases of a value, or on fewer days, nothing can be said of it.
FEWEST, FEWEST_BAD, FEWEST_DAYS = 20, 5, 8
#: By counting alone a candidate must stand out so far, in standard deviations, for its days to be looked at.
LIKELY = 1.2
#: An attribute with more values than this names cases, not kinds of cases.
MOST_VALUES = 1_000
#: Two values that share so much of their cases cannot be told apart.
ALIKE = 0.9


@dataclass(frozen=True)
class Driver:
    """A value of an attribute with which more goes wrong than with like others.

    ``n`` cases have it, ``bad`` of them went wrong: a ``rate``, against ``others``, the rate that the same cases would have
    without it; ``crude`` is the plain rate of all other cases. ``difference`` is the first less the second, ``effect`` what that
    adds to the rate of all cases of the measure, ``share`` its part of all that went wrong. ``p`` and ``p_confirmed`` are the
    one-sided p-values in the two halves. ``alike`` are other values that name nearly the same cases.
    """

    attribute: str
    value: str
    n: int
    bad: int
    rate: float
    others: float
    crude: float
    difference: Estimate
    effect: Estimate
    share: float
    p: float
    p_confirmed: float
    alike: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Search:
    """What was found: ``drivers``, the clearest first; ``unconfirmed`` and ``small`` ones as (attribute, value); how many values
    were ``looked`` at, of how many cases and bad ones; and ``left_out`` attributes, each with the reason."""

    drivers: tuple[Driver, ...]
    unconfirmed: tuple[tuple[str, str], ...]
    small: tuple[tuple[str, str], ...]
    looked: int
    n: int
    bad: int
    left_out: dict[str, str] = field(default_factory=dict)


def search(
    attributes: pd.DataFrame, bad, mix: pd.DataFrame, days, *, total: int | None = None, level: float = 0.05,
    least: float = 0.05, most: int = 4, held: pd.DataFrame | None = None, happened: Collection[str] = (),
) -> Search:  # fmt: skip
    """The drivers of ``bad`` (flags, one a case).

    ``attributes`` has a row a case and a column an attribute, values as text (missing: unknown); ``mix`` the columns by which
    cases must be alike (priority and kind, month); ``days`` whole numbers, the day of each case, of which alternate weeks make
    the two halves. ``held`` are flags already known to matter, allowed for as the mix is. In columns that ``happened`` names a
    missing value says that nothing did; elsewhere it is unknown. ``total`` is the number of cases of the measure, where some
    could not be concerned. ``least`` is the smallest part of all that went wrong that is worth a word,
    ``most`` how many drivers are named. Raises ValueError for unequal lengths.
    """
    flags, day = np.asarray(bad, dtype=float), np.asarray(days, dtype=np.int64)
    if not len(attributes) == len(flags) == len(mix) == len(day):
        raise ValueError("attributes, bad, mix and days must be equally long: one of each a case")
    names, values, left_out = _candidates(attributes, happened)
    base = design(mix) if held is None else np.hstack([design(mix), held.to_numpy(float)])
    found = _Cases(
        flags, base, values, pd.factorize(day, sort=True)[0], np.array([name for name, _ in names], dtype=object)
    )
    halves = (day // 7) % 2
    first, second = found.only(halves == 0), found.only(halves == 1)
    chosen, unconfirmed = _stepwise(first, second, level, most) if len(names) and flags.sum() else ([], [])
    drivers, small = [], []
    total = len(flags) if total is None else total
    for at, p, confirmed in chosen:
        driver = _driver(found, [one for one, *_ in chosen], names, at, p, confirmed, total)
        worth = driver.effect.low > 0 and driver.share >= least
        (drivers if worth else small).append(driver if worth else names[at])
    return Search(
        tuple(drivers), tuple(names[at] for at in unconfirmed), tuple(small), len(names), len(flags), int(flags.sum()), left_out
    )  # fmt: skip


def amounts(search: Search, attributes: pd.DataFrame, spent, mix: pd.DataFrame, days) -> list[Estimate]:
    """What each driver of a search adds to the sum of ``spent`` (hours, one a case) over all cases, with its interval."""
    base, amount = design(mix), np.asarray(spent, dtype=float)
    day = pd.factorize(np.asarray(days), sort=True)[0]
    flags = [has(attributes, driver).astype(float) for driver in search.drivers]
    found = []
    for at, driver in enumerate(search.drivers):
        others = [f for f, d in zip(flags, search.drivers, strict=True) if d.attribute != driver.attribute]
        fit = marginal.linear(np.column_stack([base, flags[at], *others]), amount)
        one = marginal.effect(fit, base.shape[1], day, of=1).total
        found.append(Estimate(one.value, one.low, one.high, driver.n))
    return found


def has(attributes: pd.DataFrame, driver: Driver) -> np.ndarray:
    """Which cases have the value of a driver."""
    return (attributes[driver.attribute] == driver.value).fillna(False).to_numpy(bool)


def design(mix: pd.DataFrame) -> np.ndarray:
    """A constant and a flag for every value of every column but the commonest."""
    columns = [np.ones(len(mix))]
    for name in mix.columns:
        code, values = pd.factorize(mix[name].astype("str").fillna(""), sort=True)
        commonest = int(np.bincount(code, minlength=1).argmax()) if len(code) else 0
        columns += [(code == value).astype(float) for value in range(len(values)) if value != commonest]
    return np.column_stack(columns)


def _candidates(
    attributes: pd.DataFrame, happened: Collection[str]
) -> tuple[list[tuple[str, str]], sparse.csc_matrix, dict[str, str]]:
    """Every value with cases enough, as flags; and why attributes are left out."""
    names, columns, left_out = [], [], {}
    for name in attributes.columns:
        code, values = pd.factorize(attributes[name], sort=True)
        cases = np.bincount(code[code >= 0], minlength=len(values))
        enough = np.flatnonzero((cases >= FEWEST) & (cases <= len(code) - FEWEST))
        if reason := _useless(len(values), len(enough), name in happened):
            left_out[name] = reason
            continue
        names += [(name, str(values[value])) for value in enough]
        columns += [np.flatnonzero(code == value) for value in enough]
    flags = np.ones(sum(map(len, columns)))
    rows = np.concatenate([*columns, np.empty(0, dtype=np.int64)])
    places = np.repeat(np.arange(len(columns)), [len(c) for c in columns])
    return names, sparse.csc_matrix((flags, (rows, places)), shape=(len(attributes), len(columns))), left_out


def _useless(values: int, enough: int, happened: bool) -> str:
    if values == 0:
        return "never happened" if happened else "blank"
    if values == 1 and not happened:
        return "one value"
    return "too many values" if values > MOST_VALUES else "" if enough else "too few of each"


@dataclass(frozen=True)
class _Cases:
    """Flags of what went wrong, a design, candidates as flags (n, c), the day of each case numbered from 0, and of which
    attribute each candidate is."""

    bad: np.ndarray
    base: np.ndarray
    values: sparse.csc_matrix
    day: np.ndarray
    attribute: np.ndarray

    def only(self, which: np.ndarray) -> _Cases:
        day = pd.factorize(self.day[which], sort=True)[0]
        return _Cases(self.bad[which], self.base[which], self.values[np.flatnonzero(which)], day, self.attribute)

    def fitted(self, chosen: list[int], *more: int) -> marginal.Fit:
        """The model with the mix, what was chosen so far, and more columns in front of that."""
        return marginal.logistic(np.hstack([self.base, self.values[:, [*more, *chosen]].toarray()]), self.bad)

    def beside(self, chosen: list[int], attribute: str) -> list[int]:
        """What was chosen of other attributes: a value is compared with all others of its own."""
        return [at for at in chosen if self.attribute[at] != attribute]

    def p_values(self, chosen: list[int]) -> np.ndarray:
        """One-sided p-values of more going wrong with each candidate than with like others, given what was chosen.

        1 where there are too few cases, bad ones or days.
        """
        p = np.ones(self.values.shape[1])
        if not len(self.bad) or not self.bad.any():
            return p
        fresh = ~np.isin(self.attribute, self.attribute[chosen])
        p[fresh] = self._scores(np.flatnonzero(fresh), chosen)
        for name in dict.fromkeys(self.attribute[chosen]):
            own = np.flatnonzero(self.attribute == name)
            p[own] = self._scores(own, self.beside(chosen, name))
        return p

    def _scores(self, candidates: np.ndarray, chosen: list[int]) -> np.ndarray:
        """The scatter of days is taken around what the candidate itself would explain: else a strong driver hides in its own.

        1 for those that counting alone does not make likely: the scatter of days only adds to it.
        """
        p = np.ones(len(candidates))
        if not len(candidates):
            return p
        fit, values = self.fitted(chosen), self.values[:, candidates]
        together = (values.T @ (fit.design * fit.weight[:, None])).T
        projected = fit.inverse @ together
        score = values.T @ fit.residual - (fit.design.T @ fit.residual) @ projected
        known = np.maximum(values.T @ fit.weight - (together * projected).sum(axis=0), 1e-9)
        cases, bad = np.diff(values.indptr), values.T @ self.bad
        likely = (score / np.sqrt(known) > LIKELY) & (cases >= FEWEST / 2) & (bad >= FEWEST_BAD)
        many = int(self.day.max()) + 1
        for at in np.flatnonzero(likely):
            rows = values.indices[values.indptr[at] : values.indptr[at + 1]]
            days = len(np.unique(self.day[rows]))
            if days < FEWEST_DAYS:
                continue
            own = -(fit.design @ projected[:, at])
            own[rows] += 1.0
            left = own * (fit.residual - fit.weight * own * (score[at] / known[at]))
            spread = np.sqrt((np.bincount(self.day, weights=left, minlength=many) ** 2).sum() * days / (days - 1))
            p[at] = stats.t.sf(score[at] / spread, days - 1)
        return p


def _stepwise(
    first: _Cases, second: _Cases, level: float, most: int
) -> tuple[list[tuple[int, float, float]], list[int]]:
    """The candidates found in one half and confirmed in the other, one after the other, and those that were not confirmed."""
    chosen: list[tuple[int, float, float]] = []
    refused: list[int] = []
    while len(chosen) < most:
        taken = [at for at, *_ in chosen]
        halves = [half.p_values(taken) for half in (first, second)]
        for p in halves:
            p[[*taken, *refused]] = 1.0
        rejected = np.array([discoveries.benjamini_hochberg(p, level)["rejected"].to_numpy(bool) for p in halves])
        if not rejected.any():
            break
        # Either half may find what the other confirms: the clearest in both comes first.
        best = int(np.argmin(np.where(rejected.any(axis=0), halves[0] * halves[1], np.inf)))
        found = int(np.argmin([p[best] if r[best] else np.inf for p, r in zip(halves, rejected, strict=True)]))
        if halves[1 - found][best] < level:
            chosen.append((best, float(halves[found][best]), float(halves[1 - found][best])))
        else:
            refused.append(best)
    return chosen, refused


def _driver(
    cases: _Cases, chosen: list[int], names: list[tuple[str, str]], at: int, p: float, confirmed: float, total: int
) -> Driver:
    has_it = cases.values[:, at].toarray().ravel() > 0
    fit = cases.fitted(cases.beside(chosen, names[at][0]), at)
    found = marginal.effect(fit, cases.base.shape[1], cases.day, of=total)
    n, bad = int(has_it.sum()), int(cases.bad[has_it].sum())
    shared, size = has_it.astype(float) @ cases.values, np.asarray(cases.values.sum(axis=0))[0]
    alike = tuple(names[i] for i in np.flatnonzero(shared >= ALIKE * np.sqrt(n * size)) if i != at)
    return Driver(
        *names[at], n, bad, bad / n, found.others, float(cases.bad[~has_it].mean()), found.difference, found.total,
        found.total.value * total / float(cases.bad.sum()), p, confirmed, alike,
    )  # fmt: skip
