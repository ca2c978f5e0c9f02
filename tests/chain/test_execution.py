from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from estates import write_notebook

from sipnb.chain.engines import STOCK, WARM
from sipnb.chain.execution import execute
from sipnb.chain.outcomes import Outcome

USED = {"engine": STOCK}
GIVEN = {"workbook": "demo", "service": "identity", "cycle": "2026-09"}


@pytest.fixture(params=[STOCK, WARM], autouse=True)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whatever happens in a notebook has the same outcome under both engines."""
    monkeypatch.setitem(USED, "engine", request.param)
    return request.param


def run(fixtures: Path, name: str, folder: Path, limit: float = 60) -> tuple[Outcome, dict]:
    target = folder / f"{name}.ipynb"
    outcome = execute(fixtures / f"{name}.ipynb", target, GIVEN, limit=limit, kernel_env={"GREETING": "hello"}, **USED)
    return outcome, json.loads(target.read_text())


def statuses(notebook: dict) -> dict[str, str]:
    told = {cell["id"]: cell["metadata"].get("papermill", {}).get("status") for cell in notebook["cells"]}
    return {name: status for name, status in told.items() if status}


def test_a_good_notebook_succeeds_with_its_parameters_in_a_kernel_of_this_interpreter(
    fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoy = tmp_path / "jupyter" / "kernels" / "python3"
    decoy.mkdir(parents=True)
    (decoy / "kernel.json").write_text(json.dumps({"argv": ["/bin/false"], "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    before = Path.cwd()
    outcome, notebook = run(fixtures, "prints", tmp_path)
    assert outcome.state == "succeeded", outcome
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    assert cells["say"]["outputs"][0]["text"] == ["identity 2026-09\n"]
    # This interpreter, the given environment, and an empty folder to work in.
    assert cells["where"]["outputs"][0]["text"] == [f"{sys.executable} hello []\n"]
    assert Path.cwd() == before


def test_the_executed_notebook_is_the_same_bytes_every_time(fixtures: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        run(fixtures, "prints", tmp_path / name)
    first, second = ((tmp_path / name / "prints.ipynb").read_bytes() for name in ("a", "b"))
    assert first == second
    notebook = json.loads(first)
    assert [cell["id"] for cell in notebook["cells"]] == [
        "title", "parameters", "injected-parameters", "who", "say", "nothing", "warn", "where",
    ]  # fmt: skip
    assert notebook["metadata"]["papermill"] == {"parameters": GIVEN}
    assert b"ipykernel_" not in first and str(tmp_path).encode() not in first


def test_nothing_is_put_elsewhere_where_the_folder_of_temporary_files_lies_deep(
    fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep" * 20) / ("deeper" * 20)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    code = "import os, psutil\nprint([s.laddr for s in psutil.Process().net_connections('unix') if 'k-' in s.laddr][0])"
    write_notebook(tmp_path / "where.ipynb", list(GIVEN), code)
    outcome = execute(tmp_path / "where.ipynb", tmp_path / "ran.ipynb", GIVEN, limit=60, kernel_env={}, **USED)
    if USED["engine"] == WARM:
        assert outcome.error.startswith("IndexError"), "forked kernels have no sockets"
    else:
        assert outcome.state == "succeeded", outcome
        (text,) = json.loads((tmp_path / "ran.ipynb").read_text())["cells"][-1]["outputs"][0]["text"]
        assert text.startswith("/proc/") if sys.platform == "linux" else "/tmp/" in text
    assert list(deep.iterdir()) == []


def test_a_raising_cell_is_failed_and_named_by_its_place_in_the_source(fixtures: Path, tmp_path: Path) -> None:
    outcome, notebook = run(fixtures, "raises", tmp_path)
    assert (outcome.state, outcome.cell, outcome.heading) == ("failed", 5, "Choose a model")
    assert outcome.error == "ValueError: no model fits"
    told = statuses(notebook)
    assert (told["fine"], told["raise"], told["after"]) == ("completed", "failed", "pending")
    assert not any("papermill-error-cell-tag" in c["metadata"].get("tags", []) for c in notebook["cells"])


def test_a_killed_kernel_is_errored_and_the_rest_is_not_said_to_have_run(fixtures: Path, tmp_path: Path) -> None:
    outcome, notebook = run(fixtures, "dies", tmp_path)
    assert (outcome.state, outcome.cell, outcome.error) == ("errored", 5, "the kernel died")
    told = statuses(notebook)
    assert (told["fine"], told["die"], told["after"]) == ("completed", "failed", "pending")


@pytest.fixture
def cage(tmp_path: Path) -> Iterator[Path]:
    """A group of processes that may use 400 MB together; a skip where none can be made."""
    parent = Path("/sys/fs/cgroup")
    parent = parent / "memory" if (parent / "memory").is_dir() else parent
    group = parent / f"{tmp_path.parent.name}-{tmp_path.name}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no group of processes can be made here: {error}")
    try:
        for name in ("memory.limit_in_bytes", "memory.max"):
            if (group / name).exists():
                (group / name).write_text("400000000")
                break
        else:
            pytest.skip("a group of processes has no limit of memory here")
        yield group / "cgroup.procs"
    finally:
        group.rmdir()


def test_a_kernel_that_died_for_want_of_memory_is_told_as_that(tmp_path: Path, cage: Path) -> None:
    code = f"import os\nopen({str(cage)!r}, 'w').write(str(os.getpid()))\nfull = b'x' * 2_000_000_000"
    write_notebook(tmp_path / "large.ipynb", list(GIVEN), code)
    outcome = execute(tmp_path / "large.ipynb", tmp_path / "ran.ipynb", GIVEN, limit=60, kernel_env={}, **USED)
    assert outcome.state == "errored"
    assert outcome.error == (
        "the kernel died while the system ended processes for want of memory; "
        "let fewer work at a time by --jobs, or give it more memory"
    )


def test_a_notebook_beyond_its_limit_is_errored_in_time(fixtures: Path, tmp_path: Path) -> None:
    outcome, notebook = run(fixtures, "times_out", tmp_path, limit=4)
    assert (outcome.state, outcome.cell) == ("errored", 5)
    assert outcome.error == "took longer than the limit of 4 s"
    assert outcome.seconds < 10
    told = statuses(notebook)
    assert (told["fine"], told["sleep"], told["after"]) == ("completed", "failed", "pending")


def test_leaving_early_is_failed_even_with_exit_code_zero(fixtures: Path, tmp_path: Path) -> None:
    outcome, notebook = run(fixtures, "exits_zero", tmp_path)
    assert (outcome.state, outcome.cell, outcome.heading) == ("failed", 4, "Leave")
    assert outcome.error == "SystemExit: the cell called exit(0); the rest (1 code cell) did not run"
    assert statuses(notebook)["after"] == "pending"
