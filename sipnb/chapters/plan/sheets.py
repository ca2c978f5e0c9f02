"""A sheet for every action: the problem with its evidence, who does what by when, what it costs and brings, and when to stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sipnb.chapters.facts import ActionFact, DecisionFact, OptionFact, PlanAction, StepOfAction
from sipnb.chapters.plan import views
from sipnb.chapters.plan.evidence import Evidence
from sipnb.chapters.recommendations import effects, option_words
from sipnb.chapters.recommendations.views import EVIDENCE
from sipnb.chapters.review import sentences
from sipnb.chapters.review.views import verdict_id
from sipnb.register import USUAL_AFTER
from sipnb.show import words
from sipnb.show.display import Shown, macros

#: A term of a sheet, what is said of it, and the place in the evidence that shows it.
Fact = tuple[str, str, str]


@dataclass(frozen=True)
class Sheet:
    """An action on a page of its own."""

    number: str
    title: str
    facts: list[Fact]
    steps: list[tuple[str, str, str]]
    heads: tuple[str, str, str] = ("Step", "Due", "Done")


#: Of what is not agreed, nothing has a date yet.
_PLANNED = ("Step", "Takes", "Weeks after the decision")


def sheets(evidence: Evidence, actions: Sequence[PlanAction], decisions: Sequence[DecisionFact]) -> list[Sheet]:
    """A sheet for each action of the plan, in its order; a short one for what is not chosen."""
    review, asked = (
        {one.id: one for one in evidence.review.actions},
        {one.number: one for one in decisions if one.number},
    )
    options = {one.id: one for one in evidence.options}
    found = []
    for one in actions:
        steps, heads = [_step(step) for step in one.steps], Sheet.heads
        if one.kind == "needed":
            facts = _needed(evidence, one)
        elif one.left_out:
            facts = _not_chosen(evidence, one, options[one.id])
        elif one.id in review:
            facts = _agreed(evidence, one, review[one.id])
        else:
            facts = _proposed(evidence, one, options[one.id], asked.get(one.number))
            steps, heads = _weeks(options[one.id]), _PLANNED
        told = [(term, words.upper(said), place) for term, said, place in facts if said]
        found.append(Sheet(one.number, one.title, told, steps, heads))
    return found


def _weeks(option: OptionFact) -> list[tuple[str, str, str]]:
    """The steps of a lever, one after the other."""
    found, begun = [], 0
    for step in option.steps:
        span = f"{begun + 1}" if step.weeks == 1 else f"{begun + 1}–{begun + step.weeks}"
        found.append((step.title, words.plural(step.weeks, "week"), span))
        begun += step.weeks
    return found


def _step(step: StepOfAction) -> tuple[str, str, str]:
    return step.title, words.day(step.due, short=True), words.day(step.done, short=True) if step.done else "not yet"


def shown(found: Sequence[Sheet], evidence: Evidence) -> Shown:
    """The sheets, one below the other."""
    if not found:
        return views.NOTHING
    text = "\n".join(
        f"{one.number} {one.title}: " + "; ".join(f"{term}: {said}" for term, said, _ in one.facts) for one in found
    )
    return Shown(str(macros("plan").sheets(found, evidence.page)), text)


def _agreed(evidence: Evidence, one: PlanAction, action: ActionFact) -> list[Fact]:
    cycle, currency, found = evidence.context.cycle, evidence.context.currency, action.outcome
    kpi = evidence.context.kpis[action.kpi] if action.kpi else None
    judged = action.implemented is not None and found is not None
    titles = {other.id: other.title for other in evidence.review.actions}
    return [
        ("Problem", _problem(evidence, one), "targets"),
        ("Raised for", _origin(action, evidence), ""),
        ("Serves", _serves(evidence, action), ""),
        ("Touches", f"tickets where {found.where}" if found and found.where else "", ""),
        ("State", f"{action.state}{f', {words.day(action.since)}' if action.since else ''}", "register"),
        ("Responsible", action.owner or f"to be named by {evidence.baseline.about.owner}", ""),
        ("Sponsor", action.sponsor or "", ""),
        ("Consulted", words.listed(action.consulted), ""),
        ("Informed", words.listed(action.informed), ""),
        ("Approved by", action.approver or ("" if action.state == "proposed" else "the register does not say"), ""),
        ("Dates", views.dates(one), ""),
        ("Depends on", words.listed([f"“{titles.get(name, name)}”" for name in action.depends_on]), ""),
        ("Cost", sentences.cost(action, cycle, currency) or "to be stated in the register", ""),
        ("Effort", views.effort(one) or "to be stated", ""),
        ("Promised", _promised(evidence, one), ""),
        ("Did it work", sentences.verdict(action, kpi, cycle, currency) if judged else "", verdict_id(action.id)),
        ("Came to", sentences.benefit(found, cycle, currency) if found else "", ""),
        ("May not suffer", _counters(action, evidence), ""),
        ("Succeeds when", _success(evidence, action), ""),
        ("Stop when", _stop(action, evidence), ""),
    ]  # fmt: skip


def _problem(evidence: Evidence, one: PlanAction) -> str:
    """Where the measure stands against its target; empty where it has none."""
    gap = next((gap for gap in evidence.gaps.gaps if gap.kpi == one.kpi), None)
    if gap is None or gap.value is None:
        return ""
    return f"{evidence.noun(gap.kpi)} is {evidence.against(gap)}."


def _origin(action: ActionFact, evidence: Evidence) -> str:
    """What it was raised for; the register names cycle, chapter and measure."""
    named = []
    for text in action.origin:
        cycle, _, place = text.partition("/")
        kpi = place.partition("#")[2]
        title = evidence.context.kpis[kpi].title if kpi in evidence.context.kpis else place
        named.append(f"{title}, {sentences.label(cycle, evidence.context.cycle)}")
    return "; ".join(named)


def _serves(evidence: Evidence, action: ActionFact) -> str:
    """The objectives it serves, by their titles."""
    titles = {one.id: one.title for one in evidence.context.workbook.objectives}
    return words.listed([f"“{titles[name]}”" for name in action.objectives])


def _promised(evidence: Evidence, one: PlanAction) -> str:
    if one.course is None:
        return one.promise or "nothing: the register states no effect"
    return f"{evidence.noun(one.course.kpi)} from {views.course(one, evidence).replace(' → ', ' to ')} ({one.promise})"


def _counters(action: ActionFact, evidence: Evidence) -> str:
    found = action.outcome
    if found is None or not found.counters:
        return ""
    return " ".join(sentences.counter(one, evidence.context.currency) for one in found.counters)


def _success(evidence: Evidence, action: ActionFact) -> str:
    """When it counts as a success, by what was written down beforehand."""
    found, period = action.outcome, evidence.baseline.about.period
    if found is None or found.kpi is None:
        return "to be stated: the register names no measure"
    kpi = evidence.context.kpis[found.kpi]
    least = words.prose(found.minimum, "points" if found.unit == "share" else found.unit, evidence.context.currency)
    better = "higher" if kpi.good == "up" else "lower"
    by = f"at least {least} {better}" if found.minimum else f"clearly {better}"
    return f"{kpi.noun} is {by} than it would have been, over {words.plural(found.after, f'whole {period}')} after it is done."


def _stop(action: ActionFact, evidence: Evidence) -> str:
    if action.implemented is None:
        return "it is not done by its date and nobody sets a new one, or the records speak for it no longer."
    found = action.outcome
    after = words.plural(2 * (found.after if found else USUAL_AFTER), f"whole {evidence.baseline.about.period}")
    return f"it did not work, something that may not suffer got worse, or it is not clear after {after}."


def _proposed(evidence: Evidence, one: PlanAction, option: OptionFact, asked: DecisionFact | None) -> list[Fact]:
    owner, period, currency = evidence.baseline.about.owner, evidence.baseline.about.period, evidence.context.currency
    decide = f"decision by {words.day(asked.due)}; " if asked is not None else ""
    return [
        ("Problem", option.why, EVIDENCE),
        ("What to do", option.action, ""),
        ("How it works", option.mechanism, ""),
        ("Register", option.registered, ""),
        ("Responsible", f"to be named by {owner}", ""),
        ("Accountable", owner, ""),
        ("Dates", decide + views.dates(one), ""),
        ("Cost", option_words.cost(option.costs, currency) or "to be stated", ""),
        ("Effort", option_words.effort(option.effort) or "to be stated", ""),
        ("Brings", _brings(evidence, one, option), EVIDENCE),
        ("Saves", _saves(option), EVIDENCE),
        ("How sure", f"{option_words.works(option, evidence.advice.judged)}.", ""),
        ("Worth", _worth(option, period, currency), EVIDENCE),
        ("Choice", _chosen(evidence, option), ""),
        ("Risks", " ".join(option.risks), ""),
        ("May not suffer", words.listed([evidence.context.kpis[kpi].title for kpi in option.counter]), ""),
        ("Otherwise", f"{asked.otherwise}." if asked and asked.otherwise else "", "risks"),
        ("Succeeds when", f"{evidence.noun(one.kpi)} is clearly better than it would have been, over "
         f"{words.plural(USUAL_AFTER, f'whole {period}')} after it is done." if one.kpi else "", ""),
        ("Stop when", "it did not work, or something that may not suffer got worse.", ""),
    ]  # fmt: skip


def _saves(option: OptionFact) -> str:
    saved = option_words.saved(option.saves)
    return f"{saved}, if it works wholly." if saved else ""


def _worth(option: OptionFact, period: str, currency: str) -> str:
    told = option_words.worth(option.worth, currency)
    wait = option_words.delay(option.worth, period, currency)
    return "" if not told else f"{told}." + (f" Nothing decided: {wait}." if wait else "")


def _not_chosen(evidence: Evidence, one: PlanAction, option: OptionFact) -> list[Fact]:
    """Why it is left out, and what would speak for it."""
    period, currency = evidence.baseline.about.period, evidence.context.currency
    return [
        ("Not chosen", _chosen(evidence, option), ""),
        ("Problem", option.why, EVIDENCE),
        ("What to do", option.action, ""),
        ("Cost", option_words.cost(option.costs, currency) or "to be stated", ""),
        ("Effort", option_words.effort(option.effort) or "to be stated", ""),
        ("Brings", _brings(evidence, one, option), EVIDENCE),
        ("Saves", _saves(option), EVIDENCE),
        ("Worth", _worth(option, period, currency), EVIDENCE),
    ]  # fmt: skip


#: How sure a choice is, in words.
_STAYS = {"almost surely": "almost always", "mostly": "mostly", "not surely": "not always"}


def _chosen(evidence: Evidence, option: OptionFact) -> str:
    """Whether it is chosen among the options of all services, and how sure that is; empty where nothing was weighed."""
    found = evidence.weighed(option.id)
    if found is None or evidence.choice is None:
        return ""
    under = "under the budget" if evidence.choice.limited else "as worth it; there is no budget that limits it"
    if found.asked:
        return "chosen because the organisation asks for it; for its worth alone others would be."
    said = f"chosen {under}" if found.chosen else words.upper(found.why_not)
    stays = "stays chosen" if found.chosen else "stays left out"
    return f"{said}. It {_STAYS[found.sure]} {stays} when the uncertain figures come out otherwise."


def _brings(evidence: Evidence, one: PlanAction, option: OptionFact) -> str:
    first = _course(evidence, one)
    others = [e for e in option.effects if e.basis == "effect" and (one.course is None or e.kpi != one.course.kpi)]
    more = words.listed([effects.told(e, evidence.noun(e.kpi), evidence.context.currency) for e in others])
    return f"{first} Also {more}." if more else first


def _course(evidence: Evidence, one: PlanAction) -> str:
    made = one.course
    if made is None:
        return "not estimated: the records hold no like tickets to compare."
    start, end = (evidence.said(value, made.unit) for value in (made.start, made.end))
    noun = evidence.noun(made.kpi)
    if made.basis == "goal":
        return f"not estimated. {words.upper(noun)} is at {start} and should be at {end}."
    low, high = (evidence.said(value, made.unit) for value in sorted((made.low or 0.0, made.high or 0.0)))
    over = f", over {made.days} days," if made.days else ""
    return f"could move {noun}{over} from {start} to about {end} (95 % interval {low} to {high})."


def _needed(evidence: Evidence, one: PlanAction) -> list[Fact]:
    todo = "Compare the cases that miss it with the others, by kind, group and time. Name the cause, or agree another target."
    if (declined := evidence.declined(one.kpi or "")) is not None:
        todo = (
            f"Accept the miss, agree another target with the users, or pay for it all the same: “{declined[0].title}”."
        )
    return [
        ("Problem", _problem(evidence, one), "targets"),
        ("What to do", todo, ""),
        ("Responsible", one.owner or "to be named", ""),
        ("Dates", views.dates(one), ""),
        ("Succeeds when", f"the plan of {evidence.context.cycle.shift(1).label} names a cause and an action.", ""),
    ]  # fmt: skip
