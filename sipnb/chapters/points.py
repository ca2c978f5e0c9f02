"""The main points of a plan, ranked, a sentence each: a figure, what it is compared with, what follows, where to read on."""

from __future__ import annotations

from collections.abc import Iterator

from sipnb.chapters.advice_facts import PointFact
from sipnb.chapters.case import LIKELY, Case, are, judgeable, share_of, standing
from sipnb.chapters.effects import unsupported
from sipnb.chapters.facts import GapFact, KpiFact
from sipnb.chapters.review import NOT_AGREED
from sipnb.show import words


def points(case: Case) -> Iterator[PointFact]:
    """The main points that there are, the weightiest first."""
    for point in (_targets, _slower, _worse, _why, _watermelon, _agreed, _ahead, _better):
        found = point(case)
        if found is not None:
            yield found


def _targets(case: Case) -> PointFact | None:
    short, place = case.short, {"chapter": "3_gap_analysis", "section": "Targets"}
    total = short.meets + short.fails + short.inconclusive
    if not total:
        return None
    if short.fails:
        failing = [g for g in short.gaps if g.status == "fails"]
        named = words.listed([f"{case.noun(g.kpi)} ({_against(case, g)})" for g in failing[:3]])
        more = f" and {len(failing) - 3} more" if len(failing) > 3 else ""
        text = f"{share_of(short.fails, total, judgeable(case))} certainly missed: {named}{more}"
        objectives = [o.title for o in short.objectives if o.status == "fails"]
        if objectives:
            text += f"; with {'it' if short.fails == 1 else 'them'} the objective “{objectives[0]}”"
            text += f" and {len(objectives) - 1} more" if len(objectives) > 1 else ""
        return PointFact(lead="Targets missed.", text=f"{text}.", **place)
    if short.inconclusive:
        untold = [g for g in short.gaps if g.status == "inconclusive"]
        close = next((g for g in untold if g.n >= case.subject.kpis[g.kpi].minimum_n), untold[0])
        among = ":" if short.inconclusive == 1 else ", among them"
        how = standing(case).replace("None of", "Not one of")
        text = f"{how}{among} {case.noun(close.kpi)} ({_against(case, close)}, {_sure(case, close)}, n {close.n:,})."
        return PointFact(lead="Targets.", text=text, **place)
    closest = min(
        (g for g in short.gaps if g.status == "meets"), key=lambda g: abs(g.gap) / abs(g.target) if g.target else 1.0
    )
    text = standing(case) + (", most narrowly " if total > 1 else ", ") + case.noun(closest.kpi)
    return PointFact(lead="Targets met.", text=f"{text}: {_against(case, closest)}.", **place)


def _against(case: Case, gap: GapFact) -> str:
    return f"{case.said(gap.value, gap.unit)}, target {case.said(gap.target, gap.unit)}"


def _sure(case: Case, gap: GapFact) -> str:
    if gap.kpi == "availability" and gap.low is not None:
        return f"over a year {case.range(gap.low, gap.high, gap.unit)} with 95 % confidence"
    if gap.low is None and gap.high is None:
        return "counted" if gap.unit == "count" else "without an interval"
    return f"95 % interval {case.range(gap.low, gap.high, gap.unit, gap.value)}"


def _slower(case: Case) -> PointFact | None:
    """How long users wait, where that got worse, or where leaving open tickets out would mislead."""
    r, fact = case.measured.restore, case.measured.measure("restore_median")
    if r is None or r.median is None or r.naive_median is None or r.n < 20 or fact is None or fact.refused:
        return None
    place = {"chapter": "2_baseline", "section": "Time to restore"}
    half, sure = case.said(r.median, "hours"), case.range(r.low, r.high, "hours", r.median)
    if fact.sure and fact.variation == "concern":
        tail = case.measured.measure("restore_p90")
        slow = f", and a tenth longer than {case.said(tail.value, 'hours')}" if tail and tail.value is not None else ""
        text = f"Half of the incidents now take longer than {half} to restore ({sure}), {_usual(case, fact)}{slow}."
        return PointFact(lead="Slower for users.", text=text, **place)
    # Above it, the closed ones are older tickets, and not because open ones were left out: the table of both says so.
    if r.low is None or r.naive_median >= r.low or not r.still_open:
        return None
    text = (
        f"Half of the incidents take longer than {half} to restore ({sure}) once the {words.plural(r.still_open, 'open one')} "
        f"{'is' if r.still_open == 1 else 'are'} counted; closed tickets alone would say {case.said(r.naive_median, 'hours')}."
    )
    return PointFact(lead="Open tickets count.", text=text, **place)


def _worse(case: Case) -> PointFact | None:
    told = {"restore_median", case.worst.kpi if case.worst else ""}
    return _change(case, [k for k in case.changed("concern") if k.kpi not in told], "Worse, beyond chance.", "worse")


def _better(case: Case) -> PointFact | None:
    return _change(case, case.changed("improvement"), "Better, beyond chance.", "better")


def _change(case: Case, changed: list[KpiFact], lead: str, which: str) -> PointFact | None:
    if not changed:
        return None
    text = "; ".join(f"{case.noun(k.kpi)} is {case.said(k.value, k.unit)}, {_usual(case, k)}" for k in changed[:2])
    if len(changed) > 2:
        text += f"; {words.plural(len(changed) - 2, 'more measure')} got {which}"
    place = {"chapter": "2_baseline", "section": "What is more than chance"}
    return PointFact(lead=lead, text=f"{words.upper(text)}.", **place)


def _usual(case: Case, fact: KpiFact) -> str:
    """The level before, and how long ago it was left."""
    if fact.usual is None:
        return f"{'more' if fact.moved > 0 else 'less'} often than before"
    usual = case.said(fact.usual, fact.unit)
    if fact.form == "drift":
        return f"little by little from {usual} over {fact.window} {fact.grain}s"
    return f"after {usual} before" if fact.window < 2 else f"after {usual} up to {fact.window} {fact.grain}s ago"


def _why(case: Case) -> PointFact | None:
    if not case.options:
        return None
    return PointFact(lead="Why.", text=case.options[0].why, chapter="5_recommendations", section="Evidence")


def _watermelon(case: Case) -> PointFact | None:
    users, reported = case.measured.measure("csat_top2"), case.measured.measure("sla_reported")
    if users is None or reported is None or users.target is None or users.high is None or reported.low is None:
        return None
    target = case.subject.target("sla_attainment")
    if not (
        users.claims
        and not reported.refused
        and users.high < users.target
        and target is not None
        and reported.low > target
    ):
        return None
    text = (
        f"Only {case.said(users.value, 'share')} of the {users.n:,} who answered in {case.measured.about.cycle_label} are "
        f"satisfied, while {case.said(reported.value, 'share')} of its tickets are reported as resolved in time."
    )
    return PointFact(lead="Users see it differently.", text=text, chapter="2_baseline", section="Users")


def _agreed(case: Case) -> PointFact | None:
    """What became of what was agreed before, where somebody has to look at it."""
    actions = [a for a in case.reviewed.actions if a.state not in NOT_AGREED]
    place = {"chapter": "1_review", "section": "The actions"}
    late = [a for a in actions if a.overdue]
    if late:
        first = late[0]
        which = f"{len(late)} of {words.plural(len(actions), 'agreed action')} {are(len(late))}"
        text = (
            f"{which if len(actions) > 1 else 'The one agreed action is'} overdue: “{first.title}”, due "
            f"{words.day(first.due)}, owned by {first.owner or 'nobody'}"
            f"{'; the records do not speak for it now' if unsupported(first, case.left) else ''}."
        )
        return PointFact(lead="Agreed before.", text=text, **place)
    done = [a for a in actions if a.implemented and a.state == "implemented"]
    if not done:
        return None
    text = (
        f"“{done[-1].title}” was implemented on {words.day(done[-1].implemented)}, "
        f"{words.plural(done[-1].cycles_since or 0, f'whole {case.measured.about.period}')} ago; whether it worked is not "
        "judged yet."
    )
    return PointFact(lead="Agreed before.", text=text, **place)


def _ahead(case: Case) -> PointFact | None:
    if case.risky is None:
        return None
    fact, step = case.risky
    place = {"chapter": "4_forecast", "section": "The chance of missing each target"}
    when, mean, target = words.bare(step.label), case.said(step.mean, fact.unit), case.said(fact.target, fact.unit)
    if step.miss < LIKELY:
        text = (
            f"{when} is more likely than not to meet every target that can be forecast; the likeliest miss is "
            f"{case.noun(fact.kpi)}, with {words.probability(step.miss)} probability ({mean} expected, target {target})."
        )
    else:
        text = (
            f"{case.noun(fact.kpi)} is expected at {mean} in {when} "
            f"({case.range(step.low_80, step.high_80, fact.unit, step.mean)} with 80 % probability) and misses its target of "
            f"{target} with {words.probability(step.miss)} probability."
        )
    return PointFact(lead="If nothing is done,", text=text, **place)
