"""A service that never changes, drawn anew with six seeds: its plans claim no more than chance may."""

import pytest
from scipy import stats

from benchmarks import stable

#: Few, as each takes seconds; `make simulate` draws it more often.
SEEDS = range(1, 7)


@pytest.fixture(scope="module")
def measures():
    """The measures of the stable service by seed."""
    return stable.simulate("email", SEEDS).measures


def test_hardly_any_plan_of_a_stable_service_claims_a_worsening(measures):
    worse = stable.false_claims(measures)["worse, and sure"]
    assert worse.n == len(SEEDS)
    assert round(worse.value * worse.n) <= stats.binom.ppf(0.99, worse.n, stable.LIMIT)


def test_the_charts_of_a_stable_service_show_no_more_signals_than_they_announce(measures):
    by_seed = measures.groupby("seed")[["signals", "expected"]].sum()
    more = by_seed["signals"] - by_seed["expected"]
    assert more.mean() <= 2 * more.std() / len(more) ** 0.5
    assert by_seed["signals"].min() > 0, "chance alone makes some points stand out"


def test_p_values_of_a_stable_service_are_no_smaller_than_chance_makes_them(measures):
    tested = measures[measures["p"].notna()]
    assert len(tested) >= 20 * len(SEEDS)
    for level in (0.05, 0.01):
        small = (tested["p"] <= level).groupby(tested["seed"]).mean()
        assert small.mean() <= level + 2 * small.std() / len(small) ** 0.5, level


def test_every_plan_of_a_service_that_gets_worse_says_so():
    found = stable.simulate("payments", [1, 2], verdicts=1)
    worse = stable.false_claims(found.measures)["worse, and sure"]
    assert worse.value == 1
    assert found.verdicts["worse"].tolist() == [True]
    assert "sla_attainment" in stable.by_measure(found.measures).query("worse == 2").index
