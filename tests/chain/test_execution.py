from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sipnb.chain.execution import execute
from sipnb.chain.outcomes import Outcome
from sipnb.chain.unit import STOCK, WARM

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
