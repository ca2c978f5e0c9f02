"""From the folder where a cycle is built to the one that readers open: file by file, by rename, the index last.

Building happens beside the published folder, on the same file system; what a killed run had finished there the next
one takes over. Until a file is replaced the one before it stays; what a service no longer has is removed, so that
nothing old looks fresh.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sipnb.chain.manifest import intact
from sipnb.chapters.results import PORTFOLIO
from sipnb.places import CycleFolder, private, write_whole

#: The run's own papers within the building folder; never published.
PAPERS = ".run"
_DONE = "done"


def begin(published: CycleFolder, building: CycleFolder) -> dict[str, dict[str, Any]]:
    """A folder to build in, holding nothing but what a run that was killed had finished.

    Gives the manifest's entries of those services, by name; their files are there as the entries record them. Frozen
    records that were complete are there too.
    """
    done = _finished(building)
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
    private(building.root)
    (building.root / PAPERS).mkdir(parents=True)
    for service, entry in done.items():
        finished(building, service, entry)
    published.root.mkdir(parents=True, exist_ok=True)
    return done


def finished(building: CycleFolder, service: str, entry: Mapping[str, Any]) -> None:
    """Note that the files of a service are complete, so that the next run can go on where this one is killed."""
    write_whole(building.root / PAPERS / _DONE / f"{service}.json", json.dumps(entry, ensure_ascii=False))


def _finished(building: CycleFolder) -> dict[str, dict[str, Any]]:
    done = {}
    for note in sorted((building.root / PAPERS / _DONE).glob("*.json")):
        entry = json.loads(note.read_text(encoding="utf-8"))
        if intact(building, entry):
            done[note.stem] = entry
    return done


def end(building: CycleFolder) -> None:
    """Remove the building folder."""
    shutil.rmtree(building.root, ignore_errors=True)


def lend_records(published: CycleFolder, building: CycleFolder) -> None:
    """Show the published records in the building folder."""
    building.records.symlink_to(published.records, target_is_directory=True)


def lend(published: CycleFolder, building: CycleFolder, service: str) -> None:
    """Show a service's published files in the building folder: the portfolio needs them, nothing writes them."""
    pairs = [
        (published.page(service), building.page(service)),
        *zip(_folders(published, service), _folders(building, service), strict=True),
    ]
    for there, here in pairs:
        if there.exists():
            here.parent.mkdir(parents=True, exist_ok=True)
            here.symlink_to(there)


def lend_quality(published: CycleFolder, building: CycleFolder) -> None:
    """Show the published data-quality page in the building folder where it is what was built: it keeps its place."""
    there, here = published.quality, building.quality
    if there.is_file() and here.is_file() and there.read_bytes() == here.read_bytes():
        here.unlink()
        here.symlink_to(there)


def forget(building: CycleFolder, service: str) -> None:
    """Remove what a killed run left of a service that must be made again."""
    building.page(service).unlink(missing_ok=True)
    for folder in _folders(building, service):
        shutil.rmtree(folder, ignore_errors=True)


def forget_results(folder: CycleFolder, service: str) -> None:
    """Remove a service's results: of a failed one, nothing may be counted."""
    shutil.rmtree(folder.result(service, "").parent, ignore_errors=True)


def forget_portfolio(building: CycleFolder) -> None:
    """Remove what was made of a portfolio that failed: no figure of it may be read."""
    forget_results(building, PORTFOLIO)
    building.index.unlink(missing_ok=True)
    for folder in (building.owners, building.downloads):
        shutil.rmtree(folder, ignore_errors=True)


def publish(
    building: CycleFolder, published: CycleFolder, services: Iterable[str], gone: Iterable[str], *, portfolio: bool
) -> None:
    """Put what was built in its place: records with their page, the services' files and pages, the manifest, the index.

    `services` are those that were run, `gone` those that the organisation no longer has. Without `portfolio` the index
    and what belongs to it stay as they are.
    """
    services = set(services)
    if building.records.is_dir() and not building.records.is_symlink():
        _swap(building.records, published.records, building.root / PAPERS / "records")
    for service in gone:
        for page in (published.page(service), published.page(service).with_suffix(".pdf")):
            page.unlink(missing_ok=True)
        for folder in _folders(published, service):
            shutil.rmtree(folder, ignore_errors=True)
    built = _files(building) if portfolio else [p for p in _files(building) if _of(building, p, services)]
    for path in sorted(built, key=lambda path: _turn(building, path)):
        target = published.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (building.root / path).replace(target)
        if target.suffix == ".html":
            # What was printed of the page before would look as fresh as the new one.
            target.with_suffix(".pdf").unlink(missing_ok=True)
    kept = set(built)
    pages = [published.page(service) for service in services] + ([published.index] if portfolio else [])
    if not building.quality.is_symlink():  # it is only lent
        pages.append(published.quality)
    folders = [_folders(published, service) for service in (*services, *([PORTFOLIO] if portfolio else []))]
    for page in pages:
        if page.relative_to(published.root) not in kept:
            page.unlink(missing_ok=True)
    for folder in (folder for pair in folders for folder in pair):
        _remove_others(published, folder, kept)
    if portfolio:
        for folder in (published.owners, published.downloads):
            _remove_others(published, folder, kept)


def _of(building: CycleFolder, path: Path, services: set[str]) -> bool:
    """Whether a built file is the manifest or the page of the records, or belongs to one of the services."""
    if path.parts[0] in ("results", "notebooks"):
        return path.parts[1] in services
    return building.root / path in (building.manifest, building.quality) or (
        len(path.parts) == 1 and path.stem in services
    )


def _folders(folder: CycleFolder, service: str) -> tuple[Path, Path]:
    return folder.result(service, "").parent, folder.notebook(service, "").parent


def _files(building: CycleFolder) -> list[Path]:
    """Relative paths of what was built; what is only lent is a link, and left out."""
    found = []
    for place, folders, names in os.walk(building.root):
        here = Path(place)
        if here == building.root:
            folders[:] = [name for name in folders if name not in (PAPERS, building.records.name)]
        found += [
            (here / name).relative_to(building.root)
            for name in names
            if not (here / name).is_symlink() and not name.endswith(".part")
        ]
    return found


def _turn(building: CycleFolder, path: Path) -> tuple[int, str]:
    whole = building.root / path
    if whole == building.index:
        turn = 4
    elif whole == building.manifest:
        turn = 3
    elif path.parts[0] in ("results", "notebooks"):
        turn = 0
    else:
        turn = 1 if path.suffix == ".html" and len(path.parts) == 1 else 2
    return turn, path.as_posix()


def _swap(new: Path, old: Path, aside: Path) -> None:
    if old.exists():
        old.replace(aside)
    new.replace(old)


def _remove_others(published: CycleFolder, folder: Path, kept: set[Path]) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(published.root) not in kept:
            path.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
