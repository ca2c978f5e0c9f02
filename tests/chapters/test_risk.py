"""What outages may cost in the coming year: by those there were, against the target, and what is chosen leaves less of it."""

from dataclasses import replace

import pytest

from sipnb import places
from sipnb.chapters.facts import OptionChoice, ServiceChoice
from sipnb.chapters.plan import actions, risk
from sipnb.chapters.plan.evidence import Evidence


@pytest.fixture
def told(demo_context):
    """The evidence of a service, of whose options these are chosen."""

    def of(service, *chosen):
        context = demo_context(service)
        found = Evidence(context, *(context.earlier(chapter) for chapter in places.EVIDENCE))
        options = [
            OptionChoice(id=one.id, chosen=one.id in chosen, sure="mostly", why_not="" if one.id in chosen else "no")
            for one in found.options
        ]
        return replace(found, choice=ServiceChoice(limited=True, unit="money", months=24, options=options))

    return of


def test_the_gateway_that_is_chosen_leaves_less_of_the_risk_as_often_as_actions_work(told):
    evidence = told("network", "resilience-network-gw-01")
    listed = actions.actions(evidence)
    found = risk.coming_year(evidence, listed)
    (number,) = found.acting
    assert number == next(one.number for one in listed if one.id == "resilience-network-gw-01")
    # What is allowed is what the target leaves of the agreed time of a year that was watched.
    assert found.allowed == pytest.approx((1 - 0.999) * 365 * 24, rel=0.02)
    assert found.n >= 40 and found.low < found.p90 < found.high and found.over > 0.9
    works = next(one.works for one in evidence.options if one.id == "resilience-network-gw-01")
    assert (1 - works) * found.over <= found.left_over < found.over and found.left_p90 < found.p90
    for point in found.curve:
        assert 0 <= point.low <= point.exceeded <= point.high <= 1 and point.left <= point.exceeded
    assert [p.exceeded for p in found.curve] == sorted((p.exceeded for p in found.curve), reverse=True)
    said = " ".join(risk.sentences(found, evidence))
    assert f"With {number} it is" in said and "counting how often actions work" in said
    assert found == risk.coming_year(evidence, listed), "the same every time"


def test_what_is_not_chosen_changes_nothing(told):
    evidence = told("network")
    found = risk.coming_year(evidence, actions.actions(evidence))
    assert found.acting == [] and found.left_over is None and all(point.left is None for point in found.curve)
    assert risk.sentences(found, evidence)[-1] == "Nothing that is chosen changes this as far as is known."


def test_few_outages_or_none_have_no_curve(told):
    for service in ("archive", "email"):
        assert risk.coming_year(told(service), []) is None
    assert risk.shown(None, told("archive")).markup == ""


def test_more_years_hold_more_outages_and_a_watched_time_no_longer_than_there_was(told):
    evidence = told("network")
    one, two, nine = (risk.coming_year(evidence, [], years=years) for years in (1, 2, 9))
    assert (
        one.n < two.n <= nine.n and one.years == pytest.approx(1, abs=0.02) and two.years == pytest.approx(2, abs=0.05)
    )
    assert nine.years < 9
    assert one.observed * one.years == pytest.approx(sum_of_year(evidence), rel=1e-6)


def sum_of_year(evidence):
    from sipnb.drivers import hours

    window = evidence.context.cycle.last_days(365)
    return float(hours.outages(evidence.context.over([window]))["down"].sum())
