"""What a notebook shows: prose, tables and figures as self-contained, accessible markup.

The same markup reads well in JupyterLab and is taken as it stands into the page. Everything that comes from records is
escaped here, once.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from sipnb.show import theme, words


@dataclass(frozen=True)
class Shown:
    """Markup with its plain-text twin: what a cell's last line leaves behind."""

    markup: str
    text: str

    def _repr_html_(self) -> str:
        return self.markup

    def __repr__(self) -> str:
        return self.text


def escape(value: object) -> str:
    """Text as HTML text; a value from the records is never markup."""
    return html.escape(str(value), quote=True)


def inline(text: str) -> str:
    """One line of prose as HTML: escaped, `**strong**` kept."""
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(text))


def say(*sentences: str, kind: str = "prose") -> Shown:
    """A paragraph of sentences; empty ones are left out. `kind` may be `note` (a caution set apart)."""
    text = " ".join(s for s in sentences if s)
    return Shown(f'<p class="{escape(kind)}">{inline(text)}</p>', text.replace("**", ""))


def points(lines: list[str], ordered: bool = False) -> Shown:
    """A list, a sentence a line."""
    tag = "ol" if ordered else "ul"
    items = "".join(f"<li>{inline(line)}</li>" for line in lines)
    return Shown(f'<{tag} class="prose">{items}</{tag}>', "\n".join(f"- {line}" for line in lines).replace("**", ""))


def table(frame: pd.DataFrame, caption: str, *, numeric: tuple[str, ...] = (), name: str = "") -> Shown:
    """A table with its caption; the first column heads its rows, `numeric` columns are set to the right.

    Values are shown as they are: format them first, with `words`. Raises ValueError without a caption.
    """
    if not caption:
        raise ValueError("a table needs a caption that says what a row is; pass caption=")
    identity = f' id="{escape(name)}"' if name else ""
    return Shown(
        f'<div class="table" tabindex="0" role="region" aria-label="{escape(caption)}"><table{identity}>'
        f"<caption>{inline(caption)}</caption>{rows(frame, numeric)}</table></div>",
        f"{caption}\n{frame.to_string(index=False)}",
    )


def folded(shown: Shown, summary: str) -> Shown:
    """Something long behind one line that opens it."""
    return Shown(f"<details><summary>{escape(summary)}</summary>{shown.markup}</details>", shown.text)


def together(*parts: Shown) -> Shown:
    """Several things that one cell shows, one below the other."""
    return Shown("".join(p.markup for p in parts), "\n".join(p.text for p in parts))


def rows(frame: pd.DataFrame, numeric: tuple[str, ...] = ()) -> str:
    """A frame as table head and body, with scopes."""
    right = {c: ' class="number"' if c in numeric else "" for c in frame.columns}
    head = "".join(f'<th scope="col"{right[c]}>{escape(c)}</th>' for c in frame.columns)
    body = []
    for record in frame.itertuples(index=False):
        first, *others = [escape(v) for v in record]
        cells = "".join(f"<td{right[c]}>{v}</td>" for c, v in zip(frame.columns[1:], others, strict=True))
        body.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    return f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>"


def figure(
    drawing: Figure, *, name: str, finding: str, subtitle: str, alt: str, data: pd.DataFrame, source: str
) -> Shown:
    """A figure with everything a reader may ask of it.

    `finding` is the title: what the data say, best in at most 12 words; `subtitle` the measure, unit, scope and period;
    `alt` one or two sentences with a number (cut after 250 characters); `data` the plotted values, formatted.
    Raises ValueError where any of them is missing.
    """
    for part, value in (("name", name), ("finding", finding), ("subtitle", subtitle), ("alt", alt), ("source", source)):
        if not value:
            raise ValueError(f"figure {name!r} has no {part}; a figure without it cannot be published")
    # Words that follow from the data may run long; that is no reason to lose a plan.
    alt = words.clipped(alt, 250)
    if data.empty:
        raise ValueError(f"figure {name!r} has no data; say that there is no data instead of drawing nothing")
    numeric = tuple(data.columns[1:])
    return Shown(
        f'<figure id="fig-{escape(name)}" class="figure"><figcaption><strong>{inline(finding)}</strong><br>'
        f'<span class="subtitle">{inline(subtitle)}</span></figcaption>'
        f'<div class="drawing" tabindex="0" role="group" aria-label="{escape(finding)}">'
        f"{theme.svg(drawing, escape(name), finding, alt)}</div>"
        f'<p class="source">{inline(source)}</p><details><summary>Show the data</summary>'
        f'<div class="table" tabindex="0" role="region" aria-label="Data: {escape(finding)}"><table>'
        f"<caption>{inline(subtitle)}</caption>{rows(data, numeric)}</table></div></details></figure>",
        f"[figure {name}] {finding}\n{alt}",
    )
