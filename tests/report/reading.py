"""A page as a reader's program takes it in."""

from __future__ import annotations

import re
from html.parser import HTMLParser


class Read(HTMLParser):
    """A page as a reader's program takes it in: headings, ids, links, sources and text, code left out."""

    def __init__(self, markup: str):
        super().__init__()
        self.headings, self.ids, self.links, self.sources, self.scripts, self.text = [], [], [], [], [], []
        self._within = []
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in ("meta", "input", "img", "br", "link"):
            self._within.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if "id" in given:
            self.ids.append(given["id"])
        if "href" in given:
            self.links.append(given["href"])
        if "src" in given:
            self.sources.append(given["src"])
        assert not [name for name in given if name.startswith("on")], f"inline handler on {tag}"

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_endtag(self, tag):
        assert self._within and self._within[-1] == tag, f"</{tag}> closes {self._within[-3:]}"
        self._within.pop()

    def handle_data(self, data):
        if "script" in self._within:
            self.scripts.append(data)
        elif "style" not in self._within:
            self.text.append(data)
