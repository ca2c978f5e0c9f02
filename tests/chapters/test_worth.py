"""What an option is worth follows from its ranges, the same every time, and only where money is told."""

import numpy as np
import pytest

from sipnb.chapters.facts import OptionFact, SavesFact
from sipnb.chapters.recommendations import option_words, worth
from sipnb.cycles import parse
from sipnb.levers.delivery import Delivery
from sipnb.params import Value

CYCLE, RULES = parse("2026-10", "UTC"), worth.Rules(months=24, rate=0.08, draws=4000)
RATE = Value(user_hour=(4.0, 4.0, 4.0))


def option(**more):
    given = {
        "rank": 1, "id": "supplier-x", "lever": "supplier", "title": "T", "action": "A", "kind": "supplier", "moves": ["M"],
        "finding": "F", "why": "W", "evidence": [], "numbers": {}, "effect": None, "cost": 1000.0, "effort_days": 5.0, "weeks": 8,
        "costs": [1000.0, 1000.0, 1000.0], "effort": {"service team": [5.0, 5.0, 5.0]}, "takes": [13.0, 13.0, 13.0],
        "saves": SavesFact(hours=1200.0, low=1000.0, high=1400.0), "works": 1 / 3,
    }  # fmt: skip
    return OptionFact(**given | more)


def drawn(one=None, value=RATE, service="s", delivery=Delivery()):  # noqa: B008 - frozen
    return worth.drawn(one or option(), service, "2026-10", value, delivery, RULES)


def test_the_mean_is_benefit_times_how_often_actions_work_less_the_cost():
    told = worth.worth(drawn(), CYCLE, 184, RULES)
    begun = 13 * 7 / (365.25 / 12)
    months = sum(min(max(m - begun, 0), 1) / 1.08 ** (m / 12) for m in range(1, 25))
    assert told.mean == pytest.approx(400 * months / 3 - 1000, abs=90)
    assert told.monthly == pytest.approx(400, abs=3) and told.delay == pytest.approx(
        400 / 3 * 31 / (365.25 / 12), abs=5
    )
    assert (
        told.loss == pytest.approx(2 / 3, abs=0.02) and told.low == pytest.approx(-1000) and told.high > 3 * told.mean
    )


def test_the_same_option_is_drawn_the_same_and_another_one_otherwise():
    one, again, other = drawn(), drawn(), drawn(service="t")
    assert (one.works == again.works).all() and (one.monthly == again.monthly).all()
    assert (one.works != other.works).any() and (one.monthly != other.monthly).any()
    # How often actions work is the same for all: an organisation that delivers badly does so everywhere.
    assert (one.likely == other.likely).all()
    assert one.expected(RULES).mean() == pytest.approx(worth.worth(one, CYCLE, 184, RULES).mean, abs=90)


@pytest.mark.parametrize(
    ("one", "value"),
    [
        (option(), Value()),  # no rate
        (option(saves=None), RATE),  # nothing known to be saved
        (option(costs=None), RATE),  # no cost, and no rate of a day
        (option(saves=SavesFact(hours=0.0, tickets=90.0)), RATE),  # tickets without a rate of their work
    ],
)
def test_nothing_is_said_in_money_without_rate_cost_or_saving(one, value):
    assert drawn(one, value) is None and worth.worth(None, CYCLE, 184, RULES) is None


def test_days_of_work_cost_by_their_role_or_the_rate_of_all():
    by_role = Value(user_hour=(4.0, 4.0, 4.0), day={"service team": (100.0, 100.0, 100.0)})
    assert drawn(option(), by_role).spent == pytest.approx(np.full(4000, 1500.0))
    assert drawn(option(costs=None), Value(user_hour=(4.0, 4.0, 4.0), day=(50.0, 50.0, 50.0))).spent == pytest.approx(
        np.full(4000, 250.0)
    )
    assert drawn(option(costs=None), Value(user_hour=(4.0, 4.0, 4.0), day={"developers": (50.0, 50.0, 50.0)})) is None


def test_downtime_is_paid_by_its_own_rate_where_there_is_one():
    outages = option(saves=SavesFact(hours=9000.0, low=8000.0, high=10000.0, down=10.0))
    both = drawn(outages, Value(user_hour=(4.0, 4.0, 4.0), downtime_hour=(600.0, 600.0, 600.0)))
    assert both.monthly.mean() == pytest.approx(10 * 600 / 12, rel=0.01)
    assert drawn(outages).monthly.mean() == pytest.approx(9000 * 4 / 12, rel=0.01)


def test_seeing_more_is_worth_something_only_where_it_could_change_the_decision():
    near = option(saves=SavesFact(hours=1200.0, low=-2000.0, high=4400.0), costs=[2700.0] * 3)
    clear = option(saves=SavesFact(hours=1200.0, low=1190.0, high=1210.0), costs=[100.0] * 3)
    assert worth.worth(drawn(near), CYCLE, 184, RULES).measuring > 50
    assert worth.worth(drawn(clear), CYCLE, 184, RULES).measuring < 0.01
    assert worth.worth(drawn(near), CYCLE, 0, RULES).measuring == 0.0


def test_what_is_said_of_it_has_its_range_and_no_false_digits():
    told = worth.worth(drawn(), CYCLE, 184, RULES)
    said = option_words.worth(told, "EUR")
    assert (
        said.startswith("€ 1,")
        and "on average over 24 months" in said
        and "nine in ten lie between −€ 1,000 and" in said
    )
    assert option_words.saved(option().saves) == "about 1,200 hours of users a year (1,000–1,400)"
    assert option_words.cost([6000, 14000, 30000], "EUR") == "€ 14,000 once (€ 6,000–30,000)"
    assert option_words.effort({"service team": [3, 8, 15], "developers": [0, 0, 0]}) == "8 days of the service team"
    assert option_words.shows([8, 12, 24]) == "after 8 to 24 weeks"
    assert option_words.works(option(), (0, 0)).startswith(
        "about one in three such actions work (no action has a verdict"
    )
    assert (
        option_words.works(option(works=0.6), (7, 10))
        == "about three in five such actions work (of 10 actions with a verdict 7 worked)"
    )


def test_late_tickets_less_are_worth_what_one_costs_by_priority():
    one = option(saves=SavesFact(hours=1200.0, low=1000.0, high=1400.0, late={1: 10.0, 3: 50.0}))
    alone, both = drawn(one), drawn(one, Value(user_hour=(4.0,) * 3, late_ticket={1: (300.0,) * 3}))
    assert alone.monthly.mean() == pytest.approx(400, abs=3)
    assert both.monthly.mean() == pytest.approx(400 + 10 * 300 / 12, abs=5)  # of priority 3 none is told
    paid = drawn(one, Value(late_ticket={1: (300.0,) * 3, 3: (12.0,) * 3}))
    assert paid.monthly.mean() == pytest.approx((10 * 300 + 50 * 12) / 12, abs=5)
    # What scatters is the effect, of which hours and late tickets are two sides.
    assert np.corrcoef(paid.monthly, alone.monthly)[0, 1] > 0.99
