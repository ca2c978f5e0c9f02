"""The simulations of `benchmarks/coverage.py`, small: what is promised is kept, and nothing is named where nothing is."""

import pytest

from benchmarks import coverage


@pytest.mark.slow
def test_hardly_any_of_equal_services_and_categories_is_named():
    lines = coverage.simulated("services", 20) + [
        line for line in coverage.simulated("categories", 60) if line.what.startswith("a false top")
    ]
    assert [line for line in lines if not line.kept] == []


@pytest.mark.slow
def test_the_latest_cycle_is_as_good_as_the_tickets_opened_in_it():
    """Of tickets without a due time the open ones count as missed once they are older than what met its target."""
    lines = coverage.simulated("opened", 60)
    assert len(lines) == 8 and [line for line in lines if not line.kept] == []


def test_a_tail_is_shown_by_age_and_never_because_it_is_short():
    lines = coverage.simulated("tails", 80)
    assert [line for line in lines if not line.kept] == []
    shown = [line.note for line in lines if line.note]
    assert shown[0] == "shown in 100%" and shown[1:] == ["shown in 0%"] * 3
