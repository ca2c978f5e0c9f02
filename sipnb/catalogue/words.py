"""The words of plans, as data (`words.toml` beside this file): what is explained, and what is called by one name only."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from sipnb.catalogue.kpis import KPIS


@dataclass(frozen=True, kw_only=True)
class Term:
    """A term and what it means; `labels` are what pages say for the same thing."""

    term: str
    means: str
    labels: tuple[str, ...] = ()

    def told(self, period: str) -> tuple[str, str]:
        """The term with its explanation to readers who call a cycle `period`: `month`, `quarter` or `week`."""
        return self.term, self.means.replace("{period}", period)


@dataclass(frozen=True, kw_only=True)
class Words:
    """`terms` by the alphabet; labels that are `self_evident`; `methods`, whose names stand in the evidence alone; by KPI the
    `other_names` of measures, which nothing but the evidence uses."""

    terms: tuple[Term, ...]
    self_evident: frozenset[str]
    methods: tuple[str, ...]
    other_names: dict[str, tuple[str, ...]]

    def explained(self, label: str) -> bool:
        """Whether a label of a page has its explanation, or needs none; its case does not matter."""
        known = {name for one in self.terms for name in (one.term, *one.labels)} | self.self_evident
        return label.casefold() in {name.casefold() for name in known}


def _read() -> Words:
    given = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
    if unknown := sorted(given["other_names"].keys() - KPIS.keys()):
        raise ValueError(f"words.toml: other_names has {unknown[0]!r}, which is no KPI of kpis.toml")
    terms = (Term(**(one | {"labels": tuple(one.get("labels", ()))})) for one in given["terms"])
    return Words(
        terms=tuple(sorted(terms, key=lambda one: (one.term[0].isdigit(), one.term.casefold()))),
        self_evident=frozenset(given["self_evident"]),
        methods=tuple(given["methods"]),
        other_names={kpi: tuple(names) for kpi, names in given["other_names"].items()},
    )


WORDS: Words = _read()
