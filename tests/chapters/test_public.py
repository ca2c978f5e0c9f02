"""What the package itself offers: a service, opened; its measures and tables; SQL over its records."""

import importlib
import subprocess
import sys

import duckdb
import pandas as pd
import pytest

import sipnb
from sipnb import demo


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service of the simulated organisation, a twentieth of its size: its records are frozen when it is opened."""
    folder = tmp_path_factory.mktemp("public")
    demo.write(folder / "exports", scale=0.05)
    importlib.import_module("sipnb.demo.supply")  # which a command may have done before in the process
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SIPNB_DATA", str(folder / "exports"))
        patched.setenv("SIPNB_REPORTS", str(folder / "reports"))
        yield sipnb.open_service("demo", "archive", "2026-10")


def test_measures_and_tables_are_listed(service):
    measures = service.list_kpis()
    assert {"sla_attainment", "availability"} <= set(measures.index)
    assert measures.loc["sla_attainment", ["unit", "better", "tables"]].tolist() == ["share", "up", "tickets"]
    assert service.list_tables().loc["tickets", "rows"] == len(service.records.tickets)


def test_sql_sees_the_tables_of_the_service_and_frames_of_ones_own(service):
    found = service.sql("SELECT kind, count(*) AS n FROM tickets GROUP BY kind ORDER BY kind")
    assert found.set_index("kind")["n"].to_dict() == service.records.tickets["kind"].value_counts().to_dict()
    own = pd.DataFrame({"kind": ["incident"]})
    assert service.sql("SELECT DISTINCT kind FROM tickets JOIN own USING (kind)", own=own)["kind"].tolist() == [
        "incident"
    ]
    with pytest.raises(duckdb.Error):
        service.sql("SELECT nothing FROM tickets")


def test_times_are_those_of_the_services_zone(service, recwarn):
    first = service.sql("SELECT min(opened) AS first FROM tickets")["first"].item()
    assert first == service.records.tickets["opened"].min()
    assert str(first.tz) == service.cycle.zone
    assert not recwarn.list


def test_what_is_not_offered_is_no_attribute():
    assert "open_service" in dir(sipnb)
    with pytest.raises(AttributeError, match="module 'sipnb' has no attribute 'opened'"):
        sipnb.opened  # noqa: B018


@pytest.mark.slow
@pytest.mark.parametrize(
    "code", ["import sipnb", "import sys; sys.argv = ['sipnb', '--help']; from sipnb import cli; cli.main()"]
)
def test_neither_the_package_nor_its_help_loads_the_libraries_that_work(code):
    code = f"import atexit, sys\natexit.register(lambda: print(sorted(sys.modules), file=sys.stderr))\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stderr.splitlines()[-1]
    assert "'sipnb'" in loaded
    assert [name for name in ("pandas", "numpy", "duckdb", "pydantic", "matplotlib") if f"'{name}'" in loaded] == []
