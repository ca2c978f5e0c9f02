"""An organisation's own KPIs: formulas that are checked before anything runs, and figures of another tool."""

import math

import pytest
from ruamel.yaml import YAML

from sipnb import formulas, kpis, workbook
from sipnb.validation import WorkbookError
from tests.kpis.hands import measure, scope, ticket

TICKETS = [
    ticket(1, "2026-10-03 09:00", "2026-10-03 11:00", priority=1, effort=1.0),  # a Saturday
    ticket(2, "2026-10-05 09:00", "2026-10-05 13:00", priority=3, effort=2.0),
    ticket(3, "2026-10-06 09:00", None, priority=3, effort=None),
    ticket(4, "2026-09-06 09:00", "2026-09-07 09:00", priority=3, effort=9.0),
]


def book(tmp_path, own):
    folder = tmp_path / "org"
    folder.mkdir(exist_ok=True)
    yaml = YAML(typ="safe")
    content = {"organisation": "Org", "zone": "UTC", "sources": [{"name": "tickets", "files": "t.csv"}], "kpis": own}
    yaml.dump(content, folder / "workbook.yml")
    yaml.dump({"services": {"s": {"name": "S", "owner": "O"}}}, folder / "services.yml")
    return workbook.load(folder, reports=tmp_path)


@pytest.mark.parametrize(
    ("entry", "value", "n"),
    [
        ({"share": "dayofweek(opened) IN (0, 6)"}, 1 / 3, 3),
        ({"count": "priority = 1"}, 1, 1),
        ({"mean": "effort"}, 1.5, 2),
        ({"median": "date_diff('minute', opened, resolved) / 60.0"}, 3, 2),
        ({"sum": "effort", "where": "priority = 3"}, 2, 1),
        ({"share": "resolved IS NULL", "where": "priority = 3"}, 0.5, 2),
        ({"mean": "effort", "at": "resolved"}, 1.5, 2),
    ],
)
def test_a_formula_counts_the_rows_of_the_cycle(tmp_path, entry, value, n):
    known = book(tmp_path, {"ours": {"title": "Ours", **entry}}).kpis
    found = measure("ours", tickets=TICKETS, kpis=known)
    assert (found.value, found.n) == (pytest.approx(value), n)


def test_days_in_a_formula_are_those_of_the_organisation(tmp_path):
    from sipnb.cycles import parse

    known = book(tmp_path, {"saturdays": {"title": "Saturdays", "share": "dayofweek(opened) = 6"}}).kpis
    late = [ticket(1, "2026-10-02 23:30", "2026-10-03 11:00")]  # Friday in UTC, Saturday in Berlin
    records = scope(tickets=late).records
    berlin = kpis.Scope(records, (parse("2026-10", "Europe/Berlin"),), kpis=known)
    assert kpis.measure("saturdays", berlin).value == 1
    assert measure("saturdays", tickets=late, kpis=known).value == 0


@pytest.mark.parametrize(
    ("expression", "result", "words"),
    [
        ("opend > closed", "condition", "does not fit table tickets"),
        ("priority", "condition", "a condition is needed"),
        ("priority = 1", "number", "a number is needed"),
        ("(SELECT count(*) FROM rows) > 1", "condition", "subquery"),
        ("read_text('/etc/passwd') = ''", "condition", r"read_text\(\)"),
        ("opened > now()", "condition", r"now\(\)"),
        ("random()", "number", r"random\(\)"),
        ("count(*)", "number", r"count_star\(\)"),
        ("sum(effort) OVER ()", "number", "window"),
        ("effort; DROP TABLE rows", "number", "holds ;"),
        ("effort) FROM rows, (SELECT 1", "number", "closes a bracket"),
        ("effort, priority", "number", "more than one"),
        ("", "number", "cannot be read"),
        ("current_setting('threads') = 1", "condition", r"current_setting\(\)"),
    ],
)
def test_a_formula_that_is_wrong_or_reaches_out_is_refused(expression, result, words):
    with pytest.raises(formulas.FormulaError, match=words):
        formulas.check("tickets", expression, result)


def test_a_row_without_a_value_does_not_count(tmp_path):
    """Divided by nothing, or a text where a number is needed: no infinite mean, no failed plan, and nothing quoted."""
    own = {
        "pace": {"title": "Pace", "mean": "effort / (priority - 3)"},
        "told": {"title": "Told", "mean": "summary::INTEGER", "where": "summary::INTEGER > 0"},
        "quick": {"title": "Quick", "share": "effort / (priority - 3) < 1"},
    }
    known = book(tmp_path, own).kpis
    rows = [{**TICKETS[0], "summary": "12"}, {**TICKETS[1], "summary": "Hunter2"}, TICKETS[2]]
    for kpi, value, n in (("pace", -0.5, 1), ("told", 12, 1), ("quick", 1, 1)):
        found = measure(kpi, tickets=rows, kpis=known)
        assert (found.value, found.n) == (value, n)


@pytest.mark.slow
def test_a_formula_that_is_given_up_names_its_kpi_and_no_value(tmp_path, monkeypatch):
    known = book(tmp_path, {"slow": {"title": "Slow", "share": "summary LIKE '%a%_b'"}}).kpis
    monkeypatch.setattr(formulas, "PATIENCE", 0.02)
    rows = [{**ticket(n, "2026-10-05 09:00"), "summary": f"Hunter{n}{'a' * 700}"} for n in range(6_000)]
    with pytest.raises(formulas.FormulaError, match="the formula of kpis.slow in workbook.yml takes more than") as told:
        measure("slow", tickets=rows, kpis=known)
    assert "Hunter" not in str(told.value) and told.value.__suppress_context__


def test_all_errors_of_own_kpis_are_reported_together_with_their_places(tmp_path):
    own = {
        "volume": {"title": "Taken", "share": "priority = 1"},
        "typo": {"title": "Typo", "share": "priorty = 1"},
        "nowhere": {"title": "Nowhere", "table": "tickts", "share": "true"},
        "untimed": {"title": "Untimed", "share": "true", "at": "priority"},
        "both": {"title": "Both", "share": "true", "mean": "effort"},
    }
    with pytest.raises(WorkbookError) as told:
        book(tmp_path, own)
    assert any("kpis.both" in e and "exactly one" in e for e in told.value.errors)
    del own["both"]
    with pytest.raises(WorkbookError) as told:
        book(tmp_path, own)
    text = "\n".join(told.value.errors)
    assert len(told.value.errors) == 4
    assert "kpis.volume: is a KPI of the catalogue already" in text
    assert "kpis.typo.share: 'priorty = 1' does not fit table tickets" in text
    assert "kpis.nowhere.table: 'tickts' is not a canonical table; nearest valid name: tickets" in text
    assert "kpis.untimed.at: 'priority' is not a time of table tickets" in text


def test_an_own_kpi_may_have_a_target_and_an_objective(tmp_path):
    folder = tmp_path / "org"
    book(tmp_path, {"weekend": {"title": "Weekend", "good": "down", "share": "dayofweek(opened) IN (0, 6)"}})
    YAML(typ="safe").dump({"organisation": {"weekend": 0.1}}, folder / "targets.yml")
    assert workbook.load(folder, reports=tmp_path).service("s").targets == {"weekend": 0.1}


ROWS = [
    {"service": "s", "period": "2026-10-01", "kpi": "a", "numerator": 90, "denominator": 100},
    {"service": "s", "period": "2026-10-01", "kpi": "b", "numerator": 10, "denominator": 900},
    {"service": "s", "period": "2026-09-01", "kpi": "a", "numerator": 80, "denominator": 100},
]


def test_what_another_tool_measured_is_added_up_by_numerators_and_denominators(tmp_path):
    known = book(tmp_path, {"both": {"title": "Both", "good": "up", "measured": ["a", "b"]}}).kpis
    frame = kpis.series("both", scope(2, measurements=ROWS, kpis=known))
    assert frame["value"].tolist() == [0.8, 0.1] and frame["n"].tolist() == [100, 1000]
    assert (frame["low"] < frame["value"]).all()


def test_ready_values_are_weighted_by_their_n_and_never_averaged_without(tmp_path):
    known = book(tmp_path, {"both": {"title": "Both", "good": "up", "measured": ["a", "b"], "unit": "hours"}}).kpis

    def of(rows):
        return measure("both", measurements=[{"service": "s", "period": "2026-10-01", **r} for r in rows], kpis=known)

    assert of([{"kpi": "a", "value": 4.0}]).value == 4
    assert of([{"kpi": "a", "value": 2.0, "n": 100}, {"kpi": "b", "value": 6.0, "n": 300}]).value == 5
    assert math.isnan(of([{"kpi": "a", "value": 2.0, "n": 100}, {"kpi": "b", "value": 6.0}]).value)


def test_a_kpi_of_the_catalogue_is_taken_as_measured_where_its_rows_are_not_there():
    rows = [{"service": "s", "period": "2026-10-01", "kpi": "csat_top2", "numerator": 30, "denominator": 40}]
    assert measure("csat_top2", measurements=rows).value == 0.75
    surveys = [{"service": "s", "answered": "2026-10-05", "score": 1, "scale_max": 5}]
    assert measure("csat_top2", measurements=rows, surveys=surveys).value == 0, "answers themselves come first"
