"""Services without the driver are hardly ever advised, those with it are, and effects hold the truth: a small benchmark."""

import numpy as np
import pytest
from scipy import stats

from benchmarks import levers as simulated
from sipnb.catalogue import LEVERS

SERVICES = 20
BY_NAME = {one.name: one for one in simulated.SCENARIOS}


@pytest.mark.parametrize(
    "name",
    [
        "hand-overs at 0.06/h cost nothing", "cost nothing, final count only", "10 % fail, months differ by 4 points",
        "25 % failed until 9 months ago", "stable, season of 40 %", "demand grew by 30 %, nobody waits longer",
        "25 %, months differ by 3 points", "months differ by 2 and 1 points", "at the target, 8 a year", "a season of 30 %",
    ],
)  # fmt: skip
def test_what_nothing_drives_is_hardly_ever_proposed(name):
    found = simulated.simulate(BY_NAME[name], SERVICES)["found"]
    assert found.sum() <= stats.binom.ppf(0.99, SERVICES, simulated.LIMIT)


@pytest.mark.parametrize(
    "name",
    [
        "25 % fail", "8 % more than capacity for 9 months", "40 % on hold", "40 % on hold, told by events", "50 % satisfied",
        "11 % reopened", "four times the downtime, 30 a year", "1.7 times as long since 4 months",
    ],
)  # fmt: skip
def test_what_drives_a_service_is_found(name):
    assert simulated.simulate(BY_NAME[name], 6)["found"].sum() >= 5


def test_the_effect_of_hand_overs_is_found_and_its_interval_holds_the_truth():
    scenario = BY_NAME["two early ones double the rest"]
    rows = simulated.simulate(scenario, SERVICES)
    assert rows["found"].all()
    assert rows["held"].sum() >= stats.binom.ppf(0.01, SERVICES, 0.95)
    spread = rows["effect"].std() / SERVICES**0.5
    assert abs(rows["effect"].mean() - scenario.truth()) < 3 * spread


def test_a_scenario_without_its_driver_is_a_driver_of_nothing():
    """The benchmark itself can fail: without a landmark's comparison every service would be advised."""
    tables = BY_NAME["hand-overs at 0.06/h cost nothing"].draw(np.random.default_rng(1))
    tickets = tables["tickets"].dropna(subset=["resolved"])
    many = tickets["reassigned"] >= 2
    assert tickets.loc[~many, "sla_met"].mean() - tickets.loc[many, "sla_met"].mean() > 0.2
    assert many.mean() > LEVERS["one_owning_group"].limit("multi_hop_share")
