"""The manifest of a cycle, `run.json`: what made each plan, so that the next run can tell what is still true."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sipnb
from sipnb import other_cycles, register
from sipnb.chain.outcomes import ERRORED, FAILED, UP_TO_DATE
from sipnb.cycles import Cycle
from sipnb.places import (
    ALL_OPTIONS,
    ALL_RECORDS,
    ALL_SERVICES,
    BASELINE,
    CHAPTERS,
    CHOICE,
    EVIDENCE,
    FORECAST,
    PLAN,
    PORTFOLIO,
    RECOMMENDATIONS,
    RECORDS,
    CycleFolder,
    content_hash,
    cycle_folder,
    digest,
    revision,
    state,
    write_whole,
)
from sipnb.register import signing
from sipnb.workbook import Workbook

SCHEMA = 2

PUBLISHED = "published"

#: The part of a plan's inputs that is what was chosen among the options of all services.
CHOSEN = "choice"

_CODE = {".py", ".yml", ".toml", ".css", ".j2", ".js"}
_LIBRARIES = ("pandas", "numpy", "statsmodels", "papermill", "nbconvert", "duckdb")


@dataclass(frozen=True)
class Inputs:
    """What a plan is made of, each part as a hash: equal parts give equal bytes.

    `notebooks` are those of its chapters by name; `before` is what the evidence of the cycle before handed over; `others` is what
    its actions are compared with, and empty where none is judged. The plan alone is made of what was `signed`, of what the plan
    before `asked`, and of what was `chosen` of its options, which is not known before all other chapters of all services are.
    """

    cycle: str
    records: str
    parameters: str
    notebooks: Mapping[str, str]
    code: str
    before: str = ""
    others: str = ""
    signed: str = ""
    asked: str = ""
    chosen: str = ""

    @property
    def parts(self) -> dict[str, str]:
        notebooks = {f"notebook {name}": made for name, made in self.notebooks.items()}
        return self._shared | self._of_plan | notebooks

    @property
    def _shared(self) -> dict[str, str]:
        return {
            "records": self.records, "parameters": self.parameters, "cycle before": self.before, "code": self.code,
            "other services": self.others,
        }  # fmt: skip

    @property
    def _of_plan(self) -> dict[str, str]:
        return {"signatures": self.signed, "decisions before": self.asked, CHOSEN: self.chosen}

    @property
    def fingerprint(self) -> str:
        return digest([self.cycle, self.parts])

    def chapter(self, name: str) -> str:
        """What one chapter is made of, but for the results of those before it."""
        alone = self._of_plan if name == PLAN else {}
        return digest([self.cycle, self._shared, alone, self.notebooks[name]])

    def changed(self, earlier: Mapping[str, Any] | None, apart: Collection[str] = ()) -> list[str]:
        """Which parts, `apart` from these, differ from an entry of an earlier manifest; `first run` where there is none."""
        if earlier is None:
            return ["first run"]
        before = earlier.get("made_of", {})
        return [name for name, made in self.parts.items() if name not in apart and before.get(name) != made]


def read(folder: CycleFolder) -> dict[str, Any]:
    """The manifest of a cycle; an empty one where there is none or it is of another schema."""
    try:
        content = json.loads(folder.manifest.read_text(encoding="utf-8"))
        if content["schema"] == SCHEMA:
            return {"records": {}, "choice": {}, **content}
    except (OSError, ValueError, KeyError, TypeError):
        pass  # everything runs anew then, and writes a good one
    return {"services": {}, "portfolio": {}, "records": {}, "choice": {}}


def write(folder: CycleFolder, content: dict[str, Any]) -> None:
    """Write a manifest by rename."""
    write_whole(folder.manifest, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def place(workbook: Workbook) -> str:
    """Where the parameters lie, as a hash: a path is for no reader."""
    return digest(str(workbook.folder))


def foreign(folder: CycleFolder, workbook: Workbook) -> str:
    """The title of another organisation whose plans the folder holds; empty where it holds none, or this one's.

    An organisation may get another title or move to another place, but not both at once, nor lose all its services.
    """
    content = read(folder)
    there, title = content.get("place"), content.get("title", "")
    if there in (None, place(workbook)):
        return ""
    same = title == workbook.settings.organisation and not set(content["services"]).isdisjoint(workbook.services)
    return "" if same else title


def head(workbook: Workbook, cycle: Cycle, quality: Mapping[str, Any], code: str, place: str) -> dict[str, Any]:
    """What the manifest says about the run as a whole; `place` is that of the organisation's own parameters."""
    return {
        "schema": SCHEMA,
        "organisation": workbook.name,
        "title": workbook.settings.organisation,
        "place": place,
        "cycle": cycle.name,
        "cutoff": cycle.cutoff.isoformat(),
        "versions": {
            "sipnb": sipnb.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        "git": revision() or None,
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


def notebook_hashes(notebooks: Path, names: Iterable[str] = CHAPTERS) -> dict[str, str]:
    """A hash of the bytes of each chapter's notebook."""
    return {name: content_hash(notebooks / f"{name}.ipynb") for name in names}


def records_hashes(
    records: Path, quality: Mapping[str, Any], services: Iterable[str], unchanged: Collection[str] = ()
) -> dict[str, str]:
    """A hash of each service's frozen records as they lie there: damaged ones differ from those that were frozen.

    Files that are `unchanged` are not read again.
    """
    files: dict[str, dict[str, str]] = {}
    with ThreadPoolExecutor() as pool:  # reading and hashing release the interpreter
        found = pool.map(
            lambda file: quality["files"][file] if f"records/{file}" in unchanged else _hash_of(records / file),
            quality["files"],
        )
    for file, made in zip(quality["files"], found, strict=True):
        files.setdefault(file.split("/")[1].removeprefix("service="), {})[file] = made
    nothing: dict[str, Any] = {"rows": {}, "set_aside": {}}
    return {
        name: digest([files.get(name, {}), quality["services"].get(name, nothing), quality["cutoff"]])
        for name in services
    }


def inputs_of_services(
    workbook: Workbook, cycle: Cycle, records: Path, quality: Mapping[str, Any], notebooks: Path, code: str,
    unchanged: Collection[str] = (),
) -> dict[str, Inputs]:  # fmt: skip
    """What each service's plan would be made of now."""
    there, told = records_hashes(records, quality, workbook.services, unchanged), notebook_hashes(notebooks)
    earlier, others = (
        cycle_folder(workbook.reports, workbook.name, cycle.shift(-1).name),
        _others(workbook, cycle, there),
    )
    return {
        name: Inputs(
            cycle.name, there[name], workbook.fingerprint(name, cycle.end), told, code, _before(earlier, name),
            others.get(name, ""), signing.fingerprint(service.signatures, cycle), _asked(earlier, name),
        )
        for name, service in workbook.services.items()
    }  # fmt: skip


def _before(earlier: CycleFolder, service: str) -> str:
    """What the chapters of the cycle before handed over that the next one looks back on; empty where there is none."""
    files = [earlier.result(service, chapter) for chapter in (BASELINE, FORECAST, RECOMMENDATIONS)]
    made = [content_hash(file) if file.is_file() else "" for file in files]
    return digest(made) if any(made) else ""


def _asked(earlier: CycleFolder, service: str) -> str:
    """What the plan of the cycle before asked for, and by which number; not what was signed of it since."""
    try:
        facts = json.loads(earlier.result(service, PLAN).read_text(encoding="utf-8"))["facts"]
        return digest([facts["number"], facts["verdict"]["decisions"]])
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # there is none, or none that the next plan could read


def _others(workbook: Workbook, cycle: Cycle, records: Mapping[str, str]) -> dict[str, str]:
    """What the actions of each service are compared with, where there are some to be judged: the records of all services, and
    when something was done in them."""
    done: dict[str, list[tuple[str, str]]] = {}
    judged = set()
    for name, service in workbook.services.items():
        for action in service.actions:
            stood = register.standing(action, cycle.end)
            if stood and stood.implemented:
                done.setdefault(name, []).append((action.id, str(stood.implemented)))
                judged |= {name} if action.measured else set()
    return dict.fromkeys(judged, digest([records, done])) if judged else {}


def inputs_of_choice(
    workbook: Workbook, cycle: Cycle, entries: Mapping[str, Any], notebooks: Path, code: str
) -> Inputs:  # fmt: skip
    """What the choice among the options of all services would be made of: what their chapters but the plan have handed over, as
    their `entries` of the manifest have it."""
    known = {name: entries.get(name, {}).get("hashes", {}) for name in workbook.services}
    files = {
        name: [made for chapter in EVIDENCE if (made := mine.get(f"results/{name}/{chapter}.json"))]
        for name, mine in known.items()
    }
    told = notebook_hashes(notebooks, [CHOICE])
    return Inputs(cycle.name, digest(files), workbook.fingerprint(until=cycle.end), told, code)


def chosen(building: CycleFolder) -> dict[str, str]:
    """What was chosen of the options of each service, as a hash; nothing of those that have none."""
    result = building.result(ALL_OPTIONS, CHOICE)
    if not result.is_file():
        return {}
    parts = json.loads(result.read_text(encoding="utf-8"))["facts"]["parts"]
    return {service: digest(part) for service, part in parts.items()}


def inputs_of_records(
    workbook: Workbook, cycle: Cycle, quality: Mapping[str, Any], notebooks: Path, code: str
) -> Inputs:
    """What the data-quality page would be made of: the whole account, and the notebook over it."""
    told = notebook_hashes(notebooks, [RECORDS])
    return Inputs(cycle.name, digest(json.dumps(quality)), workbook.fingerprint(until=cycle.end), told, code, "")


def inputs_of_portfolio(
    workbook: Workbook, cycle: Cycle, quality: Mapping[str, Any], notebooks: Path, code: str, plans: Mapping[str, Any]
) -> Inputs:
    """What the portfolio would be made of, `plans` being the services' entries in the manifest."""
    stood = {
        name: [e["fingerprint"], e["status"] in (PUBLISHED, UP_TO_DATE), e.get("stale", [])]
        for name, e in plans.items()
    }
    # All of it, as text: the portfolio and the data-quality page show rows that are in no service, too.
    folder = cycle_folder(workbook.reports, workbook.name, cycle.name)
    # What is published beside it is linked, and the portfolio of the cycle before is compared with.
    others = [edition.cycle for edition in other_cycles.siblings(folder)]
    earlier = cycle_folder(workbook.reports, workbook.name, cycle.shift(-1).name).result(ALL_SERVICES, PORTFOLIO)
    records = digest([json.dumps(quality), stood, others])
    before = content_hash(earlier) if earlier.is_file() else ""
    made = notebook_hashes(notebooks, [PORTFOLIO])
    return Inputs(cycle.name, records, workbook.fingerprint(until=cycle.end), made, code, before)


def statuses(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What became of each service, as the portfolio is told: its status, the reason of a failure, and what is out of date.

    By name, and a plan that was reused is as published as one that was made: however a run came about, it says the same.
    """
    return {
        name: {
            "status": PUBLISHED if entry["status"] == UP_TO_DATE else entry["status"],
            "reason": _reason(entry),
            "stale": entry.get("stale", []),
        }
        for name, entry in sorted(entries.items())
    }


def _reason(entry: Mapping[str, Any]) -> str:
    for chapter, one in entry.get("chapters", {}).items():
        if one.get("state") in (FAILED, ERRORED):
            where = f" at “{one['heading']}”" if one.get("heading") else ""
            return f"{chapter}{where}: {one.get('error') or one['state']}"
    return "" if entry["status"] in (PUBLISHED, UP_TO_DATE) else str(entry["status"])


def service_files(folder: CycleFolder, service: str) -> list[Path]:
    """The files of one service that are there: pages, results, executed notebooks."""
    return [page for page in folder.pages(service) if page.is_file()] + [
        path
        for place in (folder.result(service, "").parent, folder.notebook(service, "").parent)
        for path in sorted(place.glob("*"))
        if path.is_file() and path.suffix != ".part"
    ]


def chapter_before(entry: Mapping[str, Any] | None, service: str, chapter: str) -> dict[str, Any]:
    """What the manifest has of one chapter: its record, and the hashes of its files; empty where it has none."""
    record = (entry or {}).get("chapters", {}).get(chapter)
    if not record or entry is None:
        return {}
    mine = (f"notebooks/{service}/{chapter}.", f"results/{service}/{chapter}.")
    return {"record": record, "hashes": {file: made for file, made in entry["hashes"].items() if file.startswith(mine)}}


def records_files(folder: CycleFolder) -> list[Path]:
    """The files of the data-quality page that are there: itself, its result, its executed notebook."""
    return [*([folder.quality] if folder.quality.is_file() else []), *service_files(folder, ALL_RECORDS)]


def portfolio_files(folder: CycleFolder, services: Collection[str]) -> list[Path]:
    """The files of the portfolio that are there: index, owners, downloads, result, executed notebook, other pages."""
    pages = {page for service in services for page in folder.pages(service)}
    top = [p for p in sorted(folder.root.glob("*")) if p.is_file() and p not in pages and p != folder.manifest]
    below = [p for place in (folder.owners, folder.downloads) for p in sorted(place.rglob("*")) if p.is_file()]
    return top + below + service_files(folder, ALL_SERVICES)


def hashes(folder: CycleFolder, files: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of files, by their path within the cycle's folder."""
    return {path.relative_to(folder.root).as_posix(): content_hash(path) for path in files}


def intact(folder: CycleFolder, entry: Mapping[str, Any], unchanged: Collection[str] = ()) -> bool:
    """Whether all files that an entry of the manifest records are there, byte for byte; the `unchanged` are not read again."""
    return bool(entry["hashes"]) and all(
        file in unchanged or _hash_of(folder.root / file) == made for file, made in entry["hashes"].items()
    )


def note(folder: CycleFolder, files: Iterable[str], unchanged: Iterable[str]) -> None:
    """Note size, time and inode of files that were found to be, or written as, what their hashes say.

    `unchanged` are those that were so before. What was written in the last two seconds could change and keep its time.
    """
    latest = time.time_ns() - 2_000_000_000
    noted = {file: _state(folder.root / file) for file in (*files, *unchanged)}
    kept = {file: known for file, known in noted.items() if known and known[1] < latest}
    write_whole(_notes(folder), json.dumps(kept))


def unchanged_files(folder: CycleFolder) -> set[str]:
    """The files that have the size, time and inode that were noted: as every build tool does, they are not read again."""
    try:
        noted: dict[str, list[int]] = json.loads(_notes(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {file for file, known in noted.items() if _state(folder.root / file) == known}


def _notes(folder: CycleFolder) -> Path:
    return folder.root.with_name(f".{folder.root.name}.files.json")


def _state(path: Path) -> list[int] | None:
    try:
        return list(state(path))
    except OSError:
        return None


def _hash_of(path: Path) -> str:
    return content_hash(path) if path.is_file() else "missing"


def compared(now: Mapping[str, str], earlier: Mapping[str, Any] | None) -> str:
    """How what was written compares with the run before: identical, different, or new."""
    if not earlier or not earlier.get("hashes"):
        return "new"
    return "identical" if earlier["hashes"] == now else "different"


def _files_hash(base: Path, files: Iterable[Path]) -> str:
    return digest({path.relative_to(base).as_posix(): content_hash(path) for path in files})
