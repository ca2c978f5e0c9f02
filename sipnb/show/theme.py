"""The project's look: colours that pass contrast and colour blindness, and the room in which a figure is drawn.

Every colour has a name and a light value; in a page the light value is only the fallback of a CSS variable of that
name, so that figures follow dark mode. All lengths are CSS pixels.

The notation is the same in every figure: actual values solid ink, the previous period lighter, targets dashed in the
accent, forecasts dotted with a hatched interval, uncertainty as whisker or band, what is usual as a grey band. A point
that speaks for the worse is a filled triangle, for the better a filled diamond, all others circles.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, MUTED, FAINT, PAPER = "#1b1f24", "#59636e", "#d8dde3", "#ffffff"
IMPROVEMENT, CONCERN, COMMON, NEUTRAL = "#005eb8", "#c24e00", "#6b7280", "#5b2a86"
BAND, ACCENT = "#e6e9ee", "#12436d"

#: The name of a colour as a CSS variable.
NAMES = {
    INK: "ink", MUTED: "muted", FAINT: "faint", PAPER: "paper", IMPROVEMENT: "improvement", CONCERN: "concern",
    COMMON: "common", NEUTRAL: "neutral", BAND: "band", ACCENT: "accent",
}  # fmt: skip

#: The values of these variables on a dark ground.
DARK = {
    "ink": "#e6e9ed", "muted": "#a4aeb9", "faint": "#363d45", "paper": "#14171a", "improvement": "#6cb4ff", "concern": "#ff9e4a",
    "common": "#9aa3af", "neutral": "#c9a6f5", "band": "#2a3037", "accent": "#9cc7f0",
}  # fmt: skip

#: Colour and marker of a point's signal: told apart by shape too.
SIGNALS = {
    "improvement": (IMPROVEMENT, "D"),
    "concern": (CONCERN, "^"),
    "common": (COMMON, "o"),
    "neutral high": (NEUTRAL, "s"),
    "neutral low": (NEUTRAL, "s"),
}

#: Targets, and lines that mark a time.
DASHED, DOTTED = (0, (5, 4)), (0, (2, 3))

STYLE = {
    "font.size": 13, "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False,
    "axes.edgecolor": FAINT, "axes.labelcolor": MUTED, "axes.grid": True, "axes.grid.axis": "y", "grid.color": BAND,
    "grid.linewidth": 1, "axes.axisbelow": True, "axes.linewidth": 1, "xtick.color": MUTED, "ytick.color": MUTED,
    "xtick.major.size": 4, "xtick.major.width": 1, "xtick.major.pad": 4, "ytick.left": False, "ytick.major.size": 0,
    "ytick.major.pad": 6, "xtick.minor.bottom": False, "text.color": INK, "figure.facecolor": "none",
    "axes.facecolor": "none", "lines.linewidth": 2, "axes.xmargin": 0, "axes.ymargin": 0, "figure.dpi": 72,
    "lines.solid_capstyle": "round", "hatch.color": COMMON,
}  # fmt: skip


@dataclass(frozen=True)
class Room:
    """The space a figure may fill: its `width`, and the size of its `text`."""

    width: float
    text: float

    @property
    def narrow(self) -> bool:
        """Whether it is a phone's: fewer ticks, and labels above what they name instead of beside it."""
        return self.width < 480


#: A page or a notebook; and a phone, where it is shown at 0.96 of its size on the smallest (320 px).
WIDE, NARROW = Room(640, 13), Room(300, 12)


def canvas(room: Room, height: float, rows: int = 1, **options):
    """A figure and its axes in the project's style, not known to pyplot: nothing is shown twice or kept open."""
    import matplotlib as mpl  # whoever needs only the colours need not wait for it
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE | {"font.size": room.text}):
        # A pixel is a point at 72 dots an inch.
        figure = Figure(figsize=(room.width / 72, height / 72), dpi=72)
        return figure, figure.subplots(rows, 1, **options)


def margins(figure: Figure, left: float, right: float, top: float, bottom: float, between: float = 0) -> None:
    """Place the axes at fixed distances from the edges, and `between` each other: no layout has to be solved."""
    width, height = 72 * figure.get_size_inches()
    rows = len(figure.axes)
    each = (height - top - bottom - between * (rows - 1)) / rows
    figure.subplots_adjust(
        left / width, bottom / height, 1 - right / width, 1 - top / height, hspace=between / each if rows > 1 else 0
    )


_NARROW = set("iljtfrI.,:;'|!()[]-–· ")
_BROAD = set("mwMW%@—✓✕")


def fitted(text: str, width: float, size: float) -> str:
    """A text that is no wider than `width`, cut and marked where it was."""
    if width_of(text, size) <= width:
        return text
    while text and width_of(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def width_of(text: str, size: float) -> float:
    """About how wide a text is in a usual sans-serif face; rather too much than too little."""
    return size * sum(
        0.36 if c in _NARROW else 0.9 if c in _BROAD else 1.0 if unicodedata.east_asian_width(c) in "WF"
        else 0.7 if c.isupper() else 0.6
        for c in text
    )  # fmt: skip
