"""How far a run is: its events, the order of its units, and the time that is left."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Event:
    """A step of a run: `kind` is frozen, engine, service, portfolio or published; `message` says how it went.

    `seconds` is the time this step took, `left` the time that the services still to come will take.
    """

    kind: str
    message: str
    service: str = ""
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    left: float | None = None


class Pace:
    """What the services that run are expected to cost, and how fast they are being done.

    `took` are the seconds that services took when they last ran, `rows` how many records each of them has: where no
    time is known, more records are taken to take longer.
    """

    def __init__(self, took: Mapping[str, float], rows: Mapping[str, int]) -> None:
        timed = [name for name in rows if took.get(name)]
        usual = median(took[name] for name in timed) if timed else 1.0
        size = median(rows.values()) or 1 if rows else 1
        # Most of the work of a service does not depend on its records.
        self.expected = {
            name: took[name] if name in timed else usual * (0.75 + 0.25 * rows[name] / size) for name in rows
        }
        self._to_do = sum(self.expected.values())
        self._done = 0.0
        self._started: float | None = None

    @property
    def order(self) -> list[str]:
        """The longest first, so that no long one is left to run alone at the end."""
        return sorted(self.expected, key=lambda name: (-self.expected[name], name))

    def done(self, name: str, seconds: float) -> float:
        """Count a service as done that took `seconds`; the seconds that the others will take at the pace so far."""
        if self._started is None:
            self._started = time.monotonic() - seconds
        self._done += self.expected[name]
        return (time.monotonic() - self._started) * max(0.0, self._to_do / self._done - 1)
