"""The baseline of services of which hardly anything is known: every cell says something, and nothing is claimed."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from sipnb import places
from sipnb.chapters import results
from sipnb.chapters.baseline import background, charts
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.notebooks import facts_of
from sipnb.places import BASELINE, PLAN, CycleFolder
from sipnb.records import prepare
from sipnb.records.frozen import Records
from tests.conftest import left_by
from tests.records.test_prepare import organisation

NOTEBOOK = json.loads((places.NOTEBOOKS / "2_baseline.ipynb").read_text(encoding="utf-8"))
CELLS = [
    "".join(cell["source"])
    for cell in NOTEBOOK["cells"]
    if cell["cell_type"] == "code" and not {"parameters", "setup", "method"} & set(cell["metadata"].get("tags", []))
]
ONE = ["T1,pay,incident,2026-09-03 10:00,2026-09-03 12:00,3"]


def opened(folder, rows, service="pay", extra="", header=None):
    options = {} if header is None else {"header": header}
    book = organisation(folder / "o", rows, extra=extra, **options)
    cycle = book.cycle("2026-09")
    prepare.freeze(book, cycle, folder / "records")
    return ServiceContext(book, book.service(service), cycle, CycleFolder(folder), Records(folder / "records", service))


def shown(plan):
    """The texts of every cell of the notebook, with the facts it rests on."""
    left = vars(left_by(BASELINE, plan))
    return left["facts"], [repr(eval(cell.strip(), left)) for cell in CELLS]


@pytest.mark.parametrize(
    ("rows", "service"),
    [(ONE, "shop"), (ONE, "pay"), (["T1,pay,request,2026-09-30 10:00,,"], "pay"), (ONE * 3, "pay")],
    ids=["no ticket at all", "one ticket", "one request, still open", "the same ticket thrice"],
)
def test_every_cell_says_something_and_nothing_is_claimed(tmp_path, rows, service):
    plan = opened(tmp_path, rows, service)
    facts, texts = shown(plan)
    assert not any(k.claims for k in facts.measures) and facts.signals == 0
    everything = "\n".join(texts)
    assert "nan" not in everything.lower().replace("finance", "").replace("maintenan", "") and "None" not in everything
    assert "No measure has 13 points of history yet" in everything
    results.write(CycleFolder(tmp_path), service, "2026-09", facts)


def test_a_service_with_no_tickets_gets_an_honest_plan(tmp_path):
    plan = opened(tmp_path, ONE, "shop")
    found = facts_of(PLAN, plan).verdict
    assert found.sentence == "There are no records of Web shop in September 2026: nothing can be said."
    assert found.tone == "common" and found.decisions == []


def test_six_weeks_of_history_give_trial_limits_by_week_and_no_claim(tmp_path):
    days = pd.date_range("2026-08-20", "2026-09-30")  # born on a Thursday: five whole weeks
    rows = [
        f"T{d:%m%d}{i},pay,incident,{d:%Y-%m-%d} {8 + i}:{i:02d},{d:%Y-%m-%d} {10 + i}:{d.day:02d},3"
        for d in days
        for i in range(6 + d.day_of_year * d.day % 5)
    ]
    plan = opened(tmp_path, rows)
    volume = facts_of(BASELINE, plan).measure("volume")
    weeks = charts.charted(plan, plan.kpis["volume"], plan.series("volume")).chart.points
    facts, _ = shown(plan)
    assert volume.grain == "week" and volume.trial and not volume.claims
    # The range of weeks stands on the chart of weeks, and never beside a month's figure.
    assert weeks["low"].notna().all() and volume.lower_limit is None and volume.mean is None
    assert volume.unjudged == "too few weeks to judge (5)"
    assert not any(k.claims for k in facts.measures)


def test_a_long_name_and_hostile_text_stay_text(tmp_path):
    plan = opened(tmp_path, ONE)
    evil = replace(plan.service, name="<script>alert(1)</script> " + "x" * 120, owner='"><img src=x>')
    facts, _ = shown(replace(plan, service=evil))
    markup = background.head(facts.about, facts.objectives).markup
    assert "<script>" not in markup and "<img" not in markup and "&lt;script&gt;" in markup
