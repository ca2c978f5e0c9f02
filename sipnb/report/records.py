"""The page of the data's quality: what was read, what was set aside and why, and what that does to the plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sipnb import __version__
from sipnb.cycles import Cycle
from sipnb.places import CycleFolder
from sipnb.report import quality, supplied
from sipnb.report.chapter import Section
from sipnb.report.page import contents, environment, write
from sipnb.report.provenance import quality_of
from sipnb.show import words

_SECTIONS = [
    Section(2, "gate", "What the gate found"),
    Section(2, "aside", "Rows set aside"),
    Section(3, "wrong", "Something is wrong with them"),
    Section(3, "others", "Not for these plans"),
    Section(2, "supplied", "What is supplied"),
    Section(3, "tables", "Tables"),
    Section(3, "services", "Services"),
    Section(3, "recorded", "As the tool recorded them"),
    Section(3, "untaken", "Columns not taken"),
    Section(3, "read", "How files were read"),
    Section(2, "reading", "How to read this"),
]


def render_quality(
    organisation: str,
    cycle: Cycle | None,
    record: Mapping[str, Any],
    path: Path,
    *,
    names: Mapping[str, str],
    simulated: bool = False,
) -> Path:
    """Write the data-quality page of an organisation's records to `path` and return it.

    `record` is `Prepared.record()`, or the content of `quality.json`: then the page lies beside the frozen records and
    leads to them. Without a cycle the records are as the exports stand. `names` are the services' names by id.
    """
    frozen = "files" in record
    wrong, others = quality.examples(record, True), quality.examples(record, False)
    some, more, beyond = supplied.services(record, names)
    content = environment().get_template("quality.html.j2").render(
        title=f"Data quality: {organisation}" + (f", {cycle.label}" if cycle else ""),
        organisation=organisation,
        cycle=cycle,
        simulated=simulated,
        frozen=frozen,
        fingerprint=record["inputs"]["fingerprint"] if frozen else "",
        verdict=quality.verdict(record),
        total=quality.fate(record),
        bar=quality.bar,
        sources=quality.sources(record),
        counted=words.plural(len(record["sources"]), "source"),
        files=quality.files(record),
        levels=quality.findings(record),
        emptied=quality.emptied(record),
        veiled=quality.veiled(record),
        ok=quality.quiet(record, "ok"),
        no_data=quality.quiet(record, "no data"),
        wrong=wrong,
        others=others,
        tables=supplied.tables(record),
        missing=supplied.missing(record),
        services=some,
        more_services=more,
        beyond=beyond,
        recorded=supplied.recorded(record),
        untaken=supplied.untaken(record),
        notes=supplied.notes(record),
        contents=contents(_SECTIONS),
        version=__version__,
    )  # fmt: skip
    return write(path, content)


def quality_page(
    organisation: str, cycle: Cycle, names: Mapping[str, str], simulated: bool
) -> Callable[[CycleFolder], Path]:
    """`render_quality` for an organisation's cycle, as a run calls it: once its records are frozen."""

    def render(folder: CycleFolder) -> Path:
        return render_quality(
            organisation, cycle, quality_of(folder), folder.quality, names=names, simulated=simulated
        )  # fmt: skip

    return render
