"""The project's look: colours that pass contrast and colour blindness, and matplotlib set so that bytes repeat.

Every colour has a name and a light value; in a page the light value is only the fallback of a CSS variable of that
name, so that figures follow dark mode.
"""

from __future__ import annotations

import io
import re

import matplotlib as mpl
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure

INK, MUTED, FAINT, PAPER = "#1b1f24", "#59636e", "#d8dde3", "#ffffff"
IMPROVEMENT, CONCERN, COMMON, NEUTRAL = "#005eb8", "#c24e00", "#6b7280", "#5b2a86"
BAND, ACCENT = "#e6e9ee", "#12436d"

_NAMES = {
    INK: "ink", MUTED: "muted", FAINT: "faint", PAPER: "paper", IMPROVEMENT: "improvement", CONCERN: "concern",
    COMMON: "common", NEUTRAL: "neutral", BAND: "band", ACCENT: "accent",
}  # fmt: skip

#: Colour and marker of a point's signal: told apart by shape too.
SIGNALS = {
    "improvement": (IMPROVEMENT, "D"),
    "concern": (CONCERN, "^"),
    "common": (COMMON, "o"),
    "neutral high": (NEUTRAL, "s"),
    "neutral low": (NEUTRAL, "s"),
}

_STYLE = {
    "svg.fonttype": "none", "svg.hashsalt": "sipnb", "font.family": "sans-serif", "font.size": 10.5,
    "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False, "axes.edgecolor": FAINT,
    "axes.labelcolor": MUTED, "axes.grid": True, "axes.grid.axis": "y", "grid.color": BAND, "grid.linewidth": 0.8,
    "axes.axisbelow": True, "xtick.color": MUTED, "ytick.color": MUTED, "xtick.major.size": 3, "ytick.major.size": 0,
    "text.color": INK, "figure.facecolor": "none", "axes.facecolor": "none", "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round", "legend.frameon": False,
}  # fmt: skip


def canvas(width: float = 6.6, height: float = 2.7, rows: int = 1, columns: int = 1, **options):
    """A figure and its axes in the project's style, not known to pyplot: nothing is shown twice or kept open."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.subplots(rows, columns, **options)


def svg(figure: Figure, name: str, title: str = "", description: str = "") -> str:
    """The figure as inline SVG: ids prefixed by `name`, colours as CSS variables, no date, the same bytes each time."""
    with mpl.rc_context(_STYLE):
        text = _drawn(figure)
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    text = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'href="#{name}-\2"', text)
    text = re.sub(r"#[0-9a-f]{6}\b", lambda m: f"var(--{_NAMES[m[0]]},{m[0]})" if m[0] in _NAMES else m[0], text)
    # matplotlib's style sheet would reach the whole page; its list of families is the page's own.
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r"font-family: [^;\"]*", "font-family: var(--font,sans-serif)", text)
    # A tenth of a point is finer than any screen; only inside tags, never the figures that are read.
    text = re.sub(r"<[^>]+>", lambda tag: re.sub(r"-?\d+\.\d{2,}", _tenth, tag[0]), text)
    head = re.match(r"<svg[^>]*>", text)[0]
    box = re.search(r'viewBox="([^"]+)"', head)[1]
    width = float(box.split()[2])
    labelled = f'role="img" aria-labelledby="{name}-title {name}-desc"' if title else 'aria-hidden="true"'
    inner = (
        f'<title id="{name}-title">{_escape(title)}</title><desc id="{name}-desc">{_escape(description)}</desc>'
        if title
        else ""
    )
    new = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width * 4 / 3:.0f}" {labelled}>{inner}'
    return re.sub(r"\n\s*", "\n", new + text[len(head) :]).strip()


def _drawn(figure: Figure) -> str:
    """What matplotlib writes for the figure, laid out and drawn by one renderer.

    `savefig` draws everything twice where there is a layout, and measures every text anew for the second time.
    """
    figure.dpi = 72
    width, height = 72 * figure.get_size_inches()
    buffer = io.StringIO()
    renderer = RendererSVG(width, height, buffer, metadata={"Date": None, "Creator": None})
    figure.canvas.get_renderer = lambda: renderer
    figure.draw(renderer)
    renderer.finalize()
    return buffer.getvalue()


def _tenth(found: re.Match[str]) -> str:
    return f"{float(found[0]):.1f}".removesuffix(".0")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
