"""Where the service stands: a line a target, and why targets are missed."""

from __future__ import annotations

from sipnb.chapters import kpi_columns
from sipnb.chapters.facts import GapFact, WhyFact
from sipnb.chapters.gap_analysis import causes_in_words, why
from sipnb.chapters.plan.evidence import Evidence
from sipnb.chapters.plan.views import NOTHING
from sipnb.show import words
from sipnb.show.bullet import bullet
from sipnb.show.display import Shown, macros, points, say, together

#: What the level of a target's measure says, with sign and tone.
_SAYS = {
    "fails": ("Missed, and not by chance", "▲", "concern"),
    "meets": ("Met, and not by chance", "◆", "improvement"),
    "not judged": ("Not judged: rows are missing in the records", "–", "common"),
}


def targets(evidence: Evidence) -> Shown:
    """Every target with data as a line: where it is, where it should be, and what that says."""
    known = [gap for gap in evidence.gaps.gaps if gap.value is not None]
    lacking = [gap.title for gap in evidence.gaps.gaps if gap.value is None]
    said = say(f"No data for {words.listed([words.lower(title) for title in lacking])}." if lacking else "")
    if not known:
        return together(say("No target is agreed." if evidence.baseline.kpis and not lacking else ""), said)
    rows = [_row(gap, evidence) for gap in known]
    caption = "Targets: grey the usual range, line the target"
    text = "\n".join(f"{row['title']}: {row['value']}, {row['goal']}; {row['says']}" for row in rows)
    return together(Shown(str(macros("plan").bullets(rows, caption, evidence.page)), text), said)


def _row(gap: GapFact, evidence: Evidence) -> dict[str, object]:
    fact = evidence.baseline.measure(gap.kpi)
    says, sign, tone = _says(gap, evidence)
    usual = None
    if (
        fact is not None
        and fact.lower_limit is not None
        and fact.upper_limit is not None
        and fact.grain != "occurrence"
    ):
        usual = (fact.lower_limit, fact.upper_limit)
    currency = evidence.context.currency
    limits = f"usual range {words.interval(*usual, gap.unit, currency)}" if usual else "no usual range yet"
    assert gap.value is not None, "whoever asks has looked"
    return {
        "title": gap.title, "value": words.number(gap.value, gap.unit, currency),
        "goal": f"{words.wanted(gap.good)} {words.number(gap.target, gap.unit, currency)}",
        "picture": bullet(gap.value, gap.target, usual, tone), "range": limits, "says": says, "sign": sign, "tone": tone,
    }  # fmt: skip


def _says(gap: GapFact, evidence: Evidence) -> tuple[str, str, str]:
    if gap.status in _SAYS:
        return _SAYS[gap.status]
    period = evidence.baseline.about.period
    fact = evidence.baseline.measure(gap.kpi)
    if fact is not None and (few := kpi_columns.unjudged(fact)):
        return words.upper(few), "–", "common"
    if gap.gap is not None and gap.gap > 0:
        return f"Missed this {period}{evidence.in_a_row(gap.kpi, ', ')}; may be chance", "●", "common"
    return f"Met this {period}; may be chance", "●", "common"


def causes(evidence: Evidence, most: int = 2) -> Shown:
    """Why targets are missed: for each at most so many causes that the records tell, with their rate and hours; else what a
    proposal rests on; else that it is not known."""
    if not evidence.missed:
        return NOTHING
    known = {why.kpi: why for why in evidence.gaps.why}
    lines, silent = [], []
    for gap in evidence.missed:
        drivers = known[gap.kpi].drivers[:most] if gap.kpi in known else []
        options = [o for o in evidence.options if gap.kpi in (*o.kpis, *evidence.moved_by(o.lever))]
        if drivers:
            lines += [causes_in_words.sentence(known[gap.kpi], driver) for driver in drivers]
        elif options:
            lines.append(f"**{gap.title}:** {words.upper(options[0].why)}")
        else:
            silent.append(gap)
    if silent:
        named = words.listed([evidence.noun(gap.kpi) for gap in silent])
        lines.append(f"**Not known:** why {named} {'misses its target' if len(silent) == 1 else 'miss their targets'}.")
    return together(points(list(dict.fromkeys(lines))), _figure(evidence, known))


def _figure(evidence: Evidence, known: dict[str, WhyFact]) -> Shown:
    """The drivers of the first missed target that has some, drawn."""
    first = next(
        (known[g.kpi] for g in evidence.missed if g.kpi in known and any(d.rate for d in known[g.kpi].drivers)), None
    )
    return say("") if first is None else why.figure(first, evidence.baseline.about)
