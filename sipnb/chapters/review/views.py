"""The review, as it is shown: what became of each action with its picture, the register, and what people wrote beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import ActionFact, FixFact
from sipnb.chapters.review import sentences
from sipnb.chapters.review.outcomes import Judged
from sipnb.register import DONE, NOT_AGREED
from sipnb.show import figures, words
from sipnb.show.display import Card, Shown, cards, figure, folded, points, say, table, together

#: The id of the register, to which a plan's main points lead; an action's own is `action-<id>`.
REGISTER = "register"


def summary(actions: Sequence[ActionFact], states: Mapping[str, int], overdue: int) -> Shown:
    """How many actions, in which states, and how many of them worked."""
    if not actions:
        return say("The register of this service is empty: nothing was agreed that could be reviewed.")
    said = words.listed([f"{n} {state}" for state, n in states.items()])
    late = f"**{words.plural(overdue, 'action is', 'actions are')} overdue.**" if overdue else ""
    return say(f"{words.plural(len(actions), 'action')} in the register: {said}.", _verdicts(actions), late)


def _verdicts(actions: Sequence[ActionFact]) -> str:
    found = [a.outcome.status for a in actions if a.implemented and a.outcome]
    counts = {status: found.count(status) for status in sentences.IN_TABLE if status in found}
    if not counts:
        return ""
    one = "The one that is implemented" if len(found) == 1 else f"Of the {len(found)} that are implemented"
    said = words.listed(
        [(f"{n} " if len(found) > 1 else "") + sentences.IN_TABLE[status] for status, n in counts.items()]
    )
    return f"{one}: {said}."


def verdict_id(action: str) -> str:
    """The id of the card of an action's verdict."""
    return f"verdict-{action}"


def verdicts(judged: Mapping[str, Judged], actions: Sequence[ActionFact], context: ServiceContext) -> Shown:
    """What became of each action that is implemented: the verdict, what belongs to it, and its picture where it was judged."""
    shown: list[Shown] = []
    for action in (a for a in actions if a.implemented and a.outcome):
        kpi = context.kpis[action.kpi] if action.kpi else None
        said = sentences.verdict(action, kpi, context.cycle, context.currency)
        facts = [
            ("Implemented", words.day(action.implemented)),
            *sentences.facts(action, context.cycle, context.currency),
        ]
        shown.append(cards([Card(verdict_id(action.id), action.title, said, facts)]))
        path = judged[action.id].path
        if path is not None:
            shown.append(picture(action, path, context))
    return together(*shown) if shown else say("No action is implemented yet, so there is nothing to judge.")


def picture(action: ActionFact, path: pd.DataFrame, context: ServiceContext) -> Shown:
    """An action that was judged: its measure before and since, and what would have been; `path` as `Effect.path`, with labels."""
    found = action.outcome
    assert found is not None and found.change is not None and found.kpi is not None
    change, kpi, currency = found.change, context.kpis[found.kpi], context.currency
    start, period = len(path) - found.after, context.about.period
    first = int(path["actual"].notna().to_numpy().argmax())
    path, start = path.iloc[first:], start - first
    actual, expected = (words.prose(one, found.unit, currency) for one in (change.actual, change.expected))
    data = pd.DataFrame(
        {
            words.upper(period): path["label"].to_numpy(), "Actual": path["actual"].to_numpy(),
            "Without it": path["expected"].to_numpy(),
            "95 % from": path["low"].to_numpy(), "95 % to": path["high"].to_numpy(),
            "Counts": ["yes" if one else "no" for one in path["used"]],
        }
    )  # fmt: skip
    where = f", tickets where {found.where}" if found.where else ""
    band = "; hatched: where nine of ten changes lay at dates and in services where nothing was done"
    return figure(
        figures.before_and_after(path, start, found.unit, currency),
        name=f"action-{action.id}",
        finding=f"{sentences.SAID[found.status]}: {actual} with it, {expected} without",
        subtitle=f"{kpi.title}{where}; “{action.title}”; dotted: without it, grey: 95 % interval"
        f"{band if path['least'].notna().any() else ''}",
        alt=f"{kpi.title} over {words.plural(len(path), period)}: {actual} in {sentences.span(change)}, {expected} "
        "without the action.",
        data=data, units=dict.fromkeys(("Actual", "Without it", "95 % from", "95 % to"), found.unit), currency=currency,
        source=f"What would have been is estimated from the {period}s before and from what nobody touched; see Methods.",
        definition=found.kpi,
        notes=[f"Pale points do not count: the {period}s for which and in which it was raised, and in which it was half done."]
        if not path["used"][path["actual"].notna()].all() else [],
    )  # fmt: skip


def register(actions: Sequence[ActionFact], context: ServiceContext) -> Shown:
    """The actions, a row each."""
    if not actions:
        return say("")
    frame = pd.DataFrame(
        {
            "Action": [a.title for a in actions],
            "State": [_state(a) for a in actions],
            "Owner": [a.owner or "nobody named" for a in actions],
            "Meant to move": [_meant(a, context) for a in actions],
            "Raised": [words.day(a.raised, short=True) for a in actions],
            "Due": [words.day(a.due, short=True) if a.due else "no date" for a in actions],
            "Did it work": [_worked(a) for a in actions],
            "Next review": [next_review(a, context) for a in actions],
        }
    )
    ids = [f"action-{a.id}" for a in actions]
    return table(frame, "The improvement register, oldest action first", ids=ids, id=REGISTER)


def _state(action: ActionFact) -> str:
    day = action.implemented if action.state == "implemented" else action.since
    since = f", {words.day(day, short=True)}" if day else ""
    return f"{action.state}{since}{', overdue' if action.overdue else ''}"


def _meant(action: ActionFact, context: ServiceContext) -> str:
    if not action.kpi_title:
        return "not said"
    promised = sentences.promise(action.outcome, context.currency) if action.outcome else ""
    return f"{action.kpi_title}: {promised}" if promised else action.kpi_title


def _worked(action: ActionFact) -> str:
    found = action.outcome
    if found is None or action.state in NOT_AGREED:
        return "–"
    if found.status == "not due":
        return sentences.IN_TABLE["not due"]
    return sentences.IN_TABLE[found.status] + ("" if found.registered else ", not pre-registered")


def next_review(action: ActionFact, context: ServiceContext) -> str:
    """With the plan of which cycle somebody looks at an action again."""
    found = action.outcome
    if found and found.next:
        return sentences.label(found.next, context.cycle)
    return "–" if action.state in DONE else context.cycle.shift(1).label


def stuck(actions: Sequence[ActionFact], days: int) -> Shown:
    """The open actions that have been in their state for so many days, the longest first."""
    found = sorted((one for one in actions if one.state not in DONE), key=lambda one: (-one.stood, one.id))
    lines = [
        f"**{one.title}** has been {one.state} for {one.stood:,} days{_never_begun(one)}."
        for one in found
        if one.stood >= days
    ]
    return points(lines) if lines else say(f"No open action has stood in its state for {days} days or more.")


def _never_begun(action: ActionFact) -> str:
    return ", and was never begun" if action.state in ("accepted", "approved") else ""


def fixes(found: Sequence[FixFact], unfit: int, period: str) -> Shown:
    """Whether kinds of tickets came back after what was to end them."""
    if not found:
        none = "No problem was fixed within a year, and no action that is implemented names a kind of ticket."
        return say(_unfit(unfit) or none)
    counts = {said: sum(one.found == said for one in found) for said in ("rarer", "more often", "no change found")}
    parts = [
        f"after {n} its kind of ticket came {said}" if said != "no change found" else f"after {n} no change was found"
        for said, n in counts.items()
        if n
    ]
    many = words.plural(len(found), "fix is", "fixes are")
    text = f"{many} followed, against the other kinds of ticket: {words.listed(parts)}."
    frame = pd.DataFrame(
        {
            "Fix": [one.title if one.of == "action" else f"problem {one.title}" for one in found],
            "Kind of ticket": [one.kind for one in found],
            "Fixed": [words.day(one.fixed, short=True) for one in found],
            f"Before, a {period}": [words.significant(one.before) for one in found],
            f"Since, a {period}": [words.significant(one.since) for one in found],
            "For each that would have come": [
                f"{one.ratio:.2f} ({one.low:.2f}–{one.high:.2f})" for one in found
            ],
            "Found": [_found(one) for one in found],
        }
    )  # fmt: skip
    numeric = (f"Before, a {period}", f"Since, a {period}", "For each that would have come")
    shown = table(
        frame, "Fixes and what came of their kind of ticket, with 95 % intervals, the surest first", numeric=numeric
    )
    return together(say(text, _unfit(unfit)), folded(shown, "Each fix"))


def _found(one: FixFact) -> str:
    told = one.found != "no change found" and one.with_others
    return f"{one.found}, with {words.listed(one.with_others)} at that time" if told else one.found


def _unfit(unfit: int) -> str:
    if not unfit:
        return ""
    of_one = words.plural(unfit, "fix cannot be followed: its kind", "fixes cannot be followed: their kinds")
    return f"{of_one} of ticket {'is' if unfit == 1 else 'are'} too rare, or too little time has passed."


def notes(actions: Sequence[ActionFact]) -> Shown:
    """What people wrote beside their actions."""
    lines = [f"**{a.title}:** {a.note}" for a in actions if a.note]
    return points(lines) if lines else say("No notes.")
