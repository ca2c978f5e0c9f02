"""Hostile strings in every place where the outside comes in: all arrive as text, none runs, asks, or breaks out of its place.

An organisation is made of them (`tests/hostile_estate.py`), checked and run by the command line; every page is opened in a real
browser and used; every other file that is published is read as its reader would. SIPNB_FAULTS takes all thousand; otherwise
there are fewer, of every family. The table of what came out lies beside the reports, and is printed with `-s`.
"""

from __future__ import annotations

import base64
import csv
import email
import email.policy
import http.server
import io
import json
import os
import re
import threading
import unicodedata
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
import python_calamine

from sipnb.records import mappings
from tests import inside
from tests.hostile import FAMILIES, ID, strings
from tests.hostile_estate import CYCLE, Estate, write
from tests.test_cli import sipnb

STRINGS, SERVICES = (1000, 22) if os.environ.get("SIPNB_FAULTS") else (150, 2)

#: What every page is made of. Anything else came out of a string.
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "a", "abbr", "aside", "b", "bdi", "br", "button", "caption", "code",
    "dd", "details", "div", "dl", "dt", "em", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "header", "input", "label", "legend", "li", "main", "nav", "noscript", "ol", "option", "p", "pre", "script", "section",
    "select", "small", "span", "strong", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "svg", "g",
    "path", "text", "rect", "circle", "line", "defs", "pattern", "clipPath", "desc",
}  # fmt: skip
ATTRIBUTES = {
    "aria-controls", "aria-current", "aria-hidden", "aria-label", "aria-labelledby", "aria-sort", "autocomplete", "charset",
    "class", "clip-path", "colspan", "content", "cx", "cy", "d", "data-currency",
    "data-label", "data-money", "data-of", "data-sort", "download", "fill", "font-size",
    "for", "height", "hidden", "href", "http-equiv", "id", "lang", "name", "open", "paint-order", "patternTransform",
    "patternUnits", "preserveAspectRatio", "r", "role", "rowspan", "scope", "stroke", "stroke-dasharray", "stroke-linecap",
    "stroke-linejoin", "stroke-width", "style", "tabindex", "text-anchor", "type", "value", "viewBox", "width", "x", "x1",
    "x2", "xmlns", "y", "y1", "y2",
}  # fmt: skip
METAS = {"charset", "Content-Security-Policy", "viewport", "color-scheme", "generator"}
#: What a terminal obeys, and what turns or hides what is read there; tabs and line ends are text.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NUMBER = re.compile(r"[+-]?\d[\d.,]*(e[+-]?\d+)?")

#: Before anything of a page runs: where payloads tell that they ran, and what the page's security policy refused.
_WATCH = """
window.__told = [];
window.__ran = what => { window.__told.push('ran ' + what); };
addEventListener('securitypolicyviolation', e => window.__told.push('refused ' + e.violatedDirective + ' ' + e.blockedURI));
"""
#: All that a page says: its text without scripts and styles, what its attributes hold, and the elements it is made of.
_READ = """() => {
  const all = [...document.querySelectorAll('*')], copy = document.documentElement.cloneNode(true);
  copy.querySelectorAll('script, style').forEach(e => e.remove());
  return {
    text: copy.textContent, scripts: [...document.scripts].map(e => [e.type, e.textContent]),
    held: all.flatMap(e => [...e.attributes]).filter(a => a.name !== 'href' || a.value[0] === '#').map(a => a.value).join('\\n'),
    elements: all.map(e => [e.localName, [...e.attributes].map(a => [a.name, a.value])]),
  };
}"""
#: The elements of some markup, as the browser would make them of it.
_PARSE = """markup => [...new DOMParser().parseFromString(markup, 'text/html').querySelectorAll('*')]
  .map(e => [e.localName, [...e.attributes].map(a => [a.name, a.value])])"""
#: A reader who tries everything: unfolds, presses, chooses, types, points at things, prints.
_USE = """async word => {
  const wait = () => new Promise(done => setTimeout(done, 0));
  document.querySelectorAll('details').forEach(e => { e.open = true; });
  document.querySelectorAll('button:not([type=reset])').forEach(e => e.click());
  for (const e of document.querySelectorAll('select')) {
    for (const one of [...e.options].slice(0, 6)) { e.value = one.value; e.dispatchEvent(new Event('input', {bubbles: true})); }
  }
  for (const e of document.querySelectorAll('input[type=search]')) {
    e.value = word;
    e.dispatchEvent(new Event('input', {bubbles: true}));
  }
  location.hash = '#q=' + encodeURIComponent(word) + '&sort=constructor&owner=__proto__&tone=' + encodeURIComponent(word);
  await wait();
  document.querySelectorAll('[type=reset]').forEach(e => e.click());
  await wait();
  document.querySelectorAll('main *').forEach(e => {
    for (const name of ['pointerover', 'pointerenter', 'mouseover', 'mouseenter', 'focus', 'focusin']) {
      e.dispatchEvent(new Event(name, {bubbles: true}));
    }
  });
  dispatchEvent(new Event('beforeprint'));
  dispatchEvent(new Event('afterprint'));
  await wait();
}"""


@dataclass
class Told:
    """What is left of an organisation of hostile strings, and who asked the server of the test for what."""

    estate: Estate
    root: Path
    printed: dict[str, str]
    asked: list[str]

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def cycle(self) -> Path:
        return self.reports / "host" / CYCLE


@dataclass
class Seen:
    """What a browser saw on all pages: their texts and elements, and what happened that may not."""

    texts: dict[str, str] = field(default_factory=dict)
    pages: dict[str, dict] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    wide: list[str] = field(default_factory=list)


class _Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(204)
        self.end_headers()

    do_POST = do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server():
    """A server where every payload that asks for something would be heard: its address and what was asked."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as one:
        one.asked = []
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{one.server_port}", one.asked
        one.shutdown()


@pytest.fixture(scope="module")
def told(tmp_path_factory, server) -> Told:
    root = tmp_path_factory.mktemp("hostile")
    address, asked = server
    estate = write(root / "host", strings(STRINGS, address), SERVICES)
    assert estate.left == []
    printed = {}
    for name, command in {
        "check": ("check", "host", "--cycle", CYCLE),
        "as exported": ("check", "host"),
        "json": ("check", "host", "--json"),
        "plan": ("plan", "host", "--cycle", CYCLE),
        "run": ("run", "host", "--cycle", CYCLE, "--jobs", 2),
        "doctor": ("doctor", "host"),
        "suggest": ("map", "suggest", "host/odd.csv", "--out", "host/mappings/odd.yml"),
    }.items():
        where = () if name == "suggest" else ("--out", root / "reports")
        # A run is a process of its own, as it is on a terminal; the others are as well begun here.
        done = (sipnb if name == "run" else inside.sipnb)(*command, *where, cwd=root)
        assert done.returncode == 0, (name, done.stdout[-2000:], done.stderr[-2000:])
        printed[name] = done.stdout + done.stderr
    return Told(estate, root, printed, asked)


@pytest.fixture(scope="module")
def seen(told, browser) -> Seen:
    """Every page opened, read and used in a browser, and looked at on a phone."""
    seen = Seen()
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(_WATCH)
    tab = _watched(context, seen)
    for page in sorted(told.reports.rglob("*.html")):
        name = page.relative_to(told.reports).as_posix()
        tab.goto(page.as_uri())
        found = seen.pages[name] = tab.evaluate(_READ)
        seen.texts[name] = f"{found['text']}\n{found['held']}"
        tab.evaluate(_USE, f"<img src=x onerror=__ran('{page.stem}')>")
        seen.ran += [f"{name}: {one}" for one in tab.evaluate("window.__told")]
        tab.set_viewport_size({"width": 375, "height": 800})
        if (width := tab.evaluate("document.scrollingElement.scrollWidth")) > 375:
            seen.wide.append(f"{name}: {width}")
        tab.set_viewport_size({"width": 1280, "height": 800})
    context.close()
    return seen


def _watched(context, seen: Seen):
    tab = context.new_page()
    tab.on("request", lambda request: seen.requests.append(request.url))
    tab.on("console", lambda message: seen.complaints.append(message.text))
    tab.on("pageerror", lambda error: seen.complaints.append(str(error)))
    tab.on("dialog", lambda dialog: (seen.ran.append(f"dialog {dialog.message}"), dialog.dismiss()))
    return tab


def plain(text: str) -> str:
    """A text without what is not seen, or is seen by another sign: to be found again wherever it is shown."""
    text = re.sub(r"‹u\+[0-9a-f]+›|[⇥↵␍␣]|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[nrt]|[\\']", "", text.casefold())
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cn", "Zs", "Zl", "Zp"))


def test_every_string_arrives_on_a_page_and_is_told_by_family(told, seen):
    # What stands in an attribute alone nobody reads.
    anywhere = {one.lower() for page in seen.pages.values() for one in ID.findall(page["text"])}
    missing = [(one.text, told.estate.place[one.id]) for one in told.estate.strings if one.id not in anywhere]
    whole = "\n".join(map(plain, seen.texts.values()))
    parts = [one for one in told.estate.strings if plain(one.text) not in whole]
    asked = [*told.asked, *(url for url in seen.requests if not url.startswith(("file:", "data:")))]
    lines = ["| family | strings | places | arrived | in full | ran | asked |", "|---|---|---|---|---|---|---|"]
    for family in (*FAMILIES, "all"):
        mine = [one for one in told.estate.strings if family in (one.family, "all")]
        places = {told.estate.place[one.id] for one in mine}
        arrived, full = sum(one.id in anywhere for one in mine), sum(one not in parts for one in mine)
        ran, heard = (sum(any(one.id in line for line in log) for one in mine) for log in (seen.ran, asked))
        lines.append(f"| {family} | {len(mine)} | {len(places)} | {arrived} | {full} | {ran} | {heard} |")
    lines += ["", *(f"{place}: {n}" for place, n in told.estate.counted().most_common())]
    (told.root / "hostile.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"\n{len(seen.pages)} pages\n" + "\n".join(lines))
    assert missing == []
    assert [(one.text, told.estate.place[one.id]) for one in parts] == []
    assert len(told.estate.place) == STRINGS


def test_nothing_runs_asks_or_complains(told, seen):
    assert seen.ran == []
    assert seen.complaints == []
    assert told.asked == []
    pages = {(told.reports / name).as_uri() for name in seen.pages}
    assert [url for url in seen.requests if url.split("#")[0] not in pages and not url.startswith("data:")] == []


def test_what_watches_would_see_it(told, browser, server):
    """The same strings as markup: many run, and many ask."""
    seen, before = Seen(), len(server[1])
    context = browser.new_context()
    context.add_init_script(_WATCH)
    tab = _watched(context, seen)
    page = told.root / "raw.html"
    for one in told.estate.strings:
        if one.family in ("script elements", "event handlers", "SVG", "elements that load", "elements left early"):
            page.write_text(f"<!doctype html><meta charset=utf-8><p>{one.text}</p>", encoding="utf-8")
            tab.goto(page.as_uri(), wait_until="load")
            seen.ran += tab.evaluate("window.__told || []")
    context.close()
    page.unlink()
    heard, ran = (
        {one for path in server[1][before:] for one in ID.findall(path)},
        {i for line in seen.ran for i in ID.findall(line)},
    )
    del server[1][before:]
    assert len(ran) >= STRINGS // 25 and len(heard) >= STRINGS // 50


def _foreign(elements: list[list], name: str, exists) -> list[str]:
    """What is among these elements that no page of ours is made of."""
    found = []
    for tag, attributes in elements:
        given = dict(attributes)
        found += [f"{name}: <{tag}>"] if tag not in ELEMENTS else []
        found += [f"{name}: <{tag} {key}={value[:60]!r}>" for key, value in attributes if key not in ATTRIBUTES]
        found += [f"{name}: <{tag} {key}> holds a string" for key in ("id", "name", "class", "for", "style", "type", "clip-path")
                  if ID.search(given.get(key, ""))]  # fmt: skip
        link = given.get("href")
        if link is not None and not re.match(r"#[\w.-]*$|data:text/csv;charset=utf-8;base64,[\w+/=]*$", link):
            found += [] if exists(link) else [f"{name}: <{tag} href={link[:80]!r}>"]
        if tag == "meta" and (given.get("http-equiv") or given.get("name") or "charset") not in METAS:
            found.append(f"{name}: {given}")
    return found


def test_pages_are_made_of_nothing_but_their_own_elements(told, seen):
    found = []
    for name, page in seen.pages.items():
        folder = (told.reports / name).parent
        found += _foreign(
            page["elements"], name, lambda link, folder=folder: (folder / link.partition("#")[0]).is_file()
        )
        kinds = Counter(tag for tag, _ in page["elements"])
        found += [f"{name}: {kinds[tag]} {tag}" for tag in ("html", "head", "body", "main", "h1") if kinds[tag] != 1]
        identities = Counter(value for _, attributes in page["elements"] for key, value in attributes if key == "id")
        found += [f"{name}: #{one} stands {n} times" for one, n in identities.items() if n > 1]
        found += [f"{name}: a script holds a string" for kind, text in page["scripts"] if not kind and ID.search(text)]
        for kind, text in page["scripts"]:
            if kind:
                json.loads(text)
    assert found == []


def test_pages_fit_a_phone_whatever_they_are_given(seen):
    assert seen.wide == []


def test_outputs_of_notebooks_are_made_of_nothing_but_their_own_elements(told, browser):
    context = browser.new_context(java_script_enabled=True)
    tab, found, outputs = context.new_page(), [], 0

    def leads(link: str) -> bool:
        """The cells of the portfolio lead to plans and to pages of owners, as the index does."""
        return (told.cycle / link.partition("#")[0]).is_file()

    for path in sorted(told.cycle.rglob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", ()):
                data = output.get("data", {})
                assert set(data) <= {"text/html", "text/plain"}, (path, set(data))
                markup = "".join(data.get("text/html", ""))
                if ID.search(markup):
                    outputs += 1
                    found += _foreign(tab.evaluate(_PARSE, markup), path.name, leads)
    context.close()
    # What pandas puts around a table of its own, and no string of the records.
    found = [one for one in found if not re.search(r": <(table border|style scoped)='1?'>$", one)]
    assert found == [] and outputs > SERVICES


def _formulas(text: str) -> list[str]:
    """Cells that a spreadsheet would take for a formula, by whatever it parts the lines, and whatever it does not see."""
    found = []
    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter):
            for cell in row:
                seen = cell.lstrip(" \xa0").lstrip(
                    "".join(c for c in cell if unicodedata.category(c) in ("Cc", "Cf")) or " "
                )
                if (cell.startswith(FORMULA) or seen.startswith(FORMULA)) and not NUMBER.fullmatch(seen.strip()):
                    found.append(f"{delimiter!r}: {cell[:80]!r}")
    return found


def test_no_cell_of_a_csv_is_a_formula(told, seen):
    files = {path.name: path.read_bytes().decode("utf-8") for path in told.cycle.rglob("*.csv")}
    for name, page in seen.pages.items():
        for _, attributes in page["elements"]:
            href = dict(attributes).get("href", "")
            if href.startswith("data:text/csv"):
                files[f"{name}#{len(files)}"] = base64.b64decode(href.partition(",")[2]).decode("utf-8")
    assert [(name, one) for name, text in files.items() for one in _formulas(text)] == []
    assert sum(bool(ID.search(text)) for text in files.values()) > 3


def test_the_workbook_holds_texts_and_no_formula(told):
    (path,) = told.cycle.rglob("*.xlsx")
    with zipfile.ZipFile(path) as archive:
        sheets = {n: archive.read(n).decode("utf-8") for n in archive.namelist() if n.endswith((".xml", ".rels"))}
    assert [
        n for n, text in sheets.items() if re.search(r"<f[ >]|<hyperlink|TargetMode=\"External\"|ddeLink", text)
    ] == []
    book = python_calamine.CalamineWorkbook.from_path(str(path))
    cells = [cell for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row]
    assert len({one for cell in cells if isinstance(cell, str) for one in ID.findall(cell)}) > SERVICES


def test_the_calendar_has_events_and_no_property_of_a_string(told):
    raw = (told.cycle / "downloads" / "actions.ics").read_bytes()
    lines = raw.split(b"\r\n")
    assert lines[-1] == b"" and all(len(line) <= 75 and not set(line) & set(b"\r\n\0\x0b\x0c") for line in lines)
    unfolded = raw.decode("utf-8").replace("\r\n ", "").split("\r\n")[:-1]
    names = Counter(re.match(r"[A-Z-]+", line)[0] for line in unfolded)
    events = names["SUMMARY"]
    assert set(names) == {
        "BEGIN", "END", "VERSION", "PRODID", "CALSCALE", "UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "TRANSP"
    }  # fmt: skip
    assert (
        events > SERVICES
        and names["BEGIN"] == names["END"] == events + 1
        and names["UID"] == names["DESCRIPTION"] == events
    )
    assert {ID.search(line)[0] for line in unfolded if line.startswith("SUMMARY") and ID.search(line)}


def test_mails_have_their_own_headers_alone(told, browser):
    tab, mails = browser.new_page(), sorted(told.cycle.rglob("*.eml"))
    for path in mails:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert sorted(message.keys()) == ["Content-Type", "MIME-Version", "Subject", "X-Unsent"] and not message.defects
        markup = message.get_body(("html",)).get_content()
        elements = tab.evaluate(_PARSE, markup)
        assert _foreign([e for e in elements if e[0] != "meta"], path.name, lambda link: False) == []
        assert ID.search(message["Subject"])
        assert {one.lower() for one in ID.findall(message.get_body(("plain",)).get_content())}
    tab.close()
    assert len([path for path in mails if path.parent.name == "mail"]) == SERVICES


def test_json_is_json(told):
    for path in told.reports.rglob("*.json"):
        json.loads(path.read_bytes().decode("utf-8"))
    json.loads(told.printed["json"])


def test_no_name_of_a_file_is_a_strings(told):
    names = [path.relative_to(told.reports).as_posix() for path in told.reports.rglob("*")]
    assert [n for n in names if not re.fullmatch(r"[A-Za-z0-9._/=+-]+", n)] == []
    owners = [n for n in names if "/owners/" in n]
    assert len(owners) > SERVICES and max(len(Path(n).name) for n in owners) < 70


def test_a_terminal_is_told_nothing_to_obey(told):
    assert [(name, ascii(one)) for name, text in told.printed.items() for one in OBEYED.findall(text)] == []
    assert len({one for one in ID.findall(told.printed["check"])}) > 10


def test_no_line_on_the_terminal_is_a_strings(told):
    """A value with line ends stays on its line: what it says looks like nothing that the tool says."""
    found = []
    for one in told.estate.strings:
        for rest in re.split(r"[\r\n\x85\u2028\u2029]+", one.text)[1:]:
            found += [(name, rest) for name, text in told.printed.items() if rest.strip() and f"\n{rest}" in text]
    assert found == []


def test_a_proposed_mapping_of_hostile_headings_is_a_mapping(told):
    assert mappings.load("odd", "odd", told.root / "host" / "mappings").tables
