"""A page as a reader's program takes it in."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote


class Read(HTMLParser):
    """Headings, ids, links and text of a page, code left out; raises AssertionError where its markup is not sound."""

    def __init__(self, page: Path | str):
        super().__init__()
        self.page, self.markup = (page, page.read_text(encoding="utf-8")) if isinstance(page, Path) else (None, page)
        self.headings, self.ids, self.links, self.sources, self.scripts, self.parts = [], [], [], [], [], []
        self._within = []
        self.feed(self.markup)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.parts))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in ("meta", "input", "img", "br", "link"):
            self._within.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.ids += [given["id"]] if "id" in given else []
        # What a page carries to be downloaded leads nowhere.
        carried = "download" in given and given.get("href", "").startswith("data:text/csv;")
        self.links += [given["href"]] if "href" in given and not carried else []
        self.sources += [given["src"]] if "src" in given else []
        assert not [name for name in given if name.startswith("on")], f"inline handler on {tag}"

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self._within.pop()

    def handle_endtag(self, tag):
        assert self._within and self._within[-1] == tag, f"</{tag}> closes {self._within[-3:]}"
        self._within.pop()

    def handle_data(self, data):
        if "script" in self._within:
            self.scripts.append(data)
        elif "style" not in self._within:
            self.parts.append(data)

    def dead(self) -> list[str]:
        """The links of a file that lead nowhere, to a missing file or to a missing section of one."""
        found = []
        for link in self.links:
            target, _, anchor = link.partition("#")
            file = (self.page.parent / unquote(target)).resolve() if target else self.page
            if not file.is_file() or (anchor and f'id="{anchor}"' not in file.read_text(encoding="utf-8")):
                found.append(link)
        return found


def go_to(tab, state: str) -> None:
    """Put a state or an anchor into the address of a browser's tab, and wait until the page has heard of it."""
    tab.evaluate(
        "state => new Promise(done => { addEventListener('hashchange', () => done(), {once: true}); location.hash = state; })",
        state,
    )
