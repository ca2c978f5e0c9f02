"""However an export is mangled: it is read and balances, or is refused with a message; nothing else, and never silently."""

import os
import re
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sipnb.records import account, mappings, prepare, sources, staging
from sipnb.records.sources import MissingInput
from tests.records.test_prepare import organisation

HEADER = "ticket,service,kind,opened,resolved,priority,summary"
VALID = "\n".join(
    [HEADER]
    + [
        f'T{i},{"pay" if i % 3 else "Web shop"},incident,2026-09-{1 + i % 28:02d} 10:{i:02d},2026-09-{1 + i % 28:02d} 12:{i:02d},'
        f'{1 + i % 4},"text {i}, with a ""quote"" and ü{chr(10) if i % 7 == 0 else " "}more"'
        for i in range(24)
    ]
).encode() + b"\n"  # fmt: skip

_BYTES = st.sampled_from(
    [
        b",",
        b'"',
        b"\n",
        b"\r",
        b"\r\n",
        b"\0",
        b"\xff",
        b"\xfc",
        b"\xc3",
        b";",
        b"\t",
        b"\\",
        b"x",
        b" ",
        b'""',
        b"\n\n",
    ]
)
_SPOT = st.integers(0, len(VALID))
MANGLES = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), _SPOT, _BYTES),
        st.tuples(st.just("overwrite"), _SPOT, st.one_of(_BYTES, st.binary(min_size=1, max_size=4))),
        st.tuples(st.just("delete"), _SPOT, st.integers(1, 60)),
        st.tuples(st.just("repeat"), _SPOT, st.integers(1, 200)),
        st.tuples(st.just("cut"), _SPOT, st.just(0)),
        st.tuples(st.just("swap"), _BYTES, _BYTES),
    ),
    min_size=1,
    max_size=4,
)


def mangled(steps):
    """The valid export with each of the steps done to it."""
    data = VALID
    for what, at, with_ in steps:
        if what == "insert":
            data = data[:at] + with_ + data[at:]
        elif what == "overwrite":
            data = data[:at] + with_ + data[at + len(with_) :]
        elif what == "delete":
            data = data[:at] + data[at + with_ :]
        elif what == "repeat":
            data = data[: at + with_] + data[at:]
        elif what == "cut":
            data = data[:at]
        else:
            data = data.replace(at, with_)
    return data


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return organisation(tmp_path_factory.mktemp("balance") / "o", ["x"])


def balance(book, data):
    """The account of an export of these bytes, and the lines of the rows set aside."""
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as con:
        (Path(scratch) / "t.csv").write_bytes(data)
        services = prepare.name_services(con, book)
        (source,) = book.settings.sources
        mapping = mappings.load(source.mapping, source.name, book.folder / "mappings")
        read = sources.open_source(con, source, mapping, Path(scratch), Path(scratch))
        staged, parts, rows = staging.stage(con, [(read, mapping)], services, book.cycle("2026-09"))
        (found,) = account.draw_up(con, [read], parts, rows, staged, services)
        return found, [line for (line,) in con.execute("SELECT line FROM quarantine").fetchall()]


def test_the_valid_export_is_used_whole(book):
    found, _ = balance(book, VALID)
    assert (found["read"], found["used"]) == (24, 24)


@settings(
    max_examples=int(os.environ.get("SIPNB_FAULTS", 120)),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(steps=MANGLES)
def test_a_mangled_export_balances_or_is_refused(book, tried, steps):
    data = mangled(steps)
    try:
        found, places = balance(book, data)
    except MissingInput as error:
        assert "t.csv" in str(error) and len(str(error)) > 30
        tried("a mangled export", "refused with a reason")
        return
    assert found["read"] == found["used"] + found["set_aside"] == found["used"] + sum(found["reasons"].values())
    assert len(places) >= found["set_aside"], "every row set aside is in the quarantine"
    lines = len(re.findall(rb"\r\n|\n|\r", data)) + 1
    assert all(1 < place <= lines for place in places), "with a line of the file"
    assert found["read"] <= lines
    tried("a mangled export", "every row used or set aside")
