"""The verdict: one sentence, a few ranked points and the decisions asked, all from the chapters' facts.

Each sentence says what happened, against what, and where to read on. Where the evidence does not carry a claim, the
verdict says so and makes none.
"""

from __future__ import annotations

from sipnb.chapters.facts import (
    BaselineFacts,
    DecisionFact,
    ForecastFacts,
    GapFact,
    GapFacts,
    KpiFact,
    OptionFact,
    PointFact,
    ReviewFacts,
    VerdictFact,
)
from sipnb.show import words

#: A page's first screen holds this many points and decisions.
MOST_POINTS, MOST_DECISIONS = 6, 3
#: A verdict is read at a glance.
LONGEST = 160


def reach(
    reviewed: ReviewFacts, measured: BaselineFacts, short: GapFacts, ahead: ForecastFacts, options: list[OptionFact]
) -> VerdictFact:
    """The verdict on a service."""
    sentence, tone = _sentence(measured, short, ahead)
    return VerdictFact(
        sentence=words.clipped(sentence, LONGEST),
        tone=tone,
        points=_points(measured, short, ahead, options)[:MOST_POINTS],
        decisions=_decisions(reviewed, options, measured.about.currency)[:MOST_DECISIONS],
        caution=_caution(measured),
    )


def _sentence(measured: BaselineFacts, short: GapFacts, ahead: ForecastFacts) -> tuple[str, str]:
    about = measured.about
    if not measured.kpis:
        return f"There are no records of {_short(about.name)} in {about.cycle_label}: nothing can be said.", "common"
    if measured.history_cycles < 3 and not any(k.claims for k in measured.measures):
        return (
            f"Too young to judge: {words.plural(measured.history_cycles, 'whole cycle')} of records; the figures stand, "
            "but no trend and no target can be claimed.",
            "common",
        )
    worst = next((g for g in short.gaps if g.status == "fails"), None)
    if worst is None:
        judged = short.meets + short.inconclusive
        if judged == 0:
            return "No target can be judged in this cycle: too few cases, or no data.", "common"
        if short.inconclusive:
            return (
                f"No target is certainly missed: {short.meets} of {judged} met, for {short.inconclusive} the figures "
                "cannot tell.",
                "common",
            )
        return ("Its one target is met." if judged == 1 else f"All {judged} targets are met."), "improvement"
    text = (
        f"{worst.title}: {words.number(worst.value, worst.unit, about.currency)} against a target of "
        f"{words.number(worst.target, worst.unit, about.currency)}"
    )
    fact = measured.measure(worst.kpi)
    if worst.variation == "concern" and fact is not None and fact.sure:
        text += ", worse than it used to be"
    step = next((f.steps[0] for f in ahead.forecasts if f.kpi == worst.kpi and f.steps[0].miss is not None), None)
    if step is not None:
        more = f"; {step.label} misses it again with {words.probability(step.miss)} probability"
        text += more if len(text) + len(more) < LONGEST else ""
    return text + ".", "concern"


def _short(name: str) -> str:
    return name if len(name) <= 60 else name[:59] + "…"


def _points(
    measured: BaselineFacts, short: GapFacts, ahead: ForecastFacts, options: list[OptionFact]
) -> list[PointFact]:
    currency = measured.about.currency
    points = [
        point
        for point in (
            _failing(short, currency),
            _restore(measured),
            _worse(measured, currency),
            _reason(options),
            _watermelon(measured, currency),
            _ahead(ahead, currency),
            _better(measured, currency),
        )
        if point is not None
    ]
    return points


def _failing(short: GapFacts, currency: str) -> PointFact | None:
    failing = [g for g in short.gaps if g.status == "fails"]
    if not short.gaps:
        return None
    total = short.meets + short.fails + short.inconclusive
    if not failing:
        if not total:
            return None
        text = f"{short.meets} of {words.plural(total, 'target')} met; none is certainly missed."
        return PointFact(lead="Targets.", text=text, chapter="3_gap_analysis")
    named = words.listed([_missed(g, currency) for g in failing[:3]])
    more = f" and {len(failing) - 3} more" if len(failing) > 3 else ""
    text = f"{len(failing)} of {words.plural(total, 'target')} certainly missed: {named}{more}."
    return PointFact(lead="Targets.", text=text, chapter="3_gap_analysis")


def _missed(gap: GapFact, currency: str) -> str:
    return f"{words.lower(gap.title)} ({words.number(gap.value, gap.unit, currency)})"


def _restore(measured: BaselineFacts) -> PointFact | None:
    r = measured.restore
    if r is None or r.median is None or r.naive_median is None or r.n < 20:
        return None
    text = (
        f"Half of the incidents opened take longer than {words.number(r.median, 'hours')} to restore "
        f"({words.interval(r.low, r.high, 'hours')}), with {words.plural(r.still_open, 'open one')} counted; "
        f"closed tickets alone say {words.number(r.naive_median, 'hours')}, their mean {words.number(r.naive_mean, 'hours')}."
    )
    return PointFact(lead="Time to restore.", text=text, chapter="2_baseline")


def _changed(measured: BaselineFacts, variation: str, currency: str) -> str:
    changed = [k for k in measured.measures if k.sure and k.variation == variation]
    parts = [
        f"{words.lower(k.title)} is {words.number(k.value, k.unit, currency)}, {_how(k, currency)}" for k in changed[:2]
    ]
    more = f"; {len(changed) - 2} more" if len(changed) > 2 else ""
    return "; ".join(parts) + more + "." if parts else ""


def _how(fact: KpiFact, currency: str) -> str:
    """Why the latest point is no accident, by the rule that flagged it."""
    usual = _usual(fact, currency)
    return {
        "outside": f"outside its usual range of {usual}",
        "shift": f"seven or more cycles on one side of its mean of {words.number(fact.mean, fact.unit, currency)}",
        "trend": "moving one way for seven or more cycles",
    }.get(fact.rule, f"close to the edge of its usual range of {usual}")


def _usual(fact: KpiFact, currency: str) -> str:
    return words.interval(_bounded(fact.lower_limit, fact), _bounded(fact.upper_limit, fact), fact.unit, currency)


def _bounded(limit: float | None, fact: KpiFact) -> float | None:
    # A control limit is a calculation; a share below 0 or above 1 would only puzzle the reader.
    if limit is None:
        return None
    limit = max(0.0, limit)
    return min(1.0, limit) if fact.unit == "share" else limit


def _worse(measured: BaselineFacts, currency: str) -> PointFact | None:
    text = _changed(measured, "concern", currency)
    return (
        PointFact(lead="Worse than it used to be.", text=text[0].upper() + text[1:], chapter="2_baseline")
        if text
        else None
    )


def _better(measured: BaselineFacts, currency: str) -> PointFact | None:
    text = _changed(measured, "improvement", currency)
    return (
        PointFact(lead="Better than it used to be.", text=text[0].upper() + text[1:], chapter="2_baseline")
        if text
        else None
    )


def _reason(options: list[OptionFact]) -> PointFact | None:
    if not options:
        return None
    return PointFact(lead="Why.", text=options[0].evidence[0], chapter="5_recommendations")


def _watermelon(measured: BaselineFacts, currency: str) -> PointFact | None:
    facts = {k.kpi: k for k in measured.measures}
    users, reported = facts.get("csat_top2"), facts.get("sla_reported")
    if users is None or reported is None or users.target is None or users.high is None or reported.low is None:
        return None
    target = facts["sla_attainment"].target
    if users.high < users.target and target is not None and reported.low > target and users.claims:
        text = (
            f"{words.number(users.value, 'share')} of those who answered are satisfied (n {users.n:,}), while "
            f"{words.number(reported.value, 'share')} of tickets are reported as resolved in time."
        )
        return PointFact(lead="Users see it differently.", text=text, chapter="2_baseline")
    return None


def _ahead(ahead: ForecastFacts, currency: str) -> PointFact | None:
    risky = [f for f in ahead.forecasts if f.steps[-1].miss is not None]
    if not risky:
        return None
    worst = max(risky, key=lambda f: f.steps[0].miss)
    step = worst.steps[0]
    text = (
        f"{words.lower(worst.title)} is expected at {words.number(step.mean, worst.unit, currency)} in {step.label} "
        f"({words.interval(step.low_80, step.high_80, worst.unit, currency)}, 80 %); the target is missed with "
        f"{words.probability(step.miss)} probability."
    )
    return PointFact(lead="If nothing is done,", text=text, chapter="4_forecast")


def _decisions(reviewed: ReviewFacts, options: list[OptionFact], currency: str) -> list[DecisionFact]:
    decisions = []
    for option in options[: MOST_DECISIONS - 1]:
        cost = "not stated" if option.cost is None else f"{words.number(option.cost, 'money', currency)} once"
        decisions.append(
            DecisionFact(
                id=option.lever,
                kind="option",
                title=option.title,
                owner="",
                due="",
                effect="",
                cost=cost,
                why=option.finding,
            )
        )
    decisions += [
        DecisionFact(
            id=a.id, kind="action", title=f"Set a new date or let go: {a.title}", owner=a.owner or "nobody named", due="",
            effect="", cost="", why=f"was due {a.due}",
        )
        for a in reviewed.actions
        if a.overdue
    ]  # fmt: skip
    return decisions


def _caution(measured: BaselineFacts) -> str:
    return measured.warnings[0] if measured.warnings else ""
