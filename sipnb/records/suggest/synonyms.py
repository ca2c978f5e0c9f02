"""What exports call things: names of columns against synonyms in many languages, and what words of values mean."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from sipnb.tables import TABLES
from sipnb.validation import read_yaml

_UNITS = {
    **dict.fromkeys(
        ("minute", "min", "minuten", "minuto", "minuti", "minutter", "minut", "minuter", "minuut"), "minutes"
    ),
    **dict.fromkeys(
        ("second", "sec", "sekunden", "seconde", "segundo", "seconden", "secondi", "sek", "sekund"), "seconds"
    ),
    **dict.fromkeys(
        ("hour", "hr", "h", "stunden", "std", "heure", "hora", "uur", "uren", "ore", "timer", "timmar", "godziny"),
        "hours",
    ),
    **dict.fromkeys(("day", "tage", "jour", "dia", "dagen", "giorni", "dni", "dagar"), "days"),
    **dict.fromkeys(("ms", "millisecond", "millis"), "milliseconds"),
}
#: Steps of a nested name that say nothing of their own.
_SHELLS = ("name", "value", "label", "title", "calendar", "fields")
#: A value that begins so says the opposite of what follows.
_NOT = {"not", "un", "nicht", "non", "no", "niet", "nao", "pas", "sin", "zonder", "ohne"}
_WRAPPED = re.compile(r"(?i)(?:custom field|campo personalizado|champ personnalisé|benutzerdefiniertes feld) ?\((.*)\)")


@cache
def words() -> dict[str, Any]:
    """The synonyms, with values turned round: a word says what it means."""
    content = read_yaml(Path(__file__).parent / "synonyms.yml")
    values = content["values"]
    # The first meaning listed wins.
    turned = {
        k: {plain(str(w)): m for m, ws in reversed(v.items()) for w in ws}
        for k, v in values.items()
        if isinstance(v, dict)
    }
    met = {plain(w): said for key, said in (("met", True), ("missed", False)) for w in values[key]}
    names: dict[str, dict[str, str]] = {
        table: {plain(word): column for column, said in reversed(of.items()) for word in reversed(said)}
        for table, of in content["names"].items()
    }
    # The more usual name of two is the better evidence.
    ranks = {
        table: {(plain(word), column): i for column, said in of.items() for i, word in reversed(list(enumerate(said)))}
        for table, of in content["names"].items()
    }
    for table, of in names.items():
        of |= {plain(c): c for c in TABLES[table].columns if plain(c) not in of}
    tickets, outages = names["tickets"], names["outages"]
    for word in content["breached"]:
        tickets[plain(word)] = "sla_met"
    # A span of time is read as the end that it leads to.
    took = {plain(word) for word in [*content["took"], *content["names"]["outages"]["duration"]]}
    for word in content["took"]:
        tickets.setdefault(plain(word), "resolved")
    outages |= {word: "ended" for word, column in outages.items() if column == "duration"}
    for word in content["assigned"]:
        tickets[plain(word)] = "reassigned"
    keys = ("breached", "updated", "event_times", "audit", "assigned", "instead", "elsewhere")
    others = {key: {plain(w) for w in content[key]} for key in keys}
    agree = {
        plain(w) for w in ("ja", "nein", "oui", "non", "si", "nee", "sim", "nao", "nie", "tak", "nej", "nei", "no")
    }
    agree |= {
        plain(w)
        for w in ("vero", "verdadero", "verdadeiro", "wahr", "vrai", "waar", "falso", "falsch", "faux", "onwaar")
    }
    turned["states"].pop("1", None)
    return {
        "names": names,
        "ranks": ranks,
        "missing": content["missing"],
        "met": met,
        "took": took,
        "agree": agree,
        **turned,
        **others,
    }


@cache
def plain(name: str) -> str:
    """A name without case, accents, punctuation and humps: `openedAt`, `Opened_at` and `OPENED AT` are the same."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", bare))


@cache
def spellings(name: str) -> list[tuple[str, float]]:
    """What a column may be called: its whole name, what its brackets hold, the ends of a nested name; with their worth."""
    inner = _WRAPPED.fullmatch(name)
    bare = inner[1] if inner else name
    steps = [s for s in bare.split(".") if s.casefold() not in _SHELLS]
    ways = [(bare, 1.0), (re.sub(r"^(u|x|cf|custom)_", "", bare), 0.97), (re.sub(r"\(.*?\)", "", bare), 0.97)]
    ways += [(" ".join(steps), 0.97), *((" ".join(steps[i:]), 0.95) for i in range(1, len(steps)))]
    found: dict[str, float] = {}
    if name.strip() in ("#", "##"):
        return [("number", 1.0)]
    for way, worth in ways:
        if plain(way):
            found.setdefault(plain(way), worth)
    return list(found.items())


def candidates(table: str, known: Collection[str]) -> dict[tuple[str, str], tuple[float, str]]:
    """How much each source column's name speaks for each canonical column of `table`, and in which way."""
    names = words()["names"][table]
    found: dict[tuple[str, str], tuple[float, str]] = {}
    for source in known:
        if repetition(source, known):
            continue
        for spelling, worth in spellings(source):
            if spelling in names:
                rank = words()["ranks"][table].get((spelling, names[spelling]), 20)
                matches = [(names[spelling], worth * (1 - 0.003 * min(rank, 30)), "name")]
            else:
                close = [w for w in names if abs(len(w) - len(spelling)) < 4 and w[0] == spelling[0]]
                near = difflib.get_close_matches(spelling, close, n=1, cutoff=0.86) if len(spelling) > 4 else []
                matches = [(names[w], 0.8 * worth * _ratio(spelling, w), f"name like {w!r}") for w in near]
                held = set(spelling.split())
                within = [
                    w for word in sorted(held) for w in _begins(table).get(word, ()) if f" {w} " in f" {spelling} "
                ]
                # Several words are better evidence than one; "opened by" is about a person.
                low = 0.3 if held & words()["elsewhere"] else 0.55
                matches += [(names[w], worth * (low + 0.1 * min(w.count(" "), 2)), f"name has {w!r}") for w in within]
            for column, score, how in matches:
                if score > found.get((column, source), (0.0, ""))[0]:
                    found[column, source] = (score, how)
    return found


@cache
def _begins(table: str) -> dict[str, list[str]]:
    """The names of a table by their first word, those too short to be found within others left out."""
    found: dict[str, list[str]] = {}
    for known in words()["names"][table]:
        if len(known) > 4:
            found.setdefault(known.split()[0], []).append(known)
    return found


def _ratio(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def unit(name: str) -> str | None:
    """The unit of time that a name ends in or holds."""
    for word in reversed(plain(name).split()):
        if word in _UNITS or word.removesuffix("s") in _UNITS:
            return _UNITS.get(word) or _UNITS[word.removesuffix("s")]
    return None


def is_span(name: str) -> bool:
    """Whether a name speaks of how long something took."""
    ways = {spelling for spelling, _ in spellings(name)}
    bare = {
        " ".join(w for w in way.split() if w not in ("in", *_UNITS) and w.removesuffix("s") not in _UNITS)
        for way in ways
    }
    return bool((ways | bare) & words()["took"])


def meaning(value: str, known: dict[str, Any]) -> Any:
    """What a value means: as a whole, or by the words it holds, if these agree."""
    bare = plain(value)
    if bare in known:
        return known[bare]
    said = {known[word] for word in _phrases(bare) if word in known and len(word) > 2}
    return said.pop() if len(said) == 1 else None


def kind(value: str, known: dict[str, Any]) -> Any:
    """The kind of a ticket; a change and a problem are none, though "change request" has the word for one."""
    return None if plain(value) in words()["others"] else meaning(value, known)


def level(value: str, known: dict[str, int]) -> int | None:
    """The level of a word, or of "P2 - High", "High (2)" and the like."""
    numbered = re.fullmatch(r"(?i)\W*(?:p|s|prio|sev|priority|severity)[ -_]?([1-5])\b.*", value)
    return int(numbered[1]) if numbered else meaning(value, known)


def state(value: str, known: dict[str, str]) -> str | None:
    """The canonical state of a value: as a whole, by a word for an end without resolution, or by how it begins."""
    bare = re.sub(r"^\d+ ", "", plain(value))
    if bare in known:
        return known[bare]
    phrases = _phrases(bare)
    if phrases and bare.split()[0] in _NOT:
        return None
    if any(known.get(phrase) == "cancelled" for phrase in phrases):
        return "cancelled"
    return next((known[phrase] for phrase in phrases if phrase in known and len(phrase) > 2), None)


def _phrases(bare: str) -> list[str]:
    """Runs of words of a value: those from its beginning before others, long before short."""
    held = bare.split()[:8]
    size = len(held)
    return [" ".join(held[a : a + n]) for a in range(size) for n in range(size - a, 0, -1)]


def repetition(source: str, known: Collection[str]) -> bool:
    """Whether a column is the second, third … of a header that stands several times (`Comment#2`)."""
    base, sign, number = source.rpartition("#")
    return bool(sign) and number.isdigit() and base in known
