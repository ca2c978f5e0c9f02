"""What became of a notebook and of a service.

Succeeded, failed (it raised), errored (it could not be run), skipped, up to date (what was published is reused), or
withdrawn: it ran, and its result was removed because a later one of its service did not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

SUCCEEDED, FAILED, ERRORED, SKIPPED, UP_TO_DATE = "succeeded", "failed", "errored", "skipped", "up to date"
WITHDRAWN = "withdrawn"

#: The states after which a service goes on.
GOOD = (SUCCEEDED, UP_TO_DATE)

#: Under this name in the place of a chapter stands the rendering of a page, which is no notebook.
RENDER = "render"


@dataclass(frozen=True)
class Outcome:
    """What became of one notebook. `cell` counts from 1 in the notebook as written, `error` is one line.

    `seconds` is the time it took when it last ran, `fingerprint` what it was made of.
    """

    state: str
    seconds: float = 0.0
    cell: int | None = None
    heading: str = ""
    error: str = ""
    fingerprint: str = ""

    def record(self) -> dict[str, Any]:
        """The outcome as plain data, as `run.json` has it."""
        return asdict(self)


@dataclass(frozen=True)
class ServiceOutcome:
    """What became of one service: its chapters in order, each with its outcome, and how often it was tried."""

    service: str
    cycle: str
    chapters: Mapping[str, Outcome]
    attempts: int = 1

    @property
    def chapter(self) -> str | None:
        """The chapter that stopped the service; None where all succeeded."""
        return next((name for name, outcome in self.chapters.items() if outcome.state not in GOOD), None)

    @property
    def trouble(self) -> Outcome | None:
        """The outcome of the chapter that stopped the service."""
        return self.chapters[self.chapter] if self.chapter else None

    @property
    def state(self) -> str:
        """Succeeded, failed or errored."""
        return self.trouble.state if self.trouble else SUCCEEDED

    @property
    def seconds(self) -> float:
        """The time of what ran now."""
        return round(sum(one.seconds for one in self.chapters.values() if one.state != UP_TO_DATE), 3)

    def kept(self) -> dict[str, dict[str, Any]]:
        """What became of the chapters and is still so, as `run.json` has it: of a service that failed, no result is left."""
        gone = self.state != SUCCEEDED
        said = {
            name: replace(one, state=WITHDRAWN) if gone and one.state in GOOD else one
            for name, one in self.chapters.items()
        }
        return {name: one.record() for name, one in said.items()}

    def line(self, partial: Path | None = None) -> str:
        """The error line that says where and what; `partial` is the notebook as far as it ran."""
        if self.trouble is None or self.chapter is None:
            raise ValueError(f"{self.service} {self.cycle} succeeded: there is no error to tell")
        place = "page" if self.chapter == RENDER else f"{self.chapter}.ipynb"
        if self.trouble.cell is not None:
            place += f" cell {self.trouble.cell}"
            place += f' "{self.trouble.heading}"' if self.trouble.heading else ""
        tail = f" (partial notebook: {partial})" if partial else ""
        return f"{self.service} {self.cycle} {place}: {self.trouble.error}{tail}"


def rendered(render: Callable[[], object], page: Path) -> Outcome:
    """What became of rendering: `render` ran, and `page` is there."""
    started = time.monotonic()
    try:
        render()
        error = "" if page.is_file() else "rendering wrote no page"
    except Exception as caught:
        error = one_line(caught)
    return Outcome(FAILED if error else SUCCEEDED, round(time.monotonic() - started, 3), error=error)


def one_line(error: BaseException) -> str:
    """An exception as one line: `ValueError: …`."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
