"""The detectors find what was built into each service, and nothing where nothing was."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from sipnb import levers, places
from sipnb import workbook as workbooks
from sipnb.catalogue import KPIS, LEVERS
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.recommendations.lever_words import seen_when, told
from sipnb.places import CycleFolder
from sipnb.records import prepare
from sipnb.records.frozen import Records


def looked_at(plan):
    return levers.Look(plan.scope)


@pytest.fixture(scope="module")
def truth(demo_exports):
    return YAML(typ="safe").load(demo_exports / "truth.yml")["services"]


def test_the_true_lever_of_every_service_is_found_and_no_other(demo_context, demo_book, truth):
    found, true = {}, {}
    for service in demo_book.services:
        seen = levers.detect(looked_at(demo_context(service)))
        found[service] = {e.lever.id for e in seen if e.found}
        true[service] = {truth[service]["lever"]} - {"none"}
    # The outages of the network are of one law: that some of them last long is no other lever.
    assert found == true


def test_records_that_have_fallen_silent_propose_nothing(demo_exports, tmp_path):
    """Of changes, outages and answers that end in February nothing is said in October, least of all "in the last months"."""
    data = shutil.copytree(demo_exports, tmp_path / "data")
    # Those of nine more services are nobody's here, and take longest to freeze.
    for table in ("tickets", "ticket_events"):
        asked = [("service", "in", ["web-shop", "network", "hr-portal"])]
        pd.read_parquet(data / f"{table}.parquet", filters=asked).to_parquet(data / f"{table}.parquet", index=False)
    for table, at in (("changes", "started"), ("outages", "started"), ("surveys", "answered")):
        rows = pd.read_parquet(data / f"{table}.parquet")
        rows[pd.to_datetime(rows[at], utc=True) < "2026-03-01"].to_parquet(data / f"{table}.parquet", index=False)
    book = workbooks.load(places.PARAMS / "demo", data=data, reports=tmp_path)
    cycle, folder = book.cycle("2026-10"), CycleFolder(tmp_path)
    prepare.freeze(book, cycle, folder.records)

    def seen(service, lever):
        plan = ServiceContext(book, book.service(service), cycle, folder, Records(folder.records, service))
        return next(e for e in levers.detect(looked_at(plan)) if e.lever.id == lever)

    for evidence in (seen("web-shop", "change_control"), seen("network", "resilience")):
        assert not evidence.found and "carry no claim" in told(evidence).finding
    # Tickets that come back speak for themselves; answers that nobody exported do not.
    assert "reopened" in (numbers := seen("hr-portal", "knowledge_and_quality").numbers) and "answers" not in numbers


def test_every_evidence_carries_its_numbers(demo_context):
    for service in ("workplace", "service-desk", "erp", "hr-portal", "network", "web-shop", "payments"):
        for evidence in levers.detect(looked_at(demo_context(service))):
            said = told(evidence)
            assert said.finding, (service, evidence.lever.id)
            if evidence.found:
                assert said.sentences and evidence.numbers
                assert any(character.isdigit() for character in said.sentences[0])
                assert evidence.times > 1 and said.against and any(c.isdigit() for c in said.against)
                assert np.isfinite(evidence.limit)
                effect = evidence.effect
                assert effect.kpi in KPIS
                if effect.basis == "effect":
                    assert effect.low <= effect.value <= effect.high
                else:
                    assert effect.low is None and effect.high is None and effect.reference and effect.goal is not None
                    assert effect.value > 0


def test_an_effect_is_estimated_only_where_like_tickets_are_compared(demo_context):
    found = next(e for e in levers.detect(looked_at(demo_context("workplace"))) if e.found)
    assert (found.lever.id, found.effect.basis, found.effect.kpi) == ("one_owning_group", "effect", "sla_attainment")
    assert 0.05 < found.effect.low < found.effect.high < 0.2


def test_no_distance_goes_beyond_what_can_be(demo_context):
    """A backlog of so many cannot fall by more than that."""
    found = next(e for e in levers.detect(looked_at(demo_context("service-desk"))) if e.found)
    assert found.effect.value < found.numbers["open"]


@pytest.mark.parametrize(
    ("basis", "bounds"), [("distance", (0.1, 0.2)), ("effect", (None, None)), ("effect", (0.1, None))]
)
def test_a_distance_with_an_interval_and_an_effect_without_one_are_refused(basis, bounds):
    with pytest.raises(ValueError, match="an effect has an interval, and a distance has none"):
        levers.Effect("backlog", basis, 0.15, *bounds)


def test_every_lever_acts_on_drivers_or_has_a_detector_and_moves_a_known_kpi():
    assert set(levers._DETECTORS) <= set(LEVERS) and len(LEVERS) >= 16
    for lever in LEVERS.values():
        assert lever.acts_on or lever.id in levers._DETECTORS
        assert lever.mechanism and lever.risks and lever.steps and lever.effort and lever.weeks
        assert all(0 < low <= likely <= high for low, likely, high in (*lever.effort.values(), lever.weeks))
        assert set(lever.moves) <= set(KPIS) and set(lever.limits) & set(KPIS) <= set(lever.moves)


def test_every_limit_of_the_catalogue_is_allowed_by_its_own_rules():
    for lever in LEVERS.values():
        assert lever.objections({name: limit.value for name, limit in lever.limits.items()}) == {}
        assert all(limit.within in {"", *lever.limits} for limit in lever.limits.values())
        assert lever.limited({}) == lever


def with_limits(plan, lever, **limits):
    found = levers.Look(plan.scope, LEVERS | {lever: LEVERS[lever].limited(limits)})
    return levers.look_for(lever, found)


@pytest.mark.parametrize(
    ("service", "lever", "limits", "outcome"),
    [
        ("workplace", "one_owning_group", {"first_hours": 2000}, "cost unknown"),
        ("workplace", "one_owning_group", {"fewest_tickets": 10_000}, "too few"),
        ("workplace", "one_owning_group", {"fewest_passed": 10_000}, "cost unknown"),
        ("web-shop", "change_control", {"fewest_changes": 1000}, "too few"),
        ("web-shop", "change_control", {"later_days": 30, "latest_days": 28}, None),
        ("service-desk", "capacity", {"minor_backlog": 5000}, "few open"),
        ("service-desk", "capacity", {"past_days": 3000}, "short history"),
        ("hr-portal", "knowledge_and_quality", {"fewest_answers": 5000, "fewest_tickets": 9000}, "neither"),
        ("network", "resilience", {"fewest_outages": 200}, "no repetition"),
        ("payments", "process_drift", {"fewest_of_month": 5000}, "short history"),
        ("payments", "process_drift", {"fewest_tickets": 5000}, "too few"),
        ("erp", "stop_the_clock_rules", {"fewest_tickets": 9000}, "too few"),
    ],
)
def test_every_limit_decides(demo_context, service, lever, limits, outcome):
    """What is proposed by the catalogue is not by a limit that the service does not reach."""
    plan = demo_context(service)
    assert with_limits(plan, lever).found
    found = with_limits(plan, lever, **limits)
    if outcome is not None:
        assert found.outcome == outcome and (not found.found or found.agreed)
    assert {name: found.lever.limit(name) for name in limits} == limits and told(found).finding


def test_a_limit_holds_where_no_target_is_agreed_and_is_named_in_the_finding(demo_context):
    plan = demo_context("workplace")
    scope = replace(plan.scope, targets={})
    share = levers.look_for("one_owning_group", levers.Look(scope)).numbers["share"]
    assert share > 0.12
    lax = LEVERS["one_owning_group"].limited({"multi_hop_share": 0.9})
    found = levers.look_for("one_owning_group", levers.Look(scope, LEVERS | {lax.id: lax}))
    assert (found.found, found.outcome, found.limit, found.agreed) == (False, "within", 0.9, False)
    assert told(found).finding.endswith("clearly within 90.0 %")


def test_when_a_lever_is_proposed_is_said_with_the_limits_that_hold():
    assert seen_when(LEVERS["resilience"]).startswith("six or more unplanned outages in a year, and")
    changed = LEVERS["resilience"].limited({"fewest_outages": 15, "days": 400})
    assert seen_when(changed).startswith("15 or more unplanned outages in 400 days, and")
    assert seen_when(LEVERS["capacity"].limited({"weeks": 1})).startswith("for one week more tickets have been open")
    for lever in LEVERS.values():
        assert "{" not in seen_when(lever)
