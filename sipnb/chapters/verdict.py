"""The verdict: one sentence, a few ranked points and the decisions asked, all from the chapters' facts.

Each sentence says what happened, against what, and what follows. Where the evidence does not carry a claim, the verdict
says so and makes none. A measure is named by its `noun` and told by its `clause`, so that sentences stay grammatical
whatever the measure is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sipnb.chapters import news
from sipnb.chapters.advice_facts import DecisionFact, EffectFact, OptionFact, PointFact, VerdictFact
from sipnb.chapters.facts import (
    BaselineFacts,
    ForecastFact,
    ForecastFacts,
    GapFact,
    GapFacts,
    KpiFact,
    ReviewFacts,
    StepFact,
)
from sipnb.chapters.subject import Subject
from sipnb.show import words

#: A page's first screen holds this many points and decisions.
MOST_POINTS, MOST_DECISIONS = 6, 3
#: A verdict is read at a glance.
LONGEST = 160
#: From this chance of a miss on a verdict names it, though nothing is missed yet.
LIKELY = 0.5


@dataclass(frozen=True)
class Case:
    """What a verdict is drawn from: the chapters' facts of a service, and the words for its measures."""

    subject: Subject
    reviewed: ReviewFacts
    measured: BaselineFacts
    short: GapFacts
    ahead: ForecastFacts
    options: list[OptionFact]

    @property
    def worst(self) -> GapFact | None:
        """The target that is most certainly and most heavily missed."""
        return next((g for g in self.short.gaps if g.status == "fails"), None)

    @property
    def risky(self) -> tuple[ForecastFact, StepFact] | None:
        """The target likeliest to be missed in the next cycle."""
        found = [(f, f.steps[0]) for f in self.ahead.forecasts if f.steps[0].miss is not None]
        return max(found, key=lambda pair: pair[1].miss, default=None)

    def changed(self, variation: str) -> list[KpiFact]:
        """The scorecard's measures whose change holds among all of them; what restates another one is left out."""
        return [k for k in news.changed(self.measured) if k.variation == variation]

    def noun(self, kpi: str) -> str:
        return self.subject.kpis[kpi].noun

    def said(self, value: float | None, unit: str) -> str:
        return words.prose(value, unit, self.subject.currency)

    def range(self, low: float | None, high: float | None, unit: str) -> str:
        return words.interval(low, high, unit, self.subject.currency, words.prose)


def reach(case: Case) -> VerdictFact:
    """The verdict on a service."""
    sentence, tone = _sentence(case)
    return VerdictFact(
        sentence=words.clipped(sentence, LONGEST),
        tone=tone,
        points=list(_points(case))[:MOST_POINTS],
        decisions=_decisions(case)[:MOST_DECISIONS],
        news=news.since(case.subject, case.reviewed, case.measured, case.short),
        caution=_caution(case.measured),
    )


def _sentence(case: Case) -> tuple[str, str]:
    about = case.measured.about
    if not case.measured.kpis:
        name = words.clipped(about.name, 60)
        return f"There are no records of {name} in {about.cycle_label}: nothing can be said.", "common"
    if case.measured.history_cycles < 3 and not any(k.claims for k in case.measured.measures):
        whole = words.plural(case.measured.history_cycles, f"whole {about.period}")
        return (
            f"Too young to judge: with {whole} of records the figures stand, but no trend and no target can be claimed.",
            "common",
        )
    return _missing(case, case.worst) if case.worst else _not_missing(case)


def _missing(case: Case, gap: GapFact) -> tuple[str, str]:
    """The worst miss: its figure, how far from the target, since when, and whether it will be missed again."""
    fact = case.measured.measure(gap.kpi)
    text = case.subject.kpis[gap.kpi].clause.format(value=case.said(gap.value, gap.unit))
    distance = case.said(gap.gap, "points" if gap.unit == "share" else gap.unit)
    text += f", {distance} {_bad_side(gap)} the target of {case.said(gap.target, gap.unit)}"
    again = next((f.steps[0] for f in case.ahead.forecasts if f.kpi == gap.kpi and f.steps[0].miss is not None), None)
    course = ahead = ""
    if fact is not None and fact.sure and fact.variation == "concern":
        course = " and worse than usual"
    elif fact is not None and fact.missed_for > 2:
        course = f" for the {words.ordinal(fact.missed_for)} {case.measured.about.period} in a row"
    if again is not None:
        ahead = f"; {words.bare(again.label)} misses it again with {words.probability(again.miss)} probability"
    # As much as can be read at a glance; what comes is worth more than how long it has been so.
    text = next(t for t in (text + course + ahead, text + ahead, text + course, text) if len(t) < LONGEST or t == text)
    return f"{words.upper(text)}.", "concern"


def _bad_side(gap: GapFact) -> str:
    return "below" if gap.good == "up" else "above"


def _not_missing(case: Case) -> tuple[str, str]:
    short = case.short
    judged = short.meets + short.inconclusive
    if not short.gaps:
        text = "No target is agreed"
    elif judged == 0:
        text = (
            f"{'None' if len(short.gaps) > 1 else 'The one'} of {words.plural(len(short.gaps), 'target')} can be judged"
        )
        text = text if len(short.gaps) > 1 else "The one target cannot be judged"
    elif not short.inconclusive:
        text = (
            f"The one target{_judgeable(case)} is met"
            if judged == 1
            else f"All {judged} targets{_judgeable(case)} are met"
        )
    elif not short.meets:
        text = f"{'The one target' if judged == 1 else f'All {judged} targets'}{_judgeable(case)} {_untold(case)}"
    else:
        text = f"{_of(short.meets, judged)} met and {short.inconclusive} {_untold(case)}"
    worse, better = case.changed("concern"), case.changed("improvement")
    moved = f"; {_moved(case, worse, better)}"
    risk = ""
    if case.risky is not None and case.risky[1].miss >= LIKELY:
        fact, step = case.risky
        risk = (
            f"; {words.bare(step.label)} misses the target for {case.noun(fact.kpi)} with "
            f"{words.probability(step.miss)} probability"
        )
    for more in (moved, risk) if worse or better else (risk, moved):
        text += more if len(text) + len(more) < LONGEST else ""
    good = (short.meets and not short.inconclusive and case.measured.tested) or better
    return f"{text}.", "concern" if worse else "improvement" if good else "common"


def _moved(case: Case, worse: list[KpiFact], better: list[KpiFact]) -> str:
    if not case.measured.tested:
        return "too few cases to tell whether any measure changed"
    if not worse and not better:
        return "no measure changed beyond chance"
    if len(worse) + len(better) == 1:
        (one,) = worse or better
        return f"{case.noun(one.kpi)} got {'worse' if worse else 'better'}, to {case.said(one.value, one.unit)}"
    if not worse:
        return f"{len(better)} measures got better and none worse"
    if not better:
        return f"{len(worse)} measures got worse and none better"
    return f"{words.plural(len(worse), 'measure')} got worse and {len(better)} better"


def _judgeable(case: Case) -> str:
    """A reminder that there are targets without data, where there are."""
    return " with data" if any(g.status == "no data" for g in case.short.gaps) else ""


def _untold(case: Case) -> str:
    """Why targets cannot be told: too few cases, or an interval that holds the target."""
    untold = [g for g in case.short.gaps if g.status == "inconclusive"]
    few = [g for g in untold if g.n < case.subject.kpis[g.kpi].minimum_n]
    if len(few) == len(untold):
        return f"{'rests' if len(untold) == 1 else 'rest'} on too few cases to tell"
    return "cannot be told yet" if few else f"{_are(len(untold))} too close to call"


def _of(part: int, total: int) -> str:
    """`1 of 5 targets is`, `4 of 8 targets are`."""
    return f"{part} of {words.plural(total, 'target')} {_are(part)}"


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _points(case: Case) -> Iterator[PointFact]:
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
        text = f"{_of(short.fails, total)} certainly missed: {named}{more}"
        objectives = [o.title for o in short.objectives if o.status == "fails"]
        if objectives:
            text += f"; with {'it' if short.fails == 1 else 'them'} the objective “{objectives[0]}”"
            text += f" and {len(objectives) - 1} more" if len(objectives) > 1 else ""
        return PointFact(lead="Targets missed.", text=f"{text}.", **place)
    if short.inconclusive:
        untold = [g for g in short.gaps if g.status == "inconclusive"]
        close = next((g for g in untold if g.n >= case.subject.kpis[g.kpi].minimum_n), untold[0])
        sure = f"95 % interval {case.range(close.low, close.high, close.unit)}" if close.low is not None else "counted"
        among = "" if short.inconclusive == 1 else ", among them"
        text = (
            f"{_of(short.meets, total)} met; {short.inconclusive} {_untold(case)}{among or ':'} {case.noun(close.kpi)} "
            f"({_against(case, close)}, {sure}, n {close.n:,})."
        )
        return PointFact(lead="Targets.", text=text, **place)
    closest = min(
        (g for g in short.gaps if g.status == "meets"), key=lambda g: abs(g.gap) / abs(g.target) if g.target else 1.0
    )
    text = f"{'All' if total > 1 else 'The'} {f'{total} targets' if total > 1 else 'one target'}{_judgeable(case)} "
    text += "are met" if total > 1 else "is met"
    text += f", most narrowly {case.noun(closest.kpi)}" if total > 1 else f", {case.noun(closest.kpi)}"
    return PointFact(lead="Targets met.", text=f"{text}: {_against(case, closest)}.", **place)


def _against(case: Case, gap: GapFact) -> str:
    return f"{case.said(gap.value, gap.unit)}, target {case.said(gap.target, gap.unit)}"


def _slower(case: Case) -> PointFact | None:
    """How long users wait, where that got worse, or where leaving open tickets out would mislead."""
    r, fact = case.measured.restore, case.measured.measure("restore_median")
    if r is None or r.median is None or r.naive_median is None or r.n < 20:
        return None
    place = {"chapter": "2_baseline", "section": "Time to restore"}
    half, sure = case.said(r.median, "hours"), case.range(r.low, r.high, "hours")
    if fact is not None and fact.sure and fact.variation == "concern":
        tail = case.measured.measure("restore_p90")
        slow = f", and a tenth longer than {case.said(tail.value, 'hours')}" if tail and tail.value is not None else ""
        text = (
            f"Half of the incidents now take longer than {half} to restore ({sure}), against "
            f"{case.said(fact.mean, 'hours')} usually{slow}."
        )
        return PointFact(lead="Slower for users.", text=text, **place)
    misleading = (r.low is not None and r.naive_median < r.low) or (r.high is not None and r.naive_median > r.high)
    if not misleading:
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
    """What the latest point is no accident against, by the rule that flagged it."""
    low, high = (_bounded(limit, fact) for limit in (fact.lower_limit, fact.upper_limit))
    usual = case.range(low, high, fact.unit)
    mean, period = case.said(fact.mean, fact.unit), case.measured.about.period
    return {
        "shift": f"after seven or more {period}s on one side of its mean of {mean}",
        "trend": f"after moving one way for seven or more {period}s",
    }.get(fact.rule, f"where {usual} is usual")


def _bounded(limit: float | None, fact: KpiFact) -> float | None:
    # A control limit is a calculation; a share below 0 or above 1 would only puzzle the reader.
    if limit is None:
        return None
    return min(1.0, max(0.0, limit)) if fact.unit == "share" else max(0.0, limit)


def _why(case: Case) -> PointFact | None:
    if not case.options:
        return None
    return PointFact(lead="Why.", text=case.options[0].why, chapter="5_recommendations", section="Evidence")


def _watermelon(case: Case) -> PointFact | None:
    users, reported = case.measured.measure("csat_top2"), case.measured.measure("sla_reported")
    if users is None or reported is None or users.target is None or users.high is None or reported.low is None:
        return None
    target = case.subject.target("sla_attainment")
    if not (users.claims and users.high < users.target and target is not None and reported.low > target):
        return None
    text = (
        f"Only {case.said(users.value, 'share')} of the {users.n:,} who answered are satisfied, while "
        f"{case.said(reported.value, 'share')} of tickets are reported as resolved in time."
    )
    return PointFact(lead="Users see it differently.", text=text, chapter="2_baseline", section="Users")


def _agreed(case: Case) -> PointFact | None:
    """What became of what was agreed before, where somebody has to look at it."""
    actions, place = case.reviewed.actions, {"chapter": "1_review", "section": "The actions"}
    late = [a for a in actions if a.overdue]
    if late:
        first = late[0]
        which = f"{len(late)} of {words.plural(len(actions), 'agreed action')} {_are(len(late))}"
        text = (
            f"{which if len(actions) > 1 else 'The one agreed action is'} overdue: “{first.title}”, due "
            f"{words.day(first.due)}, owned by {first.owner or 'nobody'}."
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
            f"{case.noun(fact.kpi)} is expected at {mean} in {when} ({case.range(step.low_80, step.high_80, fact.unit)} with "
            f"80 % probability) and misses its target of {target} with {words.probability(step.miss)} probability."
        )
    return PointFact(lead="If nothing is done,", text=text, **place)


def _decisions(case: Case) -> list[DecisionFact]:
    """What is asked of the owner: the options the records speak for most, and what is overdue."""
    owner, currency = case.measured.about.owner, case.subject.currency
    due = (case.subject.cycle.end + timedelta(days=case.subject.workbook.settings.decide_within)).isoformat()
    late = [a for a in case.reviewed.actions if a.overdue]
    wanted = case.options[: MOST_DECISIONS - min(1, len(late))]
    decisions = [
        DecisionFact(
            id=option.lever, kind="option", title=option.title, owner=owner, due=due,
            effect=_effect(case, option.effect),
            cost="cost not stated" if option.cost is None else f"{words.prose(option.cost, 'money', currency)} once",
            why=option.finding,
        )
        for option in wanted
    ]  # fmt: skip
    return decisions + [
        DecisionFact(
            id=action.id, kind="action", title=f"Set a new date for “{action.title}”, or let it go",
            owner=action.owner or owner, due=due,
            effect=f"meant to move {case.noun(action.kpi)}" if action.kpi else "no measure is named that it should move",
            cost="no cost in the register", why=f"It was due on {words.day(action.due)}",
        )
        for action in late
    ]  # fmt: skip


def _effect(case: Case, effect: EffectFact | None) -> str:
    """How far an option could move its measure at most, with the 95 % interval: `up to +9 points (6–12)`."""
    if effect is None:
        return "effect not estimated"
    scale, unit = (
        (100, " points") if effect.unit == "share" else (1, {"hours": " h", "days": " d"}.get(effect.unit, ""))
    )
    ends = sorted((effect.low * scale, effect.high * scale), key=abs)
    if min(ends) < 0 < max(ends):
        bounds = " to ".join(_signed(end) for end in sorted(ends))
    else:
        bounds = "–".join(words.significant(abs(end), 2) for end in ends)
    sign = f"{words.sign(case.subject.currency)} " if effect.unit == "money" else ""
    return f"up to {sign}{_signed(effect.value * scale)}{unit} ({bounds}) on {case.noun(effect.kpi)}"


def _signed(value: float) -> str:
    return ("+" if value > 0 else "−" if value < 0 else "") + words.significant(abs(value), 2)


def _caution(measured: BaselineFacts) -> str:
    return measured.warnings[0] if measured.warnings else ""
