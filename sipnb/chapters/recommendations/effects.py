"""What is known of an option, in words: its effect where that is estimated, a distance where it is not, and the register."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sipnb.chapters.facts import ActionFact, EffectFact, OptionFact
from sipnb.register import DONE, REFUSED
from sipnb.register.proposals import same_driver
from sipnb.show import words

NOT_ESTIMATED = "effect not estimated"


def told(fact: EffectFact | None, noun: str, currency: str) -> str:
    """An effect on a measure, or its distance to where it should be; `noun` names the measure in a sentence."""
    if fact is None:
        return NOT_ESTIMATED
    if fact.basis == "effect":
        seen = f", over {fact.days} days" if fact.days else ""
        return f"{words.effect(fact.value, fact.low, fact.high, fact.unit, currency)} on {noun}{seen}"
    over = f"over {fact.days} days " if fact.days else ""
    return f"{NOT_ESTIMATED}; {over}{noun} is at a {_far(fact, currency)}"


def on_card(fact: EffectFact | None, moves: Iterable[str], currency: str) -> tuple[str, str]:
    """The same as a term and what is said of it."""
    if fact is None:
        return f"Effect on {words.lower(', '.join(moves))}", "not estimated"
    title = words.lower(fact.title)
    if fact.basis == "effect":
        return f"Estimated effect on {title}", words.effect(fact.value, fact.low, fact.high, fact.unit, currency)
    return f"Effect on {title}", f"not estimated; {_far(fact, currency)}"


def _far(fact: EffectFact, currency: str) -> str:
    return words.distance(fact.value, fact.goal or 0.0, fact.reference, fact.unit, currency)


def place(option: OptionFact) -> str:
    """What gave an option its place: `1.9 times the target of 10 % of changes`."""
    if option.times is None:
        return "not stated"
    return (
        f"{words.significant(option.times, 2)} times {option.against}{'' if option.agreed else ' (no agreed target)'}"
    )


def in_register(lever: str, actions: Iterable[ActionFact], driver: str = "") -> str:
    """What the register says of the same lever and driver, as clauses; empty where it says nothing."""
    mine = [one for one in actions if one.lever == lever and same_driver(one.driver, driver)]
    return "; ".join(_action(one) for one in sorted(mine, key=lambda one: one.state in DONE))


def _action(one: ActionFact) -> str:
    if one.state in REFUSED:
        because = f" ({one.note.rstrip('.')})" if one.note else ""
        when = f" on {words.day(one.since)}" if one.since else f", raised on {words.day(one.raised)}"
        return f"{one.state} before: “{one.title}”{when}{because}"
    if one.state in DONE:
        when = f" on {words.day(one.implemented)}" if one.implemented else ""
        verdict = one.verdict or (one.outcome.status if one.outcome else None)
        return f"done before: “{one.title}”, {one.state}{when}{_TRIED.get(verdict or '', '')}"
    due = f"due {words.day(one.due)}" if one.due else "without a date"
    late = ", overdue" if one.overdue else ""
    return f"{'proposed' if one.state == 'proposed' else 'agreed'} already: “{one.title}”, {one.state}, {due}{late}"


_TRIED = {
    "worked": ", and it worked", "did not": ", and it did not work here",
    "inconclusive": ", and it is not clear whether it worked",
    "too early": ", and it is too early to say whether it worked",
}  # fmt: skip


def unsupported(action: ActionFact, left: Mapping[str, str]) -> str:
    """Why the plan's own evidence does not speak for an action, as a clause; empty where it does, or says nothing of it.

    `left` has the reasons by lever, of those that the records could have spoken for and do not.
    """
    if action.state in DONE or action.lever is None:
        return ""
    return left.get(action.lever, "")
