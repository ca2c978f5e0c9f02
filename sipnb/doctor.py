"""Whether this installation can do its work: interpreter, packages, kernel, notebooks, a place to write."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import sys
from dataclasses import dataclass

from sipnb import places


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
        detail = importlib.metadata.version(name) if there else "run `make .venv` or install sipnb again"
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
