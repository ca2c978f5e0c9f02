"""The main points of a plan, ranked, a sentence each: a figure, what it is compared with, what follows, where to read on."""

from __future__ import annotations

from sipnb.chapters.baseline.scorecard import CHANCE, SATISFACTION
from sipnb.chapters.baseline.time_to_restore import SURVIVAL
from sipnb.chapters.facts import ActionFact, GapFact, KpiFact, PointFact
from sipnb.chapters.forecast.views import RISKS
from sipnb.chapters.gap_analysis import causes_in_words
from sipnb.chapters.gap_analysis.views import TARGETS
from sipnb.chapters.gap_analysis.why import DRIVERS
from sipnb.chapters.plan.evidence import LIKELY, Evidence, are, judgeable, share_of, standing
from sipnb.chapters.recommendations.effects import unsupported
from sipnb.chapters.recommendations.views import EVIDENCE
from sipnb.chapters.review.sentences import span
from sipnb.chapters.review.views import REGISTER, verdict_id
from sipnb.places import BASELINE, FORECAST, GAP_ANALYSIS, RECOMMENDATIONS, REVIEW
from sipnb.register import NOT_AGREED
from sipnb.show import words


def points(evidence: Evidence, most: int = 6) -> list[PointFact]:
    """The main points that there are, at most so many, the weightiest first."""
    found = (point(evidence) for point in (_targets, _slower, _worse, _why, _watermelon, _agreed, _ahead, _better))
    return [point for point in found if point is not None][:most]


def _targets(evidence: Evidence) -> PointFact | None:
    short, place = evidence.gaps, {"chapter": GAP_ANALYSIS, "section": TARGETS}
    total = short.meets + short.fails + short.inconclusive
    if not total:
        return None
    if short.fails:
        failing = [g for g in short.gaps if g.status == "fails"]
        named = words.listed([f"{evidence.noun(g.kpi)} ({evidence.against(g)})" for g in failing[:3]])
        more = f" and {len(failing) - 3} more" if len(failing) > 3 else ""
        text = f"{share_of(short.fails, total, judgeable(evidence))} certainly missed: {named}{more}"
        objectives = [o.title for o in short.objectives if o.status == "fails"]
        if objectives:
            text += f"; with {'it' if short.fails == 1 else 'them'} the objective “{objectives[0]}”"
            text += f" and {len(objectives) - 1} more" if len(objectives) > 1 else ""
        return PointFact(lead="Targets missed.", text=f"{text}.", **place)
    if short.inconclusive:
        untold = [g for g in short.gaps if g.status == "inconclusive"]
        close = next((g for g in untold if g.n >= evidence.context.kpis[g.kpi].minimum_n), untold[0])
        among = ":" if short.inconclusive == 1 else ", among them"
        how = standing(evidence).replace("None of", "Not one of")
        text = f"{how}{among} {evidence.noun(close.kpi)} ({evidence.against(close)}, {_sure(evidence, close)}, n {close.n:,})."
        return PointFact(lead="Targets.", text=text, **place)
    closest = min(
        (g for g in short.gaps if g.status == "meets"), key=lambda g: abs(g.gap) / abs(g.target) if g.target else 1.0
    )
    text = standing(evidence) + (", most narrowly " if total > 1 else ", ") + evidence.noun(closest.kpi)
    return PointFact(lead="Targets met.", text=f"{text}: {evidence.against(closest)}.", **place)


def _sure(evidence: Evidence, gap: GapFact) -> str:
    if gap.kpi == "availability" and gap.low is not None:
        return f"over a year {evidence.range(gap.low, gap.high, gap.unit)} with 95 % confidence"
    if gap.low is None and gap.high is None:
        return "counted" if gap.unit == "count" else "without an interval"
    return f"95 % interval {evidence.range(gap.low, gap.high, gap.unit, gap.value)}"


def _slower(evidence: Evidence) -> PointFact | None:
    """How long users wait, where that got worse, or where leaving open tickets out would mislead."""
    r, fact = evidence.baseline.restore, evidence.baseline.measure("restore_median")
    if r is None or r.median is None or r.naive_median is None or r.n < 20 or fact is None or fact.refused:
        return None
    place = {"chapter": BASELINE, "section": SURVIVAL}
    half, sure = evidence.said(r.median, "hours"), evidence.range(r.low, r.high, "hours", r.median)
    if fact.sure and fact.variation == "concern":
        tail = evidence.baseline.measure("restore_p90")
        slow = (
            f", and a tenth longer than {evidence.said(tail.value, 'hours')}" if tail and tail.value is not None else ""
        )
        text = f"Half of the incidents now take longer than {half} to restore ({sure}), {_usual(evidence, fact)}{slow}."
        return PointFact(lead="Slower for users.", text=text, **place)
    # Above it, the closed ones are older tickets, and not because open ones were left out: the table of both says so.
    if r.low is None or r.naive_median >= r.low or not r.still_open:
        return None
    naive = evidence.said(r.naive_median, "hours")
    text = (
        f"Half of the incidents take longer than {half} to restore ({sure}) once the {words.plural(r.still_open, 'open one')} "
        f"{'is' if r.still_open == 1 else 'are'} counted; closed tickets alone would say {naive}."
    )
    return PointFact(lead="Open tickets count.", text=text, **place)


def _worse(evidence: Evidence) -> PointFact | None:
    told = {"restore_median", evidence.worst.kpi if evidence.worst else ""}
    return _change(
        evidence, [k for k in evidence.changed("concern") if k.kpi not in told], "Worse, beyond chance.", "worse"
    )


def _better(evidence: Evidence) -> PointFact | None:
    return _change(evidence, evidence.changed("improvement"), "Better, beyond chance.", "better")


def _change(evidence: Evidence, changed: list[KpiFact], lead: str, which: str) -> PointFact | None:
    if not changed:
        return None
    text = "; ".join(
        f"{evidence.noun(k.kpi)} is {evidence.said(k.value, k.unit)}, {_usual(evidence, k)}" for k in changed[:2]
    )
    if len(changed) > 2:
        text += f"; {words.plural(len(changed) - 2, 'more measure')} got {which}"
    place = {"chapter": BASELINE, "section": CHANCE}
    return PointFact(lead=lead, text=f"{words.upper(text)}.", **place)


def _usual(evidence: Evidence, fact: KpiFact) -> str:
    """The level before, and how long ago it was left."""
    if fact.usual is None:
        return f"{'more' if fact.moved > 0 else 'less'} often than before"
    usual = evidence.said(fact.usual, fact.unit)
    if fact.form == "drift":
        return f"little by little from {usual} over {fact.window} {fact.grain}s"
    return f"after {usual} before" if fact.window < 2 else f"after {usual} up to {fact.window} {fact.grain}s ago"


def _why(evidence: Evidence) -> PointFact | None:
    """The driver of the missed target that matters most, else what the first proposal rests on.

    Of a target that may be missed by chance alone the plan does not say why.
    """
    missed = {gap.kpi for gap in evidence.missed}
    known = {why.kpi: why for why in evidence.gaps.why if why.drivers and why.kpi in missed}
    first = next((known[one.kpi] for one in evidence.gaps.ranked if one.kpi in known), None)
    if first:
        return PointFact(lead="Why.", text=causes_in_words.briefly(first), chapter=GAP_ANALYSIS, section=DRIVERS)
    about = {gap.kpi for gap in evidence.missed}
    option = next((o for o in evidence.options if about & {*o.kpis, *evidence.moved_by(o.lever)}), None)
    if option is None:
        return None
    return PointFact(lead="Why.", text=option.why, chapter=RECOMMENDATIONS, section=EVIDENCE)


def _watermelon(evidence: Evidence) -> PointFact | None:
    users, reported = evidence.baseline.measure("csat_top2"), evidence.baseline.measure("sla_reported")
    if users is None or reported is None or users.target is None or users.high is None or reported.low is None:
        return None
    target = evidence.context.target("sla_attainment")
    if not (
        users.claims
        and not reported.refused
        and users.high < users.target
        and target is not None
        and reported.low > target
    ):
        return None
    text = (
        f"Only {evidence.said(users.value, 'share')} of the {users.n:,} who answered in {evidence.baseline.about.cycle_label} "
        f"are satisfied, while {evidence.said(reported.value, 'share')} of its tickets are reported as resolved in time."
    )
    return PointFact(lead="Users see it differently.", text=text, chapter=BASELINE, section=SATISFACTION)


def _agreed(evidence: Evidence) -> PointFact | None:
    """What became of what was agreed before: a verdict of this cycle, what is overdue, the latest verdict, what is too early."""
    actions = [a for a in evidence.review.actions if a.state not in NOT_AGREED]
    judged = [a for a in actions if a.outcome and a.outcome.change]
    new = [a for a in judged if a.outcome.reached]
    late = [a for a in actions if a.overdue]
    if late and not new:
        first = late[0]
        which = f"{len(late)} of {words.plural(len(actions), 'agreed action')} {are(len(late))}"
        text = (
            f"{which if len(actions) > 1 else 'The one agreed action is'} overdue: “{first.title}”, due "
            f"{words.day(first.due)}, owned by {first.owner or 'nobody'}"
            f"{'; the records do not speak for it now' if unsupported(first, evidence.left) else ''}."
        )
        return PointFact(lead="Agreed before.", text=text, chapter=REVIEW, section=REGISTER)
    done = new or judged or [a for a in actions if a.implemented and a.state == "implemented"]
    if not done:
        return None
    section = verdict_id(done[-1].id)
    return PointFact(lead="Agreed before.", text=_outcome(evidence, done[-1]), chapter=REVIEW, section=section)


def _outcome(evidence: Evidence, action: ActionFact) -> str:
    """Whether an action worked, in one sentence."""
    found, when = action.outcome, words.day(action.implemented)
    head = f"“{action.title}”, implemented on {when},"
    if found is None or found.change is None:
        since = words.plural(action.cycles_since or 0, f"whole {evidence.baseline.about.period}")
        why = {"too early": "it is too early to say whether it worked"}.get(
            found.status if found else "", "whether it worked cannot be measured"
        )
        return f"“{action.title}” was implemented on {when}, {since} ago; {why}."
    change = found.change
    said = {"worked": "worked", "did not": "did not work", "inconclusive": "may or may not have worked"}[found.status]
    actual, expected = (evidence.said(one, found.unit) for one in (change.actual, change.expected))
    where = "for the tickets it touches " if found.where else ""
    return (
        f"{head} {said}: {where}{evidence.noun(found.kpi)} was {actual} in {span(change)}, and would have been {expected} "
        "without it."
    )


def _ahead(evidence: Evidence) -> PointFact | None:
    if evidence.risky is None:
        return None
    fact, step = evidence.risky
    place = {"chapter": FORECAST, "section": RISKS}
    when, mean, target = (
        words.bare(step.label),
        evidence.said(step.mean, fact.unit),
        evidence.said(fact.target, fact.unit),
    )
    if step.miss < LIKELY:
        text = (
            f"{when} is more likely than not to meet every target that can be forecast; nearest to a miss is "
            f"{evidence.noun(fact.kpi)}, which {words.likelihood(step.miss, 'miss')} its target ({mean} expected, target "
            f"{target})."
        )
    else:
        text = (
            f"{evidence.noun(fact.kpi)} is expected at {mean} in {when} "
            f"({evidence.range(step.low_80, step.high_80, fact.unit, step.mean)} with 80 % probability) and "
            f"{words.likelihood(step.miss, 'miss')} its target of {target}."
        )
    return PointFact(lead="If nothing is done,", text=text, **place)
