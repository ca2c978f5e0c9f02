"""The palette: contrast in light and dark, and signals told apart by everyone, by colour or by shape."""

import re
from itertools import combinations

import numpy as np
import pytest

from sipnb.report.chapter import TEMPLATES
from sipnb.show import theme

#: Machado, Oliveira and Fernandes (2009), severity 1.0: what linear red, green and blue become.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip

SIGNALS = ("improvement", "concern", "common", "neutral")


def palettes():
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in (light, dark)]
    return {"light": found[0], "dark": found[0] | found[1]}


PALETTES = palettes()


def linear(colour):
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    a, b = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other)), reverse=True)
    return (a + 0.05) / (b + 0.05)


def lab(rgb):
    """CIE L*a*b* of linear sRGB, D65."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(rgb, 0, 1)
    t = xyz / [0.9505, 1.0, 1.089]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("scheme", PALETTES)
@pytest.mark.parametrize("name", ["ink", "muted", "link", "accent", *SIGNALS])
def test_text_has_a_contrast_of_at_least_four_and_a_half(scheme, name):
    palette = PALETTES[scheme]
    assert contrast(palette[name], palette["paper"]) >= 4.5
    if name in ("ink", "muted", "link"):
        assert contrast(palette[name], palette["wash"]) >= 4.5


@pytest.mark.parametrize("scheme", PALETTES)
def test_marks_have_a_contrast_of_three_on_the_paper_and_on_the_band(scheme):
    palette = PALETTES[scheme]
    for name in ("ink", "accent", *SIGNALS):
        assert contrast(palette[name], palette["paper"]) >= 3 and contrast(palette[name], palette["band"]) >= 3, name
    assert contrast(palette["on-concern"], palette["concern"]) >= 4.5
    assert contrast(palette["field"], palette["paper"]) >= 3, "the rims of controls"


def test_figures_and_pages_have_the_same_colours():
    for value, name in theme.NAMES.items():
        assert PALETTES["light"][name] == value, name


@pytest.mark.parametrize("scheme", PALETTES)
@pytest.mark.parametrize("sight", BLINDNESS)
def test_better_and_worse_are_told_apart_by_colour_whatever_the_sight(scheme, sight):
    seen = [lab(np.array(BLINDNESS[sight]) @ linear(PALETTES[scheme][name])) for name in ("improvement", "concern")]
    # 2.3 is a just noticeable difference; ten times that is plain even in small marks.
    assert np.linalg.norm(seen[0] - seen[1]) >= 23


#: Pairs that some eyes see nearly alike, and tell apart by diamond and square.
NEAR = {("dark", "protanopia"): {("improvement", "neutral")}, ("dark", "deuteranopia"): {("improvement", "neutral")}}


@pytest.mark.parametrize("scheme", PALETTES)
@pytest.mark.parametrize("sight", BLINDNESS)
def test_all_other_signals_differ_by_colour_too_but_for_two_that_differ_by_shape(scheme, sight):
    seen = {name: lab(np.array(BLINDNESS[sight]) @ linear(PALETTES[scheme][name])) for name in SIGNALS}
    near = {(a, b) for a, b in combinations(SIGNALS, 2) if np.linalg.norm(seen[a] - seen[b]) < 15}
    assert near == NEAR.get((scheme, sight), set())


def test_every_signal_has_a_shape_of_its_own():
    shapes = {name: marker for name, (_, marker) in theme.SIGNALS.items()}
    for one, other in combinations(("improvement", "concern", "common", "neutral high"), 2):
        assert shapes[one] != shapes[other]
