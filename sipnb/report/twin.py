"""The twin of a plan: all of its facts as JSON, carried inside the page, so that a program reads what a person reads."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

from sipnb.chapters import results
from sipnb.places import CHAPTERS, CycleFolder
from sipnb.show import words


def twin(folder: CycleFolder, service: str) -> dict[str, Any]:
    """A plan's results: service, cycle, and the facts of each chapter by its name. Raises ResultError."""
    found = {chapter: results.raw(folder, service, chapter) for chapter in CHAPTERS}
    head = found[CHAPTERS[0]]
    return {
        "schema": head["schema"], "service": service, "cycle": head["cycle"],
        "chapters": {chapter: one["facts"] for chapter, one in found.items()},
    }  # fmt: skip


def embedded(content: dict[str, Any]) -> Markup:
    """JSON fit to stand in a script element: nothing in it can end the element."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(words.turning_escaped(text))
