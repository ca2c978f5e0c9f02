"""Gap analysis: where the service falls short of what was agreed, and of what the business needs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pandas as pd

from sipnb import kpis
from sipnb.catalogue import Kpi
from sipnb.chapters import baseline, misses
from sipnb.chapters.facts import (
    BaselineFacts,
    GapFact,
    GapFacts,
    KpiFact,
    ObjectiveFact,
)
from sipnb.chapters.subject import Subject
from sipnb.kpis import certainty
from sipnb.methods import discoveries
from sipnb.show import figures, words
from sipnb.show.display import Shown, points, say, table
from sipnb.show.display import figure as drawn_figure

CHAPTER = "3_gap_analysis"
#: Among all targets of a service that lies exactly on each of them, how often any is called met or missed.
FAMILY = 0.05
#: Fewer outages in a year tell nothing of the next year's.
FEWEST_OUTAGES = 3


@dataclass(frozen=True)
class Gaps:
    facts: GapFacts
    measured: dict[str, KpiFact]


def work_out(subject: Subject) -> Gaps:
    """Each target against its figure with its interval and against the range the process moves in.

    Whether the cycle's figure lies on the good side is a fact. A target is *certainly* met or missed only where the level
    behind the figure lies on one side of it, allowing for how much cycles vary and for how many targets are looked at.
    """
    facts: BaselineFacts = subject.earlier(baseline.CHAPTER, baseline.work_out)
    measured = {k.kpi: k for k in facts.measures}
    objectives = subject.workbook.objectives
    targets = subject.service.targets
    gaps = _together(
        [
            _gap(subject, known, targets[kpi], measured.get(kpi), objectives)
            for kpi, known in subject.kpis.items()
            if kpi in targets
        ]
    )
    gaps.sort(key=lambda g: (_ORDER[g.status], -g.weight, -_relative(g)))
    targeted = set(subject.service.targets)
    linked = {kpi for o in objectives for kpi in o.kpis}
    return Gaps(
        GapFacts(
            gaps=gaps,
            objectives=[
                ObjectiveFact(
                    id=o.id,
                    title=o.title,
                    weight=o.weight,
                    kpis=o.kpis,
                    status=_status_of(o.kpis, gaps),
                    titles=[subject.kpis[k].title for k in o.kpis],
                )
                for o in objectives
            ],
            targets_without_objective=[subject.kpis[k].title for k in sorted(targeted - linked)],
            objectives_without_target=[o.title for o in objectives if not targeted & set(o.kpis)],
            meets=sum(g.status == "meets" for g in gaps),
            fails=sum(g.status == "fails" for g in gaps),
            inconclusive=sum(g.status == "inconclusive" for g in gaps),
            reached=sum(g.gap is not None and g.gap <= 0 for g in gaps),
            misses=misses.found(subject.scope),
        ),
        measured,
    )


_ORDER = {"fails": 0, "inconclusive": 1, "meets": 2, "not judged": 3, "no data": 4}
#: What says nothing of a target: no figure, or one that the records cannot carry.
UNTOLD = ("not judged", "no data")


def _gap(subject: Subject, known: Kpi, target: float, fact: KpiFact | None, objectives: tuple) -> tuple[GapFact, float]:
    """One target, with the p-value of its being met or missed by itself; NaN where neither is told."""
    mine = [o for o in objectives if known.id in o.kpis]
    value = fact.value if fact else None
    shared = {
        "kpi": known.id, "title": known.title, "unit": known.unit, "good": known.good, "target": target,
        "objectives": [o.title for o in mine], "weight": max((o.weight for o in mine), default=0.0),
    }  # fmt: skip
    if fact is None or words.is_missing(value):
        nothing = GapFact(
            **shared, value=None, low=None, high=None, n=fact.n if fact else 0, gap=None, status="no data",
            assurance="no target", variation="no data",
        )  # fmt: skip
        return nothing, math.nan
    gap = target - value if known.good == "up" else value - target
    if fact.refused:
        refused = GapFact(
            **shared, value=value, low=fact.low, high=fact.high, n=fact.n, gap=None, status="not judged",
            assurance="no target", variation=fact.variation,
        )  # fmt: skip
        return refused, math.nan
    level = _level(subject, known, fact)
    found = status(level.value, level.low, level.high, target, known.good, enough=_enough(known, fact, level, target))
    # Where the cycle says the opposite of its level, nothing is certain.
    told = found if (found == "fails") == (gap > 0) else "inconclusive"
    gap_fact = GapFact(
        **shared, value=value, low=level.low, high=level.high, n=fact.n, gap=gap, status=told, assurance=fact.assurance,
        variation=fact.variation,
    )  # fmt: skip
    sure = told in ("meets", "fails")
    return gap_fact, certainty.p_value(known, level.value, level.low, level.high, target) if sure else math.nan


def _level(subject: Subject, known: Kpi, fact: KpiFact) -> kpis.Measure:
    """The level behind a figure with its 95 % interval: its own, or what its cycles' scatter, or a year of outages, tells."""
    if known.id == "availability":
        # A month has one outage or none; the service as it runs shows in a year of them.
        first = subject.cycle.shift(1 - subject.cycle.season)
        year = kpis.last(kpis.uptime.availability_between(subject.scope, first, subject.cycle))
        whole = fact.cycles >= subject.cycle.season
        begun = kpis.uptime.started(subject.scope)
        if 0 < ((begun >= first.opens) & (begun < subject.cycle.cutoff)).sum() < FEWEST_OUTAGES:
            return replace(year, low=math.nan, high=math.nan)
        # A whole year without an outage is as good as records can show.
        return replace(year, low=1.0, high=1.0) if whole and year.value == 1 else year
    low, high = (math.nan if bound is None else bound for bound in (fact.low, fact.high))
    if known.kind == "rare" or (math.isnan(low) and math.isnan(high) and known.tables[0] != "outages"):
        low, high = certainty.around(known, fact.value, fact.scatter, fact.points)
    return kpis.Measure(fact.value, low, high, fact.n)


def _enough(known: Kpi, fact: KpiFact, level: kpis.Measure, target: float) -> bool:
    """Whether there are cases enough, cycles enough to say how much they vary, and an end to the side of the target."""
    bound = level.low if target < level.value else level.high
    return fact.n >= known.minimum_n and fact.cycles >= certainty.FEWEST and not words.is_missing(bound)


def _together(found: list[tuple[GapFact, float]]) -> list[GapFact]:
    """The gaps with what is certain of each when all targets of the service are looked at."""
    holds = discoveries.holm([p for _, p in found], FAMILY)
    return [
        gap.model_copy(update={"status": "inconclusive"}) if one.p == one.p and not one.rejected else gap
        for (gap, _), one in zip(found, holds.itertuples(), strict=True)
    ]


def status(
    value: float, low: float | None, high: float | None, target: float, good: str, *, enough: bool = True
) -> str:
    """`meets`, `fails`, or `inconclusive` where the interval holds the target or n is below the declared minimum."""
    if not enough:
        return "inconclusive"
    low = value if words.is_missing(low) else low
    high = value if words.is_missing(high) else high
    if good == "down":
        value, low, high, target = -value, -high, -low, -target
    if low >= target:
        return "meets"
    return "fails" if high < target else "inconclusive"


def _relative(gap: GapFact) -> float:
    return 0.0 if gap.gap is None or not gap.target else gap.gap / abs(gap.target)


def _status_of(kpis: list[str], gaps: list[GapFact]) -> str:
    found = {g.status for g in gaps if g.kpi in kpis} - set(UNTOLD)
    for worst in ("fails", "inconclusive", "meets"):
        if worst in found:
            return worst
    return "no target"


_WORDS = {"meets": "Certainly meets", "fails": "Certainly misses", "inconclusive": "Cannot be told",
          "not judged": "Not judged", "no data": "No data", "no target": "No target"}  # fmt: skip


def summary(facts: GapFacts) -> Shown:
    """How many targets are met, missed, and cannot be told."""
    if not facts.gaps:
        return say("This service has no targets: without one nothing can fall short. Set some in `targets.yml`.")
    nothing = sum(g.status == "no data" for g in facts.gaps)
    refused = sum(g.status == "not judged" for g in facts.gaps)
    return say(
        f"Of {words.plural(len(facts.gaps), 'target')}, **{facts.fails} certainly missed**, {facts.meets} met, "
        f"{facts.inconclusive} cannot be told from this cycle"
        + (f", {refused} not judged because of what is missing in the records" if refused else "")
        + (f", {nothing} without data." if nothing else ".")
        + (
            f" The cycle’s own figures reach {facts.reached} of them."
            if facts.meets + facts.fails + facts.inconclusive
            else ""
        )
    )


def targets(facts: GapFacts, currency: str) -> Shown:
    """The gaps, certain failures of the weightiest objectives first."""
    if not facts.gaps:
        return say("")
    frame = pd.DataFrame(
        [
            {
                "Measure": g.title,
                "Target": ("at least " if g.good == "up" else "at most ") + words.number(g.target, g.unit, currency),
                "Value": words.number(g.value, g.unit, currency),
                "Level, 95 %": words.interval(g.low, g.high, g.unit, currency) if g.value is not None else "–",
                "n": f"{g.n:,}",
                "This cycle": _this_cycle(g),
                "The level": _WORDS[g.status],
                "The process": words.ASSURANCE[g.assurance][1] if g.assurance != "no target" else "Too few to judge",
                "Objective": ", ".join(g.objectives) or "none",
            }
            for g in facts.gaps
        ]
    )
    return table(
        frame, "Targets against figures, certain failures first", numeric=("Target", "Value", "Level, 95 %", "n")
    )


def _this_cycle(gap: GapFact) -> str:
    """What the cycle did, which is a fact."""
    # Other words than those for the level: a target that is reached this once is not yet met.
    return _WORDS[gap.status] if gap.gap is None else "Not reached" if gap.gap > 0 else "Reached"


def figure(gaps: Gaps) -> Shown:
    """Where each target lies against the range its measure moves in."""
    rows = on_limits(gaps)
    if rows.empty:
        return say("No measure with a target has enough history for limits yet.")
    measured = [gaps.measured[k] for k in rows["kpi"]]
    data = pd.DataFrame(
        {
            "Measure": rows["label"], "Process": [words.ASSURANCE[k.assurance][1] for k in measured],
            "Target on the scale": rows["target"], "Value on the scale": rows["value"],
        }
    )  # fmt: skip
    named = f"{words.plural(len(rows), 'measure')} on the scale of {'its' if len(rows) == 1 else 'their'} usual range"
    return drawn_figure(
        figures.against_limits(rows), name="against-limits", finding=_reach(measured),
        subtitle="Latest value (mark) and target (bar) against the range in which each measure usually moves; what lies far "
        "outside stands at the edge",
        alt=f"{named}: {words.lower(_reach(measured))}.", data=data,
        units={"Target on the scale": "number", "Value on the scale": "number"},
        source="Usual ranges from the control charts of the baseline; on the scale 0 is the lower limit and 1 the upper one.",
    )  # fmt: skip


def _reach(measured: list[KpiFact]) -> str:
    """What the process can do about its targets."""
    out = [k for k in measured if k.assurance == "consistently fails"]
    left = [k for k in measured if k.assurance == "unsettled"]
    if out:
        named = words.lower(out[0].short) if len(out) == 1 else words.plural(len(out), "target")
        return f"Out of reach as the process runs: {named}"
    if left:
        which = words.lower(left[0].short) if len(left) == 1 else words.plural(len(left), "measure")
        return f"Left its usual range: {which}"
    return "Every target lies within reach of the process"


def objectives(facts: GapFacts) -> Shown:
    """The objectives and what their measures say."""
    if not facts.objectives:
        return say("No objectives are stated: gaps cannot be weighed. Name some in `objectives.yml`.")
    frame = pd.DataFrame(
        {
            "Objective": [o.title for o in facts.objectives],
            "Weight": [f"{o.weight:g}" for o in facts.objectives],
            "Seen by": [", ".join(o.titles) for o in facts.objectives],
            "State": [_WORDS[o.status] for o in facts.objectives],
        }
    )
    return table(frame, "Objectives, and the worst of what their measures say", numeric=("Weight",))


def orphans(facts: GapFacts) -> Shown:
    """Targets nobody's objective asks for, and objectives nothing measures."""
    lines = []
    if not facts.gaps or not facts.objectives:
        return say(
            "There is nothing to link: " + ("no targets" if not facts.gaps else "no objectives") + " are stated."
        )
    if facts.targets_without_objective:
        lines.append(f"Targets that no objective asks for: {', '.join(facts.targets_without_objective)}.")
    if facts.objectives_without_target:
        lines.append(f"Objectives without any target here: {', '.join(facts.objectives_without_target)}.")
    return points(lines) if lines else say("Every target serves an objective, and every objective has a target.")


def on_limits(gaps: Gaps) -> pd.DataFrame:
    """Value and target on the scale of each measure's own limits (0 lower, 1 upper), where limits may be claimed."""
    rows = []
    for g in gaps.facts.gaps:
        k = gaps.measured.get(g.kpi)
        if g.value is None or k is None or not k.claims or words.is_missing(k.lower_limit):
            continue
        span = k.upper_limit - k.lower_limit
        if span <= 0:
            continue
        rows.append(
            {
                "kpi": g.kpi, "label": k.short, "tone": k.variation if k.sure else "common",
                "value": (g.value - k.lower_limit) / span,
                "target": (g.target - k.lower_limit) / span,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["kpi", "label", "tone", "value", "target"])
