"""What became of every row: the verdict on the records, the account, what the gate found, and rows set aside.

All of it is read from the record that preparing leaves (`Prepared.record()`, `quality.json`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from markupsafe import Markup

from sipnb.catalogue import KPIS
from sipnb.records.quality import SET_RULES
from sipnb.records.quality.rows import OUT_OF_SCOPE, row_rule_names, rule_of
from sipnb.records.shapes import SIGN
from sipnb.show import words
from sipnb.show.visible import day, share, shown, value

Quality = Mapping[str, Any]

#: What is shown before "and N more": sentences of a rule, reasons of a source, examples of a reason.
SENTENCES, REASONS, EXAMPLES = 5, 6, 5
#: Kinds of reason in sight before the others are folded away, and those that are shown at all.
SIGHT, KINDS = 8, 40
#: Sources and files that have a line of their own, and the characters of a sentence: names in it may be of any length.
SOURCES, FILES = 60, 300
LONGEST = 600
#: How wide a bar is drawn, and how wide the smallest of its parts.
_BAR, _LEAST = 150.0, 4.0

_LEVELS = {
    "stop": ("stops", "What stops the plans", "✕", "concern"),
    "warn": ("warnings", "Warnings", "▲", "concern"),
    "note": ("notes", "Notes", "●", "common"),
}
_ROW_RULES = row_rule_names()
_LOOKS_FOR = {rule.name: rule.looks_for for rule in SET_RULES} | _ROW_RULES
_EFFECTS = {rule.name: rule.effect for rule in SET_RULES} | {
    name: "They are left out of the plans; that is no fault of theirs."
    if name in OUT_OF_SCOPE
    else "They are in no plan until they are mended."
    for name in _ROW_RULES
}


@dataclass(frozen=True)
class Fate:
    """What became of rows: `read` = `used` + `others` (not for these plans) + `wrong` (something is wrong with them)."""

    read: int = 0
    used: int = 0
    others: int = 0
    wrong: int = 0

    def __add__(self, more: Fate) -> Fate:
        return Fate(
            self.read + more.read, self.used + more.used, self.others + more.others, self.wrong + more.wrong
        )  # fmt: skip

    @property
    def balanced(self) -> bool:
        return self.read == self.used + self.others + self.wrong

    @property
    def need(self) -> tuple[float, float]:
        """To sort by, the worst first: the share of rows that are wrong, then that of those set aside."""
        rows = max(self.read, 1)
        return -self.wrong / rows, -self.others / rows


@dataclass(frozen=True)
class Verdict:
    sentence: str
    tone: str
    cautions: list[str]


@dataclass(frozen=True)
class Reason:
    text: str
    rows: int
    wrong: bool


@dataclass(frozen=True)
class Account:
    """The rows of a source or a file, with the reasons of those set aside, the worst first."""

    name: str
    file: str
    fate: Fate
    reasons: list[Reason] = field(default_factory=list)
    more: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Told:
    """What one rule found: its sentences, those beyond the first few folded, and what it does to the plans."""

    rule: str
    sentences: list[str]
    folded: list[str]
    more: str
    effect: str


@dataclass(frozen=True)
class Level:
    id: str
    title: str
    sign: str
    tone: str
    told: list[Told]
    rows: list[Reason]


@dataclass(frozen=True)
class Example:
    source: str
    file: str
    line: str
    column: str
    value: str
    detail: str


@dataclass(frozen=True)
class Kind:
    """Rows set aside for one reason: a sentence on how many there are, and the first of them."""

    reason: str
    count: str
    examples: list[Example]


def verdict(quality: Quality) -> Verdict:
    """Whether plans can be made of these records, in one sentence, with what stops them or where the rows went."""
    total, stops, warnings = fate(quality), _sentences(quality, "stop"), len(_sentences(quality, "warn"))
    if astray := [shown(s["name"]) for s in quality["sources"] if not _fate(s).balanced]:
        return Verdict(f"Unsound: the account of {words.listed(astray)} does not balance.", "concern", [])
    told = [balance(total)] if total.read else []
    if stops:
        verb = "forbids" if len(stops) == 1 else "forbid"
        sentence = f"Stopped: {words.plural(len(stops), 'finding')} {verb} plans from these records."
        more = [f"{words.plural(len(stops) - 3, 'more finding')} below."] if len(stops) > 3 else []
        return Verdict(sentence, "concern", [*stops[:3], *more, *told])
    if not total.read:
        one = len(quality["sources"]) == 1
        return Verdict(f"Nothing to use: the {'source holds' if one else 'sources hold'} no rows.", "concern", told)
    whole = "the only row" if total.read == 1 else f"every one of {total.read:,} rows"
    if not total.used:
        whole = "the only row that was read is" if total.read == 1 else f"all {total.read:,} rows that were read are"
        return Verdict(f"Nothing to use: {whole} set aside.", "concern", told)
    end = "there are no warnings"
    if warnings:
        verb = "changes" if warnings == 1 else "change"
        end = f"{words.plural(warnings, 'warning')} {verb} what the plans may claim"
    return Verdict(f"Usable: {whole} is accounted for; {end}.", "common" if warnings else "improvement", told)


def balance(rows: Fate) -> str:
    """Where the rows went, in one sentence."""
    aside = rows.others + rows.wrong
    if not aside:
        return "The one row read is used." if rows.read == 1 else f"All {rows.read:,} rows read are used."
    used = f"{rows.used:,} ({share(rows.used, rows.read)}) {'is' if rows.used == 1 else 'are'} used"
    told = f"Of {words.plural(rows.read, 'row')} read, {used if rows.used else 'none is used'} and {aside:,} "
    told += "is set aside" if aside == 1 else "are set aside"
    one_wrong, one_other = rows.wrong == 1, rows.others == 1
    if rows.wrong and rows.others:
        wrong = f"{rows.wrong:,} {'has' if one_wrong else 'have'} something wrong with {'it' if one_wrong else 'them'}"
        return f"{told}: {wrong}, {rows.others:,} {'is' if one_other else 'are'} not for these plans."
    if rows.wrong:
        return f"{told} because something is wrong with {'it' if one_wrong else 'them'}."
    return f"{told} because {'it is' if one_other else 'they are'} not for these plans."


def fate(quality: Quality) -> Fate:
    """What became of the rows of all sources together."""
    return sum((_fate(source) for source in quality["sources"]), Fate())


def sources(quality: Quality) -> list[Account]:
    """The account of every source, the worst first, otherwise in the workbook's order."""
    accounts = []
    for source in quality["sources"]:
        files = source["files"]
        file = shown(files[0]["file"]) if len(files) == 1 else words.plural(len(files), "file")
        accounts.append(_account(source, shown(source["name"]), file))
    return _worst(accounts, SOURCES, "source")


def bar(rows: Fate) -> Markup:
    """All rows as one bar: used solid, not for these plans hollow, wrong standing out; nothing is too small to be seen."""
    parts = [(kind, n) for kind, n in (("used", rows.used), ("others", rows.others), ("wrong", rows.wrong)) if n]
    whole = sum(n for _, n in parts)
    widths = [max(_LEAST, _BAR * n / whole) for _, n in parts]
    if widths:
        widths[widths.index(max(widths))] -= sum(widths) - _BAR
    drawn, x = [], 0.0
    for (kind, _), width in zip(parts, widths, strict=True):
        y, height = {"used": (3, 8), "others": (3.5, 7), "wrong": (0, 14)}[kind]
        inset = 0.5 if kind == "others" else 0
        drawn.append(
            f'<rect class="{kind}" x="{x + inset:.1f}" y="{y}" width="{width - 2 * inset:.1f}" height="{height}"/>'
        )
        x += width
    return Markup(
        f'<svg class="rows" viewBox="0 0 {_BAR:.0f} 14" preserveAspectRatio="none" aria-hidden="true">{"".join(drawn)}</svg>'
    )


def files(quality: Quality) -> list[Account]:
    """The account of every file, where some source has several of them, the worst first."""
    if all(len(source["files"]) < 2 for source in quality["sources"]):
        return []
    accounts = [
        _account(one, shown(source["name"]), shown(one["file"]))
        for source in quality["sources"]
        for one in source["files"]
    ]
    return _worst(accounts, FILES, "file")


def findings(quality: Quality) -> list[Level]:
    """What the rules found, by level, the gravest first: several findings of a rule stand together."""
    levels = []
    for level, (name, title, sign, tone) in _LEVELS.items():
        found = [r for r in quality["rules"] if r["outcome"] == "found" and r["level"] == level]
        # A note on single rows only repeats the account: these stand together in one line.
        rows = [r for r in found if level == "note" and r["rule"] in _ROW_RULES]
        by_rule: dict[str, list[dict[str, Any]]] = {}
        for one in found:
            if one not in rows:
                by_rule.setdefault(one["rule"], []).append(one)
        told = [_told(rule, those) for rule, those in by_rule.items()]
        single = [Reason(r["rule"], r["rows"], r["rule"] not in OUT_OF_SCOPE) for r in rows]
        if told or single:
            levels.append(Level(name, title, sign, tone, told, sorted(single, key=_rank)))
    return levels


def quiet(quality: Quality, outcome: str) -> list[tuple[str, str]]:
    """The rules of outcome `ok` or `no data`, each with what it looks for."""
    return [
        (_headed(one["rule"]), _LOOKS_FOR.get(one["rule"], shown(one["sentence"])))
        for one in quality["rules"]
        if one["outcome"] == outcome
    ]


def examples(quality: Quality, wrong: bool) -> tuple[list[Kind], list[Kind], str]:
    """The first rows set aside by reason, the most frequent first: in sight, folded away, and a line on those beyond."""
    counts: dict[str, int] = {}
    for source in quality["sources"]:
        for reason, n in source["reasons"].items():
            counts[reason] = counts.get(reason, 0) + n
    by_reason: dict[str, dict[tuple[str, str], list[Example]]] = {}
    for one in quality["examples"]:
        head, _, detail = one["reason"].partition(": ")
        reason = one["reason"] if one["reason"] in counts or head not in counts else head
        if (rule_of(reason) not in OUT_OF_SCOPE) is not wrong:
            continue
        files = by_reason.setdefault(reason, {}).setdefault((one["source"], one["file"]), [])
        example = _example(one, detail if reason == head else "")
        if example not in files:  # a row that is to become rows of two tables is set aside twice
            files.append(example)
    kinds = []
    for reason in sorted(by_reason, key=lambda r: (-counts.get(r, 0), r)):
        known = _in_turn(by_reason[reason].values())
        kinds.append(Kind(shown(reason), _how_many(counts.get(reason, 0), len(known)), known[:EXAMPLES]))
    left = len(kinds) - KINDS
    more = (
        f"{words.plural(left, 'more kind')} of reason {'is' if left == 1 else 'are'} left out here." if left > 0 else ""
    )
    # A fold that hides two kinds is not worth its click.
    sight = SIGHT if len(kinds) > SIGHT + 2 else len(kinds)
    return kinds[:sight], kinds[sight:KINDS], more


def veiled(quality: Quality) -> bool:
    """Whether some values are told by their shape only."""
    values = [one["value"] for one in quality["examples"]]
    values += [one["value"] for source in quality["sources"] for one in source.get("emptied", [])]
    return any(value and value.startswith(SIGN) for value in values)


def emptied(quality: Quality) -> list[Kind]:
    """The columns of which values were no good and count as missing, the most values first, each with the first of them."""
    lost = [(source["name"], one) for source in quality["sources"] for one in source.get("emptied", [])]
    return [
        Kind(
            shown(f"{one['table']}.{one['column']}: {one['reason']}"),
            f"{one['values']:,} of {words.plural(one['filled'], 'value')} from {shown(name)}",
            [_example({"source": name, **one}, "")],
        )
        for name, one in sorted(lost, key=lambda both: -both[1]["values"])[:KINDS]
    ]


def _how_many(rows: int, known: int) -> str:
    """How many rows there are and how many are shown. Rows that count for another table are not in the account."""
    if not rows:
        return "the row is used for another table, or counts under another reason"
    if min(rows, known, EXAMPLES) == rows:
        return words.plural(rows, "row")
    first = min(known, EXAMPLES)
    return f"{rows:,} rows, of which {'one' if first == 1 else first}"


def _in_turn(files: Iterable[list[Example]]) -> list[Example]:
    """One of each file, then the second of each: five of the first file say nothing of the others."""
    return [one for turn in zip_longest(*files) for one in turn if one]


def _example(one: Mapping[str, Any], detail: str) -> Example:
    line = "–" if one["line"] is None else f"{one['line']:,}"
    return Example(
        shown(one["source"]), shown(one["file"]), line, shown(one["column"] or ""), value(one["value"]), shown(detail)
    )  # fmt: skip


def _told(rule: str, those: list[dict[str, Any]]) -> Told:
    sentences = [words.clipped(shown(one["sentence"]), LONGEST) for one in those]
    refused = sorted({(k, one["since"]) for one in those for k in one["refuses"]}, key=str)
    effect = _EFFECTS.get(rule, "")
    for since in sorted({since for _, since in refused}, key=str):
        titles = [words.lower(KPIS[k].title) if k in KPIS else k for k, when in refused if when == since]
        when = f" in plans of after {day(since)}" if since else ""
        effect += f" No change is claimed{when} for: {words.listed(titles)}."
    folded = sentences[SENTENCES:]
    more = f"and {words.plural(len(folded), 'more finding')} of this rule" if folded else ""
    return Told(_headed(rule), sentences[:SENTENCES], folded, more, effect.strip())


def _sentences(quality: Quality, level: str) -> list[str]:
    return [
        words.clipped(shown(r["sentence"]), LONGEST)
        for r in quality["rules"]
        if r["outcome"] == "found" and r["level"] == level
    ]


def _account(one: Mapping[str, Any], name: str, file: str) -> Account:
    reasons = sorted(
        (Reason(shown(reason), n, rule_of(reason) not in OUT_OF_SCOPE) for reason, n in one["reasons"].items()),
        key=_rank,
    )
    left = reasons[REASONS:]
    more = f"{sum(r.rows for r in left):,} for {words.plural(len(left), 'more reason')}" if left else ""
    return Account(name, file, _fate(one), reasons[:REASONS], more, one.get("sha256") or "")


def _fate(one: Mapping[str, Any]) -> Fate:
    others = sum(n for reason, n in one["reasons"].items() if rule_of(reason) in OUT_OF_SCOPE)
    return Fate(one["read"], one["used"], others, sum(one["reasons"].values()) - others)


def _worst(accounts: list[Account], most: int, noun: str) -> list[Account]:
    """The worst of them first; those beyond the limit in one line, so that columns still add up."""
    ranked = sorted(accounts, key=lambda one: one.fate.need)
    if len(ranked) <= most:
        return ranked
    left = ranked[most:]
    return [
        *ranked[:most],
        Account(f"and {words.plural(len(left), f'more {noun}')}", "", sum((o.fate for o in left), Fate())),
    ]


def _rank(reason: Reason) -> tuple[bool, int, str]:
    return not reason.wrong, -reason.rows, reason.text


def _headed(rule: str) -> str:
    return rule[:1].upper() + rule[1:]
