"""An organisation of which only another tool's monthly figures are known: 274 providers, each with its scorecard."""

import pytest

from sipnb import places, workbook
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.notebooks import facts_of
from sipnb.chapters.portfolio import funnels
from sipnb.methods.funnels import funnel
from sipnb.places import BASELINE, CycleFolder
from sipnb.records import prepare
from sipnb.records.frozen import Records
from tests.conftest import public_data


@pytest.fixture(scope="module")
def providers(once, tmp_path_factory):
    data = public_data("nhs_ae")
    book = workbook.load(places.PARAMS / "nhs_ae", data=data, reports=tmp_path_factory.mktemp("reports"))
    cycle = book.cycle("2018-10")
    folder = CycleFolder(once("nhs_ae", lambda folder: prepare.freeze(book, cycle, folder / "records")))
    subjects = {
        s: ServiceContext(book, book.service(s), cycle, folder, Records(folder.records, s)) for s in book.services
    }
    return book, {service: facts_of(BASELINE, one) for service, one in subjects.items()}


def test_every_provider_gets_a_scorecard_or_says_that_nothing_is_known(providers):
    _, measured = providers
    assert len(measured) == 274
    scored = [facts for facts in measured.values() if facts.measure("within_four_hours") is not None]
    assert len(scored) == 274, "each has figures somewhere in its history"
    now = [k for facts in scored if (k := facts.measure("within_four_hours")).n]
    assert len(now) > 200
    for k in now:
        assert k.target == 0.95 and k.low <= k.value <= k.high and k.numerator <= k.denominator == k.n
    for facts in measured.values():
        assert "Time to restore, median" in facts.without_data and facts.flow is None and facts.restore is None


def test_of_134_major_departments_nearly_all_differ_by_more_than_chance_and_none_by_more_than_departments_do(providers):
    book, measured = providers
    found = {one.fact.kpi: one for one in funnels.funnels(book, measured)}
    fact, points = found["within_four_hours_type_1"].fact, found["within_four_hours_type_1"].funnel.points
    assert fact.centre == pytest.approx(0.831167, abs=5e-7)
    assert (fact.services, (points["outside_95"] != 0).sum()) == (134, 124), "as published"
    assert (fact.outside, fact.outside_adjusted) == (116, 0) and not fact.worse and not fact.better
    # The sixteen that are published lie outside 95 % of a scatter that leaves out the tails it is measured by.
    plain = funnel(points["numerator"], points["denominator"], rescaled=False).points
    assert (plain["outside_95_adjusted"] != 0).sum() == 16


def test_what_moved_is_judged_over_all_providers_together(providers):
    _, measured = providers
    tested, signals = funnels.signals(measured)
    assert len(tested) > 200
    assert len(signals) <= (tested < 0.05).sum()
    assert all(s.adjusted <= 0.05 for s in signals)
