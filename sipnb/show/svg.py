"""Figures as small inline SVG.

matplotlib's own SVG backend writes a group for every artist, a `use` for every point and a clip for every line, and measures
text with a font the reader need not have. Every figure is drawn twice, for a wide and a narrow room. This one writes a path for
all neighbours of one style, text as text, and colours as CSS variables; nothing in it depends on time, order of memory or
installed fonts. Two drawings cost what one of matplotlib's does.
"""

from __future__ import annotations

from functools import cache

import matplotlib as mpl
import numpy as np
from markupsafe import escape
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.path import Path

from sipnb.show import theme, words

#: Texts with this group id stand on top of marks, and get a rim in the colour of the paper.
RIM = "rim"

_COMMANDS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
_ANCHOR = {"center": ' text-anchor="middle"', "right": ' text-anchor="end"'}


def svg(figure: Figure, name: str, title: str, description: str) -> str:
    """The figure as inline SVG: ids begin with `name`, colours are CSS variables, the same bytes each time."""
    figure.dpi = 72
    width, height = 72 * figure.get_size_inches()
    renderer = _Renderer(width, height, name)
    with mpl.rc_context(theme.STYLE):
        figure.draw(renderer)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" style="font-family:var(--font,sans-serif)">'
        f'<title id="{name}-title">{_text(title)}</title><desc id="{name}-desc">{_text(description)}</desc>'
        f"{renderer.content()}</svg>"
    )


class _Renderer(RendererBase):
    """Collects paths and texts in the order in which they are drawn; texts come last, on top."""

    def __init__(self, width: float, height: float, name: str) -> None:
        super().__init__()
        self.width, self.height, self.name = width, height, name
        self.paths: list[tuple[str, list[str]]] = []
        self.texts: list[str] = []
        self.defined: dict[str, str] = {}

    def content(self) -> str:
        """What stands inside the `svg` element."""
        defined = f"<defs>{''.join(self.defined.values())}</defs>" if self.defined else ""
        paths = "".join(f'<path d="{"".join(data)}"{style}/>' for style, data in self.paths)
        return defined + paths + "".join(self.texts)

    def flipy(self) -> bool:
        return True

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self.width, self.height

    def points_to_pixels(self, points: float) -> float:
        return points

    def get_text_width_height_descent(self, s: str, prop, ismath) -> tuple[float, float, float]:
        size = prop.get_size_in_points()
        return theme.width_of(s, size), 0.95 * size, 0.22 * size

    def draw_path(self, gc, path, transform, rgbFace=None) -> None:
        style = self._style(gc, rgbFace)
        if not style:
            return
        vertices = transform.transform(path.vertices)
        if not np.isfinite(vertices).any():
            return
        vertices[:, 1] = self.height - vertices[:, 1]
        self._add(style + self._clip(gc, vertices), _data(vertices, path.codes))

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None) -> None:
        style = self._style(gc, rgbFace)
        if not style:
            return
        places = trans.transform(path.vertices)
        places = places[np.isfinite(places).all(axis=1)]
        places[:, 1] = self.height - places[:, 1]
        shape = marker_trans.transform(marker_path.vertices)
        shape[:, 1] *= -1
        if marker_path.codes is not None and (marker_path.codes == Path.CURVE4).any() and rgbFace is not None:
            # A dot is a line without length and with round ends: by far the shortest way to say it.
            dot = f' stroke="{_colour(tuple(rgbFace))}" stroke-width="{np.ptp(shape[:, 0]):.1f}" stroke-linecap="round"'
            self._add(dot, "".join(f"M{_pair(p)}h0" for p in places))
            return
        self._add(style, "".join(_data(shape + place, marker_path.codes) for place in places))

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:
        if not s.strip():
            return
        anchor, rim = "", ""
        if mtext is not None:
            x = mtext.get_transform().transform(mtext.get_unitless_position())[0]
            anchor = _ANCHOR.get(mtext.get_ha(), "")
            if mtext.get_gid() == RIM:
                rim = f' stroke="{_colour(theme.PAPER)}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
        self.texts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{prop.get_size_in_points():g}"{anchor} '
            f'fill="{_colour(gc.get_rgb())}"{rim}>{_text(s)}</text>'
        )

    def _add(self, style: str, data: str) -> None:
        if self.paths and self.paths[-1][0] == style:
            self.paths[-1][1].append(data)
        elif data:
            self.paths.append((style, [data]))

    def _style(self, gc, face) -> str:
        """Fill and stroke as attributes; empty where nothing would be seen."""
        filled = face is not None and (len(face) < 4 or face[3] > 0)
        stroke, width = gc.get_rgb(), gc.get_linewidth()
        drawn = width > 0 and stroke[3] > 0
        hatch = f"url(#{self._hatch(gc.get_hatch_color())})" if gc.get_hatch() else ""
        if not (filled or drawn or hatch):
            return ""
        style = f' fill="{hatch or (_colour(tuple(face)) if filled else "none")}"'
        if drawn:
            style += f' stroke="{_colour(stroke)}" stroke-width="{width:g}"'
            if gc.get_dashes()[1] is not None:
                style += f' stroke-dasharray="{" ".join(f"{d:g}" for d in gc.get_dashes()[1])}"'
            elif gc.get_capstyle() == "round":
                style += ' stroke-linecap="round" stroke-linejoin="round"'
        return style

    def _hatch(self, colour) -> str:
        identity = f"{self.name}-hatch"
        self.defined[identity] = (
            f'<pattern id="{identity}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            f'<path d="M0 0V5" stroke="{_colour(tuple(colour))}" stroke-width="2"/></pattern>'
        )
        return identity

    def _clip(self, gc, vertices: np.ndarray) -> str:
        """A clip where a path leaves its axes, and only there."""
        box = gc.get_clip_rectangle()
        if box is None:
            return ""
        with np.errstate(invalid="ignore"):
            low, high = np.nanmin(vertices, axis=0), np.nanmax(vertices, axis=0)
        top, bottom = self.height - box.y1, self.height - box.y0
        if low[0] >= box.x0 - 1 and high[0] <= box.x1 + 1 and low[1] >= top - 1 and high[1] <= bottom + 1:
            return ""
        data = f"M{box.x0:.1f} {top:.1f}H{box.x1:.1f}V{bottom:.1f}H{box.x0:.1f}z"
        known = [i for i, d in self.defined.items() if data in d]
        identity = known[0] if known else f"{self.name}-clip{len(self.defined)}"
        self.defined[identity] = f'<clipPath id="{identity}"><path d="{data}"/></clipPath>'
        return f' clip-path="url(#{identity})"'


def _text(text: str) -> str:
    return escape(words.unturned(text))


@cache
def _colour(rgb: tuple[float, ...] | str) -> str:
    value = to_hex(rgb)
    return f"var(--{theme.NAMES[value]},{value})" if value in theme.NAMES else value


def _pair(point: np.ndarray) -> str:
    return f"{_short(point[0])} {_short(point[1])}"


def _short(value: float) -> str:
    # A tenth of a pixel is finer than any screen.
    return f"{round(value, 1) + 0.0:g}"


def _data(vertices: np.ndarray, codes: np.ndarray | None) -> str:
    """Path data; where a vertex is missing the line breaks, and points that fall on the one before are left out."""
    parts: list[str] = []
    last, before, broken = "", None, True
    for i, point in enumerate(vertices.tolist()):
        code = (Path.MOVETO if i == 0 else Path.LINETO) if codes is None else codes[i]
        if code == Path.CLOSEPOLY:
            parts.append("z")
            last, before = "z", None
            continue
        if point[0] != point[0] or point[1] != point[1]:
            broken = True
            continue
        command = "M" if broken else _COMMANDS.get(code, "L")
        broken = False
        pair = f"{_short(point[0])} {_short(point[1])}"
        if pair == before and command == "L":
            continue
        # After a move or a line further points are lines, and need no letter.
        same = command == last or (command == "L" and last == "M")
        parts.append((" " if same and command != "M" else command) + pair)
        last, before = command, pair
    return "".join(parts)
