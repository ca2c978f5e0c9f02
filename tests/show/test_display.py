"""Figures and tables carry all that a reader may ask of them, and text from records is never markup."""

import re

import pandas as pd
import pytest

from sipnb.methods import spc
from sipnb.show import display, figures, theme

DATA = pd.DataFrame({"Cycle": ["Sep", "Oct"], "Value": ["1", "2"]})
GIVEN = {
    "name": "x",
    "finding": "Two and rising",
    "subtitle": "Things",
    "alt": "A line to 2.",
    "data": DATA,
    "source": "Here.",
}


def drawn(values=(1.0, 2.0, 1.5, 1.2), target=1.4):
    series = pd.Series(values, index=[f"2026-{i:02d}" for i in range(1, len(values) + 1)])
    chart = spc.xmr(series, good="up", target=target)
    return figures.control_chart(chart.points, list(series.index), "count", "EUR", target)


def test_a_figure_has_title_description_data_and_source():
    markup = display.figure(drawn(), **GIVEN).markup
    assert 'role="img"' in markup and '<title id="x-title">Two and rising</title>' in markup
    assert '<desc id="x-desc">A line to 2.</desc>' in markup
    assert "Show the data" in markup and "<td" in markup and "Here." in markup


@pytest.mark.parametrize("missing", ["finding", "subtitle", "alt", "source"])
def test_a_figure_without_a_part_is_an_error(missing):
    with pytest.raises(ValueError, match=missing):
        display.figure(drawn(), **{**GIVEN, missing: ""})


def test_a_figure_without_data_is_an_error():
    with pytest.raises(ValueError, match="no data"):
        display.figure(drawn(), **{**GIVEN, "data": DATA.iloc[:0]})


def test_a_long_alternative_text_is_cut_at_a_word():
    markup = display.figure(drawn(), **{**GIVEN, "alt": "word " * 100}).markup
    found = re.search(r"<desc[^>]*>(.*?)</desc>", markup)[1]
    assert len(found) <= 250 and found.endswith("word…")


def test_the_same_figure_is_the_same_bytes():
    first, second = (theme.svg(drawn(), "a", "t", "d") for _ in range(2))
    assert first == second
    assert not re.search(r"\d{4}-\d\d-\d\dT", first), "no clock"


def test_ids_of_two_figures_do_not_clash():
    one, two = (set(re.findall(r'\bid="([^"]+)"', theme.svg(drawn(), name, "t", "d"))) for name in ("a", "b"))
    assert one and not one & two
    svg = theme.svg(drawn(), "a", "t", "d")
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg)) <= set(re.findall(r'\bid="([^"]+)"', svg))


def test_rounding_spares_the_figures_that_are_read():
    values = pd.Series([0.99951, 0.99952, 0.99953, 0.9995], index=list("abcd"))
    chart = spc.xmr(values, good="up", target=0.9995)
    svg = theme.svg(figures.control_chart(chart.points, list("abcd"), "share", "EUR", 0.9995), "x", "t", "d")
    assert "99.95 %" in svg


def test_text_from_records_is_text():
    hostile = '<script>alert("x")</script>'
    frame = pd.DataFrame({"A": [hostile], hostile: ["<b>"]})
    for markup in (display.table(frame, hostile).markup, display.say(hostile).markup, display.points([hostile]).markup):
        assert "<script" not in markup and "<b>" not in markup
        assert "&lt;script&gt;" in markup


def test_a_table_needs_a_caption_and_has_scopes():
    with pytest.raises(ValueError, match="caption"):
        display.table(DATA, "")
    markup = display.table(DATA, "Values by cycle", numeric=("Value",)).markup
    assert markup.count('scope="col"') == 2 and markup.count('scope="row"') == 2
    assert '<td class="number">' in markup
