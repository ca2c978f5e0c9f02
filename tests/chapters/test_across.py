"""All services together: objectives, the order of gaps under other weights, hours as sums, small services, equal mix."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmarks import equal_mix as equal_mixes
from benchmarks import portfolio as estates
from sipnb.catalogue import KPIS
from sipnb.chapters import results
from sipnb.chapters.facts import (
    GapFact,
    GapFacts,
    LostFact,
    LostPartFact,
    ObjectiveFact,
    RankedFact,
    SuccessFact,
)
from sipnb.chapters.gap_analysis import mix
from sipnb.chapters.portfolio import alignment, equal_mix, hours, order, small
from sipnb.kpis import attainment
from sipnb.methods import standardisation
from sipnb.params import Objective
from sipnb.places import ALL_SERVICES, BASELINE, GAP_ANALYSIS, PORTFOLIO
from tests.kpis.hands import CYCLE, scope

NAMES = {"a": "Alpha", "b": "Beta", "c": "Gamma"}
WORK = Objective(id="work", title="People can work", weight=3, owner="COO", kpis=["sla_attainment", "restore_median"],
                 success={"kpi": "sla_attainment", "from": 0.8, "to": 0.9, "by": "2027-03-31"})  # fmt: skip
BUY = Objective(id="buy", title="Customers can buy", weight=2, kpis=["availability"])
COST = Objective(id="cost", title="Cost stays low", weight=1, kpis=["cost_per_ticket"])


def gap(kpi: str, status: str = "fails") -> GapFact:
    known = KPIS[kpi]
    return GapFact(
        kpi=kpi, title=known.title, unit=known.unit, good=known.good, value=0.7, low=0.6, high=0.8, n=100, target=0.9, gap=0.2,
        status=status, assurance="unsettled", variation="common", objectives=[], weight=3,
    )  # fmt: skip


def ranked(kpi: str, hours: float | None, weight: float = 3, certainty: float = 1.0) -> RankedFact:
    return RankedFact(
        kpi=kpi, title=KPIS[kpi].title, status="fails", weight=weight, hours=hours, certainty=certainty,
        score=weight * (hours or 0) * certainty,
    )  # fmt: skip


def objective(one: Objective, status: str, value: float | None = None, actions=()) -> ObjectiveFact:
    goal = one.success
    success = goal and SuccessFact(kpi=goal.kpi, title="", unit="share", start=goal.start, to=goal.to, by=goal.by.isoformat(),
                                   value=value, done=None)  # fmt: skip
    return ObjectiveFact(id=one.id, title=one.title, weight=one.weight, kpis=one.kpis, status=status, success=success,
                         actions=list(actions))  # fmt: skip


def made(gaps=(), objectives=(), ranked=(), lost=None, loose=(), mix=(), measure=None) -> SimpleNamespace:
    """What the chapters of one service handed over, as far as is asked for here."""
    facts = GapFacts(
        gaps=list(gaps), objectives=list(objectives), targets_without_objective=[], objectives_without_target=[], meets=0,
        fails=0, inconclusive=0, ranked=list(ranked), lost=lost, actions_without_objective=list(loose), mix=list(mix),
    )  # fmt: skip
    baseline = SimpleNamespace(about=SimpleNamespace(name="Alpha"), measures=[measure], measure=lambda kpi: measure)
    return SimpleNamespace(gaps=facts, baseline=baseline)


# ---- objectives


@pytest.fixture
def three() -> dict[str, SimpleNamespace]:
    return {
        "a": made([gap("sla_attainment"), gap("restore_median")], [objective(WORK, "fails", 0.7, ["rota"])],
                  [ranked("sla_attainment", 100), ranked("restore_median", 140)]),
        "b": made([gap("sla_attainment", "meets"), gap("reopen_rate")], [objective(WORK, "meets", 0.95)],
                  [ranked("reopen_rate", 30)], loose=["Buy a robot"]),
        "c": made([gap("sla_attainment"), gap("availability", "inconclusive")],
                  [objective(WORK, "fails"), objective(BUY, "inconclusive")], [ranked("sla_attainment", 50)]),
    }  # fmt: skip


def test_an_objective_holds_what_every_service_says_and_counts_no_hour_twice(three):
    work, buy, cost = alignment.objectives([WORK, BUY, COST], KPIS, three)
    assert (work.there, work.missing, work.meeting, work.told, work.reaching) == (3, 2, 1, 2, 1)
    assert work.hours == 140 + 50, "attainment and time to restore speak of the same late tickets"
    assert work.actions == 1 and work.unserved == ["c"]
    assert work.services[0].missed == [KPIS["sla_attainment"].title, KPIS["restore_median"].title]
    assert (buy.there, buy.open, buy.hours) == (1, 1, None) and cost.there == 0


def test_what_hangs_in_the_air_is_named_once_over_all_services(three):
    found = alignment.orphans([WORK, BUY, COST], KPIS, three)
    assert found.unseen == ["Cost stays low"] and found.unserved == []
    assert [(one.title, one.services) for one in found.targets] == [(KPIS["reopen_rate"].title, ["b"])]
    assert [(one.title, one.services) for one in found.actions] == [("Buy a robot", ["b"])]
    told = alignment.said(found, alignment.objectives([WORK, BUY, COST], KPIS, three), NAMES).text
    assert "Missed without an open action there: “People can work” (Gamma)." in told and "buy a robot (Beta)" in told
    three["a"].gaps.objectives[0].actions.clear()
    assert alignment.orphans([WORK], KPIS, three).unserved == ["People can work"]


def test_the_matrix_has_those_first_that_miss_most_and_a_page_without_objectives_says_so(three):
    aligned = alignment.objectives([WORK, BUY, COST], KPIS, three)
    frame = alignment.matrix(aligned)
    assert list(frame.index) == ["c", "a", "b"] and frame.loc["c"].tolist() == ["fails", "inconclusive", "no target"]
    shown = alignment.shown(aligned, NAMES, {s: f"{s}.html" for s in NAMES}, "EUR")
    assert "1 of 3 objectives is certainly missed by at least one service" in shown.text and "190 beyond" in shown.text
    assert '<a href="a.html">Alpha</a>' in shown.markup and ">Beta<" not in shown.markup, "Beta misses nothing"
    nothing = alignment.shown([], NAMES, {}, "EUR")
    assert (
        "No objectives are stated" in nothing.text
        and alignment.said(alignment.orphans([], KPIS, three), [], NAMES).text == ""
    )


# ---- the order under other weights


def test_where_every_gap_has_one_objective_no_weight_changes_the_order():
    chapters = {f"s{i}": made(ranked=[ranked("sla_attainment", 10.0 * (i + 1))]) for i in range(20)}
    found = order.order([WORK, BUY], chapters)
    assert found.gaps == 20 and found.moves == 0
    assert [one.first for one in found.places] == [1.0] * 3 + [0.0] * 7 and [one.further for one in found.places] == [
        1.0
    ] * 10
    assert "are nearly always the same" in order.sentence(found)


def test_a_place_that_depends_on_weights_is_held_as_often_as_the_weights_say():
    rest = {f"s{i}": made(ranked=[ranked("sla_attainment", 1e6 / (i + 1))]) for i in range(2)}
    third = made(ranked=[ranked("sla_attainment", 100), ranked("availability", 150, weight=2)])
    found = order.order([WORK, BUY], rest | {"c": third})
    by = {(one.service, one.kpi): one for one in found.places}
    one, other = by["c", "sla_attainment"], by["c", "availability"]
    # Both score 300 at the weights as stated: with either weight drawn alike each is third in half of the draws.
    assert one.first + other.first == pytest.approx(1) and abs(one.first - 0.5) < 3 * (0.25 / 2000) ** 0.5
    assert found.moves == 2 and one.moves and other.moves and not by["s0", "sla_attainment"].moves
    assert order.order([WORK, BUY], rest | {"c": third}) == found, "the same draws every time"
    assert (
        "The places of 2 of them"
        in order.shown(found, NAMES | {"s0": "S", "s1": "T"}, {"c": "", "s0": "", "s1": ""}).text
    )


def test_gaps_without_hours_come_last_and_without_gaps_there_is_no_order():
    chapters = {
        "a": made(
            ranked=[ranked("cost_per_ticket", None, 5), ranked("availability", 0.0), ranked("sla_attainment", 0.1)]
        )
    }
    found = order.order([WORK, BUY, COST], chapters)
    assert [one.kpi for one in found.places] == ["sla_attainment", "availability", "cost_per_ticket"]
    assert order.order([WORK], {"a": made()}) is None and "No service misses" in order.shown(None, {}, {}).text
    assert order.order([], chapters).moves == 0


# ---- hours


def lost(late: float | None, down: float, money: float | None = None, tickets: int = 100) -> LostFact:
    known = {"late": late, "down": down}
    total = sum(v for v in known.values() if v is not None)
    return LostFact(hours=total, low=None, high=None, previous=None, tickets=tickets, days=184, money=money, money_low=money,
                    money_high=money, parts=[LostPartFact(part=p, hours=h) for p, h in known.items()])  # fmt: skip


def test_hours_are_sums_by_service_and_part_and_who_cannot_tell_is_named():
    chapters = {"a": made(lost=lost(10, 5)), "b": made(lost=lost(None, 85, 900.0, 300)), "c": made()}
    found = hours.lost(chapters)
    assert found.hours == 100 and found.parts == {"late": 10, "down": 90} and found.untold == ["c"]
    assert [(s.service, s.share, s.of_tickets) for s in found.services] == [("b", 0.85, 0.75), ("a", 0.15, 0.25)]
    assert (found.money, found.rated, found.most, found.most_share) == (900, 1, 1, 0.85)
    shown = hours.shown(found, NAMES, "October 2026", "month", "EUR")
    assert "Beta holds 85 % of the hours lost" in shown.text and "Not told by Gamma." in shown.text
    assert "worth € 900 in 1 service" in shown.text.replace(".00", "")
    assert hours.lost({"c": made()}) is None and "cannot be told" in hours.shown(None, {}, "", "month", "EUR").text
    nothing = hours.shown(
        hours.lost({"a": made(lost=lost(0, 0)), "b": made(lost=lost(0, 0))}), NAMES, "", "month", "EUR"
    )
    assert "<figure" not in nothing.markup


def test_the_others_are_one_row_and_the_rows_add_up():
    found = hours.lost({f"s{i}": made(lost=lost(i, 2 * i)) for i in range(30)})
    frame = hours.table(found, {f"s{i}": f"S{i}" for i in range(30)}, most=8)
    assert len(frame) == 9 and frame["service"].iloc[-1] == "22 other services"
    assert frame["hours"].sum() == pytest.approx(found.hours) and frame["share"].sum() == pytest.approx(1)
    assert frame["late"].sum() == pytest.approx(found.parts["late"])


# ---- equal mix


def test_simpson_the_order_flips_when_mixes_are_equal():
    # Ten services with the hard tickets are better at both kinds than ten with the easy ones, and look worse.
    hard = {f"hard{i}": {"incident P1": (900, 270), "request P4": (100, 1)} for i in range(10)}
    easy = {f"easy{i}": {"incident P1": (100, 40), "request P4": (900, 45)} for i in range(10)}
    found = equal_mix.compared(equal_mixes.mixed(hard | easy)).fact
    by = {one.service: one for one in found.services}
    assert all(by[h].crude < by[e].crude and by[h].value > by[e].value for h in hard for e in easy)
    assert set(found.flips) == set(hard | easy)
    names = {one: one for one in by}
    assert "20 services change sides of the common share" in equal_mix.sentence(found, names)
    direct = standardisation.standardised(*zip(*[
        (stratum, service, n - k, n) for service, strata in (hard | easy).items() for stratum, (n, k) in strata.items()
    ], strict=True)).groups  # fmt: skip
    assert direct.loc["hard0", "value"] > direct.loc["easy0", "value"], "as the direct standardisation has it"


def test_equals_with_different_mixes_are_not_named_and_a_worse_one_is():
    equals = [equal_mixes.mixed(equal_mixes.simulated(seed, 100)) for seed in range(20)]
    named = sum(equal_mix.compared(one).fact.funnel.outside_adjusted for one in equals)
    assert named <= 12, f"{named} of 2,000 equal services named; 99.8 % limits allow 4"
    crude_tau, tau = [], []
    for seed in range(10):
        found = equal_mix.compared(equal_mixes.mixed(equal_mixes.simulated(seed, 60)))
        tau.append(found.fact.funnel.tau2)
        frame = (
            equal_mix.counts(equal_mixes.mixed(equal_mixes.simulated(seed, 60)))
            .groupby("service")[["n", "wrong"]]
            .sum()
        )
        crude_tau.append(equal_mix.funnels.funnel(frame["n"] - frame["wrong"], frame["n"]).tau2)
    assert np.mean(tau) < 0.1 * np.mean(crude_tau), "the scatter that mixes make is gone"
    worse = [
        equal_mix.compared(equal_mixes.mixed(equal_mixes.simulated(seed, 60, worse=0.15))) for seed in range(100, 120)
    ]
    big = [one for one in worse if one.fact.services[0].n >= 300]
    assert (
        len(big) >= 10
        and np.mean(["s0" in one.fact.apart_equal or one.fact.services[0].side == -1 for one in big]) >= 0.9
    )


def test_too_few_services_or_tickets_make_no_comparison():
    few = equal_mixes.mixed({f"s{i}": {"incident P1": (50, 5)} for i in range(9)})
    assert equal_mix.compared(few) is None
    assert "Fewer than 10 services" in equal_mix.shown(None, {}, "", "", 10).text
    tiny = equal_mixes.mixed({f"s{i}": {"incident P1": (50 if i else 9, 5)} for i in range(10)})
    assert equal_mix.compared(tiny) is None, "a service with 9 tickets is none to compare"
    one = equal_mixes.mixed({f"s{i}": {"incident P1": (50, 5)} for i in range(10)})
    assert equal_mix.compared(one).fact.flips == [] and "No service changes sides" in equal_mix.sentence(
        equal_mix.compared(one).fact, {}
    )


# ---- few cases


def shares(counts: dict[str, tuple[int, int]], target: float | None = 0.9) -> tuple[SimpleNamespace, dict]:
    def fact(k: int, n: int) -> SimpleNamespace:
        return SimpleNamespace(kpi="sla_attainment", title="Resolved in time", refused=[], numerator=k, denominator=n, low=None,
                               high=None, target=target)  # fmt: skip

    facts = {s: SimpleNamespace(measures=[fact(k, n)]) for s, (k, n) in counts.items()}
    return SimpleNamespace(kpis=KPIS), facts


def test_small_services_are_drawn_and_nearer_to_the_truth_than_as_counted():
    draw = np.random.default_rng(7)
    raw, drawn, inside, told = [], [], [], 0
    for _ in range(30):
        truth = draw.beta(40, 10, 30)
        n = np.where(np.arange(30) < 15, draw.integers(5, 60, 30), draw.integers(300, 3000, 30))
        k = draw.binomial(n, truth)
        found = small.pooled(*shares({f"s{i}": (int(a), int(b)) for i, (a, b) in enumerate(zip(k, n, strict=True))}))
        told += len(found[0].drawn)
        for one in found[0].drawn:
            at = truth[int(one.service[1:])]
            raw.append((one.value - at) ** 2)
            drawn.append((one.drawn - at) ** 2)
            inside.append(one.drawn_low <= at <= one.drawn_high)
    assert told == 30 * 15 and np.mean(drawn) < 0.6 * np.mean(raw)
    assert 0.92 <= np.mean(inside) <= 0.99


def test_only_shares_with_a_target_of_services_enough_are_drawn():
    counts = {f"s{i}": (8, 10) for i in range(5)}
    book, facts = shares(counts)
    found = small.pooled(book, facts)
    assert (
        len(found) == 1
        and found[0].weighs is None
        and "no more than by chance" in small.shown(found, {s: s for s in counts}, 5).text
    )
    assert small.pooled(*shares({s: counts[s] for s in list(counts)[:4]})) == []
    assert small.pooled(*shares(counts, target=None)) == [] and "No share with a target" in small.shown([], {}, 5).text
    assert small.pooled(*shares({f"s{i}": (800, 1000) for i in range(5)})) == []


# ---- the whole


def test_a_made_portfolio_adds_up(tmp_path):
    made = estates.write_estate(tmp_path, 12)
    facts = estates.make(made)
    gaps = {p.service: results.read(made.folder, p.service, GAP_ANALYSIS) for p in facts.plans}
    _adds_up(facts, gaps)
    assert facts.equal_mix is not None and facts.order.gaps == sum(len(g.ranked) for g in gaps.values())
    for one in facts.equal_mix.services:
        base = results.read(made.folder, one.service, BASELINE).measure("sla_attainment")
        assert one.n == base.denominator and one.crude == pytest.approx(base.numerator / base.denominator)


def test_the_demo_adds_up_across_services(demo_published):
    facts = results.read(demo_published, ALL_SERVICES, PORTFOLIO)
    gaps = {
        p.service: results.read(demo_published, p.service, GAP_ANALYSIS) for p in facts.plans if p.status == "published"
    }
    _adds_up(facts, gaps)


def _adds_up(facts, gaps: dict[str, GapFacts]) -> None:
    told = {service: one.lost for service, one in gaps.items() if one.lost}
    assert facts.lost.hours == pytest.approx(sum(one.hours for one in told.values()))
    assert facts.lost.money == pytest.approx(sum(one.money for one in told.values() if one.money is not None))
    for part, total in facts.lost.parts.items():
        assert total == pytest.approx(
            sum(p.hours for one in told.values() for p in one.parts if p.part == part and p.hours)
        )
    assert sum(facts.lost.parts.values()) == pytest.approx(facts.lost.hours)
    for one in facts.objectives:
        mine = [o for g in gaps.values() for o in g.objectives if o.id == one.id]
        assert one.missing == sum(o.status == "fails" for o in mine) and one.actions == sum(
            len(o.actions) for o in mine
        )
    assert facts.order.places == sorted(facts.order.places, key=lambda p: p.place)


def test_the_mix_of_a_cycle_is_what_its_attainment_counts():
    draw = np.random.default_rng(3)
    n, first = 400, CYCLE.history(2)[0].opens
    opened = first + pd.to_timedelta(draw.uniform(0, 55 * 86400, n).round(), unit="s")
    rows = pd.DataFrame({"ticket": np.arange(n).astype(str), "service": "s", "kind": draw.choice(["incident", "request"], n),
                         "opened": opened, "resolved": opened + pd.to_timedelta(draw.choice([5, 30], n), unit="h"),
                         "sla_due": opened + pd.Timedelta(days=1), "priority": draw.integers(1, 5, n)})  # fmt: skip
    of = scope(2, tickets=rows)
    found, last = mix.strata(of), attainment.sla_attainment(of).iloc[-1]
    assert sum(one.n for one in found) == last["n"] > 100 and len(found) == 8
    assert 1 - sum(one.wrong for one in found) / last["n"] == pytest.approx(last["value"])
    assert mix.strata(scope(2, tickets=rows.iloc[:0])) == []
