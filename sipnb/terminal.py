"""What stands on a terminal: text that it does not obey, and the progress of a run."""

from __future__ import annotations

import errno
import os
import re
from typing import Any, TextIO

from sipnb.chain.progress import Event

#: What a terminal obeys, but for line ends and tabs; and what turns the direction of the text after it.
_ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
#: The same, but for colours.
_NO_COLOUR = re.compile(rf"(?!\x1b\[[0-9;]*m){_ACTIVE.pattern}")


def _shown(found: re.Match[str]) -> str:
    # JSON has escaped the others itself, and knows no `\x7f`.
    return f"\\u{ord(found[0]):04x}" if found[0] >= "\x7f" else found[0].encode("unicode_escape").decode("ascii")


class Printed:
    """Standard output or standard error, safe from what exports hold and from readers that stop.

    Control characters, and those that turn the direction of what follows, stand as `\\x1b` and the like: a terminal would obey
    them. Colours pass only in the help, which rich writes. A reader that stops, such as `head`, does not stop the work.
    """

    def __init__(self, stream: TextIO, active: re.Pattern[str] = _ACTIVE) -> None:
        self._stream, self._active = stream, active

    @property
    def rich_proxied_file(self) -> Printed:
        """Where rich writes what it has coloured itself."""
        return Printed(self._stream, _NO_COLOUR)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        return self.obeyed(self._active.sub(_shown, text))

    def obeyed(self, text: str) -> int:
        """Write what a terminal is to obey."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._hang_up()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._hang_up()

    def _hang_up(self) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def tell(text: str, file: TextIO | None = None, end: str = "\n") -> None:
    """Print one line, and no second one for a line end in what it holds."""
    print(text.replace("\n", "\\n"), end=end, file=file, flush=True)


class Progress:
    """Progress of a run: one line that renews itself on a terminal, one plain line per unit otherwise."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.live = stream.isatty()

    def __call__(self, event: Event) -> None:
        text = f"{event.service}: {event.message}" if event.service else f"{event.kind}: {event.message}"
        if event.total:
            text = f"[{event.done}/{event.total}] {text}"
        if event.left and event.done < event.total:
            text += f" · about {_rough(event.left)} left"
            if self.live:
                self._renew(text)
                return
        if self.live:
            self._renew("")
        tell(text, self.stream)

    def _renew(self, text: str) -> None:
        getattr(self.stream, "obeyed", self.stream.write)("\r\x1b[K")
        tell(text, self.stream, end="")


def _rough(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def refused_by_disk(error: OSError) -> str:
    """What the operating system would not do, with the file and what to do."""
    place = error.filename2 or error.filename
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        where = f" of {place}" if place else ""
        return f"no room is left on the disk{where}: make room and run again; what is published is as it was"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{place} may not be written or read: {(error.strerror or '').lower()}; give the rights, or choose another --out"
    return f"{place}: {(error.strerror or str(error)).lower()}"
