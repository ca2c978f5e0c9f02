"""An executed notebook made true and repeatable: what ran says so, what did not run does not, and no clock is in it.

After a killed kernel or a timeout Papermill marks every cell completed, its injected cell has a random id, and
metadata carries times and this machine's paths. None of that may reach the record of a cycle.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from sipnb.places import write_whole

INJECTED = "injected-parameters"

_ERROR_MARKER = "papermill-error-cell-tag"
_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.+?)\s*#*\s*$")
# A kernel names the code of its cells after its own process: warnings and tracebacks would differ from run to run.
_CELL_FILE = re.compile(r"[^\s\"'<>]*ipykernel_\d+[/\\](\d+)\.py")


def cells_of(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells of the notebook as it was written, without those that Papermill added."""
    return [c for c in notebook.cells if not {INJECTED, _ERROR_MARKER} & set(c.metadata.get("tags", []))]


def is_code(cell: NotebookNode) -> bool:
    """Whether there is something in the cell to run."""
    return cell.cell_type == "code" and bool(cell.source.strip())


def raised(cell: NotebookNode) -> NotebookNode | None:
    """The error among a cell's outputs."""
    return next((o for o in cell.get("outputs", []) if o.output_type == "error"), None)


def heading(cells: list[NotebookNode], position: int) -> str:
    """The nearest heading above the cell at `position` (from 1), without its number signs, or empty."""
    for cell in reversed(cells[:position]):
        if cell.cell_type != "markdown":
            continue
        found, fenced = "", False
        for line in cell.source.splitlines():
            if _FENCE.match(line):
                fenced = not fenced
            elif not fenced and (match := _HEADING.match(line)):
                found = match[1]
        if found:
            return found
    return ""


def cleaned(notebook: NotebookNode, source: Path, parameters: dict[str, str], stopped: dict[str, str]) -> NotebookNode:
    """A copy of `notebook` with true statuses, stable ids and nothing that differs from run to run.

    `stopped` gives the status of a cell that had begun and did not end, by its id: `failed`, or `running` as yet.
    """
    written = json.loads(source.read_text(encoding="utf-8"))["cells"]
    copy = nbformat.from_dict(json.loads(json.dumps(notebook)))
    copy.cells = [c for c in copy.cells if _ERROR_MARKER not in c.metadata.get("tags", [])]
    statuses = {id(cell): stopped[cell.id] for cell in copy.cells if cell.get("id") in stopped}
    for position, (cell, original) in enumerate(zip(cells_of(copy), written, strict=True), start=1):
        cell.id = original.get("id", f"cell-{position}")
        if "tags" not in original.get("metadata", {}):
            cell.metadata.pop("tags", None)
    for cell in copy.cells:
        cell.metadata.pop("execution", None)
        cell.metadata.pop("papermill", None)
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
        if not is_code(cell):
            continue
        if raised(cell):
            status = "failed"
        else:
            status = statuses.get(id(cell), "completed" if cell.get("execution_count") else "pending")
        cell.metadata["papermill"] = {"status": status}
        cell.outputs = joined(cell.outputs)
        for output in cell.outputs:
            _unname(output)
    copy.metadata["papermill"] = {"parameters": dict(parameters)}
    return copy


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook by rename: it is there as a whole or not at all."""
    write_whole(path, nbformat.writes(notebook, version=4) + "\n")


def joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs whose streams are in one piece between others, standard output first: where a kernel cuts is chance."""
    whole: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}
    for output in outputs:
        if output.output_type != "stream":
            whole += [streams.pop(name) for name in sorted(streams, reverse=True)]
            whole.append(output)
        elif output.name in streams:
            streams[output.name].text += output.text
        else:
            streams[output.name] = output
    return whole + [streams.pop(name) for name in sorted(streams, reverse=True)]


def _unname(output: Any) -> None:
    if output.output_type == "stream":
        output.text = _CELL_FILE.sub(r"cell-\1.py", output.text)
    elif output.output_type == "error":
        output.traceback = [_CELL_FILE.sub(r"cell-\1.py", line) for line in output.traceback]
