"""What a run would do and why: which services' plans are still true, and which must be made again."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sipnb.chain import manifest, parameters
from sipnb.chain.manifest import CHOSEN, PUBLISHED, Inputs
from sipnb.chain.outcomes import UP_TO_DATE
from sipnb.cycles import Cycle
from sipnb.places import CHAPTERS, CHOICE, PORTFOLIO, CycleFolder, cycle_folder
from sipnb.records import frozen, prepare, sources
from sipnb.records.sources import MissingInput
from sipnb.workbook import Workbook

#: The parameters that a run gives to each chapter notebook, and to the portfolio's.
GIVEN = ("workbook", "service", "cycle")
GIVEN_ACROSS = ("workbook", "cycle")

#: Why a plan that is up to date may be made again all the same: what is chosen for it is told when all others are known.
MAY_CHANGE = "unless another choice among all options concerns it"


@dataclass(frozen=True)
class Planned:
    """Whether a run would make a service's plan, and why; up to date where it would not."""

    service: str
    runs: bool
    why: tuple[str, ...]


def plan(
    workbook: Workbook,
    cycle: Cycle,
    services: Sequence[str] | None,
    *,
    force: bool,
    refreeze: bool,
    notebooks: Path,
) -> list[Planned]:
    """What a run would do for each service asked for (all where None), without doing anything.

    Raises WorkbookError for an unknown service, ParameterError, and MissingInput.
    """
    names = asked(workbook, services)
    check_notebooks(notebooks)
    published = cycle_folder(workbook.reports, workbook.name, cycle.name)
    before = manifest.read(published)
    entries = before["services"]
    known = None if refreeze else reusable(workbook, cycle, published)
    if known is None:
        first = "records" if (published.records / "quality.json").exists() else "first run"
        return [Planned(name, True, (first if entries.get(name) else "first run",)) for name in names]
    unchanged, code = manifest.unchanged_files(published), manifest.code_hash()
    inputs = manifest.inputs_of_services(workbook, cycle, published.records, known[1], notebooks, code, unchanged)
    reasons = reasons_of_each(names, entries, inputs, published, force, unchanged, (CHOSEN,))
    still = (UP_TO_DATE,)
    if chooses(notebooks):
        across = manifest.inputs_of_choice(workbook, cycle, entries, notebooks, code)
        anew = reasons_of(before["choice"] or None, across, published, force, unchanged)
        still = (MAY_CHANGE,) if anew or any(reasons.values()) else still
    return [Planned(name, bool(why), tuple(why) or still) for name, why in reasons.items()]


def asked(workbook: Workbook, services: Sequence[str] | None) -> list[str]:
    """The services asked for, each once, in the workbook's order. Raises WorkbookError for an unknown one."""
    if services is None:
        return list(workbook.services)
    wanted = {workbook.service(name).id for name in services}
    return [name for name in workbook.services if name in wanted]


def chooses(notebooks: Path) -> bool:
    """Whether there is a notebook that chooses among the options of all services: whoever has chapters of their own need not."""
    return (notebooks / f"{CHOICE}.ipynb").is_file()


def check_notebooks(notebooks: Path) -> None:
    """Check the parameters of all notebooks. Raises ParameterError, the errors of all of them together."""
    errors, across = [], [CHOICE, PORTFOLIO] if chooses(notebooks) else [PORTFOLIO]
    for name, given in [*((chapter, GIVEN) for chapter in CHAPTERS), *((name, GIVEN_ACROSS) for name in across)]:
        try:
            parameters.check(notebooks / f"{name}.ipynb", given)
        except parameters.ParameterError as error:
            errors.append(str(error))
    if errors:
        raise parameters.ParameterError("\n".join(errors))


def reusable(workbook: Workbook, cycle: Cycle, *folders: CycleFolder) -> tuple[CycleFolder, dict[str, Any]] | None:
    """The first of these folders whose frozen records hold today's inputs, with its `quality.json`; None without one.

    Raises MissingInput where a source is not there, and where the records were removed because they are old.
    """
    known = []
    for folder in folders:
        frozen.check_pruned(folder.records)
    for folder in folders:
        with contextlib.suppress(MissingInput, ValueError, KeyError):
            quality = frozen.read_quality(folder.records)
            known.append((folder, quality, quality["inputs"]["fingerprint"]))
    if not known:
        # There is nothing to compare with, but a source that is not there is told before anything is begun.
        sources.require(workbook.settings.sources, workbook.data, workbook.anywhere)
        return None
    now = prepare.inputs(workbook, cycle)["fingerprint"]
    return next(((folder, quality) for folder, quality, before in known if before == now), None)


def reasons_of_each(
    names: Sequence[str],
    entries: Mapping[str, Any],
    inputs: Mapping[str, Inputs],
    published: CycleFolder,
    force: bool,
    unchanged: Collection[str],
    apart: Collection[str] = (),
) -> dict[str, list[str]]:
    """`reasons_of` each service."""
    with ThreadPoolExecutor() as pool:  # most of it is reading and hashing, which release the interpreter
        return dict(
            zip(
                names,
                pool.map(
                    lambda name: reasons_of(entries.get(name), inputs[name], published, force, unchanged, apart), names
                ),
                strict=True,
            )
        )


def reasons_of(
    entry: Mapping[str, Any] | None,
    inputs: Inputs,
    published: CycleFolder,
    force: bool,
    unchanged: Collection[str] = (),
    apart: Collection[str] = (),
) -> list[str]:
    """The reasons for making a plan again, `apart` from these parts; none where what is published is what would be made.

    Files that are `unchanged` since they were last compared are not read again.
    """
    if entry is None:
        return ["first run"]
    reasons = inputs.changed(entry, apart)
    if entry["status"] not in (PUBLISHED, UP_TO_DATE):
        reasons.append(f"{entry['status']} last time")
    elif not reasons and not manifest.intact(published, entry, unchanged):
        reasons.append("its files are not those that were published")
    return reasons + (["forced"] if force else [])
