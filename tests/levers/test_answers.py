"""Each driver is answered by the lever that wants most of what it is, and by none where nothing fits."""

from dataclasses import replace

import pytest

from sipnb.catalogue import LEVERS, ActsOn
from sipnb.levers import Cause
from sipnb.levers.answers import answers


def cause(attribute, value, kpi="sla_attainment", known="opening", step="", through=(), share=0.4):
    return Cause(kpi, attribute, value, known, 184, 100, share, step=step, through=tuple(through))


@pytest.mark.parametrize(
    ("driver", "lever"),
    [
        (cause("category", "bank interface", step="wait: supplier", through=["held=supplier"]), "supplier"),
        (cause("held", "supplier", known="landmark"), "supplier"),
        (cause("held", "user", known="landmark"), "stop_the_clock_rules"),
        (cause("category", "cards", step="wait: user"), "stop_the_clock_rules"),
        (cause("group", "Operations", step="work", through=["passed_on=twice"]), "one_owning_group"),
        (cause("group", "Operations", kpi="multi_hop_share"), "one_owning_group"),
        (cause("passed_on", "twice", known="landmark"), "one_owning_group"),
        (cause("group", "Operations", step="queue"), "group_bottleneck"),
        (cause("hour", "night", step="queue"), "cover"),
        (cause("weekday", "Sunday"), "cover"),
        (cause("configuration_item", "gw-01", kpi="availability", known="outages"), "resilience"),
        (cause("cause", "power", kpi="availability", known="outages"), "resilience"),
        (cause("configuration_item", "gw-01"), "weak_item"),
        (cause("kind", "normal", kpi="change_failure_rate"), "change_control"),
        (cause("after_change", "normal"), "change_control"),
        (cause("resolver", "machine", kpi="repeat_contact_rate", known="handling"), "deflection"),
        (cause("resolver", "machine", kpi="csat_top2", known="handling"), "deflection"),
        (cause("category", "cards", kpi="reopen_rate"), "knowledge_and_quality"),
        (cause("late", "late", kpi="csat_top2", known="handling"), "satisfaction"),
        (cause("category", "cards", step="work"), "problem_management"),
        (cause("untouched", "untouched", known="landmark"), "triage"),
        (cause("channel", "portal"), "triage"),
        (cause("category", "cards", kpi="first_contact_rate"), "first_contact"),
    ],
)
def test_every_kind_of_driver_has_its_lever(driver, lever):
    (found,) = answers([driver], LEVERS)
    assert found.lever.id == lever and found.driver == driver.driver
    assert lever not in [one.id for one in found.instead]


def test_a_driver_that_no_lever_knows_is_answered_by_none():
    assert answers([cause("colour", "red")], LEVERS) == []


def test_one_driver_of_several_measures_is_one_answer_the_larger_share_first():
    both = [
        cause("group", "Ops", through=["passed_on=twice"], share=0.3),
        cause("group", "Ops", "multi_hop_share", share=0.8),
    ]
    (found,) = answers(both, LEVERS)
    assert [one.kpi for one in found.causes] == ["multi_hop_share", "sla_attainment"]


def test_a_lever_of_ones_own_is_asked_as_those_of_the_catalogue_are():
    own = replace(LEVERS["triage"], id="forms", acts_on=(ActsOn(attribute=("channel",), value=("portal",)),))
    (found,) = answers([cause("channel", "portal")], LEVERS | {"forms": own})
    assert found.lever.id == "forms" and [one.id for one in found.instead] == ["triage"]
    (found,) = answers([cause("channel", "phone")], LEVERS | {"forms": own})
    assert found.lever.id == "triage"
