"""What changed since the cycle before: targets newly missed or no longer, measures, actions, definitions.

Both cycles are computed from the same records by the same definitions, so that nothing seems to have changed only
because it is counted differently; the change of a definition is news of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import (
    BaselineFacts,
    ForecastFacts,
    GapFacts,
    KpiFact,
    NewsFact,
    NewsKind,
    OptionFact,
    RecommendationFacts,
    ReviewFacts,
)
from sipnb.chapters.gap_analysis import analysis as gap_analysis
from sipnb.chapters.vocabulary import NEWS
from sipnb.places import FORECAST, RECOMMENDATIONS
from sipnb.show import words


def changes(
    context: ServiceContext, review: ReviewFacts, baseline: BaselineFacts, gaps: GapFacts,
    options: Sequence[OptionFact] = (), considered: Mapping[str, str] = MappingProxyType({}),
) -> list[NewsFact]:  # fmt: skip
    """The news of a service's cycle, bad news first."""
    found = [*_targets(context, baseline, gaps), *_measures(context, baseline), *_actions(review, baseline)]
    found += [*_forecasts(context, baseline), *_proposals(context, options, considered)]
    found += [
        NewsFact(kind="definition", about=one.kpi, text=f"{one.title}: {one.cycle} was published as "
                 f"{words.number(one.published, one.unit, context.currency)} and is now "
                 f"{words.number(one.restated, one.unit, context.currency)}")
        for one in baseline.restated
    ]  # fmt: skip
    return sorted(found, key=lambda one: list(NEWS).index(one.kind))


def _targets(context: ServiceContext, measured: BaselineFacts, short: GapFacts) -> Iterator[NewsFact]:
    for gap in short.gaps:
        fact = measured.measure(gap.kpi)
        if fact is None or fact.previous is None or gap.status in gap_analysis.UNTOLD:
            continue
        before = gap_analysis.status(
            fact.previous, fact.previous_low, fact.previous_high, gap.target, gap.good,
            enough=fact.previous_n >= fact.minimum_n and fact.previous_low is not None,
        )  # fmt: skip
        # What was on the bad side already is not newly missed, and what still is is missed still.
        was = fact.previous < gap.target if gap.good == "up" else fact.previous > gap.target
        if not ((gap.status == "fails" and not was) or (before == "fails" and gap.gap <= 0)):
            continue
        said = [words.prose(value, gap.unit, context.currency) for value in (fact.value, fact.previous, gap.target)]
        text = f"{words.upper(context.kpis[gap.kpi].noun)}: {said[0]} after {said[1]}, target {said[2]}"
        kind = "newly missed" if gap.status == "fails" else "no longer missed"
        yield NewsFact(kind=kind, about=gap.kpi, text=text)


def _measures(context: ServiceContext, measured: BaselineFacts) -> Iterator[NewsFact]:
    for fact in changed(measured):
        text = f"{words.upper(context.kpis[fact.kpi].noun)}: {_course(context, fact)}"
        yield NewsFact(kind="worse" if fact.variation == "concern" else "better", about=fact.kpi, text=text)


def changed(measured: BaselineFacts) -> list[KpiFact]:
    """The scorecard's measures whose change holds among all of them, each thing told once."""
    found = [k for k in measured.measures if k.sure and k.core and k.changed]
    # Attainment as others report it restates the headline: both would tell one trouble twice.
    told = any(k.kpi == "sla_attainment" for k in found)
    return [k for k in found if k.kpi != "sla_reported" or not told]


def _course(context: ServiceContext, fact: KpiFact) -> str:
    now, usual = (words.prose(value, fact.unit, context.currency) for value in (fact.value, fact.usual))
    if fact.usual is None:
        return f"{now}, {'more' if fact.moved > 0 else 'less'} often than before"
    if fact.form == "drift":
        return f"{now}, little by little from {usual} over {fact.window} {fact.grain}s"
    course = f"{now}, {usual} before"
    return f"{course}, new this {fact.grain}" if fact.window < 2 else f"{course}, for {fact.window} {fact.grain}s now"


def _actions(reviewed: ReviewFacts, measured: BaselineFacts) -> Iterator[NewsFact]:
    opens = measured.about.opens
    for action in reviewed.actions:
        found = action.outcome
        if found and found.reached:
            text = f"“{action.title}”, after {words.plural(found.after, f'whole {measured.about.period}')}"
            yield NewsFact(kind=_VERDICTS[found.status], about=action.id, text=text)
        if action.implemented and action.implemented >= opens:
            text = f"“{action.title}” was implemented on {words.day(action.implemented)}"
            yield NewsFact(kind="action closed", about=action.id, text=text)
        elif action.overdue and action.due >= opens:
            text = f"“{action.title}” was due on {words.day(action.due)}"
            yield NewsFact(kind="action slipped", about=action.id, text=text)
        elif action.raised >= opens:
            yield NewsFact(kind="action new", about=action.id, text=f"“{action.title}” is {action.state}")
        elif action.since and action.since >= opens:
            text = f"“{action.title}” is {action.state} since {words.day(action.since)}"
            yield NewsFact(kind="action moved", about=action.id, text=text)


_VERDICTS: dict[str, NewsKind] = {
    "worked": "action worked",
    "did not": "action failed",
    "inconclusive": "action unclear",
}


def _proposals(
    context: ServiceContext, options: Sequence[OptionFact], considered: Mapping[str, str]
) -> Iterator[NewsFact]:
    """What is proposed and was not in the plan of the cycle before, and the other way round, each with the reason."""
    before: RecommendationFacts | None = context.published_before(RECOMMENDATIONS)
    if before is None:
        return
    was, now = {one.id: one for one in before.options}, {one.id: one for one in options}
    for id, one in now.items():
        if id not in was:
            yield NewsFact(kind="proposal new", about=id, text=f"{one.title}: {one.finding}")
    for id, one in was.items():
        if id not in now:
            known = context.workbook.effective_levers.get(one.lever)
            lacking = "not found any more" if one.driver else "not judged now"
            reason = considered.get(known.title if known else one.title, lacking)
            yield NewsFact(kind="proposal gone", about=id, text=f"{one.title}: {reason}")


def _about(value: float, unit: str, currency: str) -> str:
    """What was expected: of what is counted, a whole number."""
    return words.prose(round(value) if unit == "count" else value, unit, currency)


def _forecasts(context: ServiceContext, measured: BaselineFacts) -> Iterator[NewsFact]:
    """How many forecasts of the plan before came true: within their 80 % range, and which lay outside the 95 % one."""
    before: ForecastFacts | None = context.published_before(FORECAST)
    if before is None:
        return
    came = []
    for fact in before.forecasts:
        now, step = measured.measure(fact.kpi), fact.steps[0]
        if now is not None and now.value is not None and step.cycle == measured.about.cycle and step.low_80 is not None:
            came.append((fact, step, now))
    if not came:
        return
    true = sum(step.low_80 <= now.value <= step.high_80 for _, step, now in came)
    text = (
        f"{true} of {words.plural(len(came), 'forecast')} for this {measured.about.period} came within the 80 % range"
    )
    out = [
        f"{context.kpis[fact.kpi].noun} (about {_about(step.mean, fact.unit, context.currency)} was expected, "
        f"{words.prose(now.value, fact.unit, context.currency)} came)"
        for fact, step, now in came
        if not step.low_95 <= now.value <= step.high_95
    ]
    yield NewsFact(
        kind="forecasts", about=FORECAST, text=text + (f"; outside the 95 % one: {words.listed(out)}" if out else "")
    )
