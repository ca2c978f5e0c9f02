"""Where a page's figures come from: the account of the records, the definitions, the fingerprints."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sipnb import __version__
from sipnb.chapters import results
from sipnb.places import CycleFolder, chapter_title, revision
from sipnb.report.page import PageError
from sipnb.show import words
from sipnb.show.visible import day


@dataclass(frozen=True)
class Source:
    """One source of the cycle: rows read = rows used + rows set aside, with the reasons."""

    name: str
    file: str
    read: int
    used: int
    set_aside: int
    reasons: str
    hash: str


@dataclass(frozen=True)
class Origin:
    """A chapter's result and notebook as links relative to the page, and the fingerprint of what it read."""

    title: str
    result: str
    notebook: str
    fingerprint: str


@dataclass(frozen=True)
class Provenance:
    """What the foot of a page states. `revision` is the commit of the checkout that made it, empty without one."""

    version: str
    revision: str
    window: str
    sources: list[Source]
    origins: list[Origin]


def provenance(folder: CycleFolder, service: str, chapters: tuple[str, ...]) -> Provenance:
    """The account of a cycle and the origin of one service's chapters. Raises PageError, ResultError."""
    quality = quality_of(folder)
    return Provenance(
        __version__, revision(), window(quality), account(quality["sources"]), [_origin(folder, service, c) for c in chapters]
    )  # fmt: skip


def account(sources: list[dict[str, Any]]) -> list[Source]:
    """The account of every source, its reasons in words."""
    return [
        Source(
            name=one["name"],
            file=one["file"],
            read=one["read"],
            used=one["used"],
            set_aside=one["set_aside"],
            reasons=", ".join(f"{n:,} {reason}" for reason, n in one["reasons"].items()) or "none",
            hash=_hash([file["sha256"] for file in one.get("files", ())]),
        )
        for one in sources
    ]


def _hash(digests: list[str]) -> str:
    """The beginning of a file's hash; of several files the hash of their hashes."""
    if len(digests) > 1:
        return f"{hashlib.sha256('/'.join(digests).encode()).hexdigest()[:12]} ({len(digests):,} files)"
    return digests[0][:12] if digests else "not recorded"


def window(quality: dict[str, Any]) -> str:
    """The first and the last day of which there are records: `1 May 2024 to 31 October 2026`; empty where none are dated."""
    tables = quality.get("tables", {}).values()
    first = min((one["first"] for one in tables if one["first"]), default="")
    last = max((one["last"] for one in tables if one["last"]), default="")
    return f"{day(first)} to {day(last)}" if first else ""


def fingerprints(origins: list[Origin]) -> str:
    """The distinct fingerprints: one, unless chapters were run on different records."""
    return words.listed(sorted({o.fingerprint for o in origins if o.fingerprint})) or "not recorded"


def _origin(folder: CycleFolder, service: str, chapter: str) -> Origin:
    content = results.raw(folder, service, chapter)
    return Origin(
        chapter_title(chapter),
        folder.relative(folder.result(service, chapter)),
        folder.relative(folder.notebook(service, chapter)),
        content["inputs"],
    )


def quality_of(folder: CycleFolder) -> dict[str, Any]:
    """`quality.json` of a cycle. Raises PageError where there is none, or it is damaged."""
    path = folder.records / "quality.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PageError(f"no account of the records at {path}; freeze the cycle's records first") from error
    except json.JSONDecodeError as error:
        raise PageError(f"{path} is damaged: {error}; freeze the cycle's records again") from error
