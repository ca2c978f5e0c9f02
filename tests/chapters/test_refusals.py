"""Records that cannot carry a claim do not get one: where an extract ends, no fall in demand is seen and none forecast."""

import pandas as pd
import pytest

from sipnb.chapters.context import ServiceContext
from sipnb.chapters.notebooks import facts_of
from sipnb.places import BASELINE, FORECAST, CycleFolder
from sipnb.records import prepare
from sipnb.records.frozen import Records
from tests.records.test_prepare import organisation


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    days = pd.date_range("2025-04-01", "2026-07-31", freq="D")
    rows = [
        f"T{d:%m%d%y}{i},pay,incident,{d:%Y-%m-%d} {8 + i:02d}:00,{d:%Y-%m-%d} {9 + i:02d}:30,3"
        for d in days
        for i in range(4 + d.day_of_year * d.month % 5)
    ]
    rows += [f"E{day},pay,incident,2026-08-{day:02d} 10:00,2026-08-{day:02d} 11:00,3" for day in (3, 12, 30)]
    return organisation(tmp_path_factory.mktemp("edge") / "o", rows)


def opened(book, cycle, folder):
    prepare.freeze(book, book.cycle(cycle), folder / "records")
    return ServiceContext(
        book, book.service("pay"), book.cycle(cycle), CycleFolder(folder), Records(folder / "records", "pay")
    )


def test_after_the_edge_of_an_extract_no_change_of_volume_is_claimed_or_forecast(book, tmp_path):
    look = opened(book, "2026-08", tmp_path)
    facts = {k.kpi: k for k in facts_of(BASELINE, look).measures}
    for kpi in ("volume", "backlog"):
        assert (facts[kpi].claims, facts[kpi].unjudged) == (False, "not judged (thin edge)")
        assert facts[kpi].lower_limit is None or pd.isna(facts[kpi].lower_limit)
    assert facts["volume"].value == 3, "the figure itself stands"
    assert facts_of(FORECAST, look).left_out["Tickets opened"] == "not judged (thin edge)"
    assert any("edge" in warning for warning in look.records.warnings)


def test_before_the_edge_it_is(book, tmp_path):
    look = opened(book, "2026-07", tmp_path)
    facts = {k.kpi: k for k in facts_of(BASELINE, look).measures}
    assert facts["volume"].unjudged == "" and look.refused("volume") == ""
    assert "Tickets opened" not in facts_of(FORECAST, look).left_out
