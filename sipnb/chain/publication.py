"""From the folder where a cycle is built to the one that readers open: the two take each other's place in one step.

Building happens beside the published folder, on the same file system; what a killed run had finished there the next one
resumes from. When everything is built, what stays as it was is linked into it, all of it is flushed to the disk, and it takes
the place of the published folder: a reader finds the cycle as it was or as it is, with every page that its pages name.
File by file, the index last, cannot do that: pages of owners, of records and of services that are gone name each other in
circles. Where the system cannot exchange folders there are two renames, and the next run puts back what a kill between them left.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sipnb.chain import disk
from sipnb.chain.manifest import intact
from sipnb.places import ALL_SERVICES, BEHIND, OUTSIDE, CycleFolder, private, write_whole

_DONE = "done"


def begin(published: CycleFolder, building: CycleFolder) -> dict[str, dict[str, Any]]:
    """A folder to build in, holding nothing but what a run that was killed had finished.

    Gives the manifest's entries of those services, by name; their files are there as the entries record them. Frozen
    records that were complete are there too.
    """
    if not published.root.exists() and _aside(published).exists():
        _aside(published).replace(published.root)  # a run was killed between two renames
    shutil.rmtree(_aside(published), ignore_errors=True)
    done = left_over(published, building)
    kept = {building.root / file for entry in done.values() for file in entry["hashes"]}
    frozen = not building.records.is_symlink() and (building.records / "quality.json").is_file()
    for place, folders, names in os.walk(building.root, topdown=False):
        here = Path(place)
        if frozen and here.is_relative_to(building.records):
            continue
        for path in (here / name for name in (*names, *folders)):
            if path.is_symlink() or (path.is_file() and path not in kept):
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                path.rmdir()
    shutil.rmtree(published.papers, ignore_errors=True)
    published.root.mkdir(parents=True, exist_ok=True)
    for folder in (published.papers, building.root):
        private(folder)
    for service, entry in done.items():
        finished(published, service, entry)
    return done


def finished(published: CycleFolder, service: str, entry: Mapping[str, Any]) -> None:
    """Note that the files of a service are complete, so that the next run can go on where this one is killed."""
    write_whole(published.papers / _DONE / f"{service}.json", json.dumps(entry, ensure_ascii=False))


def left_over(published: CycleFolder, building: CycleFolder) -> dict[str, dict[str, Any]]:
    """The manifest's entries of the services that a run which was stopped had finished and not published, by name."""
    done = {}
    for note in sorted((published.papers / _DONE).glob("*.json")):
        entry = json.loads(note.read_text(encoding="utf-8"))
        if intact(building, entry):
            done[note.stem] = entry
    return done


def end(published: CycleFolder, building: CycleFolder) -> None:
    """Remove the building folder, which holds what was published before, and the run's papers."""
    for folder in (building.root, published.papers):
        shutil.rmtree(folder, ignore_errors=True)


def link_published_records(published: CycleFolder, building: CycleFolder) -> None:
    """Show the published records in the building folder."""
    building.records.symlink_to(published.records, target_is_directory=True)


def link_published(published: CycleFolder, building: CycleFolder, service: str) -> None:
    """Show a service's published files in the building folder: the portfolio needs them, nothing writes them."""
    pairs = [
        *zip(published.pages(service), building.pages(service), strict=True),
        *zip(_folders(published, service), _folders(building, service), strict=True),
    ]
    for there, here in pairs:
        if there.exists():
            here.parent.mkdir(parents=True, exist_ok=True)
            here.symlink_to(there)


def link_published_quality(published: CycleFolder, building: CycleFolder) -> None:
    """Show the published data-quality page in the building folder, so that pages can link to it: it keeps its place."""
    building.quality.symlink_to(published.quality)


def discard(building: CycleFolder, service: str) -> None:
    """Remove what a killed run left of a service that must be made again."""
    for page in building.pages(service):
        page.unlink(missing_ok=True)
    for folder in _folders(building, service):
        if folder.is_symlink():
            folder.unlink()
        shutil.rmtree(folder, ignore_errors=True)


def discard_results(folder: CycleFolder, service: str) -> None:
    """Remove a service's results: of a failed one, nothing may be counted."""
    shutil.rmtree(folder.result(service, "").parent, ignore_errors=True)


def discard_portfolio(building: CycleFolder) -> None:
    """Remove what was made of a portfolio that failed: no figure of it may be read."""
    discard_results(building, ALL_SERVICES)
    for page in (building.index, building.executive, building.review):
        page.unlink(missing_ok=True)
    for folder in (building.owners, building.downloads):
        shutil.rmtree(folder, ignore_errors=True)


def publish(
    building: CycleFolder, published: CycleFolder, services: Iterable[str], gone: Iterable[str], *, portfolio: bool
) -> None:
    """Let what was built take the place of what is published, with all that stays as it was.

    `services` are those that were run, `gone` those that the organisation no longer has. Without `portfolio` the index
    and what belongs to it stay as they are. The folder that was published is the building folder afterwards.
    """
    anew = _Anew(
        frozenset({*services, *gone, *([ALL_SERVICES] if portfolio else [])}),
        building.records.is_dir() and not building.records.is_symlink(),
        not building.quality.is_symlink(),
    )
    page = anew.quality and (building.quality.is_file() or published.quality.is_file())
    if not (anew.names or anew.records or page):
        disk.flush(building.root)
        building.manifest.replace(published.manifest)
        return
    _clear(building.root)
    _carry(published.root, building.root, anew)
    building.root.chmod(published.root.stat().st_mode)  # until now only its owner could look
    disk.flush(building.root)
    if not disk.exchange(building.root, published.root):
        published.root.replace(_aside(published))
        building.root.replace(published.root)
        _aside(published).replace(building.root)


@dataclass(frozen=True)
class _Anew:
    """What was made anew or is gone, and is not carried over: services and the portfolio by `names`, what belongs to none."""

    names: frozenset[str]
    records: bool
    quality: bool

    @property
    def portfolio(self) -> bool:
        return ALL_SERVICES in self.names

    def holds(self, file: Path) -> bool:
        """Whether a published file, by its place in the cycle's folder, belongs to what was made anew."""
        first = file.parts[0]
        if file.suffix == ".part":
            return True
        if len(file.parts) == 1:
            if file.suffix not in (".html", ".pdf"):
                return False
            # What was printed of the page before would look as fresh as the new one.
            return file.stem.removesuffix(BEHIND).removesuffix(OUTSIDE) in self.names or {
                "index": self.portfolio,
                "executive": self.portfolio,
                "review": self.portfolio,
                "data-quality": self.quality,
            }.get(file.stem, False)
        if first in ("results", "notebooks"):
            return file.parts[1] in self.names
        return {"records": self.records, "owners": self.portfolio, "downloads": self.portfolio}.get(first, False)


def _clear(building: Path) -> None:
    """Remove what is only linked, and what was not written to its end."""
    for place, folders, names in os.walk(building):
        for path in (Path(place, name) for name in (*folders, *names)):
            if path.is_symlink() or path.suffix == ".part":
                path.unlink()


def _carry(published: Path, building: Path, anew: _Anew) -> None:
    """Link the published files that stay as they were into the building folder; what was built is not replaced."""
    for place, _, names in os.walk(published):
        below = Path(place).relative_to(published)
        files = [name for name in names if not anew.holds(below / name)]
        if files and not (building / below).is_dir():
            (building / below).mkdir(parents=True)
            (building / below).chmod((published / below).stat().st_mode)
        for name in files:
            if not (building / below / name).exists():
                disk.link(published / below / name, building / below / name)


def _aside(published: CycleFolder) -> Path:
    """Where the published folder waits while the other takes its place, where the two cannot be exchanged at once."""
    return published.root.with_name(f".{published.root.name}.before")


def _folders(folder: CycleFolder, service: str) -> tuple[Path, Path]:
    return folder.result(service, "").parent, folder.notebook(service, "").parent
