"""What becomes of what the organisation agrees: done, on time, did it work, and what it brought beside what was promised."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from sipnb.chapters.facts import ActionFact, DeliveredFact, DeliveryFact, ShareFact, StageFact
from sipnb.chapters.portfolio.ranking import Chapters
from sipnb.methods.durations import Survival, kaplan_meier
from sipnb.register import NOT_AGREED, REFUSED
from sipnb.show import figures, theme, words
from sipnb.show.display import Shown, figure, say, together

#: With fewer agreed actions nothing is said of how long they take.
FEWEST = 10
#: The verdicts, which of several reasons for having none are not.
_VERDICTS = ("worked", "did not", "inconclusive")
#: What amounts are of.
_OF = {"hours": "hours of users", "cases": "cases that went the better way", "money": "money"}


@dataclass(frozen=True)
class Delivery:
    """The record, and how long agreed actions stay undone."""

    fact: DeliveryFact
    survival: Survival | None


def delivery(chapters: Mapping[str, Chapters], cutoff: date) -> Delivery:
    """The record of all actions of all registers, as they stood at the cut-off."""
    every = [(service, action) for service, one in chapters.items() for action in one.review.actions]
    agreed = [action for _, action in every if action.state not in NOT_AGREED]
    due = [one for one in agreed if one.first_due and one.first_due < cutoff.isoformat()]
    verdicts = [one.outcome.status for one in agreed if one.outcome and one.outcome.status in _VERDICTS]
    survival = _undone([action for _, action in every], cutoff)
    half = survival.quantile(0.5).value if survival else math.nan
    fact = DeliveryFact(
        agreed=len(agreed), refused=sum(one.state in REFUSED for _, one in every),
        done=sum(one.implemented is not None for one in agreed), due=len(due),
        on_time=sum(one.implemented is not None and one.implemented <= one.first_due for one in due),
        judged=len(verdicts), worked=verdicts.count("worked"), did_not=verdicts.count("did not"),
        unclear=verdicts.count("inconclusive"),
        waiting=sum(one.outcome is not None and one.outcome.status == "too early" for one in agreed),
        delivered=_delivered(every), half_days=half if math.isfinite(half) else None,
    )  # fmt: skip
    return Delivery(fact, survival)


def stages(chapters: Mapping[str, Chapters]) -> list[StageFact]:
    """How many actions of all registers were proposed, accepted, done, judged and worked, and what became of the others."""
    every = [action for one in chapters.values() for action in one.review.actions]
    agreed = [one for one in every if one.state not in NOT_AGREED]
    done = [one for one in agreed if one.implemented is not None]
    status = [one.outcome.status if one.outcome else "not measurable" for one in done]
    refused = sum(one.state in REFUSED for one in every)
    judged = sum(one in _VERDICTS for one in status)
    early = sum(one in ("too early", "not due") for one in status)
    return [
        StageFact(name="Proposed", actions=len(every)),
        StageFact(name="Accepted", actions=len(agreed),
                  left={"Refused": refused, "Not decided": len(every) - len(agreed) - refused}),
        StageFact(name="Done", actions=len(done), left={"Not done yet": len(agreed) - len(done)}),
        StageFact(name="Judged", actions=judged,
                  left={"Too early to say": early, "Cannot be measured": len(done) - judged - early}),
        StageFact(name="Worked", actions=status.count("worked"),
                  left={"Not clear": status.count("inconclusive"), "Did not work": status.count("did not")}),
    ]  # fmt: skip


def _undone(actions: Sequence[ActionFact], cutoff: date) -> Survival | None:
    """How long what was agreed stays undone; what is open, or was given up, counts for as long as it was open."""
    known = [one for one in actions if one.agreed]
    if len(known) < FEWEST:
        return None
    ends = [_ended(one) or cutoff for one in known]
    days = [max((end - date.fromisoformat(one.agreed)).days, 0) for end, one in zip(ends, known, strict=True)]
    return kaplan_meier(days, [one.implemented is not None for one in known])


def _ended(action: ActionFact) -> date | None:
    when = action.implemented or (action.since if action.state in REFUSED else None)
    return date.fromisoformat(when) if when else None


def _delivered(every: Sequence[tuple[str, ActionFact]]) -> list[DeliveredFact]:
    """What was promised and what came, by unit, of the actions that have a verdict and a promise."""
    found: dict[str, list[tuple[ShareFact, float]]] = {}
    for service, action in every:
        one = action.outcome.benefit if action.outcome and action.outcome.status in _VERDICTS else None
        if one is None or one.promised is None:
            continue
        share = ShareFact(service=service, id=action.id, title=action.title, promised=one.promised, amount=one.amount)
        found.setdefault(one.unit, []).append((share, (one.high - one.low) / 2))
    return [_summed(unit, found[unit]) for unit in ("money", "hours", "cases") if unit in found]


def _summed(unit: str, shares: Sequence[tuple[ShareFact, float]]) -> DeliveredFact:
    amount, half = sum(one.amount for one, _ in shares), math.hypot(*(spread for _, spread in shares))
    return DeliveredFact(
        unit=unit, promised=sum(one.promised for one, _ in shares), amount=amount, low=amount - half, high=amount + half,
        actions=[one for one, _ in sorted(shares, key=lambda pair: pair[0].amount - pair[0].promised)],
    )  # fmt: skip


def sentence(fact: DeliveryFact) -> str:
    """The record in words."""
    if not fact.agreed:
        return "Nothing was agreed yet."
    parts = [f"{words.plural(fact.agreed, 'action')} agreed, {fact.done} of them done"]
    if fact.due:
        parts.append(f"{fact.on_time} of the {fact.due} that were due by now were done by their first date")
    text = f"{'; '.join(parts)}."
    if fact.judged:
        kinds = ((fact.worked, "worked"), (fact.did_not, "did not work"), (fact.unclear, "not clear"))
        said = words.listed([f"{n} {name}" for n, name in kinds if n])
        text += f" Of {words.plural(fact.judged, 'action')} with a verdict: {said}."
    if fact.waiting:
        text += f" For {fact.waiting} it is too early."
    if fact.half_days is not None:
        text += f" Half of what is agreed is done after {fact.half_days:,.0f} days."
    return text


def staged(found: Sequence[StageFact], label: str) -> Shown:
    """From what was proposed to what worked, as a waterfall; nothing where the registers are empty."""
    if not found or not found[0].actions:
        return Shown("", "")
    rows: list[tuple[str, int, bool]] = []
    for stage in found:
        rows += [(why, -n, False) for why, n in stage.left.items() if n]
        rows.append((stage.name, stage.actions, True))
    data = pd.DataFrame(rows, columns=["Step", "Actions", "total"])
    n, accepted, done, judged, worked = (stage.actions for stage in found)
    told = f"Of {words.plural(n, 'action')} proposed {accepted} were accepted, {done} done, and {worked} worked"
    return figure(
        figures.waterfall(data.set_axis(["label", "value", "total"], axis=1),
                          [f"{value:,}".replace("-", "−") for value in data["Actions"]], theme.COMMON),
        name="stages", finding=told, subtitle=f"Actions of all registers, as they stood at the end of {label}",
        alt=f"{told}; {words.plural(judged, 'action has', 'actions have')} a verdict.",
        data=data[["Step", "Actions"]], source="The improvement registers of all services.",
    )  # fmt: skip


def shown(found: Delivery, currency: str, label: str) -> Shown:
    """The record, what was promised beside what came, and how long agreed actions stay undone."""
    parts = [say(sentence(found.fact))]
    parts += [_waterfall(one, currency, label) for one in found.fact.delivered]
    if found.survival is not None:
        parts.append(_curve(found, label))
    elif found.fact.agreed:
        parts.append(say(f"How long actions take is shown from {FEWEST} agreed ones on."))
    return together(*parts)


def _waterfall(one: DeliveredFact, currency: str, label: str) -> Shown:
    rows = [
        ("Promised", one.promised),
        *((a.title, a.amount - a.promised) for a in one.actions),
        ("Realised", one.amount),
    ]
    data = pd.DataFrame(rows, columns=["Part", "Amount"]).assign(Amount=lambda frame: frame["Amount"].round(1))
    promised, amount, low, high = (
        _amount(v, one.unit, currency) for v in (one.promised, one.amount, one.low, one.high)
    )
    many = words.plural(len(one.actions), "action")
    at_bars = [_amount(value, one.unit, currency) for _, value in rows]
    at_bars[1:-1] = [text if text.startswith("−") else f"+{text}" for text in at_bars[1:-1]]
    return figure(
        figures.waterfall(data.set_axis(["label", "value"], axis=1), at_bars),
        name=f"delivered-{one.unit}", finding=f"{promised} promised, {low} to {high} realised",
        subtitle=f"{words.upper(_OF[one.unit])} of the {many} with a verdict and a promise, from each until "
        f"{label}; the bars show the best estimates, the title the 95 % interval",
        alt=f"{promised} {_OF[one.unit]} were promised by {many}; {low} to {high} were realised, most likely {amount}.",
        data=data, source="What each action brought is estimated against what would have been without it; see its plan.",
    )  # fmt: skip


def _amount(value: float, unit: str, currency: str) -> str:
    text = words.rough(value).replace("-", "−")
    if unit == "money":
        return f"−{words.sign(currency)} {text[1:]}" if text.startswith("−") else f"{words.sign(currency)} {text}"
    return f"{text} h" if unit == "hours" else text


def _curve(found: Delivery, label: str) -> Shown:
    curve = found.survival.curve[["time", "survival", "low", "high"]]
    curve = pd.concat(
        [pd.DataFrame({"time": [0.0], "survival": 1.0, "low": 1.0, "high": 1.0}), curve], ignore_index=True
    )
    half = found.fact.half_days
    said = f"half are done after {half:,.0f} days" if half is not None else "fewer than half are done yet"
    data = curve.set_axis(["Days since agreed", "Not done yet", "95 % from", "95 % to"], axis=1)
    return figure(
        figures.survival(curve.assign(time=24 * curve["time"]), 24 * half if half is not None else math.nan),
        name="undone", finding=f"Of {words.plural(found.survival.n, 'agreed action')}, {said}",
        subtitle=f"Share of agreed actions not done yet, by time since they were agreed, as of {label}; grey band: 95 % interval",
        alt=f"Falling curve of the share of {found.survival.n} agreed actions not done yet; {said}.",
        data=data, units={"Days since agreed": "number", **dict.fromkeys(data.columns[1:], "share")},
        source="Kaplan–Meier; what is open counts for as long as it has been.",
    )  # fmt: skip
