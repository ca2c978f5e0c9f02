"""What exports call things: names of columns against synonyms in four languages, and what words of values mean."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from sipnb.params import read_yaml

_UNITS = {
    **dict.fromkeys(("minute", "min", "minuten", "minuto"), "minutes"),
    **dict.fromkeys(("second", "sec", "sekunden", "seconde", "segundo"), "seconds"),
    **dict.fromkeys(("hour", "stunden", "heure", "hora"), "hours"),
    **dict.fromkeys(("day", "tage", "jour", "dia"), "days"),
    "ms": "milliseconds",
}
#: Steps of a nested name that say nothing of their own.
_SHELLS = ("name", "value", "label", "title", "calendar", "fields")
_WRAPPED = re.compile(r"(?i)(?:custom field|campo personalizado|champ personnalisé|benutzerdefiniertes feld) ?\((.*)\)")


@cache
def words() -> dict[str, Any]:
    """The synonyms, with values turned round: a word says what it means."""
    content = read_yaml(Path(__file__).parent / "synonyms.yml")
    values = content["values"]
    turned = {
        k: {plain(str(w)): m for m, ws in v.items() for w in ws} for k, v in values.items() if isinstance(v, dict)
    }
    met = {plain(w): said for key, said in (("met", True), ("missed", False)) for w in values[key]}
    names: dict[str, dict[str, str]] = {
        table: {plain(word): column for column, said in reversed(of.items()) for word in reversed(said)}
        for table, of in content["names"].items()
    }
    for word in content["breached"]:
        names["tickets"][plain(word)] = "sla_met"
    others = {key: {plain(w) for w in content[key]} for key in ("breached", "updated")}
    return {"names": names, "missing": content["missing"], "met": met, **turned, **others}


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
                matches = [(names[spelling], worth, "name")]
            else:
                near = difflib.get_close_matches(spelling, names, n=1, cutoff=0.86) if len(spelling) > 4 else []
                matches = [(names[w], 0.8 * worth * _ratio(spelling, w), f"name like {w!r}") for w in near]
                held = set(spelling.split())
                within = [w for w in names if len(w) > 4 and held.issuperset(w.split())]
                # Several words are better evidence than one.
                matches += [(names[w], worth * (0.55 + 0.1 * min(w.count(" "), 2)), f"name has {w!r}") for w in within]
            for column, score, how in matches:
                if score > found.get((column, source), (0.0, ""))[0]:
                    found[column, source] = (score, how)
    return found


def _ratio(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def unit(name: str) -> str | None:
    """The unit of time that a name ends in or holds."""
    for word in reversed(plain(name).split()):
        if word in _UNITS or word.removesuffix("s") in _UNITS:
            return _UNITS.get(word) or _UNITS[word.removesuffix("s")]
    return None


def repetition(source: str, known: Collection[str]) -> bool:
    """Whether a column is the second, third … of a header that stands several times (`Comment#2`)."""
    base, sign, number = source.rpartition("#")
    return bool(sign) and number.isdigit() and base in known
