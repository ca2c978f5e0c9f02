"""The verdict: the plan in one sentence, and a caution where the records are weak, from the chapters' facts.

Each sentence says what happened, against what, and what follows. Where the evidence does not carry a claim, the verdict
says so and makes none. A measure is named by its `noun` and told by its `clause`, so that sentences stay grammatical
whatever the measure is.
"""

from __future__ import annotations

from sipnb.chapters.facts import GapFact, KpiFact
from sipnb.chapters.plan.evidence import LIKELY, Evidence, standing
from sipnb.show import words

#: A headline is read at a glance.
LONGEST = 160


def headline(evidence: Evidence) -> tuple[str, str]:
    """The plan in one sentence, and its tone: concern, improvement or common."""
    sentence, tone = _sentence(evidence)
    return words.clipped(sentence, LONGEST), tone


def subject(evidence: Evidence) -> str | None:
    """The measure that the sentence is about; None where it is about the service as a whole."""
    if evidence.worst is not None:
        return evidence.worst.kpi
    close = _close(evidence)
    moved = [*evidence.changed("concern"), *evidence.changed("improvement")]
    if not evidence.gaps.meets and close is not None:
        return close.kpi
    if moved:
        return moved[0].kpi
    return evidence.risky[0].kpi if evidence.risky is not None and evidence.risky[1].miss >= LIKELY else None


def _sentence(evidence: Evidence) -> tuple[str, str]:
    about = evidence.baseline.about
    if not evidence.baseline.kpis:
        name = words.clipped(about.name, 60)
        return f"There are no records of {name} in {about.cycle_label}: nothing can be said.", "common"
    if evidence.baseline.history_cycles < 3 and not any(k.claims for k in evidence.baseline.measures):
        whole = words.plural(evidence.baseline.history_cycles, f"whole {about.period}")
        return (
            f"Too young to judge: with {whole} of records the figures stand, but no trend and no target can be claimed.",
            "common",
        )
    return _missing(evidence, evidence.worst) if evidence.worst else _not_missing(evidence)


def _missing(evidence: Evidence, gap: GapFact) -> tuple[str, str]:
    """The worst miss: its figure, how far from the target, since when, and whether it will be missed again."""
    fact = evidence.baseline.measure(gap.kpi)
    text = _short_of(evidence, gap)
    again = next(
        (f.steps[0] for f in evidence.forecast.forecasts if f.kpi == gap.kpi and f.steps[0].miss is not None), None
    )
    course = ahead = ""
    if fact is not None and fact.sure and fact.variation == "concern":
        course = " and worse than usual"
    elif fact is not None and fact.missed_for > 2:
        course = evidence.in_a_row(gap.kpi, " ")
    if again is not None:
        ahead = f"; without action {words.bare(again.label)} {words.likelihood(again.miss, 'miss')} it again"
    # As much as can be read at a glance; what comes is worth more than how long it has been so.
    text = next(t for t in (text + course + ahead, text + ahead, text + course, text) if len(t) < LONGEST or t == text)
    return f"{words.upper(text)}.", "concern"


def _short_of(evidence: Evidence, gap: GapFact) -> str:
    """The figure of a measure, and how far it lies on the bad side of its target."""
    distance = evidence.said(gap.gap, "points" if gap.unit == "share" else gap.unit)
    return (
        f"{evidence.context.kpis[gap.kpi].clause.format(value=evidence.said(gap.value, gap.unit))}, {distance} {_bad_side(gap)} "
        f"the target of {evidence.said(gap.target, gap.unit)}"
    )


def _bad_side(gap: GapFact) -> str:
    return "below" if gap.good == "up" else "above"


def _not_missing(evidence: Evidence) -> tuple[str, str]:
    short, text = evidence.gaps, _standing(evidence)
    worse, better = evidence.changed("concern"), evidence.changed("improvement")
    moved = f"; {_moved(evidence, worse, better)}"
    risk = ""
    if evidence.risky is not None and evidence.risky[1].miss >= LIKELY:
        fact, step = evidence.risky
        risk = (
            f"; without action {words.bare(step.label)} {words.likelihood(step.miss, 'miss')} the target for "
            f"{evidence.noun(fact.kpi)}"
        )
    for more in (moved, risk) if worse or better else (risk, moved):
        text += more if len(text) + len(more) < LONGEST else ""
    good = (short.meets and not short.inconclusive and evidence.baseline.tested) or better
    return f"{text}.", "concern" if worse else "improvement" if good else "common"


def _standing(evidence: Evidence) -> str:
    """How the targets stand; where none is met, what this cycle missed comes before what cannot be told of its level."""
    missed = _close(evidence)
    if evidence.gaps.meets or missed is None:
        return standing(evidence)
    text, period = words.upper(_short_of(evidence, missed)), evidence.baseline.about.period
    return f"{text} this {period}; whether it stays so cannot be told yet"


def _close(evidence: Evidence) -> GapFact | None:
    """The first target that this cycle missed, though it cannot be told whether its level does."""
    return next((g for g in evidence.gaps.gaps if g.status == "inconclusive" and g.gap > 0), None)


def _moved(evidence: Evidence, worse: list[KpiFact], better: list[KpiFact]) -> str:
    if not evidence.baseline.tested:
        return "whether any measure changed cannot be tested"
    if not worse and not better:
        return "no measure changed beyond chance"
    if len(worse) + len(better) == 1:
        (one,) = worse or better
        return f"{evidence.noun(one.kpi)} got {'worse' if worse else 'better'}, to {evidence.said(one.value, one.unit)}"
    if not worse:
        return f"{len(better)} measures got better and none worse"
    if not better:
        return f"{len(worse)} measures got worse and none better"
    return f"{words.plural(len(worse), 'measure')} got worse and {len(better)} better"


#: Warnings that say something of the records and nothing of this service's figures.
_BESIDE = {"nameless states", "thin beginning"}


def caution(evidence: Evidence) -> str:
    """The warning that alters the verdict, and how many more there are."""
    rules = evidence.context.records.quality["rules"]
    found = [
        r
        for r in rules
        if r["outcome"] == "found"
        and r["level"] in ("warn", "stop")
        and r["rule"] not in _BESIDE
        and r["service"] in (None, evidence.baseline.about.service)
    ]
    # What forbids a claim about one of this service's measures comes first.
    found.sort(key=lambda r: not any(evidence.baseline.measure(kpi) for kpi in r["refuses"]))
    if not found:
        return ""
    more = (
        f" {words.plural(len(found) - 1, 'more warning')} under Records." if len(found) > 1 and evidence.inside else ""
    )
    return found[0]["sentence"] + more
