"""Where a measure stands against its target, in a line's height: the range it usually moves in, its value, the target.

Drawn by hand as `sparkline` is: a plan shows one a target.
"""

from __future__ import annotations

from markupsafe import Markup

WIDTH, HEIGHT = 180.0, 22.0


def bullet(value: float, target: float, usual: tuple[float, float] | None, tone: str) -> Markup:
    """Decorative SVG: the usual range as a band, the value as a mark of its tone, the target as a line across.

    All lie on a scale of their own, from a little below the smallest of them to a little above the largest.
    """
    ends = [value, target, *(usual or ())]
    low, high = min(ends), max(ends)
    margin = 0.08 * (high - low) or 1.0

    def at(number: float) -> float:
        return round(WIDTH * (number - low + margin) / (high - low + 2 * margin), 1)

    band = ""
    if usual is not None:
        band = f'<path class="usual" d="M{at(usual[0]):g} 4H{at(usual[1]):g}V18H{at(usual[0]):g}Z"/>'
    mark = {"concern": _triangle, "improvement": _diamond}.get(tone, _circle)(at(value))
    return Markup(
        f'<svg class="bullet" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" aria-hidden="true"><path class="axis" d="M0 11H{WIDTH:g}"/>'
        f'{band}<path class="target" d="M{at(target):g} 1V21"/>{mark}</svg>'
    )


def _triangle(x: float) -> str:
    return f'<path class="mark concern" d="M{x:g} 5L{x + 6:g} 16L{x - 6:g} 16Z"/>'


def _diamond(x: float) -> str:
    return f'<path class="mark improvement" d="M{x:g} 4L{x + 6:g} 11L{x:g} 18L{x - 6:g} 11Z"/>'


def _circle(x: float) -> str:
    return f'<circle class="mark common" cx="{x:g}" cy="11" r="5"/>'
