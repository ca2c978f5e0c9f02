"""Whether this installation can do its work: interpreter, packages, kernel, notebooks, a place to write; and what is kept."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from sipnb import places
from sipnb.chain.pruning import size, told
from sipnb.records.frozen import PRUNED
from sipnb.show import words
from sipnb.workbook import Workbook


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    what: str
    ok: bool
    detail: str


_PACKAGES = ("papermill", "nbconvert", "jupyterlab", "ipykernel", "pandas", "duckdb", "statsmodels", "seaborn")


def examine() -> list[Finding]:
    """Everything a run needs, found or missing, each with what to do."""
    version = ".".join(map(str, sys.version_info[:3]))
    findings = [Finding("Python", sys.version_info >= (3, 11), f"{version} at {sys.executable}")]
    for name in _PACKAGES:
        there = importlib.util.find_spec(name) is not None
        detail = (
            importlib.metadata.version(name)
            if there
            else "install sipnb again; in a checkout, remove .venv and run `make report`"
        )
        findings.append(Finding(name, there, detail))
    chapters = [c for c in (*places.CHAPTERS, "portfolio") if not (places.NOTEBOOKS / f"{c}.ipynb").is_file()]
    findings.append(
        Finding(
            "notebooks", not chapters, f"not at {places.NOTEBOOKS}: {chapters}" if chapters else str(places.NOTEBOOKS)
        )
    )
    folder = places.reports()
    parent = folder if folder.exists() else folder.parent
    findings.append(
        Finding(
            "reports",
            os.access(parent, os.W_OK),
            f"{folder} can be written" if os.access(parent, os.W_OK) else f"{folder} cannot be written; pass --out",
        )
    )
    return findings


def kept(workbook: Workbook) -> list[Finding]:
    """Where an organisation's frozen records lie, who can read them, and for how long they are kept."""
    home = workbook.reports / workbook.name
    folders = [
        p for p in sorted([*home.glob("*/records"), *home.glob("workbench/*/records")]) if not (p / PRUNED).exists()
    ]
    many = words.plural(len(folders), "cycle")
    held = f"{told(sum(map(size, folders)))} of {many} in {home}" if folders else f"none yet; they will lie in {home}"
    open_ = [path for path in folders if _others(path)]
    who = "their owner alone" if not open_ else f"others, too: run `chmod -R go-rwx {open_[0]}`"
    if len(open_) > 1:
        who += f" and likewise {words.plural(len(open_) - 1, 'more folder')}"
    settings = workbook.settings
    spans = ", ".join(
        f"{what} {span or 'for ever'}"
        for what, span in (("records", settings.retention.records), ("notebooks", settings.retention.notebooks))
    )
    seen = "as they stand, by `show_values: true`" if settings.show_values else "by their shape only"
    return [
        Finding(f"records of {workbook.name}", True, held),
        Finding("who can read them", not open_, who),
        Finding(
            "kept after a cycle's end",
            True,
            f"{spans}; set `retention` in workbook.yml, then `sipnb prune {workbook.name}`",
        ),
        Finding("examples of what is wrong", True, f"values are shown {seen}"),
    ]


def _others(folder: Path) -> bool:
    """Whether others than its owner can enter a folder. Windows keeps that elsewhere."""
    return os.name == "posix" and bool(stat.S_IMODE(folder.stat().st_mode) & 0o077)
