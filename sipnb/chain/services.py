"""The services of a run: their evidence, then the choice among the options of all of them, then their plans.

A plan says which of its options are chosen, which is not known before the evidence of all services is. So a service is worked on
twice, and a plan is made again where nothing but its part of the choice is another. Where there is no notebook of the choice, all
chapters of a service are run at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sipnb.chain import manifest, publication
from sipnb.chain.manifest import CHOSEN, PUBLISHED, Inputs
from sipnb.chain.outcomes import SUCCEEDED, UP_TO_DATE, Outcome, ServiceOutcome
from sipnb.chain.plans import chooses, reasons_of, reasons_of_each
from sipnb.chain.progress import Event, Pace
from sipnb.chain.work import Work, entry, fail, spec
from sipnb.places import ALL_OPTIONS, CHAPTERS, CHOICE, PLAN

#: The status of a service whose evidence is there and whose plan is not: in the notes of a run, and never in its manifest.
EVIDENCE_MADE = "evidence"


@dataclass
class _Course:
    """How far the services are: those that are out of date, and the entries of those whose evidence was made."""

    names: list[str]
    inputs: Mapping[str, Inputs]
    out_of_date: list[str] = field(default_factory=list)
    halfway: dict[str, dict[str, Any]] = field(default_factory=dict)


def make(
    work: Work, names: list[str], inputs: Mapping[str, Inputs], rows: Mapping[str, int], code: str, unchanged: Collection[str]
) -> dict[str, Any]:  # fmt: skip
    """Make the plans of the services asked for, `names`, that are out of date, `rows` being how many records each has.

    Gives the manifest's entry of the choice; empty where there is none.
    """
    course = _Course(names, inputs)
    chosen_among = chooses(work.notebooks)
    _look_up(work, course, unchanged, (CHOSEN,) if chosen_among else ())
    took = {name: one.get("took", 0.0) for name, one in work.before["services"].items()}
    pace = Pace(took, {name: rows.get(name, 0) for name in course.out_of_date})
    if not chosen_among:
        _plans(work, course, dict.fromkeys(pace.order), pace)
        return {}
    _evidence(work, course, pace)
    choice = _choice(work, {**work.entries, **course.halfway}, code, unchanged)
    chosen = manifest.chosen(work.building)
    course.inputs = {name: replace(one, chosen=chosen.get(name, "")) for name, one in inputs.items()}
    late = _by_choice(work, course, pace.order)
    _plans(work, course, late, Pace(took, {name: rows.get(name, 0) for name in late}))
    return choice


def _look_up(work: Work, course: _Course, unchanged: Collection[str], apart: Collection[str]) -> None:
    """Tell the services that must run, `apart` from these parts; all others keep their entry, and show their published files.

    What a run that was killed had finished, and would be the same now, counts as made by this one.
    """
    reasons = reasons_of_each(
        course.names, work.before["services"], course.inputs, work.published, work.force, unchanged, apart
    )
    for name in work.workbook.services:
        earlier = work.before["services"].get(name)
        if reasons.get(name):
            left = work.left_over.get(name)
            if left and not _changed(left, course.inputs[name], work, apart):
                if left["status"] == EVIDENCE_MADE:
                    course.halfway[name] = left
                    course.out_of_date.append(name)
                else:
                    work.entries[name] = left
                    work.ran.append(name)
                continue
            course.out_of_date.append(name)
        publication.discard(work.building, name)
        if earlier is None:
            continue
        if name in course.names and name not in course.out_of_date:
            earlier = {**earlier, "status": UP_TO_DATE, "output": "identical"}
        work.entries[name] = _stale(earlier, course.inputs[name], apart)
        if name not in course.out_of_date:
            publication.link_published(work.published, work.building, name)


def _changed(left: dict[str, Any], inputs: Inputs, work: Work, apart: Collection[str]) -> list[str]:
    status = PUBLISHED if left["status"] == EVIDENCE_MADE else left["status"]
    return reasons_of({**left, "status": status}, inputs, work.building, work.force, (), apart)


def _stale(earlier: Mapping[str, Any], inputs: Inputs, apart: Collection[str] = ()) -> dict[str, Any]:
    """An entry with what is other now than when its plan was made, which the portfolio shows: a service that is not asked for
    keeps its status, and is not silently true."""
    changed = inputs.changed(earlier, apart)
    return {**earlier, "changed": changed, "stale": changed}


def _evidence(work: Work, course: _Course, pace: Pace) -> None:
    """Run the chapters before the plan of what is out of date."""
    chapters = [name for name in CHAPTERS if name != PLAN]
    todo = [name for name in pace.order if name not in course.halfway]
    done, total = len(course.names) - len(todo), len(course.names)
    outcomes = work.executor.work([spec(work, name, chapters, course.inputs[name], page=False) for name in todo])
    with contextlib.closing(outcomes):
        for outcome in outcomes:
            name = outcome.service
            made = _entered(work, outcome, course.inputs[name])
            done += 1
            if outcome.state == SUCCEEDED:
                course.halfway[name] = made | {"status": EVIDENCE_MADE}
                publication.finished(work.published, name, course.halfway[name])
                said = "chapters are done, the plan is to come"
            else:
                work.entries[name] = made
                work.ran.append(name)
                said = made["status"]
            left = pace.done(name, outcome.seconds)
            work.progress(Event("evidence", said, name, done, total, outcome.seconds, left))


def _choice(
    work: Work, entries: Mapping[str, Any], code: str, unchanged: Collection[str]
) -> dict[str, Any]:  # fmt: skip
    """Choose among the options of all services, where what they hand over is another; gives its entry in the manifest."""
    publication.discard(work.building, ALL_OPTIONS)
    inputs = manifest.inputs_of_choice(work.workbook, work.cycle, entries, work.notebooks, code)
    earlier = work.before["choice"] or None
    if earlier and not reasons_of(earlier, inputs, work.published, work.force, unchanged):
        publication.link_published(work.published, work.building, ALL_OPTIONS)
        return {**earlier, "status": UP_TO_DATE, "output": "identical"}
    (outcome,) = work.executor.work([spec(work, ALL_OPTIONS, (CHOICE,), inputs, page=False)])
    if outcome.state != SUCCEEDED:
        publication.discard_results(work.building, ALL_OPTIONS)
        work.errors.append(replace(outcome, service="all services").line(None))
    hashes = manifest.hashes(work.building, manifest.service_files(work.building, ALL_OPTIONS))
    return entry(outcome, inputs, hashes, earlier, "")


def _by_choice(work: Work, course: _Course, order: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The services whose plans are to be made, each with the entry of what is there of it: those whose evidence was made, and
    those of whose options others are chosen now."""
    late = {name: course.halfway[name] for name in order if name in course.halfway}
    for name, there in list(work.entries.items()):
        now = course.inputs[name]
        if name not in course.names:
            work.entries[name] = _stale(there, now)
        elif there["status"] in (PUBLISHED, UP_TO_DATE) and CHOSEN in now.changed(there):
            late[name] = there
            if there["status"] == UP_TO_DATE:
                publication.discard(work.building, name)  # what is there are links to what is published
    return late


def _plans(work: Work, course: _Course, late: Mapping[str, dict[str, Any] | None], pace: Pace) -> None:
    """Run what is left of the chapters of these services, each with the entry of what is there of it, and write their pages."""
    specs = [spec(work, name, CHAPTERS, course.inputs[name], there) for name, there in late.items()]
    done, total = len(course.names) - len(specs), len(course.names)
    outcomes = work.executor.work(specs)
    # Closed at once where a step below is interrupted, so that no process outlives the run.
    with contextlib.closing(outcomes):
        for outcome in outcomes:
            name = outcome.service
            there = late[name] if name in course.halfway else None
            made = _entered(work, outcome if there is None else _joined(outcome, there), course.inputs[name])
            if outcome.state == SUCCEEDED:
                publication.finished(work.published, name, made)
            work.entries[name] = made
            if name not in work.ran:
                work.ran.append(name)
            done += 1
            left = pace.done(name, outcome.seconds)
            work.progress(Event("service", made["status"], name, done, total, outcome.seconds, left))


def _entered(work: Work, outcome: ServiceOutcome, inputs: Inputs) -> dict[str, Any]:
    """The entry of what a unit made; of one that failed the page says so, and no result is left."""
    name = outcome.service
    if outcome.state != SUCCEEDED:
        publication.discard_results(work.building, name)
        fail(work, outcome)
    hashes = manifest.hashes(work.building, manifest.service_files(work.building, name))
    return entry(outcome, inputs, hashes, work.before["services"].get(name), f"{name}.html")


def _joined(outcome: ServiceOutcome, there: Mapping[str, Any]) -> ServiceOutcome:
    """What became of a service in both of its units: of what the second one found made, what the first one says."""
    before = there["chapters"]
    chapters = {
        name: Outcome(**before[name]) if one.state == UP_TO_DATE and name in before else one
        for name, one in outcome.chapters.items()
    }
    return replace(outcome, chapters=chapters, attempts=max(outcome.attempts, there["attempts"]))
