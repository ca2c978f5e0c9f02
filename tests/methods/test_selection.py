"""Choosing under budgets: the published optima, every kind of constraint against all choices tried, and the same each time."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sipnb.methods.selection import Impossible, Problem, choose, curve, greedy, shadow_price, stays, why_not
from tests.methods.conftest import DATA

PETERSEN = (3800, 8706.1, 4015, 6120, 12400, 10618, 16537)
PRIMES = np.log([2, 3, 5, 7, 11, 13, 17])


@pytest.fixture(scope="module")
def petersen():
    path = DATA / "knapsack" / "mknap1.txt"
    if not path.exists():
        pytest.skip(f"reference data absent: {path}")
    numbers = iter(path.read_text(encoding="utf-8").split())
    found = []
    for _ in range(int(next(numbers))):
        n, m, _optimum = int(next(numbers)), int(next(numbers)), next(numbers)
        value, uses, limits = (np.array(list(itertools.islice(numbers, k)), dtype=float) for k in (n, n * m, m))
        found.append(Problem(value, uses.reshape(m, n), limits))
    return found


def kept(problem, chosen):
    """Whether a choice keeps everything, written down once more."""
    return (
        all(chosen[i] for i in problem.must)
        and not any(chosen[i] for i in problem.never)
        and all(chosen[j] for i, j in problem.requires if chosen[i])
        and all(sum(chosen[i] for i in set(group)) <= 1 for group in problem.excludes)
        and all(sum(chosen[i] for i in set(group)) >= number for group, number in problem.at_least)
        and all(sum(uses[chosen]) <= limit + 1e-6 for uses, limit in zip(problem.uses, problem.limits, strict=True))
    )


def tried(problem):
    """The best of all choices: by value, then least of the first budget, then those that stand earlier."""
    n = len(problem.value)
    all_of_them = (np.array(bits, dtype=bool) for bits in itertools.product((False, True), repeat=n))
    allowed = [chosen for chosen in all_of_them if kept(problem, chosen)]

    def rank(chosen):
        lost = sum(amount for i, j, amount in problem.overlaps if chosen[i] and chosen[j])
        first = problem.uses[0][chosen].sum() if len(problem.uses) else 0
        return round(lost - problem.value[chosen].sum(), 6), first, round(PRIMES[:n][chosen].sum(), 9)

    return min(allowed, key=rank, default=None)


def test_petersens_seven_optima_are_reached(petersen):
    found = [choose(problem) for problem in petersen]
    assert [round(choice.value, 6) for choice in found] == list(PETERSEN)
    for problem, choice in zip(petersen, found, strict=True):
        assert kept(problem, choice.chosen) and (choice.used <= problem.limits).all()
        assert choice.gap >= 0 and choice.value == pytest.approx(problem.value[choice.chosen].sum())


def test_value_for_money_loses_on_most_of_them(petersen):
    short = [1 - greedy(problem).value / best for problem, best in zip(petersen, PETERSEN, strict=True)]
    assert min(short) >= 0 and sum(one > 0.01 for one in short) >= 4 and max(short) > 0.15


def test_taking_the_best_value_for_money_first_loses_a_quarter():
    problem = Problem(value=[66, 44, 44], uses=[[60, 50, 50]], limits=[100])
    assert greedy(problem).chosen.tolist() == [True, False, False]
    assert choose(problem).chosen.tolist() == [False, True, True]
    assert 1 - greedy(problem).value / choose(problem).value == pytest.approx(0.25)


@st.composite
def problems(draw):
    n, m = draw(st.integers(2, 7)), draw(st.integers(0, 2))
    one = st.integers(0, n - 1)
    pair = st.lists(one, min_size=2, max_size=2, unique=True)
    group = st.lists(one, min_size=2, max_size=3, unique=True)
    # Few different numbers, so that there are many ties.
    return Problem(
        value=draw(st.lists(st.integers(-2, 5), min_size=n, max_size=n)),
        uses=np.array(draw(st.lists(st.integers(0, 4), min_size=n * m, max_size=n * m)), float).reshape(m, n),
        limits=draw(st.lists(st.sampled_from([2, 4, 7, math.inf]), min_size=m, max_size=m)),
        requires=tuple(map(tuple, draw(st.lists(pair, max_size=2)))),
        excludes=tuple(map(tuple, draw(st.lists(group, max_size=2)))),
        overlaps=tuple((*draw(pair), draw(st.integers(0, 4))) for _ in range(draw(st.integers(0, 2)))),
        must=tuple(draw(st.lists(one, max_size=1))),
        never=tuple(draw(st.lists(one, max_size=1))),
        at_least=tuple((tuple(draw(group)), draw(st.integers(1, 2))) for _ in range(draw(st.integers(0, 1)))),
    )


@settings(max_examples=150, deadline=None, derandomize=True)
@given(problems())
def test_it_is_the_best_of_all_choices_tried_whatever_has_to_be_kept(problem):
    best = tried(problem)
    if best is None:
        with pytest.raises(Impossible):
            choose(problem)
        return
    choice = choose(problem)
    assert choice.chosen.tolist() == best.tolist()
    left_out = set(np.flatnonzero(~choice.chosen))
    assert {reason.option for reason in why_not(problem, choice)} == left_out


def test_no_budget_is_exceeded_and_real_numbers_are_solved_to_the_end():
    rng = np.random.default_rng(5)
    for scale in (1e-3, 1.0, 1e6):
        for _ in range(8):
            uses = rng.random((2, 7)) * scale
            problem = Problem(rng.random(7) * scale, uses, uses.sum(axis=1) * rng.uniform(0.2, 0.8))
            choice = choose(problem)
            assert choice.chosen.tolist() == tried(problem).tolist()
            assert (choice.used <= problem.limits * (1 + 1e-9)).all()


def test_a_use_a_millionth_over_the_limit_is_over_it():
    # The solver itself takes this for equal.
    problem = Problem(value=[10, 9], uses=[[150_000.04, 150_000]], limits=[150_000])
    assert choose(problem).chosen.tolist() == [False, True]
    assert choose(replace(problem, uses=[[0.1 + 0.2, 0.4]], limits=[0.3])).chosen.tolist() == [True, False]


def test_without_limits_everything_of_value_is_chosen_but_what_is_excluded():
    problem = Problem(value=[5, 3, 0, -1, 4], uses=[[9, 9, 0, 0, 9]], limits=[math.inf], excludes=((0, 4),))
    assert choose(problem).chosen.tolist() == [True, True, False, False, False]
    assert choose(Problem(value=[1, -1, 2])).value == 3


def test_an_option_comes_only_with_what_it_requires_and_what_is_worth_nothing_only_then():
    problem = Problem(value=[10, -2, 3], uses=[[4, 2, 3]], limits=[6], requires=((0, 1),))
    assert choose(problem).chosen.tolist() == [True, True, False]
    short = replace(problem, limits=[5])
    assert choose(short).chosen.tolist() == [False, False, True]
    told = {reason.option: (reason.code, reason.of) for reason in why_not(short, choose(short))}
    assert told == {0: ("requires", (1,)), 1: ("no_value", ())}


def test_what_is_left_out_has_its_reason():
    problem = Problem(
        value=[9, 5, 7, 0, 5, 4, 6, 3],
        uses=[[3, 3, 3, 1, 3, 90, 2, 1]],
        limits=[7],
        excludes=((0, 1),),
        overlaps=((0, 7, 3),),
        never=(2,),
    )
    choice = choose(problem)
    assert np.flatnonzero(choice.chosen).tolist() == [0, 6] and choice.value == 15
    told = {reason.option: (reason.code, reason.of) for reason in why_not(problem, choice)}
    assert told == {
        1: ("excluded", (0,)), 2: ("never", ()), 3: ("no_value", ()), 4: ("not_enough_left", (0,)),
        5: ("beyond_budget", (0,)), 7: ("overlap", (0,)),
    }  # fmt: skip


def test_two_options_on_the_same_tickets_do_not_add():
    problem = Problem(value=[10, 9, 5], uses=[[1, 1, 1]], limits=[2], overlaps=((0, 1, 7.0),))
    assert choose(problem).chosen.tolist() == [True, False, True]
    assert choose(replace(problem, overlaps=((0, 1, 3.0),))).value == 16


def test_equals_are_chosen_the_same_way_each_time():
    # Each of the twelve is worth the same; the first budget prefers the odd ones, the order the earlier of these.
    problem = Problem(value=[3] * 12, uses=[[2, 1] * 6, [1] * 12], limits=[100, 4])
    chosen = [np.flatnonzero(choose(problem).chosen).tolist() for _ in range(3)]
    assert chosen == [[1, 3, 5, 7]] * 3
    rows = Problem(value=[3] * 12, uses=problem.uses, limits=problem.limits, excludes=((7, 1), (3, 5), (9, 11)))
    turned = replace(rows, excludes=tuple(tuple(reversed(group)) for group in reversed(rows.excludes)))
    assert choose(rows).chosen.tolist() == choose(turned).chosen.tolist()
    assert np.flatnonzero(choose(rows).chosen).tolist() == [0, 1, 3, 9]


def test_the_order_given_decides_between_equals_alone():
    rng = np.random.default_rng(2)
    value, uses = rng.integers(1, 30, 20) + rng.random(20), rng.integers(1, 9, (2, 20))
    order = rng.permutation(20)
    there = choose(Problem(value, uses, [20, 25])).chosen
    moved = choose(Problem(value[order], uses[:, order], [20, 25])).chosen
    assert moved.tolist() == there[order].tolist()


def test_the_curve_rises_and_the_shadow_price_is_its_step(petersen):
    problem = petersen[3]
    limits = problem.limits[0] * np.array([1.2, 0.4, 1.0, 0.0])
    points = curve(problem, 0, limits)
    assert points["limit"].tolist() == limits.tolist() and points.loc[2, "value"] == 6120
    assert (
        points.sort_values("limit")["value"].is_monotonic_increasing
        and points.loc[3, "chosen"] <= points.loc[0, "chosen"]
    )
    price = shadow_price(problem, 0, 0.2 * problem.limits[0])
    assert price == pytest.approx(points.loc[0, "value"] - 6120)


def test_a_limit_that_does_not_pay_for_what_must_be_has_no_value_on_the_curve():
    points = curve(Problem(value=[1, 2], uses=[[5, 1]], limits=[9], must=(0,)), 0, [4, 5, 6])
    assert math.isnan(points["value"][0]) and points["value"].tolist()[1:] == [1, 3]
    assert points["chosen"].tolist() == [0, 1, 2]


def test_a_choice_stays_in_as_many_draws_as_it_is_best_in():
    rng = np.random.default_rng(4)
    problem = Problem(value=[5, 5.2, 3, 1], uses=[[2, 2, 1, 1]], limits=[3], overlaps=((0, 2, 0.5),))
    draws = problem.value + rng.normal(0, 0.8, (60, 4))
    shares = stays(problem, draws)
    expected = np.mean([tried(replace(problem, value=one)) for one in draws], axis=0)
    assert shares.tolist() == expected.tolist() and 0.1 < shares[0] < 0.9
    lost = rng.uniform(0, 3, (60, 1))
    expected = np.mean(
        [tried(replace(problem, value=a, overlaps=((0, 2, b),))) for a, (b,) in zip(draws, lost, strict=True)], axis=0
    )
    assert stays(problem, draws, lost=lost).tolist() == expected.tolist()


def test_values_that_are_certain_keep_the_whole_choice_though_there_are_equals():
    problem = Problem(value=[3] * 8, uses=[[1] * 8], limits=[3])
    shares = stays(problem, np.tile(problem.value, (5, 1)))
    assert shares.tolist() == choose(problem).chosen.astype(float).tolist()


def test_large_problems_are_chosen_to_the_end_and_draws_within_what_is_said():
    rng = np.random.default_rng(1)
    n = 300
    uses = np.round(rng.lognormal(9, 0.7, (2, n)))
    problem = Problem(
        rng.lognormal(9, 1, n), uses, 0.05 * uses.sum(axis=1), excludes=tuple((i, i + 1, i + 2) for i in range(0, n, 3))
    )
    choice = choose(problem)
    assert kept(problem, choice.chosen) and choice.value > greedy(problem).value
    draws = problem.value * rng.lognormal(0, 0.3, (4, n))
    for one in draws:
        drawn = replace(problem, value=one)
        near = stays(drawn, one[None, :], choice, within=0.01) > 0.5
        assert kept(drawn, near) and drawn.worth(near) >= 0.99 * choose(drawn).value


@pytest.mark.parametrize(
    ("asked", "kind", "places"),
    [
        ({"must": (0,), "never": (0,)}, "must_never", ((0,), -1, -1)),
        ({"must": (0,), "requires": ((0, 1), (1, 2)), "never": (2,)}, "must_never", ((2,), -1, -1)),
        ({"must": (0, 1), "excludes": ((1, 0, 2),)}, "must_excluded", ((0, 1), -1, -1)),
        ({"must": (0, 3)}, "must_over_budget", ((0, 3), 1, -1)),
        ({"at_least": (((0, 1), 1), ((1, 2), 3))}, "at_least", ((1, 2), -1, 1)),
        ({"at_least": (((0, 1), 2),), "excludes": ((0, 1),)}, "at_least", ((0, 1), -1, 0)),
        ({"at_least": (((0, 1), 1), ((3, 0), 2))}, "at_least_over_budget", ((3, 0), 1, 1)),
        ({"at_least": (((0,), 1), ((1,), 1), ((2,), 1))}, "at_least_over_budget", ((2,), 0, 2)),
    ],
)
def test_what_cannot_be_met_is_named(asked, kind, places):
    problem = Problem(value=[4, 3, 2, 1], uses=[[4, 4, 4, 0], [4, 0, 0, 4]], limits=[9, 6], **asked)
    with pytest.raises(Impossible) as told:
        choose(problem)
    assert told.value.kind == kind
    assert (told.value.options, told.value.budget, told.value.group) == places


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"uses": [[1, 2]]}, r"value is \(3,\) and limits are \(1,\), so uses cannot be \(1, 2\)"),
        ({"value": [1, math.nan, 2]}, "is missing"),
        ({"limits": [math.nan]}, "is missing"),
        ({"uses": [[1, -2, 3]]}, "negative"),
        ({"limits": [-1]}, "negative"),
        ({"overlaps": ((0, 1, -1),)}, "negative"),
        ({"must": (3,)}, "option 3 is none of the 3"),
        ({"requires": ((0, -1),)}, "option -1 is none of the 3"),
        ({"at_least": (((0, 9), 1),)}, "option 9 is none of the 3"),
    ],
)
def test_what_is_no_problem_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Problem(**{"value": [1, 2, 3], "uses": [[1, 2, 3]], "limits": [4], **wrong})


def test_draws_of_another_number_of_options_are_refused():
    with pytest.raises(ValueError, match="give a row of 2 values a draw"):
        stays(Problem(value=[1, 2]), [[1, 2, 3]])


def test_the_solver_writes_nothing(capfd):
    rng = np.random.default_rng(0)
    uses = np.round(rng.lognormal(9, 0.7, (4, 400)), -2)
    choose(Problem(rng.lognormal(9, 1, 400), uses, 0.03 * uses.sum(axis=1)))
    assert capfd.readouterr() == ("", "")
