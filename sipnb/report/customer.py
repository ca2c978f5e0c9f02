"""The edition of a plan for those who use the service: no money, no roles, no risks, and no way to pages that hold them.

It is made of what the chapters handed over, is in no manifest, and goes when the plan that it was made of is replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from sipnb import __version__
from sipnb.chapters import results
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import PlanFacts
from sipnb.chapters.plan import customer
from sipnb.chapters.plan.evidence import Evidence
from sipnb.cycles import Cycle
from sipnb.places import BASELINE, EVIDENCE, PLAN, REVIEW, CycleFolder
from sipnb.records.frozen import Records
from sipnb.report.page import environment, write
from sipnb.report.plan import period
from sipnb.workbook import Workbook


def render_customers(root: Path, workbook: Workbook, cycle: Cycle, services: Iterable[str]) -> Iterator[Path]:
    """Write the edition of every service that has a plan in the published folder, and give its path. Raises ResultError."""
    folder = CycleFolder(root)
    for service in services:
        if folder.page(service).is_file() and folder.result(service, PLAN).is_file():
            yield render_customer(ServiceContext(
                workbook, workbook.service(service), cycle, folder, Records(folder.records, service)
            ))  # fmt: skip


def render_customer(context: ServiceContext) -> Path:
    """Write the edition of one service, and return its path. Raises ResultError."""
    folder, service = context.folder, context.service.id
    evidence = customer.of(Evidence(context, *(results.read(folder, service, chapter) for chapter in EVIDENCE)))
    plan: PlanFacts = results.read(folder, service, PLAN)
    series, paths = (results.table(folder, service, *named) for named in ((BASELINE, "series"), (REVIEW, "paths")))
    about = evidence.baseline.about
    (_, verdict), *sections = customer.sections(evidence, plan.actions, series, paths)
    content = environment().get_template("customer.html.j2").render(
        title=f"Service improvement: {about.name}, {about.cycle_label}", about=about, period=period(about),
        verdict=verdict.markup, sections=[(title, shown.markup) for title, shown in sections], number=plan.number,
        version=__version__,
    )  # fmt: skip
    return write(folder.customer(service), content)
