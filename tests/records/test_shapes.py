"""Values by their shape: a format can be told, nothing can be read back, and words that many rows share are shown."""

import duckdb
import pytest

from sipnb.records import prepare, shapes
from tests.records.test_prepare import GOOD, organisation


def shape(text):
    return duckdb.execute(f"SELECT {shapes.shape('v')} FROM (SELECT ?::VARCHAR AS v)", [text]).fetchone()[0]


@pytest.mark.parametrize(
    ("value", "looks_like"),
    [
        (None, None), ("", "≈ "), ("Ana Müller", "≈ Aaaa Aaaa, 9 letters"), ("Jo Li", "≈ Aaaa Aaaa, 4 letters"),
        ("x", "≈ aaa, 1 letter"), ("2026-13-45 8 Uhr", "≈ 9999-99-99 9 Aaaa, 3 letters"), ("46266,33", "≈ 99999,99"),
        ("ann@example.org", "≈ aaa@aaa.aaa, 13 letters"), ("+49 171 5550134", "≈ +99 999 9999999"),
        ("4929123456789012", "≈ 99999999…"), ("NASA", "≈ AAA, 4 letters"), ("張三丰", "≈ aaa, 3 letters"),
        ("١٢٣", "≈ 999"), ("Ⓐ😀", "≈ *"), ("a\tb\nc", "≈ aaa\taaa\naaa, 3 letters"), ("e\u0301", "≈ aaa, 1 letter"),
    ],
)  # fmt: skip
def test_a_shape_says_how_a_value_is_written(value, looks_like):
    assert shape(value) == looks_like


def test_a_long_shape_is_cut_and_words_of_equal_form_look_alike():
    told = shape("Quackenbush, " * 100)
    assert len(told) < 90 and "…" in told and told.endswith("letters")
    assert (
        shape("Ann Li") != shape("Anna Li")
        and shape("Anna Li").split(",")[0] == shape("Bertha Quackenbush").split(",")[0]
    )


def wrong(tmp_path, rows, extra=""):
    """What is told of rows that are set aside, by their place."""
    good = [GOOD.format(day) for day in range(1, 29)]
    book = organisation(tmp_path / "o", [*good, *rows], extra=extra)
    found = prepare.check(book, book.cycle("2026-09"))
    return found, {(one["line"], one["column"]): one["value"] for one in found.examples}


def test_a_word_that_many_rows_have_is_shown_and_a_rare_one_is_not(tmp_path):
    rows = [f"A{i},pay,task,2026-09-03 10:00,,3" for i in range(shapes.ROWS)] + ["B,pay,Ann Li,2026-09-03 10:00,,3"]
    _, told = wrong(tmp_path, rows)
    assert told[30, "kind"] == "task"
    rare, word = [], "task"
    for n in (shapes.ROWS - 1, shapes.ROWS):
        _, told = wrong(tmp_path, [f"A{i},pay,{word},2026-09-03 10:00,,3" for i in range(n)])
        rare.append(told[30, "kind"])
    assert rare == ["≈ aaa, 4 letters", "task"]


def test_where_too_many_different_values_are_wrong_none_is_a_word(tmp_path):
    rows = [
        f"A{i}-{j},pay,W{chr(65 + j)},2026-09-03 10:00,,3" for j in range(shapes.WORDS + 1) for i in range(shapes.ROWS)
    ]
    _, told = wrong(tmp_path, rows)
    assert told and all(value.startswith("≈ ") for value in told.values())


def test_an_identifier_is_never_shown_however_many_rows_have_it(tmp_path):
    rows = [f"ann@example.org,pay,incident,2026-09-03 10:{minute:02d},,3" for minute in range(40)]
    found, told = wrong(tmp_path, rows)
    assert {value for (_, column), value in told.items() if column == "ticket"} == {"≈ aaa@aaa.aaa, 13 letters"}
    assert "ann@" not in str(found.record())


def test_a_line_that_is_no_record_is_never_shown_however_often_it_stands_there(tmp_path):
    found, _ = wrong(tmp_path, ["Ann Li,ann@example.org"] * 50)
    assert found.sources[0]["reasons"] == {"malformed line": 50}
    assert "Ann" not in str(found.record()) and "Aaaa Aaaa" in str(found.record())


def test_a_short_number_is_shown_and_a_long_one_is_not(tmp_path):
    found, _ = wrong(tmp_path, ["A,pay,incident,2026-09-03 10:00,,9", "B,pay,incident,2026-09-03 10:00,,49291234"])
    (one,) = found.sources[0]["emptied"]
    assert (one["values"], one["value"]) == (2, "9")
    found, _ = wrong(tmp_path, ["B,pay,incident,2026-09-03 10:00,,49291234"])
    assert found.sources[0]["emptied"][0]["value"] == "≈ 99999999"


def test_services_are_named_where_enough_rows_name_them(tmp_path):
    rows = [f"A{i},Fax,incident,2026-09-03 10:00,,3" for i in range(25)] + ["B,Ann Li,incident,2026-09-03 10:00,,3"]
    found, _ = wrong(tmp_path, rows)
    (finding,) = found.found("unlisted services")
    assert (
        "26 rows name 2 services that services.yml does not list: Fax (25), and 1 of fewer than 20 rows."
        in finding.sentence
    )
    assert finding.facts["services"] == {"Fax": 25} and "Ann" not in str(found.record())
    found, _ = wrong(tmp_path, rows, extra="show_values: true\n")
    assert found.found("unlisted services")[0].facts["services"] == {"Fax": 25, "Ann Li": 1}


def test_all_is_shown_where_the_workbook_says_so(tmp_path):
    rows = ["A,pay,Ann Li,2026-09-03 10:00,,3", "Bob,2", "C,pay,incident,soon,,much"]
    _, told = wrong(tmp_path, rows, extra="show_values: true\n")
    assert told == {(30, "kind"): "Ann Li", (31, ""): "Bob,2", (32, "opened"): "soon"}
