"""Whether the sentences of a plan agree with each other and with what can be: `python tests/report/agreement.py FOLDER…`.

A fault is a pair of what is wrong and the text it stands in. What is checked needs no look at how the page was made: it reads the
text of every block, and the facts that the page itself carries.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numerals

BLOCKS = {"p", "li", "td", "th", "dd", "dt", "h1", "h2", "h3", "h4", "figcaption", "caption", "summary", "desc", "title", "div",
          "section", "tr", "text"}  # fmt: skip
NUMBER = r"[−-]?\d[\d,]*(?:\.\d+)?"
UNIT = r"\s?(?:%|pts|h|min|d)?(?![\w%])"
RANGE = re.compile(rf"(?<![\w.\d])({NUMBER})({UNIT})–({NUMBER})({UNIT})")
#: What no sentence should say, and why.
NEVER = {
    r"(?<![\d.])[−-]0(?:\.0+)?(?![.\d])": "minus nought",
    r"\b(?:nan|NaN|inf|null|NaT)\b": "a value of the program",
    r"\b0 open (?:ones?|tickets?) (?:are|is) counted": "none is counted as some",
    r"\b1 (?:tickets|targets|months|measures|services|actions|cycles|outages) (?:are|were|stand)\b": "one is not many",
    r"\b100\.(?!0+ )\d+ %": "more than all",
}


class Blocks(HTMLParser):
    """The texts of a page, block by block; what stands in one of the `silent` elements, code at least, is left out."""

    def __init__(self, markup: str, silent: Collection[str] = ()):
        super().__init__(convert_charrefs=True)
        self.found, self._skip, self._silent = [""], 0, {"script", "style", *silent}
        self.feed(markup)
        self.found = [" ".join(one.split()) for one in self.found if one.strip()]

    def handle_starttag(self, tag, attrs):
        self._skip += tag in self._silent
        # A detail stands on lines of its own, below what it belongs to.
        if tag in BLOCKS or "detail" in (dict(attrs).get("class") or "").split():
            self.found.append("")

    def handle_endtag(self, tag):
        self._skip -= tag in self._silent
        if tag in BLOCKS:
            self.found.append("")

    def handle_data(self, data):
        if not self._skip:
            self.found[-1] += data


def sentences(markup: str) -> list[str]:
    return [one for block in Blocks(markup).found for one in re.split(r"(?<=[.!?]) (?=[A-Z“])", block)]


def faults(markup: str) -> list[tuple[str, str]]:
    """What is wrong in a page, with the sentence."""
    said = sentences(markup)
    found = [fault for text in said for fault in impossible(text)]
    if '<script type="application/json" id="report">' in markup:
        found += disagreeing(said, numerals.twin(markup)["chapters"])
    return found


def impossible(text: str) -> Iterator[tuple[str, str]]:
    """Values and ranges that cannot be."""
    for pattern, why in NEVER.items():
        if re.search(pattern, text):
            yield why, text
    for low, unit_low, high, unit_high in RANGE.findall(text):
        a, b = _value(low), _value(high)
        same = not unit_low.strip() or unit_low.strip() == unit_high.strip()
        if not same:
            yield f"two units in one range ({low}{unit_low}–{high}{unit_high})", text
        elif a > b and unit_high.strip():
            yield f"a range that runs backwards ({low}–{high})", text
        if unit_high.strip() == "%" and "%" in text and (b > 100 or a < 0) and not re.search("allows|used", text):
            yield f"a share that cannot be ({low}–{high} %)", text
        if unit_high.strip() in ("h", "min", "d") and a < 0 and "effect" not in text:
            yield f"a time below nought ({low}–{high})", text
    for part, whole in re.findall(
        r"\b(\d[\d,]*) of (?:its |their )?(\d[\d,]*) (?:target|ticket|service|action|answer|change)", text
    ):
        if _value(part) > _value(whole):
            yield "more than there are", text


def disagreeing(said: list[str], chapters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Sentences that contradict the facts that stand on the same page, and so each other."""
    measures = {k["kpi"]: k for k in chapters["2_baseline"]["kpis"] if k["headline"]}
    gaps = chapters["3_gap_analysis"]
    advice, verdict = chapters["5_recommendations"], chapters["6_plan"]["verdict"]
    front = [verdict["sentence"], *(p["text"] for p in verdict["points"]), *(n["text"] for n in verdict["news"])]
    judged = [g for g in gaps["gaps"] if g["status"] in ("meets", "fails")]
    if any("no target can be claimed" in one for one in said) and judged:
        yield "no target can be claimed, and yet some are", judged[0]["title"]
    for gap in gaps["gaps"]:
        yield from _gap(gap, measures.get(gap["kpi"]))
    refused = {k: m for k, m in measures.items() if m["unjudged"].startswith("not judged")}
    for kpi, measure in refused.items():
        for one in verdict["news"]:
            if one["about"] == kpi:
                yield f"a claim about {kpi}, which the records refuse", one["text"]
        if any(f["kpi"] == kpi for f in chapters["4_forecast"]["forecasts"]):
            yield f"a forecast of {kpi}, which the records refuse", measure["unjudged"]
        for option in advice["options"]:
            if option["effect"] and option["effect"]["kpi"] == kpi:
                yield f"an effect on {kpi}, which the records refuse", option["why"]
    for one in verdict["news"]:
        measure = measures.get(one["about"])
        if one["kind"] == "newly missed" and measure and measure["missed_for"] > 1:
            yield "newly missed, and yet missed before", one["text"]
    yield from _told("certainly missed", gaps["fails"], front)
    yield from _told("agreed", _agreed(chapters["1_review"]["actions"]), front)
    for option in advice["options"]:
        yield from _effect(option, measures)
    for forecast in chapters["4_forecast"]["forecasts"]:
        yield from _forecast(forecast)
    yield from _courses(said, chapters["4_forecast"]["forecasts"])
    for measure in measures.values():
        yield from _measure(measure)
    if any("Every target serves an objective" in one for one in said) and not (gaps["gaps"] and gaps["objectives"]):
        yield (
            "every target serves an objective where there are none",
            (gaps["objectives"] and "no targets") or "no objectives",
        )


def _gap(gap: dict[str, Any], measure: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    title = gap["title"]
    if gap["value"] is None or measure is None:
        return
    if gap["value"] != measure["value"] or gap["n"] != measure["n"]:
        yield "two figures of one measure", title
    if (
        measure["low"] is not None
        and measure["kpi"] != "availability"
        and (gap["low"], gap["high"]) != (measure["low"], measure["high"])
    ):
        yield "two intervals of one figure", title
    if (gap["status"] == "fails" and gap["gap"] <= 0) or (gap["status"] == "meets" and gap["gap"] > 0):
        yield "the cycle says the opposite of what is certain", title
    if gap["status"] in ("meets", "fails") and measure["unjudged"].startswith("not judged"):
        yield "a target is judged by records that refuse it", title


def _told(what: str, right: int, texts: list[str]) -> Iterator[tuple[str, str]]:
    """`2 of 8 targets are certainly missed`: so many there are."""
    for text in texts:
        for count in re.findall(rf"\b(\d+) of \d+ targets?(?: that can be judged| with data)? (?:is|are) {what}", text):
            if int(count) != right:
                yield f"{count} {what}, and yet {right}", text
        for count in re.findall(rf"\bof (\d+) {what} actions?", text):
            if int(count) != right:
                yield f"{count} {what}, and yet {right}", text


def _agreed(actions: list[dict[str, Any]]) -> int:
    return sum(a["state"] not in ("proposed", "rejected", "withdrawn") for a in actions)


def _effect(option: dict[str, Any], measures: dict[str, Any]) -> Iterator[tuple[str, str]]:
    effect = option["effect"]
    measure = effect and measures.get(effect["kpi"])
    if not measure or measure["value"] is None:
        return
    if effect["basis"] == "distance" and effect.get("days"):
        # A distance over a year ends at its goal, and not that far from what the cycle measured.
        if effect["goal"] < -1e-9 or (measure["unit"] == "share" and effect["goal"] > 1 + 1e-9):
            yield f"a goal beyond what can be ({effect['goal']:g})", option["why"]
        return
    for name in ("value", "low", "high"):
        moved = effect.get(name)
        if moved is None:
            continue
        after = (measure["value"] if effect.get("base") is None else effect["base"]) + moved
        if after < -1e-9 or (measure["unit"] == "share" and after > 1 + 1e-9):
            yield f"an effect beyond what can be ({name} {moved:g} on {after - moved:g})", option["why"]


def _forecast(forecast: dict[str, Any]) -> Iterator[tuple[str, str]]:
    top = 1.0 if forecast["unit"] == "share" else float("inf")
    for step in forecast["steps"]:
        numbers = [step[k] for k in ("low_95", "low_80", "mean", "high_80", "high_95")]
        if any(one is None for one in numbers):
            yield "a forecast without a number", forecast["title"]
        elif numbers != sorted(numbers):
            yield "a forecast outside its own interval", f"{forecast['title']}: {numbers}"
        elif forecast["unit"] in ("share", "hours", "count", "days") and (numbers[0] < 0 or numbers[-1] > top):
            yield "a forecast of what cannot be", f"{forecast['title']}: {numbers}"


def _courses(said: list[str], forecasts: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Attainment that falls while times stay, and the like: a page that expects it says that it will hardly be so."""
    courses = {}
    for one in forecasts:
        last = one["steps"][-1]
        rises = (one["now"] < last["low_80"]) - (one["now"] > last["high_80"])
        courses[one["kpi"]] = rises if one["good"] == "up" else -rises
    if "sla_attainment" not in courses or any("from its own past alone" in one for one in said):
        return
    for kpi in ("restore_median", "restore_mean", "restore_p90", "restore_p95"):
        if courses.get(kpi, courses["sla_attainment"]) != courses["sla_attainment"]:
            yield "attainment and time are expected on different courses, and nobody says so", kpi


def _measure(measure: dict[str, Any]) -> Iterator[tuple[str, str]]:
    title, top = measure["title"], 1.0 if measure["unit"] == "share" else float("inf")
    for low, high in (("low", "high"), ("lower_limit", "upper_limit")):
        a, b = measure[low], measure[high]
        if measure["unit"] in ("share", "hours", "count", "days") and (
            (a is not None and a < 0) or (b is not None and b > top)
        ):
            yield f"a range that cannot be ({a}–{b})", title
        if a is not None and b is not None and a > b:
            yield f"a range that runs backwards ({a}–{b})", title
    within = [measure[one] for one in ("low", "value", "high")]
    if None not in within and not within[0] - 1e-12 <= within[1] <= within[2] + 1e-12:
        yield "a figure outside its own interval", title
    if measure["sure"]:
        usual, better = measure.get("usual"), measure["variation"] == "improvement"
        if usual is not None and measure["value"] is not None and measure["good"] != "neutral":
            rose = measure["value"] > usual
            if (rose == (measure["good"] == "up")) != better:
                yield f"{measure['variation']}, and yet {measure['value']:g} after {usual:g}", title


def _value(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def main(folders: list[str]) -> None:
    pages, count, wrong = 0, 0, 0
    for folder in folders:
        for page in sorted(Path(folder).rglob("*.html")):
            markup = numerals.document(page)
            pages, count = pages + 1, count + len(sentences(markup))
            for why, text in faults(markup):
                wrong += 1
                print(f"{page.relative_to(folder)}: {why}: {text[:200]}")
    print(f"{pages} pages, {count:,} sentences and cells, {wrong} faults")


if __name__ == "__main__":
    main(sys.argv[1:])
