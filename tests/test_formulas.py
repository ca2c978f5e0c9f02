"""Formulas are what they say and nothing else: whatever is written, the answer is a refusal or one expression over one row."""

import random

import duckdb
import numpy as np
import pandas as pd
import pytest

from sipnb import formulas, tables
from sipnb.formulas.allowed import DEEPEST_BRACKETS, FUNCTIONS, LONGEST
from sipnb.formulas.reading import nodes, read, statement
from tests.inside import sipnb
from tests.records.test_prepare import organisation

SECRET = "Hunter2-of-Jane"

ESCAPES = [
    'true) AS "answer" FROM duckdb_settings() LIMIT 3 --',
    "true) FROM rows UNION ALL SELECT (true",
    "effort) + (1",
    "effort) AS a, (priority",
    "effort -- and no more",
    "effort /* and no more */",
    "1) FROM rows; DROP TABLE rows; SELECT (1",
    "(WITH a AS (SELECT 1) SELECT * FROM a)",
    "EXISTS (SELECT 1)",
    "priority IN (SELECT 1)",
    "priority = ANY([1, 2])",
    "sum(effort) OVER (ROWS 3 PRECEDING)",
    "count(*) FILTER (WHERE true)",
    "first(effort ORDER BY opened)",
    "list_transform([1], x -> x + 1)",
    "COLUMNS(*)",
    "*",
    "$1",
    "?",
    "#1",
    "rows.effort",
    "other.abs(effort)",
    "{'a': effort}",
    "[effort]",
    "effort::ENUM('a')",
    "effort::INTEGER[100000000]",
    "summary COLLATE nocase",
    "$$text$$",
    "'a",
    '"a',
]
IMPURE = [
    "current_date", "current_time", "current_timestamp", "current_user", "session_user", "user", "localtime", "localtimestamp",
    "current_schema", "current_catalog", "now()", "today()", "random()", "uuid()", "version()", "getvariable('x')",
    "getenv('HOME')", "current_setting('threads')", "current_database()", "current_query()", "txid_current()", "pg_typeof(1)",
    "nextval('s')", "age(opened)", "get_current_timestamp()", "read_text('/etc/passwd')", "read_csv('x')", "glob('*')",
    "error('x')", "hash(summary)", "setseed(0.5)", "write_log('x')", "in_search_path('a', 'b')", "json_serialize_sql('SELECT 1')",
]  # fmt: skip
BOMBS = [
    "repeat('a', 10000000000)",
    "length(repeat(repeat('x', 100000), 100000))",
    "list_sum(range(100000000000))",
    "lpad('a', 2000000000, 'b')",
    "format('{:>2000000000}', 1)",
    "printf('%2000000000d', 1)",
    "replace(replace(replace(summary, 'a', 'aaaaaaaa'), 'a', 'aaaaaaaa'), 'a', 'aaaaaaaa')",
    "replace(summary, 'a', summary)",
    "regexp_replace(summary, '', 'aaaaaaaa', 'g')",
    "regexp_matches(summary, summary)",
    "summary LIKE summary",
    "summary LIKE '%a_%a_%b'",
    "summary NOT LIKE '%a%a%a$%' ESCAPE '$'",
    "levenshtein(summary, outcome)",
    "(" * 20_000 + "1" + ")" * 20_000,
    "(" * 900 + "1" + ")" * 900,
    "[" * 900 + "1" + "]" * 900,
    "NOT " * 450 + "true",
    "1" + " + 1" * 450,
    "effort" + "::INTEGER" * 200,
    "9" * 6_000,
    "9" * 60,
    "1e" + "9" * 60,
    f"'{'x' * 501}' = summary",
    "effort\0",
    "\ud800",
    "factorial(100000)",
    "TRY(effort)",
    "bitstring('1', 2000000000)",
]


@pytest.mark.parametrize("expression", [*ESCAPES, *IMPURE, *BOMBS])
def test_what_reaches_out_or_makes_much_out_of_little_is_refused(expression):
    for result in ("condition", "number"):
        with pytest.raises(formulas.FormulaError) as told:
            formulas.check("tickets", expression, result)
        assert "is needed" not in str(told.value), "it was understood, and only of another kind"
        assert len(str(told.value).splitlines()) == 1 and len(str(told.value)) < 500
        assert len(formulas.shown(expression)) < 200


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("priority <= 2 AND kind = 'incident' OR NOT major", "condition"),
        ("\"group\" ILIKE '%service desk%'", "condition"),
        ("summary NOT LIKE 'a_b%' AND summary SIMILAR TO '.*x'", "condition"),
        ("regexp_matches(lower(trim(summary)), '(x+x+)+y')", "condition"),
        ("extract(hour FROM opened) BETWEEN 8 AND 17", "condition"),
        ("opened::TIME >= '08:00' AND dayofweek(opened) NOT IN (0, 6)", "condition"),
        ("resolved - opened > INTERVAL 2 DAYS", "condition"),
        ("opened AT TIME ZONE 'Europe/Berlin' > TIMESTAMP '2026-01-01 00:00'", "condition"),
        ("first_contact IS NOT DISTINCT FROM true", "condition"),
        ("list IS NULL".replace("list", "problem"), "condition"),
        ("CASE kind WHEN 'incident' THEN effort * 1.5 ELSE coalesce(effort, 0) END", "number"),
        ("date_diff('minute', opened, resolved) / nullif(priority, 0)", "number"),
        ("TRY_CAST(regexp_extract(summary, '([0-9]+)', 1) AS INTEGER)", "number"),
        ("TRY_CAST(replace(summary, ',', '.') AS DECIMAL(18, 2))", "number"),
        ("round(ln(greatest(effort, 1)), 2) ** 2 % 10 // 1", "number"),
        ("length(concat_ws(' -- /* ; ', summary, state))", "number"),
        ("epoch(resolved - opened)", "number"),
        ("10 ** 10 ** 10", "number"),
    ],
)
def test_what_formulas_are_for_is_understood(expression, result):
    formulas.check("tickets", expression, result)


def test_a_name_that_is_no_column_is_told_with_those_that_are():
    with pytest.raises(formulas.FormulaError, match="it has no column oppened; nearest valid name: opened"):
        formulas.check("tickets", "oppened > resolved", "condition")
    with pytest.raises(
        formulas.FormulaError, match="no column current_user; its columns are service, period, amount, category"
    ):
        formulas.check("costs", "current_user = 'a'", "condition")
    with pytest.raises(formulas.FormulaError, match='stands in double quotes: "group"'):
        formulas.check("tickets", "group = 'a'", "condition")


def test_the_statement_that_runs_is_the_one_that_was_meant():
    sql = statement("tickets", "SELECT TRY({a}) FROM rows", {"a": "effort"})
    assert duckdb.sql(f"WITH rows AS (SELECT 2 AS effort) {sql}").fetchall() == [(2,)]
    with pytest.raises(formulas.FormulaError, match="changes the statement"):
        statement("tickets", "SELECT '{a}' FROM rows", {"a": "effort"})


@pytest.mark.slow
def test_no_mixture_of_allowed_and_other_words_is_more_than_one_expression_over_one_row(tried):
    """4,000 formulas put together by chance: each is refused in one line, or reads nothing but columns of its table."""
    chance = random.Random(20261129)
    pieces = [
        *sorted(FUNCTIONS), "repeat", "range", "now", "read_text", "getvariable", "sum", "effort", "priority",
        "summary", "opened", "resolved", '"group"', "current_date", "user", "'a%_%'", "'2026-01-01'", "1", "1e308",
        "''", "NULL", "true", "(", ")", "(", ")", ",", ",", "::INTEGER", "::DATE", "::VARCHAR", " AND ", " OR ",
        "NOT ", " IS NULL", " BETWEEN ", " IN ", " LIKE ", "CASE WHEN ", " THEN ", " ELSE ", " END",
        "INTERVAL 1 DAY", " FROM ", "SELECT ", "rows", "--", "/*", ";", " UNION ", " LIMIT 1", " OVER ()", "*", "[",
        "]", "{", "}", "->", "$", "@", "!", " = ", " < ", " + ", " - ", " / ", " ** ",
    ]  # fmt: skip
    accepted = 0
    for _ in range(4_000):
        if chance.random() < 0.5:
            expression = "".join(chance.choices(pieces, k=chance.randint(1, 12)))
        else:
            words = [p for p in pieces if p.isidentifier()]
            given = chance.choices(
                ["effort", "priority", "summary", "opened", "'a'", "1", "resolved"], k=chance.randint(1, 3)
            )
            end = chance.choice([" = 1", " IS NULL", "", chance.choice(pieces)])
            expression = f"{chance.choice(words)}({', '.join(given)}){end}"
        try:
            formulas.check("tickets", expression, chance.choice(["number", "condition"]))
        except formulas.FormulaError as error:
            assert len(str(error).splitlines()) == 1
            tried("a formula put together by chance", "refused in one line")
            continue
        accepted += 1
        tried("a formula put together by chance", "taken, reads columns of its table alone")
        for node, _ in nodes(read("tickets", expression)):
            assert node["class"] != "SUBQUERY" and node.get("function_name", "abs") in FUNCTIONS
            if node["class"] == "COLUMN_REF":
                assert node["column_names"][0].lower() in tables.TABLES["tickets"].columns
    assert accepted > 40


def test_length_and_depth_are_allowed_up_to_their_limits():
    formulas.check("tickets", "(" * DEEPEST_BRACKETS + "1" + ")" * DEEPEST_BRACKETS, "number")
    members = ", ".join(f"'{n:04}'" for n in range(240))
    assert LONGEST - 200 < len(f"summary IN ({members})") <= LONGEST
    formulas.check("tickets", f"summary IN ({members})", "condition")


def rows(**given):
    frame = pd.DataFrame(given)
    nothing = tables.empty("tickets")
    return frame.reindex(columns=nothing.columns).astype(nothing.dtypes.to_dict())


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("effort / priority", [2.0, None, 3.0]),
        ("effort // 0", [None, None, None]),
        ("1 / (priority - 1)", [None, -1.0, 1.0]),
        ("ln(priority - 1)", [None, None, 0.0]),
        ("sqrt(priority - 1)", [0.0, None, 1.0]),
        ("priority * 9223372036854775807", [2.0**63, 0.0, None]),
        ("priority::TINYINT * 127::TINYINT", [127.0, 0.0, None]),
        ("effort * 1e308 * 10", [None, None, None]),
        ("1e400 * priority", [None, None, None]),
        ("9223372036854775807 - priority", [2.0**63, 2.0**63, 2.0**63]),
        ("summary::INTEGER", [7.0, None, None]),
    ],
)
def test_what_cannot_be_worked_out_in_a_row_has_no_value_there(expression, values):
    frame = rows(effort=[2.0, 5.0, 6.0], priority=[1, 0, 2], summary=["7", SECRET, "x"])
    found = formulas.evaluate(frame, "tickets", {"answer": expression}, "UTC")["answer"]
    np.testing.assert_array_equal(found, np.array(values, float))


def test_a_text_in_a_formula_is_a_text_whatever_it_looks_like():
    frame = rows(effort=[1.0, 2.0], summary=["{answer}", "--"])
    both = {"counts": "summary IN ('{answer}', '{tried}', '(')", "answer": "CASE WHEN summary = '--' THEN 1 END"}
    found = formulas.evaluate(frame, "tickets", both, "UTC")
    assert found["counts"].tolist() == [True, False] and found["answer"].tolist()[1] == 1


def test_what_two_formulas_share_fails_in_each_for_itself():
    frame = rows(effort=[1.0, 2.0], summary=["7", SECRET])
    both = {"counts": "summary::INTEGER > 5", "answer": "summary::INTEGER + 1"}
    found = formulas.evaluate(frame, "tickets", both, "UTC")
    assert found["counts"].tolist() == [True, pd.NA] and found["answer"].tolist()[0] == 8


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """900 tickets, a third of which hold a secret where a number might be, with texts as long as texts get."""
    path = tmp_path_factory.mktemp("tried") / "it's.parquet"
    duckdb.execute(
        f"COPY (SELECT CASE WHEN i % 3 = 0 THEN '{SECRET}' || i ELSE i::VARCHAR END AS summary, i::DOUBLE AS effort, "
        "i % 5 AS priority, TIMESTAMPTZ '2026-01-01' + to_hours(i) AS opened, repeat('a', 3000) || i AS outcome "
        f"FROM range(900) t(i)) TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)"
    )
    return path


def tried(records, *expressions, **limits):
    wanted = [formulas.Formula(f"org/workbook.yml: kpis.k{n}.mean", "tickets", e) for n, e in enumerate(expressions)]
    return formulas.try_out(wanted, records, "Europe/Berlin", 900, **limits)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("summary::INTEGER", "fails in 300 of 900 rows, where a value of summary is no whole number; use TRY_CAST"),
        ("CAST(summary AS DOUBLE) / 2", "300 of 900 rows, where a value of summary is no number"),
        ("summary::BOOLEAN", "where a value of summary is neither true nor false"),
        ("strptime(summary, '%Y') > opened", "where a value of summary is no point in time"),
        ("summary::DATE > '2026-01-01'", "900 of 900 rows, where a value of summary is no date"),
        ("summary::INTEGER + ('x' || outcome)::DOUBLE", "900 of 900 rows, where a value of outcome is no number"),
        (
            "CASE WHEN summary <> '{tried}' THEN summary::INTEGER END",
            "300 of 900 rows, where a value of summary is no whole",
        ),
        (
            f"summary::INTEGER{'+1+priority::VARCHAR::INTEGER' * 45}",
            "300 of 900 rows, where a value of summary is no whole",
        ),
        ("opened > '2026-13-01'", "fails whatever a row holds"),
        ("'x'::INTEGER + effort", "fails whatever a row holds"),
    ],
)
def test_a_text_that_a_cast_cannot_read_is_told_by_count_and_column_and_never_quoted(records, expression, words):
    (told,) = tried(records, expression)
    assert told.startswith("org/workbook.yml: kpis.k0.mean: ") and words in told
    assert SECRET not in told and len(told.splitlines()) == 1


@pytest.mark.slow
def test_no_value_is_no_error(records):
    assert not tried(
        records, "effort / 0", "ln(priority)", "ln(priority - 7)", "effort::TINYINT", "priority::TINYINT * 100::TINYINT",
        "TRY_CAST(summary AS INTEGER)", "CASE WHEN regexp_full_match(summary, '[0-9]+') THEN summary::INTEGER END", "true",
        "opened::VARCHAR::DATE > '2020-01-01'",
    )  # fmt: skip


@pytest.mark.slow
def test_a_formula_is_tried_only_in_rows_that_count(records):
    digits = "regexp_full_match(summary, '[0-9]+')"
    for among, words in ((digits, ""), (f"NOT {digits}", "300 of 300 rows"), ("summary::INTEGER > 1", "")):
        (told,) = formulas.try_out(
            [formulas.Formula("here", "tickets", "summary::INTEGER", among)], records, "UTC", 900
        ) or [""]
        assert words in told and bool(told) == bool(words)


@pytest.mark.slow
def test_a_formula_that_takes_too_long_is_killed_and_named(records):
    (told,) = tried(records, "effort", "outcome LIKE '%a%_b'", "priority", seconds=0.5)
    assert told.startswith("org/workbook.yml: kpis.k1.mean: ") and "takes more than 1 seconds on 900 rows" in told


@pytest.mark.slow
def test_check_and_run_tell_a_formula_that_fails_before_anything_is_made(tmp_path):
    own = (
        'kpis:\n  told: {title: Told, mean: "state::INTEGER", where: "opened > resolved - INTERVAL 1 YEAR"}\n'
        '  fine: {title: Fine, sum: "priority / 0"}\n'
    )
    day = "T{0},pay,incident,2026-09-{0:02d} 10:00,2026-09-{0:02d} 12:00,3,{1}"
    lines = [day.format(n, SECRET if n == 7 else n) for n in range(1, 20)]
    header = "ticket,service,kind,opened,resolved,priority,state"
    organisation(tmp_path / "o", lines, header=header, extra=own)
    for command in (["check", "o"], ["run", "o", "--cycle", "2026-09", "--out", "r"]):
        done = sipnb(*command, cwd=tmp_path)
        assert done.returncode == 2
        assert "o/workbook.yml: kpis.told.mean: 'state::INTEGER' fails in 1 of 19 rows" in done.stderr
        assert "a value of state is no whole number" in done.stderr and "kpis.fine" not in done.stderr
        assert SECRET not in done.stderr + done.stdout
    made = [path for path in (tmp_path / "r").rglob("*") if path.is_file()]
    assert not [path for path in made if SECRET.encode() in path.read_bytes()]


@pytest.mark.slow
def test_a_formula_that_ends_its_process_is_named(records):
    """A process that gets no memory at all dies, as one that takes too much does; whoever waits for it does not."""
    (told,) = tried(records, "effort", memory=1 << 20)
    assert told.startswith("org/workbook.yml: kpis.k0.mean: 'effort' ") and told.endswith("make it simpler")
