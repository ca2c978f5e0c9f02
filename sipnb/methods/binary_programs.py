"""The best of all ways to say yes or no: linear programs whose unknowns are 0 or 1, solved to the end.

HiGHS finds the optimum; what stands here makes it quick, exact and always the same. Quick: nearly all unknowns of a large
program are decided by their reduced cost, as soon as it is known how good a solution must be. How good is guessed from the
relaxed program; where the guess was too high nothing is found above it, and a lower one is taken. Exact: the solver takes
.9999996 for 1 and 150,000.04 for 150,000; what it gives is rounded, held against each row, and cut off where it breaks one.
The same: among equal optima further objectives decide, one after the other.

Source: Balas and Zemel (1980), "An algorithm for large zero-one knapsack problems", Operations Research 28 (the core);
Nemhauser and Wolsey (1988), "Integer and combinatorial optimization", II.5 (reduced costs) and II.2 (covers).
scipy supplies HiGHS: Huangfu and Hall (2018), Mathematical Programming Computation 10.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, sparse

#: To what size the largest number of an objective is brought. The solver's tolerances are absolute, of a millionth or less.
SIZE = 2.0**14
#: What differs by less than this, at that size, is as good: 6 parts in ten thousand million of the largest number.
SAME = 1e-5
#: By which part a row may be exceeded: sums of decimal fractions differ by as much.
EXCEEDED = 1e-9
#: How often unknowns are taken out by their reduced costs before the solver is asked.
ROUNDS = 5

#: Value and solution of a relaxed program, and the reduced costs of what is free in it.
_Relaxed = tuple[float, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Program:
    """Maximise objective @ x where matrix @ x <= upper, low <= x <= high, and each x is 0 or 1.

    ``objective``, ``low`` and ``high`` have a number for each of n unknowns, ``matrix`` is (rows, n), sparse.
    """

    objective: np.ndarray
    matrix: sparse.csc_array
    upper: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def holding(self, row: np.ndarray, upper: float) -> Program:
        """The program with one row more."""
        matrix = sparse.vstack([self.matrix, sparse.csr_array(row[None, :])]).tocsc()
        return replace(self, matrix=matrix, upper=np.append(self.upper, upper))

    def broken(self, x: np.ndarray) -> np.ndarray:
        """The rows that x exceeds by more than the arithmetic does."""
        return np.flatnonzero(self.matrix @ x > self.upper + EXCEEDED * np.maximum(np.abs(self.upper), 1e-3))


def sized(numbers: np.ndarray, size: float = 1.0) -> tuple[np.ndarray, float]:
    """The numbers multiplied so that the largest is about ``size``, by a power of two that loses no digit; and by which."""
    largest = np.abs(numbers).max(initial=0.0)
    factor = size * 2.0 ** -np.floor(np.log2(largest)) if largest > 0 else 1.0
    return numbers * factor, float(factor)


@dataclass(frozen=True)
class Solution:
    """The best ``x`` (numbers 0 and 1), and the ``gap``: how much more the relaxed program promised, in the objective's unit."""

    x: np.ndarray
    gap: float


def optimum(
    program: Program,
    known: np.ndarray | None = None,
    then: Sequence[np.ndarray] = (),
    gap: float | None = None,
    within: float = 0.0,
) -> Solution | None:
    """The best x; None where no x keeps all rows.

    ``known`` is a solution: it is given back where none is better. ``then`` are what is minimised among equals, one after the
    other. ``gap`` is how far from the relaxed program's value the optimum is thought to lie, as that of a program much like
    it did: a good guess makes it quick, a bad one not wrong. ``within``: what is given back may be worse than the best by this
    part of its value, and is found sooner. Raises RuntimeError where the solver gives up.
    """
    objective, factor = sized(program.objective, SIZE)
    program = replace(program, objective=objective)
    found = _best(program, known, None if gap is None else gap * factor, within)
    if found is None:
        return None
    x, top = found
    x = _first(program, x, then) if len(then) else x
    return Solution(x, max(top - float(objective @ x), 0.0) / factor)


def _best(
    program: Program, known: np.ndarray | None, gap: float | None, within: float
) -> tuple[np.ndarray, float] | None:
    """The best x and the relaxed program's value."""
    relaxed = _relaxed(program, program.low, np.flatnonzero(program.low < program.high))
    if relaxed is None:
        return None
    top, x, _ = relaxed
    best, value = known, -np.inf if known is None else float(program.objective @ known)
    if gap is None:
        gap = min(top - float(program.objective @ np.floor(x + 1e-9)), top - value) / 512
    step, everything = max(gap, 0.0) + 10 * SAME, float(np.abs(program.objective).sum())
    while True:
        enough = value + within * abs(value) if best is not None else value
        floor = max(enough, top - step) if step <= everything else enough
        core = _core(program, floor - SAME, relaxed)
        found = None if core is None else _solved(core)
        if found is not None and (reached := float(program.objective @ found)) > value + SAME:
            best, value = found, reached
        if value + within * abs(value) >= floor or step > everything:
            return None if best is None else (best, top)
        step *= 4


def _first(program: Program, x: np.ndarray, then: Sequence[np.ndarray]) -> np.ndarray:
    """Of all that are as good as x, the one that further costs prefer."""
    floor = float(program.objective @ x) - SAME
    core = _core(program, floor)
    if core is None or not (core.low < core.high).any():
        return x
    # Nearly always there is no second one, and that is found sooner than which of them is to be preferred.
    other = _solved(core.holding(*_except(x)))
    if other is None or float(core.objective @ other) < floor:
        return x
    kept = core.holding(-core.objective, -floor)
    for further in then:
        costs = sized(further, SIZE)[0]
        found = _solved(replace(kept, objective=-costs))
        # What the solver gives up for its tolerances' sake leaves what was found before.
        x = x if found is None else found
        kept = kept.holding(costs, float(costs @ x) + SAME)
    return x


def _core(program: Program, floor: float, relaxed: _Relaxed | None = None) -> Program | None:
    """The program with all fixed that would make its value fall below ``floor``; None where all would.

    ``relaxed`` is what the relaxed program gave, where it was solved before.
    """
    low, high = program.low.copy(), program.high.copy()
    for again in range(ROUNDS):
        free = np.flatnonzero(low < high)
        if again or relaxed is None:
            relaxed = _relaxed(program, low, free)
        if relaxed is None or relaxed[0] < floor - SAME:
            return None
        top, _, reduced = relaxed
        out, into = top - np.maximum(reduced, 0) < floor - SAME, top + np.minimum(reduced, 0) < floor - SAME
        high[free[out]], low[free[into]] = 0.0, 1.0
        if out.sum() + into.sum() <= 0.02 * len(free):
            break
    # What no row binds any more is decided by its own worth alone.
    free = np.flatnonzero(low < high)
    alone = free[np.diff(_part(program, low, free)[0].indptr) == 0]
    low[alone] = high[alone] = program.objective[alone] > 0
    return replace(program, low=low, high=high)


def _part(program: Program, low: np.ndarray, free: np.ndarray) -> tuple[sparse.csc_array, np.ndarray]:
    """The rows as they bind the free unknowns, without those that cannot bind."""
    matrix = program.matrix[:, free]
    fixed = low.copy()
    fixed[free] = 0.0
    left = program.upper - program.matrix @ fixed
    most = matrix.maximum(0).sum(axis=1)
    binding = most > left + 1e-12
    return matrix.tocsr()[binding].tocsc(), left[binding]


def _relaxed(program: Program, low: np.ndarray, free: np.ndarray) -> _Relaxed | None:
    """Value and solution with anything between 0 and 1 allowed, and the reduced costs of the free; None where there is none."""
    matrix, left = _part(program, low, free)
    x = low.copy()
    x[free] = 0.0
    base = float(program.objective @ x)
    costs = -program.objective[free]
    if not len(free) or not len(left):
        if (program.matrix @ x > program.upper + 1e-6).any():
            return None
        x[free] = costs < 0
        return base - float(np.minimum(costs, 0).sum()), x, costs
    found = optimize.linprog(costs, A_ub=matrix, b_ub=left, bounds=(0, 1), method="highs")
    if found.status == 2:
        return None
    if found.status != 0:
        raise RuntimeError(f"the relaxed program was not solved: {found.message}")
    x[free] = found.x
    return base - found.fun, x, found.lower.marginals + found.upper.marginals


def _solved(program: Program) -> np.ndarray | None:
    """The best x by the solver, with what breaks a row cut off; None where there is none."""
    free = np.flatnonzero(program.low < program.high)
    x = program.low.copy()
    while True:
        if not len(free):
            return None if len(program.broken(x)) else x
        matrix, left = _part(program, program.low, free)
        if (left < 0).any() and not matrix.nnz:
            return None
        with _silence():
            found = optimize.milp(
                -program.objective[free],
                integrality=1,
                bounds=optimize.Bounds(0, 1),
                constraints=optimize.LinearConstraint(matrix, -np.inf, left) if len(left) else None,
                options={"mip_rel_gap": 0},
            )
        if found.status == 2:
            return None
        if found.status != 0:
            raise RuntimeError(f"the program was not solved: {found.message}")
        x[free] = np.round(found.x)
        broken = program.broken(x)
        if not len(broken):
            return x
        program = program.holding(*_cut(program, broken[0], x))


def _cut(program: Program, broken: int, x: np.ndarray) -> tuple[np.ndarray, float]:
    """A row that x breaks and no true solution does."""
    row = program.matrix[[broken], :].toarray()[0]
    if (row >= 0).all():
        cover = (x > 0.5) & (row > 0)
        return cover.astype(float), float(cover.sum() - 1)
    return _except(x)


def _except(x: np.ndarray) -> tuple[np.ndarray, float]:
    """A row that x alone breaks."""
    return np.where(x > 0.5, 1.0, -1.0), float((x > 0.5).sum() - 1)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what HiGHS writes to the process's standard output, whatever it is told, from notebooks and terminals."""
    flush = ctypes.CDLL(None).fflush if os.name == "posix" else lambda _: None
    sys.stdout.flush()
    flush(None)
    try:
        kept = os.dup(1)
    except OSError:  # it is closed: nothing can be written
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        flush(None)
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
