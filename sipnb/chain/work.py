"""What all steps of a run share: what is worked on, the units that are given to the executor, and the entries of the manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sipnb.chain import manifest, unit
from sipnb.chain.manifest import PUBLISHED, Inputs
from sipnb.chain.outcomes import RENDER, SUCCEEDED, ServiceOutcome, one_line
from sipnb.chain.plans import GIVEN, GIVEN_ACROSS
from sipnb.chain.progress import Event
from sipnb.chain.workers import LocalExecutor
from sipnb.cycles import Cycle
from sipnb.places import ALL_OPTIONS, ALL_RECORDS, ALL_SERVICES, PORTFOLIO, CycleFolder
from sipnb.workbook import Workbook


@dataclass(frozen=True)
class Pages:
    """The functions that write the pages into the building folder.

    `plan(folder, service)`, `index(folder, service)` of the portfolio and `quality(folder, service)` of the records run in the
    process of their unit, which imports them by name: `module:name`, where they are not to be imported here. The records' page
    comes before all others, so that they can link to it. Here run `methods(folder)`, which all plans link to,
    `failure(folder, service, outcome)`, and `cycles(folder)`, which is given the published folder when everything else is in its
    place.
    """

    plan: Callable[[CycleFolder, str], object] | str
    failure: Callable[[CycleFolder, str, ServiceOutcome], object]
    index: Callable[[CycleFolder, str], object] | str
    quality: Callable[[CycleFolder, str], object] | str | None = None
    cycles: Callable[[CycleFolder], object] | None = None
    methods: Callable[[CycleFolder], object] | None = None

    @property
    def modules(self) -> list[str]:
        """The modules of the functions that run in units."""
        names = [unit.name_of(page) for page in (self.plan, self.index, self.quality) if page]
        return sorted({name.partition(":")[0] for name in names})


@dataclass(frozen=True)
class Work:
    """What all steps of one run share. `entries` are the services' entries of the manifest as they come to stand."""

    workbook: Workbook
    cycle: Cycle
    notebooks: Path
    published: CycleFolder
    building: CycleFolder
    pages: Pages
    executor: LocalExecutor
    limit: float
    force: bool
    progress: Callable[[Event], None]
    before: dict[str, Any]
    left_over: dict[str, dict[str, Any]]
    started: float
    place: str
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)


def fail(work: Work, outcome: ServiceOutcome) -> None:
    """Put the failure page in the place of the plan and keep the error line."""
    partial = None
    if outcome.chapter != RENDER and work.building.notebook(outcome.service, outcome.chapter or "").is_file():
        partial = work.published.notebook(outcome.service, outcome.chapter or "")
    shown = replace(outcome, service=PORTFOLIO) if outcome.service == ALL_SERVICES else outcome
    work.errors.append(shown.line(partial))
    for page in work.building.pages(outcome.service):
        page.unlink(missing_ok=True)
    try:
        work.pages.failure(work.building, outcome.service, outcome)
    except Exception as error:
        work.errors.append(f"{shown.service} {outcome.cycle} failure page: {one_line(error)}")


def entry(
    outcome: ServiceOutcome, inputs: Inputs, hashes: dict[str, str], earlier: Mapping[str, Any] | None, page: str
) -> dict[str, Any]:
    """A service's, or the portfolio's, entry in the manifest. `took` is what all of it takes, reused or not."""
    return {
        "status": PUBLISHED if outcome.state == SUCCEEDED else outcome.state,
        "chapters": outcome.kept(),
        "took": round(sum(chapter.seconds for chapter in outcome.chapters.values()), 3),
        "fingerprint": inputs.fingerprint,
        "made_of": inputs.parts,
        "page": page,
        "hashes": hashes,
        "changed": inputs.changed(earlier),
        "output": manifest.compared(hashes, earlier),
        "stale": [],
        "attempts": outcome.attempts,
    }


def spec(
    work: Work, service: str, chapters: Sequence[str], inputs: Inputs, there: Mapping[str, Any] | None = None, page: bool = True
) -> unit.Spec:  # fmt: skip
    """What the process of a unit needs to know: `chapters`, after them the `page`, and what is `there` of it by this very run, or
    else was published before."""
    book, across = work.workbook, service in (ALL_SERVICES, ALL_RECORDS, ALL_OPTIONS)
    render = {ALL_SERVICES: work.pages.index, ALL_RECORDS: work.pages.quality}.get(service, work.pages.plan)
    earlier = there or (None if work.force or across else work.before["services"].get(service))
    given = dict.fromkeys(GIVEN_ACROSS if across else GIVEN, service)
    # An organisation's name is the same on every machine, its path is not: that one travels in the environment.
    return unit.Spec(
        service=service,
        cycle=work.cycle.name,
        chapters=tuple(
            unit.Chapter(
                name, str(work.notebooks / f"{name}.ipynb"), inputs.chapter(name),
                manifest.chapter_before(earlier, service, name),
            )
            for name in chapters
        ),
        parameters=given | {"workbook": book.name, "cycle": work.cycle.name},
        building=str(work.building.root),
        published=str(work.published.root),
        status=str(work.published.papers / f"{service}.status.json"),
        limit=work.limit,
        environment=unit.environment(
            work.building.root, work.published.papers, book.folder.parent, book.data, book.reports
        ),
        render=unit.name_of(render) if page else "",
    )  # fmt: skip
