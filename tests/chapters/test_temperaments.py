"""Each simulated service is known for something; its figures show it, and the figures of the stable service do not."""

from functools import cache

import pytest
from ruamel.yaml import YAML

from sipnb.chapters.notebooks import facts_of
from sipnb.methods import proportions
from sipnb.places import BASELINE

#: Services with a history long enough to be compared with.
GROWN = (
    "payments", "web-shop", "network", "identity", "email", "erp", "workplace", "service-desk", "hr-portal", "payroll",
)  # fmt: skip


@pytest.fixture(scope="module")
def truth(demo_exports):
    return YAML(typ="safe").load(demo_exports / "truth.yml")["services"]


@pytest.fixture(scope="module")
def facts(demo_context):
    """The facts of a service's baseline."""
    return cache(lambda service: facts_of(BASELINE, demo_context(service)))


@pytest.fixture(scope="module")
def total(demo_context):
    """Numerator and denominator of a measure, summed over the last cycles."""

    def summed(service: str, kpi: str, cycles: int) -> tuple[float, float]:
        last = demo_context(service).series(kpi).iloc[-cycles:]
        return float(last["numerator"].sum()), float(last["denominator"].sum())

    return summed


def claimed(facts, variation: str) -> set[str]:
    """The measures that are claimed to have changed that way, each looked at on its own."""
    return {k.kpi for k in facts.measures if k.claims and k.variation == variation}


def sure(facts, variation: str) -> set[str]:
    """The measures that have changed that way even when all are looked at together."""
    return {k.kpi for k in facts.measures if k.claims and k.sure and k.variation == variation}


def misses_for_certain(fact) -> bool:
    """Whether the whole interval lies on the wrong side of the target."""
    return fact.low > fact.target if fact.good == "down" else fact.high < fact.target


def test_every_temperament_of_the_truth_is_looked_at_here(truth):
    assert {service: one["temperament"] for service, one in truth.items()} == {
        "email": "stable and good",
        "payments": "slowly worsening",
        "payroll": "strongly seasonal",
        "archive": "tiny",
        "workplace": "tickets bounced between groups",
        "web-shop": "hurt by its own changes",
        "service-desk": "short of capacity",
        "hr-portal": "watermelon: green goals, unhappy users",
        "erp": "on hold stops the clock",
        "network": "outage-prone",
        "chat-assistant": "six weeks old",
        "identity": "improved by an action eight months ago",
    }


def test_nothing_at_all_is_claimed_to_have_changed_at_the_stable_service(facts):
    assert claimed(facts("email"), "concern") == claimed(facts("email"), "improvement") == set()
    assert not any(misses_for_certain(k) for k in facts("email").measures if k.target is not None and k.low is not None)


def test_green_goals_and_unhappy_users_are_seen_together(facts):
    def watermelon(found) -> bool:
        met, liked, reopened = map(found.measure, ("sla_attainment", "csat_top2", "reopen_rate"))
        return met.low > met.target and misses_for_certain(liked) and misses_for_certain(reopened)

    assert watermelon(facts("hr-portal")) and not watermelon(facts("email"))
    assert facts("hr-portal").measure("sla_attainment").assurance == "consistently meets"
    assert facts("hr-portal").measure("csat_top2").assurance == "consistently fails"
    assert facts("hr-portal").measure("reopen_rate").assurance == "consistently fails"


def test_a_clock_that_is_stopped_shows_in_the_gap_between_the_clocks(facts, truth):
    def stopped(found) -> bool:
        return found.measure("sla_gaming_gap").low > 0.2 and misses_for_certain(found.measure("on_hold_share"))

    assert stopped(facts("erp")) and not stopped(facts("email"))
    assert {"sla_gaming_gap", "on_hold_share", "restore_median"} <= sure(facts("erp"), "concern")
    by_clock = {k.clock: k.value for k in facts("erp").ways("sla_attainment") if k.cohort == "resolved in the cycle"}
    (grows,) = truth["erp"]["true_changes"]
    parked = truth["erp"]["met_net"][-1]["share"] - grows["business_to"]
    assert by_clock["net"] - by_clock["business"] == pytest.approx(parked, abs=0.06)
    calm = {k.clock: k.value for k in facts("email").ways("sla_attainment") if k.cohort == "resolved in the cycle"}
    assert calm["net"] - calm["business"] < 0.05


def test_tickets_bounced_between_groups_show_in_the_share_passed_on_twice(facts, truth):
    def bounced(found) -> bool:
        return misses_for_certain(found.measure("multi_hop_share"))

    assert bounced(facts("workplace")) and not bounced(facts("email"))
    seen = facts("workplace").measure("multi_hop_share")
    assert seen.low < truth["workplace"]["multi_hop_share"] < seen.high
    assert seen.assurance == "consistently fails"


def test_a_queue_that_grows_shows_in_the_backlog(facts):
    assert "backlog" in sure(facts("service-desk"), "concern")
    assert "backlog" not in claimed(facts("email"), "concern")
    seen = facts("service-desk").measure("backlog")
    assert seen.value > seen.target and seen.value > seen.upper_limit


def test_a_service_that_slowly_gets_worse_is_surely_worse(facts):
    assert {"sla_attainment", "restore_median"} <= sure(facts("payments"), "concern")
    assert misses_for_certain(facts("payments").measure("sla_attainment"))
    assert not {"sla_attainment", "restore_median"} & claimed(facts("email"), "concern")


def test_an_improvement_of_eight_months_ago_is_surely_better(facts):
    assert {"sla_attainment", "restore_median"} <= sure(facts("identity"), "improvement")
    assert claimed(facts("identity"), "concern") == set()
    assert not {"sla_attainment", "restore_median"} & claimed(facts("email"), "improvement")


def test_changes_that_hurt_show_in_the_share_that_failed(facts, total, truth):
    def failing(service: str) -> bool:
        failed, changes = total(service, "change_failure_rate", 30)
        return proportions.wilson(int(failed), int(changes)).low > facts(service).measure("change_failure_rate").target

    assert failing("web-shop")
    assert not any(failing(service) for service in GROWN if service != "web-shop")
    failed, changes = total("web-shop", "change_failure_rate", 30)
    # The repairs that follow failures are changes too, and they do not fail.
    seen, true = proportions.wilson(int(failed), int(changes)), truth["web-shop"]["change_failure_share"]
    assert seen.low < true < seen.high
    failed, changes = total("web-shop", "change_failure_rate", 12)
    assert failed / changes > facts("web-shop").measure("change_failure_rate").target


def test_an_outage_prone_service_has_outages_surely_more_often_than_any_other(facts, truth):
    apart = {service: facts(service).measure("mtbf") for service in GROWN}
    assert all(apart["network"].high < one.low for service, one in apart.items() if service != "network")
    fewest, most = truth["network"]["unplanned_outages_per_month"]
    assert 365 / 12 / most < apart["network"].value < 365 / 12 / fewest


def test_an_outage_prone_service_uses_up_more_than_its_error_budget_of_the_year(total):
    used = {service: lost / allowed for service in GROWN for lost, allowed in [total(service, "error_budget", 12)]}
    assert used["network"] > 2
    assert all(share < 1 for service, share in used.items() if service != "network")
    assert used["email"] == 0


def test_a_service_six_weeks_old_carries_no_claim(facts):
    found = facts("chat-assistant")
    assert not any(k.claims or k.sure for k in found.kpis)
    assert found.history_cycles == 1 and found.signals == 0
    assert all(k.unjudged for k in found.measures)
    assert found.measure("sla_attainment").value is not None, "the figures themselves stand"


def test_of_a_tiny_service_no_change_is_claimed(facts):
    found = facts("archive")
    assert claimed(found, "concern") == claimed(found, "improvement") == set()
    # A count and a sum of money have no cases to be too few; every share, time and rate has.
    assert {k.kpi for k in found.measures if k.claims} <= {"volume", "service_cost"}


def test_a_strong_season_is_there_and_is_not_taken_for_a_worsening(facts, demo_context, truth):
    def january_over_august(service: str) -> float:
        volume = demo_context(service).series("volume")["value"]
        month = volume.index.str[-2:]
        return volume[month == "01"].mean() / volume[month == "08"].mean()

    months = truth["payroll"]["season"]["months"]
    assert january_over_august("payroll") == pytest.approx(months[0] / months[7], rel=0.15)
    assert january_over_august("email") < 1.3
    assert claimed(facts("payroll"), "concern") == set()
    assert sure(facts("payroll"), "improvement") == set()
