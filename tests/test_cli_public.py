"""The command line on real organisations whose data are public and whose answers are known."""

import json

import pytest

from sipnb import cli
from sipnb.chapters import results
from sipnb.places import ALL_SERVICES, CycleFolder
from sipnb.records import prepare
from tests.conftest import public_data


def test_check_prints_the_account_of_the_public_event_log(tmp_path, monkeypatch, capsys):
    given = ["uci_servicenow", "--data", str(public_data("uci_servicenow"))]
    read = []

    def once(*arguments):
        if not read:
            read.append(check(*arguments))
        return read[0]

    # Asked twice, for people and for programs, but the log is read once: it takes seconds.
    check = prepare.check
    monkeypatch.setattr(prepare, "check", once)

    def told(*more):
        with pytest.raises(SystemExit) as left:
            cli.app(["check", *given, "--out", str(tmp_path), *more])
        assert left.value.code == 0
        return capsys.readouterr().out

    text = told()
    for part in (
        "141,712 events → 24,918 incidents", "SLA met 63.42 %", "reopened 275", "median 22.10 h, mean 178.17 h",
        "141,712 rows read",
    ):  # fmt: skip
        assert part in text
    account = json.loads(told("--json"))
    (source,) = account["sources"]
    assert source["read"] == source["used"] + source["set_aside"] == 141_712
    assert account["tables"]["tickets"] > 18_000


def test_a_real_organisation_without_surveys_or_changes_says_no_data(root):
    folder = CycleFolder(root("uci_servicenow"))
    facts = results.read(folder, "category-57", "2_baseline")
    measured = {k.kpi: k for k in facts.measures}
    # The log marks a missed target only when the incident is resolved: open ones are late by how long they have waited.
    headline, reported = measured["sla_attainment"], measured["sla_reported"]
    assert headline.value < reported.value and headline.numerator == reported.numerator
    # Each ticket is decided once: of those that are late and open, only the ones that became late in this cycle count in it.
    assert facts.inferred_late == facts.late_open == 36 and measured["backlog"].value == 62
    assert headline.n - reported.n == 7
    assert facts.restore.median < facts.restore.naive_mean and facts.restore.still_open > 0
    page = folder.evidence("category-57").read_text(encoding="utf-8")
    assert "No due times are recorded: 36 open tickets count as late" in page
    assert "Satisfied users" in facts.without_data and "Availability, maintenance left out" in facts.without_data
    assert not any(k.claims for k in facts.measures), "three months carry no claim"


def test_availability_of_the_public_status_page_is_that_of_both_definitions(root):
    folder = CycleFolder(root("github_status"))
    estate = {tuple(e.severities): e.year for e in results.read(folder, ALL_SERVICES, "portfolio").estate}
    assert round(100 * estate["critical", "major", "minor", "none"], 2) == 93.79
    assert round(100 * estate["critical", "major"], 2) == 99.27
    index = folder.index.read_text(encoding="utf-8")
    assert "93.79" in index and "99.27" in index
    assert "major and critical" in folder.evidence("actions").read_text(encoding="utf-8")
