"""The gap analysis of organisations that record little: it says what it can and what it cannot, and claims nothing."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import pandas as pd
import pytest

from sipnb import places, workbook
from sipnb.chapters import notebooks
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import WhyFact
from sipnb.chapters.gap_analysis import causes_in_words, outage_parts
from sipnb.places import GAP_ANALYSIS, PLAN, CycleFolder
from sipnb.records import prepare
from sipnb.records.frozen import Records


def opened(folder, tables, targets=None, **settings) -> ServiceContext:
    """A service `pay` of an organisation that has these tables and nothing else."""
    book = folder / "poor"
    book.mkdir()
    for name, frame in tables.items():
        frame.to_csv(book / f"{name}.csv", index=False)
    files = {
        "workbook.yml": {
            "organisation": "Poor", "zone": "Europe/Berlin",
            "sources": [{"name": name, "files": f"{name}.csv"} for name in tables], **settings,
        },
        "services.yml": {"services": {"pay": {"name": "Payments", "owner": "Lead"}}},
    } | ({"targets.yml": {"organisation": targets}} if targets else {})  # fmt: skip
    for name, content in files.items():
        # JSON is YAML.
        (book / name).write_text(json.dumps(content), encoding="utf-8")
    known = workbook.load(book, reports=folder / "reports")
    cycle = known.cycle("2026-09")
    prepare.freeze(known, cycle, folder / "records")
    return ServiceContext(known, known.service("pay"), cycle, CycleFolder(folder), Records(folder / "records", "pay"))


def read(context) -> tuple[str, dict]:
    """What the chapter's notebook shows, as text, and the variables that it leaves."""
    notebook = places.NOTEBOOKS / f"{GAP_ANALYSIS}.ipynb"
    left = notebooks.variables(notebook, context)
    shown = [
        "".join(output["data"].get("text/html", ""))
        for cell in notebooks.executed(notebook, context)["cells"] if cell["cell_type"] == "code"
        and not {"method", "setup"} & set(cell["metadata"].get("tags", [])) for output in cell["outputs"]
    ]  # fmt: skip
    text = html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(svg|style).*?</\1>", "", " ".join(shown))))
    text = re.sub(r"\s+", " ", text)
    assert not re.search(r"\b(nan|NaN|None|inf)\b", text), "what is not known is said in words"
    assert notebooks.facts_of(PLAN, context).verdict.sentence, "a plan is made of it"
    return text, left


def tickets(n=900, **more) -> pd.DataFrame:
    """Tickets of nine months, of which two in five take a day longer than the others."""
    draw = np.random.default_rng(7)
    at = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.sort(draw.uniform(0, 272 * 24, n)), unit="h")
    hours = draw.uniform(1, 10, n) + 24 * (draw.random(n) < 0.4)
    return pd.DataFrame(
        {
            "ticket": [f"T{k}" for k in range(n)], "service": "pay", "kind": "incident", "opened": at.floor("s"),
            "resolved": (at + pd.to_timedelta(hours, unit="h")).floor("s"), **more,
        }
    )  # fmt: skip


def outages(n=10, **more) -> pd.DataFrame:
    at = pd.date_range("2025-11-03 10:00", "2026-09-20 10:00", periods=n).floor("s")
    return pd.DataFrame(
        {"service": "pay", "started": at, "ended": at + pd.Timedelta(hours=3), "kind": "unplanned", **more}
    )


def test_tickets_with_nothing_but_two_times_make_an_analysis_that_says_what_is_missing(tmp_path):
    text, left = read(opened(tmp_path, {"tickets": tickets()}))
    for said in (
        "No target was missed in this month",
        "How many hours users lose cannot be told: that needs due times",
        "Where the time of tickets goes cannot be told: that needs a history of their states",
        "Which group held tickets for how long cannot be told",
        "There are no records of changes",
        "No target is missed: there is no order of gaps",
    ):
        assert said in text, said
    assert left["facts"].why == [] and left["facts"].lost is None and left["facts"].honesty is not None


def test_a_missed_time_without_any_attribute_has_no_driver_and_says_what_is_not_on_record(tmp_path):
    text, left = read(opened(tmp_path, {"tickets": tickets()}, {"restore_median": 6}))
    (why,) = left["causes"]
    assert why.drivers == [] and why.n > 400 and why.looked > 0
    assert (
        "Could not be looked at: category, subcategory, channel, item and first group (not on record)." in text
    )  # fmt: skip
    assert "none is clearly behind those that take longer than the target" in text


def test_where_everything_goes_wrong_nothing_is_said_to_be_too_little(tmp_path):
    text, left = read(opened(tmp_path, {"tickets": tickets()}, {"restore_median": 0.5}))
    (why,) = left["causes"]
    assert why.wrong == why.n > 400 and why.reason == "all"
    assert f"all {why.n} tickets of 184 days take longer than the target: none differs from the others." in text


def test_columns_that_can_be_no_driver_say_why(tmp_path):
    n = 2500
    rows = tickets(
        n, category="all", channel=None, configuration_item=[f"host-{k}" for k in range(n)],
        subcategory=np.random.default_rng(1).choice(["a", "b"], n),
    )  # fmt: skip
    text, left = read(opened(tmp_path, {"tickets": rows}, {"restore_median": 6}))
    (why,) = left["causes"]
    assert why.left_out == {
        "group": "not supplied", "category": "one value", "channel": "blank", "configuration_item": "too many values",
    }  # fmt: skip
    assert (
        "Could not be looked at: first group (not on record), category (the same in all), channel (blank in all), "
        "item (too many values to compare)."
    ) in text


def test_outages_alone_are_told_by_kind_without_hours_of_users(tmp_path):
    rows = outages(cause=["network"] * 9 + ["disk"])
    text, left = read(opened(tmp_path, {"outages": rows}, {"availability": 0.9999}))
    (why,) = left["causes"]
    assert [(p.attribute, p.value, p.n, p.down, p.hours) for p in why.parts] == [
        ("cause", "network", 9, 27.0, None), ("cause", "", 1, 3.0, None),
    ]  # fmt: skip
    assert why.left_out == {"failed_item": "blank"} and [d.value for d in why.drivers] == ["network"]
    assert "outages by “network” are the most frequent: 9 of 10 in 365 days, 90 % of the time lost" in text
    assert "Could not be looked at: item that failed (blank in all)." in text
    assert "How many hours users lose cannot be told" in text
    shown = outage_parts.shown(left["causes"]).text
    assert (
        "The 10 outages of the last 365 days by kind" in shown
        and "Outages by other causes" in shown
        and "disk" not in shown
        and "10.0 %" in shown
    )


def test_outages_of_which_nothing_is_known_are_counted(tmp_path):
    text, left = read(opened(tmp_path, {"outages": outages()}, {"availability": 0.9999}))
    (why,) = left["causes"]
    assert why.n == 10 and why.parts == [] and outage_parts.shown(left["causes"]).markup == ""
    assert "10 outages began in 365 days, and nothing tells why" in text
    assert "Could not be looked at: cause of outages and item that failed (blank in all)." in text


@pytest.mark.parametrize(
    ("n", "said"), [(1, "1 outage began in 365 days: too few"), (0, "no outage that counts began")]
)
def test_few_outages_are_told_as_such(n, said):
    why = WhyFact(kpi="availability", title="Availability", days=365, n=n, wrong=n, reason="too few")
    assert said in causes_in_words.none(why)


def test_texts_that_are_switched_off_are_said_to_be(tmp_path):
    rows = tickets(summary="cannot log in to the shop")
    text, left = read(opened(tmp_path, {"tickets": rows}, text="off"))
    assert "text: off" in text or "switched off" in text
    assert "cannot" not in json.dumps(left["facts"].model_dump(mode="json")["recurring"])


def test_a_stock_is_not_held_against_a_time_before_the_records(tmp_path):
    rows = tickets()
    late = rows[rows["opened"] >= "2026-06-15"]
    text, left = read(opened(tmp_path, {"tickets": late}))
    assert left["stock"].goal is None and not left["stock"].above
    assert "the records do not reach back far enough to say how many are usual" in text
