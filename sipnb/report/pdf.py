"""Pages as PDF: tagged and outlined, by the system's own Chromium; a plan with its evidence as its second part. The same pages
give the same bytes.

PDFs are not in the manifest: they are printed of what is published, and removed when their page is replaced.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from sipnb.places import BEHIND, write_whole

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")

#: Nothing of the network is asked, and nothing is written outside the files.
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
          "--disable-sync", "--no-first-run"]  # fmt: skip

#: Where the page's own style says nothing: A4, as most of the world prints.
_PAPER = "A4"

_FOOT = (
    '<div style="font: 8px sans-serif; color: #59636e; width: 100%; padding: 0 14mm; display: flex; '
    'justify-content: space-between"><span class="title"></span>'
    '<span><span class="pageNumber"></span> of <span class="totalPages"></span></span></div>'
)

#: Puts the evidence of a plan behind it, as its second part, and leads to it where the plan led to its page.
_SECOND = """([more, name]) => {
  document.querySelector("main").insertAdjacentHTML("beforeend", '<div style="break-before: page">' + more + "</div>");
  for (const link of document.querySelectorAll(`main a[href^="${name}#"]`)) {
    link.setAttribute("href", link.getAttribute("href").slice(name.length));
  }
}"""

_NODE = re.compile(rb"(?<=\()node\d{8}(?=\))")

_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}([^)]*)\)")


class NoBrowser(RuntimeError):
    """There is nothing to make PDFs with; the message says what to install."""


def browser() -> str:
    """The path of a Chromium that can print. Raises NoBrowser, also where the extra `pdf` is not installed."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError as error:
        raise NoBrowser("PDFs need the extra `pdf`: pip install 'sipnb[pdf]'") from error
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise NoBrowser(
            f"PDFs need a Chromium on the path, and there is none (looked for {', '.join(_NAMES)}); install it, on Debian "
            "and Ubuntu by `apt install chromium`"
        )
    return found


def print_pages(pages: Sequence[Path], cutoff: pd.Timestamp) -> Iterator[Path]:
    """Print each HTML page into a PDF beside it, and give its path when it is there; they are dated by the cut-off.

    Raises NoBrowser.
    """
    from playwright.sync_api import sync_playwright

    path = browser()
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=_FLAGS)
        tab = chromium.new_page(color_scheme="light", java_script_enabled=True)
        for page in pages:
            tab.goto(page.resolve().as_uri())
            behind = page.with_name(f"{page.stem}{BEHIND}.html")
            if behind.is_file():
                tab.evaluate(_SECOND, [_main(behind), behind.name])
            printed = tab.pdf(
                format=_PAPER, prefer_css_page_size=False, tagged=True, outline=True, print_background=True,
                display_header_footer=True, header_template="<span></span>", footer_template=_FOOT,
                margin={"top": "15mm", "bottom": "16mm", "left": "14mm", "right": "14mm"},
            )  # fmt: skip
            target = page.with_suffix(".pdf")
            write_whole(target, repeatable(printed, cutoff))
            yield target
        chromium.close()


def _main(page: Path) -> str:
    """What a page shows, without its head and foot."""
    return page.read_text(encoding="utf-8").split('<main id="main">')[1].split("</main>")[0]


def unprinted(page: Path) -> bool:
    """Whether a page has no PDF beside it that is as new as the page."""
    printed = page.with_suffix(".pdf")
    return page.is_file() and not (printed.is_file() and printed.stat().st_mtime_ns >= page.stat().st_mtime_ns)


def repeatable(content: bytes, cutoff: pd.Timestamp) -> bytes:
    """A PDF whose dates are the cut-off's, and whose elements are numbered from 1 in the order they have.

    Chromium takes the time of day, and numbers by a counter that also counts what is in no page. Everything keeps its
    length, so that nothing in the file moves.
    """
    stamp = cutoff.tz_convert("UTC").strftime("%Y%m%d%H%M%S").encode()
    content = _DATE.sub(lambda found: b"/%s (D:%s%s)" % (found[1], stamp, found[2]), content)
    numbers = {node: b"node%08d" % i for i, node in enumerate(sorted(set(_NODE.findall(content))), 1)}
    return _NODE.sub(lambda found: numbers[found[0]], content)
