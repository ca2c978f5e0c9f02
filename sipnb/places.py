"""Where everything lies: the project's own notebooks and organisations, and the folder of a cycle."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

_PACKAGE = Path(__file__).resolve().parent

#: The checkout this package was installed from, or the copy of its notebooks and parameters in a wheel.
PROJECT = _PACKAGE.parent if (_PACKAGE.parent / "notebooks").is_dir() else _PACKAGE / "_project"
NOTEBOOKS = PROJECT / "notebooks"
PARAMS = PROJECT / "params"

#: Environment variable by which a run tells its notebooks where the cycle is being built.
BUILDING = "SIPNB_CYCLE_FOLDER"

#: Environment variables that say where an organisation's sources and the reports are, where not in their usual place.
DATA, REPORTS = "SIPNB_DATA", "SIPNB_REPORTS"

#: Environment variable that says, where it is not empty, that sources may be files outside their folder.
ANYWHERE = "SIPNB_FILES_ANYWHERE"

#: Environment variable that names the folder of organisations, where it is not the project's own `params/`.
PARAMETERS = "SIPNB_PARAMS"

_BUILDING = ".building"

#: The chapters of a service, in the order in which they are run; each is a notebook of that name. All but the last are the
#: evidence, the last is the plan.
CHAPTERS = ("1_review", "2_baseline", "3_gap_analysis", "4_forecast", "5_recommendations", "6_plan")
REVIEW, BASELINE, GAP_ANALYSIS, FORECAST, RECOMMENDATIONS, PLAN = CHAPTERS
EVIDENCE = CHAPTERS[:-1]

#: What the name of a service's page of evidence ends in.
BEHIND = "-evidence"
#: What the name of a service's page for its customers ends in.
OUTSIDE = "-customer"

#: The notebook over the records of a cycle, before all chapters, and the name under which its result lies.
RECORDS, ALL_RECORDS = "0_records", "_records"

#: The folder, among frozen records, of the words that were kept of texts.
WORDS = "words"

#: The notebook that chooses among the options of all services, before their plans, and the name under which its result lies.
CHOICE, ALL_OPTIONS = "choice", "_choice"

#: The notebook over all services of a cycle, and the name under which its results lie among those of services.
PORTFOLIO, ALL_SERVICES = "portfolio", "_portfolio"


def chapter_anchor(chapter: str) -> str:
    """The chapter's own word, as anchors have it: `3_gap_analysis` → `gap-analysis`."""
    return chapter.lstrip("0123456789_").replace("_", "-")


def chapter_title(chapter: str) -> str:
    """The chapter's word for readers: `3_gap_analysis` → `Gap analysis`."""
    return chapter_anchor(chapter).replace("-", " ").capitalize()


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file by rename: it is there as a whole or not at all. What is being written ends in `.part`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(path.name + ".part")
    scratch.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    scratch.replace(path)


def private(folder: Path) -> Path:
    """Make a folder, if need be, that only its owner can enter, whatever the umask says; its parents are made as usual."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    return folder


def private_file(path: Path) -> Path:
    """Make an empty file, if need be, that only its owner can read, whatever the umask says."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    return path


def content_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(content: Any) -> str:
    """A hash of plain data."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def state(path: Path) -> tuple[int, int, int]:
    """Inode, time of change and size of a file: while they are the same, so is its content. Raises OSError."""
    file = path.stat()
    return file.st_ino, file.st_mtime_ns, file.st_size


def reports() -> Path:
    """The folder that holds `<organisation>/<cycle>/`: as told, else the checkout's, else the working directory's."""
    if told := os.environ.get(REPORTS):
        return Path(told)
    return (PROJECT if PROJECT.parent != _PACKAGE else Path.cwd()) / "reports"


@cache
def revision() -> str:
    """The commit of the checkout that this package runs from, read once a process; empty where it is no checkout."""
    git = PROJECT / ".git"
    try:
        if git.is_file():  # a worktree of another checkout
            git = (PROJECT / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref:"):
            return head
        name = head.removeprefix("ref:").strip()
        shared = git / "commondir"
        home = (git / shared.read_text(encoding="utf-8").strip()).resolve() if shared.is_file() else git
        if (home / name).is_file():
            return (home / name).read_text(encoding="utf-8").strip()
        packed = (home / "packed-refs").read_text(encoding="utf-8").splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
    except OSError:
        return ""


def organisation(text: str | os.PathLike[str]) -> Path:
    """The parameters folder meant by a path, or by the bare name of an organisation of this run or of the project."""
    path = Path(text)
    if (told := os.environ.get(PARAMETERS)) and (Path(told) / path).is_dir():
        return Path(told, path).resolve()
    if path.is_dir() or path.is_absolute():
        return path.resolve()
    for shipped in (PARAMS / path, PROJECT / path):
        if shipped.is_dir():
            return shipped
    return path.resolve()


@dataclass(frozen=True)
class CycleFolder:
    """The folder of one organisation's cycle, and the place of each file in it."""

    root: Path

    @property
    def cycle(self) -> str:
        """The cycle's name, of the published folder and of the one beside it where it is built."""
        return self.root.name.removeprefix(".").removesuffix(_BUILDING)

    @property
    def building(self) -> CycleFolder:
        """The folder beside the published one in which a run builds the cycle."""
        return CycleFolder(self.root.with_name(f".{self.root.name}{_BUILDING}"))

    @property
    def papers(self) -> Path:
        """Where a run keeps what it needs itself, such as its specs and logs; never published, emptied by the next run."""
        return self.root.with_name(f".{self.cycle}.run")

    @property
    def beside(self) -> CycleFolder:
        """The published folder of the same cycle."""
        return CycleFolder(self.root.with_name(self.cycle))

    @property
    def cycles(self) -> Path:
        """The page of all cycles, beside their folders."""
        return self.root.parent / "index.html"

    @property
    def unlisted(self) -> Path:
        """A mark beside a published cycle that the page of all cycles does not name yet."""
        return self.root.with_name(f".{self.cycle}.unlisted")

    @property
    def owners(self) -> Path:
        return self.root / "owners"

    @property
    def index(self) -> Path:
        return self.root / "index.html"

    @property
    def executive(self) -> Path:
        """The portfolio for those who decide: what is asked, what it brings, and what became of what was decided."""
        return self.root / "executive.html"

    @property
    def review(self) -> Path:
        """The page for the meeting about the plans: what to decide, what is judged, what is in doubt, what is due."""
        return self.root / "review.html"

    @property
    def quality(self) -> Path:
        return self.root / "data-quality.html"

    @property
    def manifest(self) -> Path:
        return self.root / "run.json"

    @property
    def records(self) -> Path:
        return self.root / "records"

    @property
    def downloads(self) -> Path:
        return self.root / "downloads"

    def page(self, service: str) -> Path:
        """The page of a service, of the portfolio or of the records, by the name under which its results lie."""
        own = {ALL_SERVICES: self.index, ALL_RECORDS: self.quality}
        return own.get(service, self.root / f"{service}.html")

    def evidence(self, service: str) -> Path:
        """The page with what a service's plan rests on."""
        return self.root / f"{service}{BEHIND}.html"

    def pages(self, service: str) -> tuple[Path, Path]:
        """The pages of a service: its plan and the evidence."""
        return self.page(service), self.evidence(service)

    def customer(self, service: str) -> Path:
        """The plan of a service for those who use it, where that edition is asked for."""
        return self.root / f"{service}{OUTSIDE}.html"

    @property
    def methods(self) -> Path:
        """The page of methods, definitions and words, once an organisation."""
        return self.root / "methods.html"

    def result(self, service: str, chapter: str) -> Path:
        return self.root / "results" / service / f"{chapter}.json"

    @property
    def statuses(self) -> Path:
        """What became of each service in the run, handed to the portfolio; see `chapters.results.statuses`."""
        return self.result(ALL_SERVICES, "services")

    def relative(self, path: Path) -> str:
        """A file of the cycle as a link from one of its pages."""
        return quote(path.relative_to(self.root).as_posix())

    def notebook(self, service: str, chapter: str) -> Path:
        return self.root / "notebooks" / service / f"{chapter}.ipynb"

    def chapter_files(self, service: str, chapter: str) -> list[Path]:
        """The files of one chapter of a service that are there: its executed notebook, its result and the tables beside."""
        result = self.result(service, chapter)
        files = [self.notebook(service, chapter), result, *sorted(result.parent.glob(f"{chapter}.*.parquet"))]
        return [path for path in files if path.is_file()]


def cycle_folder(reports_folder: Path, name: str, cycle: str) -> CycleFolder:
    """The published folder `reports/<organisation>/<cycle>/`."""
    return CycleFolder(reports_folder / name / cycle)
