"""The detectors find what was built into each service, and nothing where nothing was."""

import pytest
from ruamel.yaml import YAML

from sipnb import levers
from sipnb.catalogue import KPIS, LEVERS


def looked_at(plan):
    return levers.Look(plan.scope, plan.series)


@pytest.fixture(scope="module")
def truth(demo_exports):
    return YAML(typ="safe").load(demo_exports / "truth.yml")["services"]


def test_the_true_lever_of_every_service_is_found_and_no_other(demo_subject, demo_book, truth):
    found, true = {}, {}
    for service in demo_book.services:
        seen = levers.detect(looked_at(demo_subject(service)))
        found[service] = {e.lever.id for e in seen if e.found}
        true[service] = {truth[service]["lever"]} - {"none"}
    assert found == true


def test_every_evidence_carries_its_numbers(demo_subject):
    for service in ("workplace", "service-desk", "erp", "hr-portal", "network", "web-shop", "payments"):
        for evidence in levers.detect(looked_at(demo_subject(service))):
            assert evidence.finding, (service, evidence.lever.id)
            if evidence.found:
                assert evidence.sentences and evidence.numbers
                assert any(character.isdigit() for character in evidence.sentences[0])
                assert 0 < evidence.strength <= 1
                assert evidence.effect.kpi in KPIS
                assert evidence.effect.low <= evidence.effect.value <= evidence.effect.high


def test_every_lever_has_a_detector_and_moves_a_known_kpi():
    assert set(levers._DETECTORS) | {"process_drift"} == set(LEVERS)
    for lever in LEVERS.values():
        assert set(lever.moves) <= set(KPIS)
