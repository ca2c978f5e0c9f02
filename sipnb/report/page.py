"""What all pages share: the templates, the styles and scripts, the contents list, the neighbouring cycles.

A page is one file that asks nothing of the network. Its scripts are named by hash in its security policy and only add
comfort; everything can be read without them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from sipnb.places import CycleFolder, write_whole
from sipnb.show import display, words

TEMPLATES = Path(__file__).parent / "templates"

#: An earlier or later cycle: its name, its label, and the link to its page, relative to the cycle's folder.
Edition = tuple[str, str, str]


class PageError(ValueError):
    """A page that cannot be made; the message says which file is missing or at fault, and what to do."""


@dataclass(frozen=True)
class Section:
    """A heading of the page: `level` 2 is a chapter, 3 and below its sections."""

    level: int
    id: str
    title: str


def quality_link(folder: CycleFolder) -> str:
    """The data-quality page as a link from the cycle's pages; empty where there is none."""
    return folder.relative(folder.quality) if folder.quality.is_file() else ""


def contents(sections: list[Section]) -> list[tuple[Section, list[Section]]]:
    """Chapters with their sections; deeper headings stay out of the list."""
    nested: list[tuple[Section, list[Section]]] = []
    for section in sections:
        if section.level == 2:
            nested.append((section, []))
        elif section.level == 3:
            nested[-1][1].append(section)
    return nested


def editions(history: Sequence[Edition], cycle: str) -> dict[str, Any]:
    """The neighbours of a cycle and all other cycles, newest first. Names of one kind sort by time."""
    others = sorted((one for one in history if one[0] != cycle), reverse=True)
    earlier = [one for one in others if one[0] < cycle]
    later = [one for one in others if one[0] > cycle]
    return {"editions": others, "earlier": earlier[0] if earlier else None, "later": later[-1] if later else None}


@cache
def _file(name: str) -> Markup:
    """A style sheet or script that lies beside the templates."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def _policy(scripts: Sequence[str]) -> str:
    """The security policy of a page that runs these scripts and nothing else."""
    digests = [base64.b64encode(hashlib.sha256(_file(name).encode()).digest()).decode() for name in scripts]
    return (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; script-src "
        + " ".join(f"'sha256-{one}'" for one in digests)
    )


@cache
def environment() -> jinja2.Environment:
    """The templates, compiled once a process."""
    environment = display.templates(TEMPLATES, display.TEMPLATES)
    environment.globals.update(
        style=_file,
        script=_file,
        policy=_policy,
        assurance=words.ASSURANCE,
        shifted=words.SHIFTED,
        sentence=words.upper,
    )
    return environment


def write(path: Path, content: str) -> Path:
    """Write a page by rename, so that a reader never meets half a page."""
    write_whole(path, content)
    return path
