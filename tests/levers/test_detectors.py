"""The detectors find what was built into each service, and nothing where nothing was."""

import shutil

import pandas as pd
import pytest
from ruamel.yaml import YAML

from sipnb import levers, places
from sipnb import workbook as workbooks
from sipnb.catalogue import KPIS, LEVERS
from sipnb.chapters import context
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
    assert found == true


def test_records_that_have_fallen_silent_propose_nothing(demo_exports, tmp_path):
    """Of changes, outages and answers that end in February nothing is said in October, least of all "in the last months"."""
    data = shutil.copytree(demo_exports, tmp_path / "data")
    for table, at in (("changes", "started"), ("outages", "started"), ("surveys", "answered")):
        rows = pd.read_parquet(data / f"{table}.parquet")
        rows[pd.to_datetime(rows[at], utc=True) < "2026-03-01"].to_parquet(data / f"{table}.parquet", index=False)
    book = workbooks.load(places.PARAMS / "demo", data=data, reports=tmp_path)
    cycle, folder = book.cycle("2026-10"), CycleFolder(tmp_path)
    prepare.freeze(book, cycle, folder.records)

    def seen(service, lever):
        plan = context.ServiceContext(book, book.service(service), cycle, folder, Records(folder.records, service))
        return next(e for e in levers.detect(looked_at(plan)) if e.lever.id == lever)

    for evidence in (seen("web-shop", "change_control"), seen("network", "resilience")):
        assert not evidence.found and "carry no claim" in evidence.finding
    # Tickets that come back speak for themselves; answers that nobody exported do not.
    assert "reopened" in (numbers := seen("hr-portal", "knowledge_and_quality").numbers) and "answers" not in numbers


def test_every_evidence_carries_its_numbers(demo_context):
    for service in ("workplace", "service-desk", "erp", "hr-portal", "network", "web-shop", "payments"):
        for evidence in levers.detect(looked_at(demo_context(service))):
            assert evidence.finding, (service, evidence.lever.id)
            if evidence.found:
                assert evidence.sentences and evidence.numbers
                assert any(character.isdigit() for character in evidence.sentences[0])
                assert evidence.times > 1 and evidence.against and any(c.isdigit() for c in evidence.against)
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


def test_every_lever_has_a_detector_and_moves_a_known_kpi():
    assert set(levers._DETECTORS) == set(LEVERS)
    for lever in LEVERS.values():
        assert set(lever.moves) <= set(KPIS) and set(lever.limits) <= set(lever.moves)
