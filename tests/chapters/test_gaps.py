"""The gap analysis: hours and money, reasons in words, objectives, and the order of gaps."""

from dataclasses import replace

import pytest

from sipnb.chapters.facts import DriverFact, GapFact, LostFact, LostPartFact, WhyFact
from sipnb.chapters.gap_analysis import alignment, causes_in_words, lost, ranking, readings, why
from sipnb.chapters.notebooks import facts_of
from sipnb.params import Objective, Value


@pytest.fixture(scope="module")
def gaps_of(demo_context):
    """What the gap analysis of a service hands over."""
    return lambda service: facts_of("3_gap_analysis", demo_context(service))


def gap(kpi, value, target, low=None, high=None, good="up", status="fails", weight=1.0, unit="share"):
    away = target - value if good == "up" else value - target
    return GapFact(
        kpi=kpi, title=kpi, unit=unit, good=good, value=value, low=low, high=high, n=100, target=target, gap=away, status=status,
        assurance="hit and miss", variation="common", objectives=[], weight=weight,
    )  # fmt: skip


def hours(**parts):
    found = [
        LostPartFact(part=p, hours=parts.get(p.replace(" ", "_"))) for p in ("late", "reopened", "passed on", "down")
    ]
    return LostFact(hours=sum(p.hours or 0 for p in found), low=None, high=None, parts=found, previous=None)


def with_value(context, **rates):
    settings = context.workbook.settings.model_copy(update={"value": Value(**rates)})
    return replace(context, workbook=replace(context.workbook, settings=settings))


def test_the_planted_cause_stands_first_in_the_plan_of_its_service(gaps_of):
    for service, kpi, driver in (
        ("payments", "sla_attainment", "category=bank interface"), ("workplace", "sla_attainment", "group=Workplace Operations"),
        ("chat-assistant", "repeat_contact_rate", "resolver=machine"), ("web-shop", "change_failure_rate", "kind=normal"),
    ):  # fmt: skip
        found = {one.kpi: one for one in gaps_of(service).why}
        assert found[kpi].drivers[0].id == f"{kpi}:{driver}", service


def test_the_stable_service_is_explained_by_nothing_and_has_no_order_of_gaps(gaps_of):
    found = gaps_of("email")
    assert not any(one.drivers for one in found.why) and not any(one.status == "fails" for one in found.ranked)


def test_hours_beyond_a_target_are_those_that_it_does_not_allow():
    late = hours(late=300.0)
    assert lost.beyond(gap("sla_attainment", 0.70, 0.85), late) == pytest.approx(300 * 0.15 / 0.30)
    assert lost.beyond(gap("multi_hop_share", 0.2, 0.1, good="down"), hours(passed_on=50.0)) == pytest.approx(25.0)
    assert lost.beyond(gap("restore_median", 12, 10, good="down", unit="hours"), late) == 300.0
    assert lost.beyond(gap("csat_top2", 0.6, 0.7), late) is None, "no hours are behind what people think"
    assert lost.beyond(gap("sla_attainment", 0.9, 0.85), late) is None


def test_money_counts_an_hour_of_downtime_once(demo_context):
    plain = demo_context("network")
    last = lost.by_cycle(plain).iloc[-1]
    waited = float(last[["late", "reopened", "passed on"]].sum())
    assert lost.worth(with_value(plain), last) is None, "without a rate nothing is said in money"
    users = lost.worth(with_value(plain, user_hour=10), last)
    assert users == pytest.approx((10 * float(last["hours"]),) * 3)
    both = lost.worth(with_value(plain, user_hour=[5, 10, 20], downtime_hour=1000), last)
    assert both[0] < both[1] < both[2] and both[2] - both[1] == pytest.approx(10 * waited)
    affected = lost.worth(with_value(plain, downtime_hour=1000), last)
    assert affected[1] == pytest.approx(
        1000 * float(last["down"]) / float(plain.scope.records.usage["users"].iloc[-1]), rel=0.01
    )


def test_a_few_tickets_hold_most_of_the_hours(gaps_of):
    found = gaps_of("payments").lost
    assert found.of_hours == 0.8 and 0.01 < found.of_tickets < 0.2
    assert found.hours == pytest.approx(sum(p.hours or 0 for p in found.parts))
    assert found.low < found.hours < found.high and found.money_low < found.money < found.money_high


def test_gaps_are_ranked_by_weight_hours_and_certainty_and_those_without_hours_come_last(demo_context):
    found = ranking.ranked(
        demo_context("email"),
        [
            gap("csat_top2", 0.6, 0.7, 0.5, 0.69, weight=9.0), gap("sla_attainment", 0.70, 0.85, 0.65, 0.75, weight=1.0),
            gap("reopen_rate", 0.2, 0.1, 0.11, 0.3, good="down", weight=3.0), gap("availability", 0.99, 0.98),
        ],
        hours(late=100.0, reopened=60.0), [],
    )  # fmt: skip
    assert [one.kpi for one in found] == ["reopen_rate", "sla_attainment", "csat_top2"]
    assert found[0].score == pytest.approx(3.0 * 30.0 * found[0].certainty) and found[2].hours is None
    assert all(one.top == 1.0 for one in found), "of three all are among the first three"


def test_how_often_a_gap_stays_in_front_depends_on_weights_that_are_close(demo_context):
    kpis = ("sla_attainment", "reopen_rate", "availability", "multi_hop_share")
    context = demo_context("email")
    objectives = tuple(Objective(id=f"o{n}", title="t", weight=1.0, kpis=[k]) for n, k in enumerate(kpis))
    context = replace(context, workbook=replace(context.workbook, objectives=objectives))
    missed = [
        gap(k, 0.5, 0.6, 0.45, 0.55)
        if k in ("sla_attainment", "availability")
        else gap(k, 0.5, 0.4, 0.45, 0.55, good="down")
        for k in kpis
    ]
    behind = hours(late=1000.0, reopened=1000.0, down=1000.0, passed_on=20.0)
    found = ranking.ranked(context, missed, behind, [])
    tops = {one.kpi: one.top for one in found}
    assert tops["multi_hop_share"] < 0.05 and all(tops[k] > 0.95 for k in kpis[:3])
    assert found == ranking.ranked(context, missed, behind, []), "the same draws every time"


@pytest.mark.parametrize(("low", "high", "sure"), [(0.4, 0.6, 0.84), (0.49, 0.51, 1.0), (None, None, 0.5)])
def test_how_certain_a_gap_is_follows_from_its_interval(low, high, sure):
    one = gap("sla_attainment", 0.5, 0.55, low, high, status="inconclusive")
    assert ranking.certain(one) == pytest.approx(sure, abs=0.01)


def test_a_target_beyond_the_process_says_by_how_much(demo_context, gaps_of):
    found = gaps_of("workplace").readings
    out = [one for one in found if one.reach is not None]
    assert out and all(one.reach > 0 for one in out)
    assert "out of reach: the level has to move by" in readings.shown(found, "EUR").text


def test_objectives_know_their_way_and_who_serves_them(demo_context, gaps_of):
    found = {o.id: o for o in gaps_of("payments").objectives}
    goal = found["people-can-work"].success
    assert goal.kpi == "sla_attainment" and goal.to == 0.9 and 0.0 <= goal.done <= 1.0
    assert found["people-can-work"].actions and found["cost-under-control"].owner is None


def test_what_hangs_in_the_air_is_listed(demo_context, gaps_of):
    context, facts = demo_context("email"), gaps_of("email")
    nothing = alignment.orphans(context, [], [])
    assert nothing["targets"] and not nothing["objectives"]
    assert "no objective asks for" in alignment.said(nothing).text
    mine = alignment.orphans(context, facts.objectives, [])
    assert mine["targets"] == [] and "The cost of support stays under control" in mine["objectives"]


def driver(**changes):
    fields = {
        "id": "sla_attainment:category=x", "attribute": "category", "value": "x", "known": "opening", "n": 100, "of_rows": 0.2,
        "bad": 40, "rate": 0.4, "others": 0.1, "crude": 0.1, "share": 0.5, "hours": 1234.0,
    }  # fmt: skip
    return DriverFact(**(fields | changes))


def test_a_cause_is_said_with_its_rate_that_of_like_tickets_and_its_hours():
    one = driver(step="wait: supplier", extra=9.2, through=["held=supplier"])
    told = causes_in_words.sentence(
        WhyFact(kpi="sla_attainment", title="Resolved in time", days=184, n=500, wrong=80), one
    )
    assert told == (
        "**Resolved in time:** 40 % of tickets of category “x” miss their target, of like tickets 10 %. They are 20 % of all "
        "tickets and account for 50 % of all that miss their target: 1,200 hours lost by users in 184 days. They wait longer for "
        "a supplier, by 9.2 h each. Most tickets that soon wait for a supplier are among them."
    )


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"attribute": "hour", "value": "night"}, "tickets opened at night"),
        ({"attribute": "hour", "value": "evening"}, "tickets opened in the evening"),
        ({"attribute": "weekday", "value": "Monday"}, "tickets opened on Mondays"),
        ({"attribute": "held", "value": "any"}, "tickets soon put on hold"),
        ({"attribute": "kind", "value": "normal"}, "normal changes"),
        ({"attribute": "resolver", "value": "machine"}, "tickets a machine resolved"),
        ({"attribute": "configuration_item", "value": "gw", "known": "outages"}, "outages of item “gw”"),
        ({"attribute": "after_change", "value": "", "known": "outages"}, "outages within a day of a change"),
    ],
)
def test_every_driver_has_words(changes, named):
    assert causes_in_words.named(driver(**changes)) == named


def test_why_nothing_is_named_is_said():
    known = {"kpi": "sla_attainment", "title": "t", "days": 184, "n": 9, "wrong": 3, "looked": 4}
    told = {r: causes_in_words.none(WhyFact(**known, reason=r)) for r in ("too few", "no row decides it", "")}
    assert (
        told["too few"].startswith("too few went wrong in 184 days (3)")
        and "none can be blamed" in told["no row decides it"]
    )
    assert told[""] == "of 4 things known of 9 tickets none is clearly behind those that miss their target."


def test_only_targets_whose_figure_misses_them_are_explained(gaps_of, demo_context):
    facts, plan = gaps_of("payments"), demo_context("payments")
    explained, lately = [w.kpi for w in facts.why], why.over(plan, [g.kpi for g in facts.gaps], 91)
    assert explained == why.missed(facts.gaps, plan)
    assert all(next(g for g in facts.gaps if g.kpi == kpi).gap > 0 or lately[kpi] > 0 for kpi in explained)
    met = [g for g in facts.gaps if g.kpi not in explained and g.value is not None]
    assert met and all(g.gap <= 0 and lately[g.kpi] <= 0 for g in met)


def test_the_plan_says_why_of_what_it_calls_missed_and_of_nothing_else(demo_context):
    said = {
        service: facts_of("6_plan", demo_context(service)).verdict.points
        for service in ("network", "chat-assistant", "payments")
    }
    why = {service: [one.text for one in points if one.lead == "Why."] for service, points in said.items()}
    assert why["network"][0].startswith("Outages of item “network-gw-01” are the most frequent: ")
    assert why["payments"][0].startswith("45.7 % of tickets of category “bank interface” miss their target")
    assert why["chat-assistant"] == [], "nothing is certainly missed after one whole month"
