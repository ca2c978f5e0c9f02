"""What a lever would do is what the simulation does when it leaves the cause out, and nothing where nothing can be compared."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import drivers
from sipnb import kpis, levers
from sipnb.drivers import explain, outcomes
from sipnb.levers import effects
from sipnb.levers.delivery import Delivery
from sipnb.methods.proportions import Estimate


def cause(service, kpi, seed=2):
    scope = drivers.scope(seed, service)
    found = explain.explain(kpi, scope).found[0]
    days = 730 if kpi == "change_failure_rate" else 184
    one = levers.Cause(
        kpi, found.driver.attribute, found.driver.value, found.known, days, found.driver.n,
        found.driver.share, found.driver.effect, found.hours,
    )  # fmt: skip
    return levers.Look(scope), one


@pytest.mark.parametrize(
    ("service", "kpi", "without"),
    [
        ("payments", "sla_attainment", "bank-interface-waits"),
        ("web-shop", "change_failure_rate", "normal-changes-fail"),
    ],
)
def test_an_effect_is_signed_as_the_measure_moves_and_holds_what_removing_the_cause_does(service, kpi, without):
    look, one = cause(service, kpi)
    effect = effects.on_kpi(one, look)
    other = drivers.scope(2, service, (without,))
    window = look.window(one.days)
    truth = kpis.measure(kpi, other.over([window])).value - kpis.measure(kpi, look.scope.over([window])).value
    better = 1 if look.scope.kpis[kpi].good == "up" else -1
    assert better * effect.value > 0 and effect.low <= truth <= effect.high


def test_an_item_whose_outages_stop_gives_what_the_simulation_gives():
    look = levers.Look(drivers.scope(2, "network"))
    one = levers.Cause("availability", "configuration_item", "network-gw-01", "outages", 365, 33, 0.9)
    effect, hours = effects.on_kpi(one, look), effects.on_hours(one, look, 0.25)
    other = levers.Look(drivers.scope(2, "network", ("gateway-fails",)))
    truth = other.measure("availability", 365).value - look.measure("availability", 365).value
    assert 0 < effect.low <= truth <= effect.high < 0.01
    assert hours.value == pytest.approx(effects.on_hours(one, look, 1.0).value / 4)
    assert effects.on_downtime(one, look).value == pytest.approx(effect.value * 365 * 24, rel=0.01)
    assert (
        effects.on_kpi(
            levers.Cause("outage_count", *("configuration_item", "network-gw-01", "outages"), 365, 33, 0.9), look
        )
        is None
    )


def test_like_cases_of_another_time_say_what_a_grown_queue_costs():
    look = levers.Look(drivers.scope(2, "service-desk"))
    found = effects.since("sla_attainment", look, 182, look.window(365, 182))
    assert found.effect.low > 0.1 and found.hours.low > 0
    stable = levers.Look(drivers.scope(2, "email"))
    none = effects.since("sla_attainment", stable, 182, stable.window(365, 182))
    assert none.effect.low < 0 < none.effect.high
    assert effects.since("availability", stable, 182, stable.window(365, 182)) is None


def test_a_median_without_a_driver_is_what_the_simulation_gives_without_its_cause():
    look = levers.Look(drivers.scope(2, "workplace"))
    one = levers.Cause("restore_median", "group", "Workplace Operations", "opening", 184, 1000, 0.5)
    found = effects.on_kpi(one, look)
    other = levers.Look(drivers.scope(2, "workplace", ("operations-bounces",)))
    truth = other.measure("restore_median", 184).value - look.measure("restore_median", 184).value
    assert truth < -1 and found.low <= truth <= found.high < 0
    assert found == effects.on_kpi(one, look), "the same every time"
    nobody = levers.Cause("restore_median", "group", "Nobody", "opening", 184, 0, 0.0)
    assert effects.on_kpi(nobody, look) is None


def test_late_tickets_less_are_what_the_simulation_has_less_without_the_cause():
    look, one = cause("payments", "sla_attainment")
    other = levers.Look(drivers.scope(2, "payments", ("bank-interface-waits",)))
    saved = effects.on_late_tickets(one, look)
    rows = [outcomes.of("sla_attainment", at.scope, at.window(184)) for at in (look, other)]
    truth = (rows[0].wrong.sum() - rows[1].wrong.sum()) * 365 / 184
    assert sum(saved.values()) == pytest.approx(truth, rel=0.2) and saved.keys() <= {1, 2, 3, 4, 5}
    assert effects.on_late_tickets(replace(one, kpi="restore_median"), look) == {}


def test_an_interval_of_another_level_is_as_wide_as_the_normal_says():
    found = effects.at_level(Estimate(10.0, 8.04, 11.96, 5), 0.90)
    assert (found.low, found.high) == pytest.approx((10 - 1.645, 10 + 1.645), abs=1e-3)


def test_how_often_actions_work_begins_at_what_is_published_and_follows_the_register():
    assert Delivery().share == pytest.approx(1 / 3)
    assert Delivery(0, 12).share < 0.12 < 0.75 < Delivery(30, 34).share
    drawn = Delivery(3, 6).draws((np.arange(4000) + 0.5) / 4000)
    assert drawn.mean() == pytest.approx(Delivery(3, 6).share, abs=1e-3) and ((drawn > 0) & (drawn < 1)).all()
    with pytest.raises(ValueError, match="cannot have worked"):
        Delivery(3, 2)
