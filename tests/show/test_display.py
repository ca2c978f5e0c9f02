"""Figures, tables and cards carry all that a reader may ask of them, and text from records is never markup."""

import base64
import html
import io
import re

import pandas as pd
import pytest

from sipnb.methods import spc
from sipnb.show import display, figures, theme
from tests.conftest import REPOSITORY

DATA = pd.DataFrame({"Cycle": ["Sep", "Oct"], "Value": [0.7123, 0.69512345678], "n": [1612, 15]})
GIVEN = {
    "name": "x", "finding": "Two and rising", "subtitle": "Things", "alt": "A line to 2.", "data": DATA,
    "units": {"Value": "share", "n": "count"}, "source": "Here.",
}  # fmt: skip
HOSTILE = '<script>alert("x")</script>'


def drawn(values=(1.0, 2.0, 1.5, 1.2), target=1.4):
    series = pd.Series(values, index=[f"2026-{i:02d}" for i in range(1, len(values) + 1)])
    chart = spc.xmr(series, good="up", target=target)
    return figures.control_chart(chart.points, list(series.index), "count", "EUR", target)


def figure(**changes):
    return display.figure(drawn(), **{**GIVEN, **changes}).markup


def carried(markup):
    """The CSV that a figure carries, as text."""
    file = re.search(r'download="x.csv" href="data:text/csv;charset=utf-8;base64,([^"]+)"', markup)
    return base64.b64decode(file[1]).decode("utf-8")


def test_a_figure_has_title_description_data_and_source():
    markup = figure()
    assert 'role="img"' in markup and '<title id="x-title">Two and rising</title>' in markup
    assert '<desc id="x-desc">A line to 2.</desc>' in markup
    assert "Show the data" in markup and "Here." in markup and "How this is measured" not in markup


def test_it_is_drawn_for_a_wide_and_for_a_narrow_screen_and_a_notebook_shows_the_wide_one():
    wide, narrow = re.findall(r'<div class="drawing ([^>]+)><svg', figure())
    assert wide == 'wide"' and narrow == 'narrow" style="display:none"'


@pytest.mark.parametrize("missing", ["finding", "subtitle", "alt", "source"])
def test_a_figure_without_a_part_is_an_error(missing):
    with pytest.raises(ValueError, match=missing):
        figure(**{missing: ""})


def test_a_figure_without_data_is_an_error():
    with pytest.raises(ValueError, match="no data"):
        figure(data=DATA.iloc[:0])


def test_an_alternative_text_without_a_number_is_an_error():
    with pytest.raises(ValueError, match="'x' has no number in its alternative text"):
        figure(alt="A chart of the service.")


def test_a_long_alternative_text_is_cut_at_a_word():
    found = re.search(r"<desc[^>]*>(.*?)</desc>", figure(alt="2 " + "word " * 100))[1]
    assert len(found) <= 250 and found.endswith("word…")


def test_what_can_be_downloaded_is_what_is_plotted_and_what_is_shown():
    markup = figure()
    back = pd.read_csv(io.StringIO(carried(markup)))
    pd.testing.assert_frame_equal(back, DATA, rtol=1e-7)
    body = markup.split("<tbody>")[1].split("</tbody>")[0]
    assert [re.findall(r">([^<>]+)</t[hd]>", row) for row in body.split("</tr>")[:-1]] == [
        ["Sep", "71.2 %", "1,612"], ["Oct", "69.5 %", "15"],
    ]  # fmt: skip


def test_a_missing_value_is_a_dash_in_the_table_and_empty_in_the_file():
    markup = figure(data=pd.DataFrame({"Cycle": ["Sep", None], "Value": [0.5, None], "n": [1, 2]}))
    assert "nan" not in markup.lower().replace("financ", "") and ">–</td>" in markup and ">–</th>" in markup
    assert carried(markup).splitlines()[2].split(",")[1] == ""


@pytest.mark.parametrize("text", ["=1+1", "+cmd|x", "-cmd", "@sum(a)", "\tx", "=cmd|' /C calc'!A0", "＝1＋1", "＠sum"])
def test_no_cell_and_no_head_of_a_file_is_a_formula(text):
    file = carried(figure(data=pd.DataFrame({text: ["=2"], "Value": [0.5], "n": [1]})))
    assert display.harmless(text) == f"'{text}"
    cells = pd.read_csv(io.StringIO(file), header=None, dtype=str).to_numpy().ravel()
    assert all(not cell.startswith(("=", "+", "-", "@", "\t")) for cell in cells)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("x;=1+1;", "x;'=1+1;"), ("x\n@sum(a)", "x\n'@sum(a)"), ("x; y\t+1\t", "x; y\t'+1\t"), (" =1", "' =1"), ("\0=1", "'\0=1"),
        ("\ufeff＝1", "'\ufeff＝1"), ('"=1', "'\"=1"), ("a - b; c = d", "a - b; c = d"), ("x;y\nz", "x;y\nz"),
    ],
)  # fmt: skip
def test_nor_where_another_spreadsheet_parts_a_cell_or_sees_less(text, safe):
    assert display.harmless(text) == safe


@pytest.mark.parametrize("text", ["-3.2", "+5", "12", "-1,234.5", "1e-7", ""])
def test_numbers_are_left_as_they_are(text):
    assert display.harmless(text) == text


def test_a_figure_leads_to_its_definition_and_says_what_its_marks_mean():
    markup = figure(definition="sla_attainment", notes=["**A** A new tool"])
    assert '<a href="methods.html#def-sla_attainment"' in markup
    assert '<ul class="marks"><li><strong>A</strong> A new tool</li></ul>' in markup


def test_ids_of_two_figures_do_not_clash_and_every_reference_is_met():
    one, two = (figure(name=name) for name in ("a", "b"))
    ids = [set(re.findall(r'\bid="([^"]+)"', markup)) for markup in (one, two)]
    assert ids[0] and not ids[0] & ids[1]
    assert set(re.findall(r"url\(#([^)]+)\)", one)) <= ids[0]
    assert {i for group in re.findall(r'aria-labelledby="([^"]+)"', one) for i in group.split()} <= ids[0]


def test_text_from_records_is_text():
    frame = pd.DataFrame({"A": [HOSTILE], HOSTILE: ["<b>"], "C": ["1"], "D": ["2"]})
    card = display.Card("option-x", HOSTILE, HOSTILE, [(HOSTILE, HOSTILE)])
    shown = [
        display.table(frame, HOSTILE).markup, display.say(HOSTILE).markup, display.points([HOSTILE]).markup,
        display.cards([card]).markup, figure(finding=HOSTILE, subtitle=HOSTILE, alt=f"1 {HOSTILE}", source=HOSTILE,
        notes=[HOSTILE], data=pd.DataFrame({HOSTILE: [HOSTILE], "n": [1]}), units={}),
    ]  # fmt: skip
    for markup in shown:
        assert "<script" not in markup and "<b>" not in markup
        assert HOSTILE in html.unescape(markup)
        assert not re.search(r"<[a-z]+ [^>]*alert[^>]*=", markup), "nothing of it is an attribute"


def test_text_does_not_turn_what_follows_it():
    turning = "\u202eabc\u2066"
    for markup in (display.say(turning).markup, display.table(pd.DataFrame({"A": [turning]}), turning).markup,
                   figure(finding=turning, alt=f"1 {turning}", subtitle=turning, source=turning)):  # fmt: skip
        assert "abc" in markup and "\u202e" not in markup and "\u2066" not in markup


def test_a_table_needs_a_caption_and_has_scopes():
    with pytest.raises(ValueError, match="caption"):
        display.table(DATA, "")
    markup = display.table(DATA, "Values by cycle", numeric=("Value",), ids=["row-a", "row-b"]).markup
    assert markup.count('scope="col"') == 3 and markup.count('scope="row"') == 2
    assert markup.count('<td class="number">') == 2 and '<tr id="row-b">' in markup


def test_a_table_too_broad_for_a_phone_is_cards_there_and_keeps_its_roles():
    broad = display.table(pd.DataFrame([["a", "b", "–", "d"]], columns=list("ABCD")), "Broad").markup
    wordy = display.table(pd.DataFrame([["a", "b", "word " * 12]], columns=list("ABC")), "Wordy").markup
    small = display.table(pd.DataFrame([["a", "b", "c"]], columns=list("ABC")), "Small").markup
    assert 'class="stacked" role="table"' in broad and 'data-label="D"' in broad and 'class="none"' in broad
    assert 'class="stacked"' in wordy and "stacked" not in small and "data-label" not in small
    for role in ("rowgroup", "row", "columnheader", "rowheader", "cell"):
        assert f'role="{role}"' in broad


def test_the_bar_of_a_card_stays_on_its_scale():
    card = display.Card("a", "A", "lead", [("Cost", "€ 5")], extent=(-0.2, 0.5, 1.4))
    assert card.bar == [5.0, 120.0, 235.0] and display.Card("a", "A", "lead", []).bar is None
    assert 'id="a" aria-labelledby="a-title"' in display.cards([card]).markup


def test_a_notebook_gives_markup_the_colours_of_its_dark_theme_and_a_page_takes_what_is_inside():
    shown = display.say("Costs rose from $12 to $15.")
    output = shown._repr_html_()
    assert 'class="sipnb mathjax_ignore"' in output
    assert '[data-jp-theme-light="false"] .sipnb' in output
    assert display.inside(output) == shown.markup
    assert display.inside(shown.markup) == shown.markup, "another's output is taken as it is"


def test_dark_colours_are_those_of_the_page():
    style = (REPOSITORY / "sipnb" / "report" / "templates" / "style.css").read_text(encoding="utf-8")
    dark = dict(
        re.findall(r"--([a-z]+): (#[0-9a-f]{6});", style.partition("prefers-color-scheme: dark")[2].partition("* {")[0])
    )
    assert {name: dark[name] for name in theme.NAMES.values()} == theme.DARK
