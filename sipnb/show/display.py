"""What a notebook shows: prose, tables and figures as self-contained, accessible markup.

The same markup reads well in JupyterLab and is taken as it stands into the page. It is text, and not a picture: it follows dark
mode, and tests can compare it. Everything that comes from records is escaped here, once.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import jinja2
import pandas as pd
from markupsafe import Markup

from sipnb.show import theme, words
from sipnb.show.theme import DARK, NARROW, WIDE

if TYPE_CHECKING:
    from sipnb.show.figures import Draw

#: The markup of tables and figures; pages use it, too.
TEMPLATES = Path(__file__).parent / "templates"

#: From this many columns on a row of a table is a card on a phone; one fewer will do where its texts are long.
CARDS, LONG = 4, 40

_NUMBER = re.compile(r"[+-]?\d[\d.,]*(e[+-]?\d+)?")
#: What a cell may begin a formula with; in East Asia also with the wide forms of the same signs. Before it may stand what
#: spreadsheets do not see, and a cell begins where another country's spreadsheet parts one: at a semicolon, a tab, a line's end.
_UNSEEN = r"\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060\ufeff"
_FORMULA = re.compile(rf'(^[\t\r\n]|(?:^|(?<=[;\t\r\n]))(?=[{_UNSEEN}"]*[=+\-@＝＋－＠]))')


#: What stands around markup in a notebook: its colours in JupyterLab's and VS Code's dark themes, and a class by which MathJax
#: takes no `$` in it for the beginning of a formula. Pages have their own colours, and take what is inside.
_BEFORE = (
    '<div class="sipnb mathjax_ignore"><style>[data-jp-theme-light="false"] .sipnb,.vscode-dark .sipnb{'
    + ";".join(f"--{name}:{value}" for name, value in DARK.items())
    # A trend, and what a page says to the ear only, need the page's style sheet: this is as much of it as a notebook needs.
    + "}.sipnb .unseen{display:none}.sipnb .good,.sipnb small{display:block;font-weight:400}"
    ".sipnb .spark{width:132px;height:34px}"
    ".sipnb .spark path{fill:none;stroke:var(--ink,#1b1f24)}.sipnb .spark .usual{fill:var(--band,#e6e9ee);stroke:none}"
    ".sipnb .spark .target{stroke:var(--accent,#12436d);stroke-dasharray:4 3}.sipnb .spark .mark{fill:currentcolor}</style>"
)
_AFTER = "</div>"


def inside(markup: str) -> str:
    """The markup of an output of a notebook as a page takes it: without what a notebook puts around it."""
    return markup.removeprefix(_BEFORE).removesuffix(_AFTER) if markup.startswith(_BEFORE) else markup


@dataclass(frozen=True)
class Shown:
    """Markup with its plain-text twin: what a cell's last line leaves behind."""

    markup: str
    text: str

    def _repr_html_(self) -> str:
        return f"{_BEFORE}{self.markup}{_AFTER}"

    def __repr__(self) -> str:
        return self.text


def escape(value: object) -> str:
    """Text as HTML text; a value from the records is never markup."""
    return html.escape(words.unturned(str(value)), quote=True)


def inline(text: str) -> Markup:
    """One line of prose as HTML: escaped, `**strong**` kept."""
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(text)))


def say(*sentences: str, kind: str = "prose", id: str = "") -> Shown:
    """A paragraph of sentences; empty ones are left out. `kind` may be `note` (a caution set apart); `id` is its anchor."""
    text = " ".join(s for s in sentences if s)
    if not text:
        return Shown("", "")
    return Shown(f"<p{_attributes(kind, id)}>{inline(text)}</p>", text.replace("**", ""))


def points(lines: list[str], ordered: bool = False, id: str = "") -> Shown:
    """A list, a sentence a line; `id` is its anchor."""
    tag = "ol" if ordered else "ul"
    items = "".join(f"<li>{inline(line)}</li>" for line in lines)
    return Shown(
        f"<{tag}{_attributes('prose', id)}>{items}</{tag}>", "\n".join(f"- {line}" for line in lines).replace("**", "")
    )


def _attributes(kind: str, id: str) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in (("class", kind), ("id", id)) if value)


def table(
    frame: pd.DataFrame, caption: str, *, numeric: Sequence[str] = (), ids: Sequence[str] = (), id: str = ""
) -> Shown:
    """A table with its caption; the first column heads its rows, `numeric` columns are set to the right.

    Values are shown as they are: format them first, with `words`. `ids` are the rows' own anchors, `id` the table's.
    Where it is too broad for a phone a row is a card there. Raises ValueError without a caption.
    """
    if not caption:
        raise ValueError("a table needs a caption that says what a row is; pass caption=")
    records = frame.astype(str).to_numpy().tolist()
    longest = max((len(text) for record in records for text in record), default=0)
    as_cards = len(frame.columns) >= (CARDS - 1 if longest > LONG else CARDS)
    markup = macros("table").table(
        list(frame.columns), records, caption, tuple(numeric), list(ids), cards=as_cards, id=id
    )
    return Shown(str(markup), f"{caption}\n{frame.to_string(index=False)}")


@dataclass(frozen=True)
class Card:
    """One of several things to be weighed against each other: what it is, what speaks for it, and its facts by name.

    `extent` is how much it may bring, in parts of the most that any card brings: low, value, high, each from 0 to 1.
    """

    id: str
    title: str
    lead: str
    facts: Sequence[tuple[str, str]]
    extent: tuple[float, float, float] | None = None

    @property
    def bar(self) -> list[float] | None:
        """The extent in pixels of a bar of 240, its dot within it."""
        return None if self.extent is None else [round(5 + 230 * min(max(part, 0.0), 1.0), 1) for part in self.extent]


def cards(found: Sequence[Card]) -> Shown:
    """Cards side by side, or below each other where there is no room."""
    text = "\n".join(f"- {one.title}. {one.lead}" for one in found)
    return Shown(str(macros("cards").cards(found)), text)


def folded(shown: Shown, summary: str, kind: str = "") -> Shown:
    """Something long behind one line that opens it."""
    return Shown(
        f"<details{_attributes(kind, '')}><summary>{escape(summary)}</summary>{shown.markup}</details>", shown.text
    )


def together(*parts: Shown) -> Shown:
    """Several things that one cell shows, one below the other."""
    return Shown("".join(p.markup for p in parts), "\n".join(p.text for p in parts))


def figure(
    draw: Draw, *, name: str, finding: str, subtitle: str, alt: str, data: pd.DataFrame, source: str,
    units: Mapping[str, str] = MappingProxyType({}), currency: str = "EUR", definition: str = "",
    notes: Sequence[str] = (),
) -> Shown:  # fmt: skip
    """A figure with everything a reader may ask of it, drawn for a wide and for a narrow screen.

    `finding` is the title: what the data say, best in at most 12 words; `subtitle` the measure, unit, scope and period,
    and what bands and whiskers are; `alt` one or two sentences with a number (cut after 250 characters). `data` holds the
    plotted values, raw: they are what can be downloaded, and what the table shows, written by the `units` of its columns.
    `notes` stand below the figure (what its marks mean); `definition` is the KPI whose definition is linked.

    Raises ValueError where a part is missing, or the alternative text has no number.
    """
    for part, value in (("name", name), ("finding", finding), ("subtitle", subtitle), ("alt", alt), ("source", source)):
        if not value:
            raise ValueError(f"figure {name!r} has no {part}; a figure without it cannot be published")
    if not re.search(r"\d", alt):
        raise ValueError(f"figure {name!r} has no number in its alternative text {alt!r}; say what the data show")
    if data.empty:
        raise ValueError(f"figure {name!r} has no data; say that there is no data instead of drawing nothing")
    # Words that follow from the data may run long; that is no reason to lose a plan.
    alt = words.clipped(alt, 250)
    columns = list(data.columns)
    shown = list(zip(*(_formatted(data[c], units.get(c), currency) for c in columns), strict=True))
    from sipnb.show.svg import svg  # matplotlib: a page that draws nothing need not wait for it

    wide, narrow = (
        svg(draw(room), f"{name}{suffix}", finding, alt) for room, suffix in ((WIDE, ""), (NARROW, "-narrow"))
    )
    markup = macros("figure").figure(
        name=name, finding=inline(finding), subtitle=inline(subtitle), wide=Markup(wide), narrow=Markup(narrow),
        source=inline(source), notes=[inline(note) for note in notes], columns=columns, records=shown,
        caption=subtitle, file=f"{name}.csv", csv=_csv(data), definition=definition,
    )  # fmt: skip
    return Shown(str(markup), f"[figure {name}] {finding}\n{alt}")


def _formatted(values: pd.Series, unit: str | None, currency: str) -> list[str]:
    if unit is None:
        return ["–" if words.is_missing(v) else str(v) for v in values]
    return ["–" if words.is_missing(v) else words.number(v, unit, currency) for v in values.astype(float)]


def _csv(data: pd.DataFrame) -> str:
    """A frame as CSV in base64, marked as UTF-8, to eight digits; what a spreadsheet would take for a formula is neutralised."""
    texts = [c for c in data.columns if not pd.api.types.is_numeric_dtype(data[c])]
    safe = data.assign(**{c: [_safe(v) for v in data[c]] for c in texts}).rename(columns=harmless)
    return base64.b64encode(
        safe.to_csv(index=False, lineterminator="\r\n", float_format="%.8g").encode("utf-8-sig")
    ).decode("ascii")


def _safe(value: object) -> str:
    return "" if words.is_missing(value) else harmless(str(value))


def harmless(text: str) -> str:
    """Text as a spreadsheet may be given it: what would begin a formula is preceded by an apostrophe, no direction turned."""
    text = words.unturned(text)
    return text if _NUMBER.fullmatch(text) else _FORMULA.sub(r"'\1", text)


#: A sum, a range or a number with its unit.
_TIED = re.compile(r"[€$£] [\d.,]*\d|\d[\d.,]*(?:–\d[\d.,]*\d?(?: (?:%|pts|min|h|d)(?!\w))?| (?:%|pts|min|h|d)(?!\w))")


def tied(text: str) -> Markup:
    """Prose as HTML in which no line ends between a number and its unit, or within a range."""
    return Markup(_TIED.sub(r'<span class="tied">\g<0></span>', escape(text)))


def _code(text: str) -> Markup:
    """The project's own prose as HTML, `names` in it as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))


def templates(*folders: Path) -> jinja2.Environment:
    """The templates of these folders: what they write is escaped, and turns the direction of nothing that follows it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, finalize=_unturned,
    )  # fmt: skip
    environment.filters.update(tied=tied, code=_code)
    environment.globals.update(day=words.day, number=words.number, sign=words.sign, variation=words.VARIATION)
    return environment


def _unturned(value: object) -> object:
    return words.unturned(value) if type(value) is str else value


def prepare() -> None:
    """Compile the templates and draw once: for a process that shows nothing itself, but forks those that do."""
    from sipnb.show.svg import svg

    for template in sorted(TEMPLATES.glob("*.html.j2")):
        macros(template.name.removesuffix(".html.j2"))
    svg(theme.canvas(NARROW, 100)[0], "nothing", "nothing", "nothing")


@cache
def macros(name: str):
    """The macros of one of the templates of what is shown."""
    return templates(TEMPLATES).get_template(f"{name}.html.j2").module
