"""Which options to choose where not all can be paid for: the best of all choices, not the one that looks best step by step.

Taking options by value for money until it is spent loses: two that fit together can be worth more than the best one and a
rest that buys nothing, and a second budget turns the order round. So the choice is a program in 0 and 1, solved to the end
(`binary_programs`). Values, uses and limits are plain numbers; an option is known by its place.

Source: Petersen (1967), "Computational experience with variants of the Balas algorithm applied to the selection of R&D
projects", Management Science 13, whose seven optima the tests reach; Kellerer, Pferschy and Pisinger (2004), "Knapsack
problems", 9 (several budgets) and 2.1 (greedy).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import sparse

from sipnb.methods.binary_programs import EXCEEDED, Program, Solution, optimum, sized


class Impossible(ValueError):
    """No choice keeps everything that is asked for.

    ``kind`` says what cannot be met: "must_never" (``options`` must be chosen, or are required by one that must, and may not
    be), "must_excluded" (``options`` must be chosen and exclude each other), "must_over_budget" (what must be chosen uses more
    than the limit of ``budget``), "at_least" (so many of ``group`` cannot be chosen together, whatever they use) and
    "at_least_over_budget" (not within the limits; ``budget`` is one that alone is too small, -1 where it takes several).
    ``options``, ``budget`` and ``group`` are places in the Problem's, -1 where they are not concerned.
    """

    def __init__(self, kind: str, said: str, options: Sequence[int] = (), budget: int = -1, group: int = -1):
        super().__init__(said)
        self.kind, self.options, self.budget, self.group = kind, tuple(options), budget, group


@dataclass(frozen=True)
class Problem:
    """What there is to choose from, and what has to be kept.

    ``value`` (n,) of each option; ``uses`` (m, n) is what each takes of each budget, ``limits`` (m,) what there is of it, inf
    where there is no limit. ``requires``: pairs (i, j), i may be chosen only with j. ``excludes``: groups of which at most one
    may be. ``overlaps``: (i, j, amount), the value lost where both are. ``must`` and ``never``: what has to be chosen, and what
    may not. ``at_least``: (group, number), of which so many have to be. Options are named by their places 0…n - 1.
    Raises ValueError for shapes that do not match, numbers that are missing or negative (values may be), places that are none.
    """

    value: np.ndarray
    uses: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    limits: np.ndarray = field(default_factory=lambda: np.zeros(0))
    requires: tuple[tuple[int, int], ...] = ()
    excludes: tuple[tuple[int, ...], ...] = ()
    overlaps: tuple[tuple[int, int, float], ...] = ()
    must: tuple[int, ...] = ()
    never: tuple[int, ...] = ()
    at_least: tuple[tuple[tuple[int, ...], int], ...] = ()

    def __post_init__(self) -> None:
        value, limits = np.asarray(self.value, dtype=float), np.asarray(self.limits, dtype=float)
        uses = np.asarray(self.uses, dtype=float)
        uses = np.zeros((0, len(value))) if not uses.size and not limits.size else uses
        if value.ndim != 1 or uses.shape != (*limits.shape, len(value)):
            raise ValueError(f"value is {value.shape} and limits are {limits.shape}, so uses cannot be {uses.shape}")
        if not np.isfinite(value).all() or not np.isfinite(uses).all() or np.isnan(limits).any():
            raise ValueError("a value, a use or a limit is missing; give a number (a limit may be inf)")
        if (uses < 0).any() or (limits < 0).any() or any(not 0 <= amount < math.inf for *_, amount in self.overlaps):
            raise ValueError("a use, a limit or the amount of an overlap is negative or no number")
        for name, given in (("value", value), ("uses", uses), ("limits", limits)):
            object.__setattr__(self, name, given)
        groups = [*self.requires, *self.excludes, *(pair[:2] for pair in self.overlaps), self.must, self.never]
        for group in [*groups, *(group for group, _ in self.at_least)]:
            wrong = [one for one in group if not 0 <= one < len(value)]
            if wrong:
                raise ValueError(f"option {wrong[0]} is none of the {len(value)}, which are counted from 0")

    def worth(self, chosen: np.ndarray) -> float:
        """What those chosen are worth together: the sum of values less what is lost to overlaps."""
        lost = math.fsum(amount for i, j, amount in self.overlaps if i != j and chosen[i] and chosen[j])
        return math.fsum(self.value[chosen]) - lost

    def needed(self, options: Sequence[int]) -> list[int]:
        """The options with all that they require, and that these do, in order."""
        found, new = set(options), set(options)
        while new:
            new = {j for i, j in self.requires if i in new} - found
            found |= new
        return sorted(found)


@dataclass(frozen=True)
class Choice:
    """``chosen`` (n,) true or false, the ``value`` of all together, what they ``used`` (m,) of each budget; and the ``gap``, how
    much more the relaxed problem would give, in which parts of options can be bought (nan for a greedy choice)."""

    chosen: np.ndarray
    value: float
    used: np.ndarray
    gap: float = math.nan


@dataclass(frozen=True)
class Reason:
    """Why ``option`` was left out: a ``code``, and ``of`` what.

    "never"; "no_value" (it is worth nothing); "excluded" (of: by which chosen); "requires" (of: which are not chosen);
    "overlap" (of: with which chosen, so that it would add nothing); "beyond_budget" (of: budgets that it alone exceeds);
    "not_enough_left" (of: budgets of which what was worth more has left too little).
    """

    option: int
    code: str
    of: tuple[int, ...] = ()


def choose(problem: Problem) -> Choice:
    """The choice of the greatest value. Raises Impossible where no choice keeps what is asked for.

    What is worth nothing is chosen only where something else needs it. Of choices of equal value (to 9 digits) the one that
    uses least of the first budget is taken, then the one of options that stand earlier. No limit is exceeded by more than sums
    of decimal fractions are inexact (a thousand millionth).

    >>> choose(Problem(value=[60, 50, 50], uses=[[60, 50, 50]], limits=[100])).chosen.tolist()
    [False, True, True]
    """
    solution = _solution(problem, ties=True)
    return _choice(problem, _chosen(problem, solution), solution.gap)


def greedy(problem: Problem) -> Choice:
    """What is chosen by value for what is used of the first budget, one after the other, as long as it fits; for comparison.

    What must be chosen comes first, then what is needed at least.
    """
    n = len(problem.value)
    first = problem.uses[0] if len(problem.uses) else np.zeros(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(first > 0, problem.value / first, np.where(problem.value > 0, np.inf, -np.inf))
    order = np.argsort(-ratio, kind="stable")
    chosen = np.zeros(n, dtype=bool)
    chosen[problem.needed(problem.must)] = True
    for group, number in problem.at_least:
        for one in order[np.isin(order, group)]:
            if chosen[list(group)].sum() < number and _fits(problem, chosen, one):
                chosen[one] = True
    before = -1
    while before < chosen.sum():  # again, for what required one that came later
        before = chosen.sum()
        for one in order:
            if problem.value[one] > 0 and _gain(problem, chosen, one) > 0 and _fits(problem, chosen, one):
                chosen[one] = True
    return _choice(problem, chosen)


def curve(problem: Problem, budget: int, limits: Sequence[float]) -> pd.DataFrame:
    """What the best choice is worth by the limit of one budget: limit, value, chosen (how many), a row a limit as given.

    Value is nan, and chosen 0, where what is asked for cannot be had for so little.
    """
    found: dict[float, tuple[float, int]] = {}
    known = None
    for limit in sorted(set(map(float, limits))):
        one = _limited(problem, budget, limit)
        try:
            # What could be had for less can be had for more.
            known = _chosen(one, _solution(one, known, ties=True))
            found[limit] = one.worth(known), int(known.sum())
        except Impossible:
            found[limit] = math.nan, 0
    rows = [(float(limit), *found[float(limit)]) for limit in limits]
    return pd.DataFrame(rows, columns=["limit", "value", "chosen"])


def shadow_price(problem: Problem, budget: int, step: float) -> float:
    """How much more the best choice is worth where there is ``step`` more of a budget ("one more € 10,000 buys …").

    0 where it has no limit. Raises Impossible as `choose` does.
    """
    solution = _solution(problem)
    now = _chosen(problem, solution)
    more = _limited(problem, budget, problem.limits[budget] + step)
    then = _chosen(more, _solution(more, now, gap=solution.gap))
    return problem.worth(then) - problem.worth(now)


def stays(problem: Problem, draws, choice: Choice | None = None, lost=None, within: float = 0.0) -> np.ndarray:
    """How sure the choice is: the share of draws of the values in whose best choice each option is; (n,), from 0 to 1.

    ``draws`` (k, n) are values as they may be, ``lost`` (k, number of overlaps) what is then lost to each overlap (default:
    always the same). Each draw is solved anew, and where the ``choice`` (default: of `choose`) is among the best, it stays.
    ``within``: the choice of a draw is proven to be worth no less than the best by more than this part; 0 is exact. Of 4,000
    options .001 takes a quarter of the time, and is short by .000015 on average (`benchmarks/selection.py`).
    Raises ValueError where draws do not match the options, Impossible as `choose` does.
    """
    draws = np.asarray(draws, dtype=float)
    if draws.ndim != 2 or draws.shape[1] != len(problem.value) or not len(draws):
        raise ValueError(f"draws are {draws.shape}; give a row of {len(problem.value)} values a draw")
    chosen = (choice or choose(problem)).chosen
    gap, counts = None, np.zeros(len(problem.value))
    for number, values in enumerate(draws):
        pairs = problem.overlaps if lost is None else _amounts(problem, lost[number])
        drawn = replace(problem, value=values, overlaps=pairs)
        solution = _solution(drawn, chosen, gap=gap, within=within)
        counts += _chosen(drawn, solution)
        # How far the optimum lies from the relaxed one hardly differs between draws.
        gap = (0.3 if within else 2.0) * solution.gap
    return counts / len(draws)


def why_not(problem: Problem, choice: Choice) -> list[Reason]:
    """Why each option that was not chosen was left out, in the order given; an option may have several reasons."""
    return [reason for one in np.flatnonzero(~choice.chosen) for reason in _reasons(problem, choice, int(one))]


def _reasons(problem: Problem, choice: Choice, one: int) -> list[Reason]:
    chosen = choice.chosen
    if one in problem.never:
        return [Reason(one, "never")]
    if problem.value[one] <= 0:
        return [Reason(one, "no_value")]
    rivals = {i for group in problem.excludes if one in group for i in group if chosen[i] and i != one}
    missing = [i for i in problem.needed([one]) if not chosen[i] and i != one]
    partners = {j if i == one else i for i, j, _ in problem.overlaps if one in (i, j) and chosen[j if i == one else i]}
    alone = np.flatnonzero(problem.uses[:, one] > problem.limits * (1 + EXCEEDED))
    short = np.flatnonzero(choice.used + problem.uses[:, one] > problem.limits * (1 + EXCEEDED))
    told = [("excluded", sorted(rivals)), ("requires", missing), ("beyond_budget", alone.tolist())]
    if _gain(problem, chosen, one) <= 0:
        told.append(("overlap", sorted(partners)))
    if not any(of for _, of in told):
        told.append(("not_enough_left", short.tolist()))
    return [Reason(one, code, tuple(of)) for code, of in told if of]


def _gain(problem: Problem, chosen: np.ndarray, one: int) -> float:
    lost = [amount for i, j, amount in problem.overlaps if one in (i, j) and i != j and chosen[j if i == one else i]]
    return float(problem.value[one] - math.fsum(lost))


def _fits(problem: Problem, chosen: np.ndarray, one: int) -> bool:
    if chosen[one] or one in problem.never or any(i == one and not chosen[j] for i, j in problem.requires):
        return False
    if any(one in group and chosen[list(group)].any() for group in problem.excludes):
        return False
    used = problem.uses[:, chosen].sum(axis=1) + problem.uses[:, one]
    return bool((used <= problem.limits * (1 + EXCEEDED)).all())


def _choice(problem: Problem, chosen: np.ndarray, gap: float = math.nan) -> Choice:
    return Choice(chosen, problem.worth(chosen), problem.uses[:, chosen].sum(axis=1), gap)


def _limited(problem: Problem, budget: int, limit: float) -> Problem:
    limits = problem.limits.copy()
    limits[budget] = limit
    return replace(problem, limits=limits)


def _amounts(problem: Problem, lost: Sequence[float]) -> tuple[tuple[int, int, float], ...]:
    return tuple((i, j, float(amount)) for (i, j, _), amount in zip(problem.overlaps, lost, strict=True))


def _costly(problem: Problem) -> list[tuple[int, int, float]]:
    """The overlaps that cost something: each is an unknown of the program."""
    return [(i, j, amount) for i, j, amount in problem.overlaps if i != j and amount > 0]


def _chosen(problem: Problem, solution: Solution) -> np.ndarray:
    return solution.x[: len(problem.value)] > 0.5


def _solution(
    problem: Problem,
    known: np.ndarray | None = None,
    ties: bool = False,
    gap: float | None = None,
    within: float = 0.0,
) -> Solution:
    """The best choice as a solution of the program; ``known`` (n,) is one that keeps everything, perhaps not the best."""
    _check(problem)
    pairs = _costly(problem)
    if known is not None:
        known = np.concatenate([known, [known[i] and known[j] for i, j, _ in pairs]]).astype(float)
    then = [*problem.uses[:1], _places(len(problem.value))] if ties else []
    found = optimum(_program(problem), known, [np.append(costs, np.zeros(len(pairs))) for costs in then], gap, within)
    if found is None:
        raise _unreachable(problem)
    return found


def _places(n: int) -> np.ndarray:
    """A cost of each place that grows, and of which no two sets have the same sum: the logarithms of the primes."""
    sieve = np.ones(20 + int(n * (math.log(n + 2) + math.log(math.log(n + 2) + 1) + 1)), dtype=bool)
    sieve[:2] = False
    for number in range(2, math.isqrt(len(sieve)) + 1):
        if sieve[number]:
            sieve[number * number :: number] = False
    return np.log(np.flatnonzero(sieve)[:n])


def _program(problem: Problem) -> Program:
    """An unknown an option, and one an overlap that is 1 where both are chosen."""
    n, pairs = len(problem.value), _costly(problem)
    low, high = np.zeros(n + len(pairs)), np.ones(n + len(pairs))
    low[list(problem.must)] = 1.0
    high[list(problem.never)] = 0.0
    wanted = {*problem.must, *(j for _, j in problem.requires), *(i for group, _ in problem.at_least for i in group)}
    high[[i for i in np.flatnonzero(problem.value <= 0) if i not in wanted]] = 0.0
    rows: list[tuple[Sequence[int], Sequence[float], float]] = []
    for uses, limit in zip(problem.uses, problem.limits, strict=True):
        if np.isfinite(limit):
            scaled, factor = sized(uses)
            rows.append((np.flatnonzero(uses), scaled[uses > 0], limit * factor))
    rows += [(sorted(set(group)), [1.0] * len(set(group)), 1.0) for group in problem.excludes]
    rows += [((i, j), (1.0, -1.0), 0.0) for i, j in problem.requires if i != j]
    rows += [((i, j, n + k), (1.0, 1.0, -1.0), 1.0) for k, (i, j, _) in enumerate(pairs)]
    rows += [(sorted(set(group)), [-1.0] * len(set(group)), -float(number)) for group, number in problem.at_least]
    at = np.repeat(np.arange(len(rows)), [len(columns) for columns, _, _ in rows])
    columns, numbers = (np.concatenate([np.asarray(row[k]) for row in rows] or [np.zeros(0)]) for k in (0, 1))
    matrix = sparse.csc_array((numbers, (at, columns.astype(int))), shape=(len(rows), n + len(pairs)))
    objective = np.concatenate([problem.value, [-amount for *_, amount in pairs]])
    return Program(objective, matrix, np.array([row[2] for row in rows]), low, high)


def _check(problem: Problem) -> None:
    """Raise Impossible where what must be chosen contradicts itself, or is more than there is."""
    must = problem.needed(problem.must)
    never = [one for one in must if one in problem.never]
    if never:
        raise Impossible(
            "must_never", f"option {never[0]} must be chosen, or is required by one, and may not be", never
        )
    for group in problem.excludes:
        both = [one for one in must if one in group]
        if len(both) > 1:
            raise Impossible("must_excluded", f"options {both} must be chosen, and at most one of them may be", both)
    used = problem.uses[:, must].sum(axis=1)
    for budget in np.flatnonzero(used > problem.limits * (1 + EXCEEDED)):
        said = f"what must be chosen uses {used[budget]:g} of budget {budget}, of which there is {problem.limits[budget]:g}"
        raise Impossible("must_over_budget", said, must, budget=int(budget))


def _unreachable(problem: Problem) -> Impossible:
    """Which number of a group cannot be had: alone or with those before it, whatever it uses or within the limits."""
    groups, free = problem.at_least, np.full(len(problem.limits), np.inf)
    parts = [*((g, groups[g : g + 1]) for g in range(len(groups))), *((g, groups[: g + 1]) for g in range(len(groups)))]
    for kind, limits, clause in (
        ("at_least", free, ""),
        ("at_least_over_budget", problem.limits, " within the limits"),
    ):
        for g, part in parts:
            if not _feasible(problem, limits, part):
                single = (b for b in range(len(limits)) if not _feasible(problem, _only(limits, b), part))
                said = f"{groups[g][1]} of group {g} (options {list(groups[g][0])}) cannot be chosen{clause}"
                return Impossible(kind, said, groups[g][0], next(single, -1) if limits is not free else -1, g)
    raise RuntimeError("a choice that keeps everything was not found, though there is one")


def _only(limits: np.ndarray, budget: int) -> np.ndarray:
    return np.where(np.arange(len(limits)) == budget, limits, np.inf)


def _feasible(problem: Problem, limits: np.ndarray, at_least: tuple[tuple[tuple[int, ...], int], ...]) -> bool:
    nothing = np.zeros(len(problem.value))
    return optimum(_program(replace(problem, value=nothing, limits=limits, at_least=at_least, overlaps=()))) is not None
