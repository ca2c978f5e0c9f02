"""The manifest of a cycle, `run.json`: what made each plan, so that the next run can tell what is still true."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sipnb
from sipnb.chapters.results import PORTFOLIO
from sipnb.cycles import Cycle
from sipnb.places import CHAPTERS, PROJECT, CycleFolder
from sipnb.records.sources import content_hash
from sipnb.workbook import Workbook

SCHEMA = 1

#: The name of the notebook across all services.
ACROSS = "portfolio"

PUBLISHED, UP_TO_DATE = "published", "up to date"

_CODE = {".py", ".yml", ".css", ".j2", ".js"}
_LIBRARIES = ("pandas", "numpy", "statsmodels", "papermill", "nbconvert", "duckdb")


@dataclass(frozen=True)
class Made:
    """What a plan is made of, each part as a hash: equal parts give equal bytes."""

    cycle: str
    records: str
    parameters: str
    notebooks: str
    code: str

    @property
    def parts(self) -> dict[str, str]:
        return {
            "records": self.records, "parameters": self.parameters, "notebooks": self.notebooks, "code": self.code
        }  # fmt: skip

    @property
    def fingerprint(self) -> str:
        return _hash([self.cycle, self.parts])

    def changed(self, earlier: Mapping[str, Any] | None) -> list[str]:
        """Which parts differ from those of an entry in an earlier manifest; `first run` where there is none."""
        if earlier is None:
            return ["first run"]
        before = earlier.get("made_of", {})
        return [name for name, digest in self.parts.items() if before.get(name) != digest]


def read(folder: CycleFolder) -> dict[str, Any]:
    """The manifest of a cycle; an empty one where there is none or it is of another schema."""
    try:
        content = json.loads(folder.manifest.read_text(encoding="utf-8"))
        if content["schema"] == SCHEMA:
            return content
    except (OSError, ValueError, KeyError, TypeError):
        pass  # everything runs anew then, and writes a good one
    return {"services": {}, "portfolio": {}}


def write(folder: CycleFolder, content: dict[str, Any]) -> None:
    """Write a manifest by rename."""
    scratch = folder.manifest.with_name("run.json.part")
    scratch.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    scratch.replace(folder.manifest)


def head(workbook: Workbook, cycle: Cycle, quality: Mapping[str, Any], code: str) -> dict[str, Any]:
    """What the manifest says about the run as a whole."""
    return {
        "schema": SCHEMA,
        "organisation": workbook.name,
        "cycle": cycle.name,
        "cutoff": cycle.cutoff.isoformat(),
        "versions": {
            "sipnb": sipnb.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        "git": _git(),
        "inputs": quality["inputs"],
        "account": quality["sources"],
        "parameters": workbook.fingerprint(),
        "code": code,
    }


def code_hash() -> str:
    """A hash of the bytes of this package: the modules, and the words, styles and templates they use."""
    package = Path(sipnb.__file__).resolve().parent
    files = [p for p in package.rglob("*") if p.suffix in _CODE and "_project" not in p.relative_to(package).parts]
    return _files_hash(package, files)


def notebooks_hash(notebooks: Path, names: Iterable[str] = CHAPTERS) -> str:
    """A hash of the bytes of the chapter notebooks."""
    return _files_hash(notebooks, [notebooks / f"{name}.ipynb" for name in names])


def records_hashes(records: Path, quality: Mapping[str, Any], services: Iterable[str]) -> dict[str, str]:
    """A hash of each service's frozen records as they lie there: damaged ones differ from those that were frozen."""
    files: dict[str, dict[str, str]] = {}
    for file in quality["files"]:
        path = records / file
        digest = content_hash(path) if path.is_file() else "missing"
        files.setdefault(file.split("/")[1].removeprefix("service="), {})[file] = digest
    nothing: dict[str, Any] = {"rows": {}, "set_aside": {}}
    return {
        name: _hash([files.get(name, {}), quality["services"].get(name, nothing), quality["cutoff"]])
        for name in services
    }


def made_of_all(
    workbook: Workbook, cycle: Cycle, records: Path, quality: Mapping[str, Any], notebooks: Path, code: str
) -> dict[str, Made]:
    """What each service's plan would be made of now."""
    there, told = records_hashes(records, quality, workbook.services), notebooks_hash(notebooks)
    return {name: Made(cycle.name, there[name], workbook.fingerprint(name), told, code) for name in workbook.services}


def made_of_portfolio(
    workbook: Workbook, cycle: Cycle, quality: Mapping[str, Any], notebooks: Path, code: str, plans: Mapping[str, Any]
) -> Made:
    """What the portfolio would be made of, `plans` being the services' entries in the manifest."""
    stood = {name: [e["fingerprint"], e["status"] in (PUBLISHED, UP_TO_DATE)] for name, e in plans.items()}
    # All of it, as text: the portfolio and the data-quality page show rows that are in no service, too.
    records = _hash([json.dumps(quality), stood])
    return Made(cycle.name, records, workbook.fingerprint(), notebooks_hash(notebooks, [ACROSS]), code)


def service_files(folder: CycleFolder, service: str) -> list[Path]:
    """The files of one service that are there: page, results, executed notebooks."""
    page = [folder.page(service)] if folder.page(service).is_file() else []
    return page + [
        path
        for place in (folder.result(service, "").parent, folder.notebook(service, "").parent)
        for path in sorted(place.glob("*"))
        if path.is_file() and path.suffix != ".part"
    ]


def portfolio_files(folder: CycleFolder, services: Collection[str]) -> list[Path]:
    """The files of the portfolio that are there: index, downloads, result, executed notebook, other pages."""
    pages = {folder.page(service) for service in services}
    top = [p for p in sorted(folder.root.glob("*")) if p.is_file() and p not in pages and p != folder.manifest]
    return top + sorted(p for p in folder.downloads.rglob("*") if p.is_file()) + service_files(folder, PORTFOLIO)


def hashes(folder: CycleFolder, files: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of files, by their path within the cycle's folder."""
    return {path.relative_to(folder.root).as_posix(): content_hash(path) for path in files}


def intact(folder: CycleFolder, entry: Mapping[str, Any]) -> bool:
    """Whether all files that an entry of the manifest records are there, byte for byte."""
    return bool(entry["hashes"]) and all(
        (folder.root / file).is_file() and content_hash(folder.root / file) == digest
        for file, digest in entry["hashes"].items()
    )


def compared(now: Mapping[str, str], earlier: Mapping[str, Any] | None) -> str:
    """How what was written compares with the run before: identical, different, or new."""
    if not earlier or not earlier.get("hashes"):
        return "new"
    return "identical" if earlier["hashes"] == now else "different"


def _git() -> str | None:
    if not (PROJECT / ".git").exists():
        return None
    try:
        told = subprocess.run(
            ["git", "-C", str(PROJECT), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.strip()


def _files_hash(base: Path, files: Iterable[Path]) -> str:
    return _hash({path.relative_to(base).as_posix(): content_hash(path) for path in files})


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
