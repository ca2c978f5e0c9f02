"""The same service gets the same first option by month, by quarter and by week, and a driver of its own keeps its name."""

import pytest

from benchmarks import options as simulated
from sipnb.chapters import notebooks
from sipnb.places import GAP_ANALYSIS, RECOMMENDATIONS

pytestmark = pytest.mark.slow

#: They end within four days of each other: no quarter of the simulated years ends with a week.
CYCLES = ("2026-09", "2026-Q3", "2026-W40")


def test_the_first_option_is_the_same_whatever_a_cycle_is(tmp_path):
    found = []
    for cycle in CYCLES:
        one = simulated.context(tmp_path / cycle, 1, "workplace", cycle)
        one.earlier(GAP_ANALYSIS)
        found.append(notebooks.facts_of(RECOMMENDATIONS, one).options[0])
    assert [option.id for option in found] == ["one_owning_group-workplace-operations"] * 3
    for option in found:
        assert option.effects[0].value == pytest.approx(found[0].effects[0].value, rel=0.1)
        assert option.saves.hours == pytest.approx(found[0].saves.hours, rel=0.1)
