"""Which options of all services to take under the budget: the choice that brings most, what one more sum would buy, how sure
each is, and why the others are left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sipnb.budgets import BudgetFile
from sipnb.chapters import results
from sipnb.chapters.context import PortfolioContext
from sipnb.chapters.facts import (
    ActionFact,
    BudgetFact,
    ChoiceFact,
    ChosenFact,
    CurvePoint,
    OptionChoice,
    OptionFact,
    RecommendationFacts,
    ReviewFacts,
    ServiceChoice,
    Sure,
)
from sipnb.chapters.recommendations import worth
from sipnb.levers.delivery import Delivery
from sipnb.methods import selection
from sipnb.own_levers import SOMEBODY
from sipnb.params import Value
from sipnb.places import RECOMMENDATIONS, REVIEW
from sipnb.register import DONE, NOT_AGREED, standing
from sipnb.show import words

#: The name of the budget of money.
MONEY = "money"
#: What is not valued is taken after all that is, in its order: so much less than the least value that it displaces none.
LAST = 1e-6


#: From these shares of draws on a choice is said to be that sure.
SURE: tuple[tuple[float, Sure], ...] = ((0.95, "almost surely"), (0.6, "mostly"))


@dataclass(frozen=True)
class Handed:
    """What a service hands over to the choice: its register and its options."""

    review: ReviewFacts
    advice: RecommendationFacts


def handed_over(context: PortfolioContext) -> dict[str, Handed]:
    """What every service whose chapters were run hands over, in the order of the workbook. Raises ResultError."""
    found = {}
    for name in context.workbook.services:
        source = context.source(name)
        if all(source.result(name, chapter).is_file() for chapter in (REVIEW, RECOMMENDATIONS)):
            found[name] = Handed(*(results.read(source, name, chapter) for chapter in (REVIEW, RECOMMENDATIONS)))
    return found


def running(chapters: Mapping[str, Handed]) -> list[ActionFact]:
    """The actions that are agreed and not done yet, of all registers: they come first."""
    every = (action for one in chapters.values() for action in one.review.actions)
    return [one for one in every if one.state not in DONE and not one.implemented and one.state not in NOT_AGREED]


@dataclass(frozen=True)
class Candidate:
    """An option of a service that somebody could decide on, with its expected `value` on average and in each draw (None: not
    known)."""

    service: str
    option: OptionFact
    value: float | None
    values: np.ndarray | None


def candidates(context: PortfolioContext, chapters: Mapping[str, Handed], rules: worth.Rules) -> list[Candidate]:
    """The options that are recommended and that nobody has refused, in the order of services and of their ranks."""
    return [
        _candidate(service, option, expected(context, service, option, rules), rules)
        for service, one in chapters.items()
        for option in one.advice.recommended
        if option.asked
    ]


def expected(
    context: PortfolioContext, service: str, option: OptionFact, rules: worth.Rules, value: Value | None = None,
    often: float = 1.0,
) -> np.ndarray | None:  # fmt: skip
    """What an option is worth in each draw, with these rates (None: the organisation's) and actions that work so many times as
    `often` as they did; None where that is not known."""
    stated = value or context.workbook.settings.value
    delivery = Delivery(*context.workbook.delivered(context.cycle.end))
    made = worth.drawn(option, service, context.cycle.name, stated, delivery, rules)
    if made is not None:
        return replace(made, likely=np.minimum(made.likely * often, 1.0)).expected(rules)
    hours = None if stated.told else _hours(option, rules)
    return None if hours is None else hours * often


def _candidate(service: str, option: OptionFact, values: np.ndarray | None, rules: worth.Rules) -> Candidate:
    """The candidate, worth on average what its plan says, so that no two pages differ by what was drawn."""
    if values is None:
        return Candidate(service, option, None, None)
    said, mean = option.worth, float(values.mean())
    if said is None or (said.months, said.rate) != (rules.months, rules.rate):
        return Candidate(service, option, mean, values)
    return Candidate(service, option, said.mean, values + (said.mean - mean))


def _hours(option: OptionFact, rules: worth.Rules) -> np.ndarray | None:
    """Hours of users that it saves over the horizon, as often as actions work; None where that is not known."""
    if option.saves is None or not option.saves.hours:
        return None
    begins = (option.takes or [0.0, 0.0, 0.0])[1] * 12 / 365.25 * 7
    months = max(rules.months - begins, 0.0)
    return np.full(rules.draws, option.saves.hours / 12 * months * (option.works or 0.0))


def chosen(
    context: PortfolioContext, found: Sequence[Candidate], runs: Sequence[ActionFact], rules: worth.Rules,
    step: float = 10_000, points: int = 12,
) -> ChoiceFact:  # fmt: skip
    """The choice under `budget.yml`, of what the actions that run leave; without a budget everything that is worth it.

    `step` is of money, `points` those of the curve."""
    budgets = budgets_of(context, found, runs)
    problem, choice, cannot = solved(problem_of(context, found, budgets), found)
    free = selection.choose(replace(problem, must=(), at_least=())) if problem.must or problem.at_least else choice
    told = {
        reason.option: _why_not(reason, found, budgets, bool(free.chosen[reason.option]))
        for reason in reversed(selection.why_not(problem, choice))
    }
    sure = _stays(problem, choice, found, rules) if len(found) else np.empty(0)
    budget = context.workbook.budget
    limited = MONEY in budgets and budgets[MONEY].limit is not None
    return ChoiceFact(
        unit="money" if context.workbook.settings.value.told else "hours", months=rules.months,
        period=f"{budget.period.start}/{budget.period.to}" if budget and budget.period else "",
        budgets=[b.model_copy(update={"used": float(u)}) for b, u in zip(budgets.values(), choice.used, strict=True)],
        options=[
            ChosenFact(
                service=one.service, id=one.option.id, title=one.option.title, chosen=bool(choice.chosen[at]), value=one.value,
                cost=one.option.cost, effort={role: days[1] for role, days in one.option.effort.items()}, stays=float(sure[at]),
                why_not="" if choice.chosen[at] else told.get(at, ""), asked=bool(choice.chosen[at] and not free.chosen[at]),
            )
            for at, one in enumerate(found)
        ],
        value=math.fsum(_brought(problem, choice.chosen, found).values()),
        greedy=float(selection.greedy(problem).value), draws=rules.draws, cannot=cannot,
        forgone=_forgone(problem, free, choice, found),
        **(_more(problem, budgets, found, step, points) if limited and len(found) else {}),
    )  # fmt: skip


def solved(
    problem: selection.Problem, found: Sequence[Candidate]
) -> tuple[selection.Problem, selection.Choice, str]:  # fmt: skip
    """The problem with its choice, and nothing to say; or without what the organisation asks for, where no choice keeps that, and
    why."""
    try:
        return problem, selection.choose(problem), ""
    except selection.Impossible as error:
        free = replace(problem, must=(), at_least=())
        return free, selection.choose(free), _cannot(error, found)


def _cannot(error: selection.Impossible, found: Sequence[Candidate]) -> str:
    named = words.listed([f"“{found[at].option.title}” ({found[at].service})" for at in error.options])
    return {
        "must_never": f"{named} must be chosen and may not be",
        "must_excluded": f"{named} must be chosen and exclude each other",
        "must_over_budget": f"what must be chosen takes more than there is: {named}",
        "at_least": "the minima for tiers exclude each other",
    }.get(error.kind, "the minima for tiers take more than there is")


def _forgone(
    problem: selection.Problem, free: selection.Choice, choice: selection.Choice, found: Sequence[Candidate]
) -> float:
    """How much more could be had if nothing were asked for but worth."""
    best, taken = (math.fsum(_brought(problem, one.chosen, found).values()) for one in (free, choice))
    return max(best - taken, 0.0)


def _brought(problem: selection.Problem, chosen: np.ndarray, found: Sequence[Candidate]) -> dict[str, float]:
    """What those chosen whose worth is known are worth, by service; what two of them bring alike once."""
    there = [bool(took) and one.value is not None for took, one in zip(chosen, found, strict=True)]
    amounts: dict[str, list[float]] = {}
    for one, taken in zip(found, there, strict=True):
        if taken and one.value is not None:
            amounts.setdefault(one.service, []).append(one.value)
    for i, j, lost in problem.overlaps:
        if there[i] and there[j]:
            amounts[found[i].service].append(-lost)
    return {service: math.fsum(some) for service, some in amounts.items()}


def budgets_of(
    context: PortfolioContext, found: Sequence[Candidate], runs: Sequence[ActionFact]
) -> dict[str, BudgetFact]:
    """Money and the days of each role that an option takes, with what is committed and what runs already."""
    budget = context.workbook.budget
    money = sum(max((one.planned[1] if one.planned else 0.0) - (one.cost or 0.0), 0.0) for one in runs)
    days = sum(one.effort_days or 0.0 for one in runs)
    roles = sorted({role for one in found for role in one.option.effort} | set(budget.effort_days if budget else ()))
    bound = budget.committed if budget else None
    names = {MONEY: (budget.money if budget else None, (bound.money if bound else 0.0) + money)}
    for role in roles:
        # The register does not say whose days they are.
        own = days if role == SOMEBODY else 0.0
        names[role] = (
            budget.effort_days.get(role) if budget else None, (bound.effort_days.get(role, 0.0) if bound else 0.0) + own,
        )  # fmt: skip
    return {name: BudgetFact(name=name, limit=limit, bound=taken, used=0.0) for name, (limit, taken) in names.items()}


def problem_of(
    context: PortfolioContext, found: Sequence[Candidate], budgets: Mapping[str, BudgetFact]
) -> selection.Problem:
    uses = np.array(
        [
            [one.option.cost or 0.0 if name == MONEY else one.option.effort.get(name, [0.0, 0.0, 0.0])[1] for one in found]
            for name in budgets
        ]
    ).reshape(len(budgets), len(found))  # fmt: skip
    limits = [math.inf if one.limit is None else max(one.limit - one.bound, 0.0) for one in budgets.values()]
    values = _values(found)
    at = {(one.service, one.option.id): place for place, one in enumerate(found)}
    return selection.Problem(
        value=values, uses=uses, limits=np.array(limits), overlaps=_overlaps(found, values, at),
        excludes=_excludes(context, found),
        **_asked(context, found),
    )  # fmt: skip


def _values(found: Sequence[Candidate], draw: int | None = None) -> np.ndarray:
    """The value of each, on average or in one draw; what is not known has a trifle, less the later it stands."""
    known = [one.value is not None for one in found]
    values = [0.0 if one.values is None else one.value if draw is None else float(one.values[draw]) for one in found]
    least = min((abs(v) for v, k in zip(values, known, strict=True) if k and v), default=1.0) * LAST
    many = len(found) + 1
    return np.array(
        [v if k else least * (many - at) / many for at, (v, k) in enumerate(zip(values, known, strict=True))]
    )


def _overlaps(
    found: Sequence[Candidate], values: np.ndarray, at: Mapping[tuple[str, str], int]
) -> tuple[tuple[int, int, float], ...]:
    """What two options of a service save on the same cases is saved once."""
    pairs = []
    for i, one in enumerate(found):
        for other, part in one.option.overlaps.items():
            j = at.get((one.service, other))
            if j is not None and i < j:
                back = found[j].option.overlaps.get(one.option.id, 0.0)
                lost = min(max(values[i], 0.0) * part, max(values[j], 0.0) * back)
                if lost > 0:
                    pairs.append((i, j, float(lost)))
    return tuple(pairs)


def _excludes(context: PortfolioContext, found: Sequence[Candidate]) -> tuple[tuple[int, ...], ...]:
    """Levers that are not done for the same driver as well."""
    levers, groups = context.workbook.effective_levers, []
    for i, one in enumerate(found):
        for j in range(i + 1, len(found)):
            other = found[j]
            if other.service != one.service:
                break
            same = not one.option.driver or not other.option.driver or one.option.driver == other.option.driver
            mine, theirs = (levers.get(o.option.lever) for o in (one, other))
            excluded = (mine and other.option.lever in mine.excludes) or (
                theirs and one.option.lever in theirs.excludes
            )
            if same and excluded:
                groups.append((i, j))
    return tuple(groups)


def _asked(context: PortfolioContext, found: Sequence[Candidate]) -> dict[str, tuple]:
    """What an organisation asks of the choice, of the options that there are."""
    budget = context.workbook.budget
    if budget is None:
        return {}
    places: dict[tuple[str, str], list[int]] = {}
    for at, one in enumerate(found):
        places.setdefault((one.service, one.option.lever), []).append(at)
    never = [at for at, one in enumerate(found) if any(n.holds(one.service, one.option.lever) for n in budget.never)]
    groups = []
    for name, service in context.workbook.services.items():
        mine = tuple(at for at, one in enumerate(found) if one.service == name and at not in never)
        least = budget.at_least.get(service.tier_id)
        if least and mine:
            groups.append((mine, min(least, len(mine))))
    needed = [(i, j) for d in budget.depends for i in places.get(d.place, ()) for j in places.get(d.needed, ())[:1]]
    alone = [i for d in budget.depends for i in places.get(d.place, ()) if not places.get(d.needed)]
    return {
        "must": tuple(places[one.place][0] for one in budget.must if one.place in places),
        "never": tuple(sorted({*never, *(i for i in alone if not _done(context, budget, found[i]))})),
        "at_least": tuple(groups), "requires": tuple(needed),
    }  # fmt: skip


def _done(context: PortfolioContext, budget: BudgetFile, one: Candidate) -> bool:
    """Whether all that an option depends on is agreed or done already."""
    needed = [depends.needed for depends in budget.depends if depends.place == (one.service, one.option.lever)]
    return all(_agreed(context, *place) for place in needed)


def _agreed(context: PortfolioContext, service: str, lever: str) -> bool:
    actions = [action for action in context.workbook.services[service].actions if action.lever == lever]
    stood = [standing(action, context.cycle.end) for action in actions]
    return any(one is not None and one.state not in NOT_AGREED for one in stood)


_CODES = {
    "never": "the organisation rules it out, or what it depends on is not proposed", "no_value": "it is not worth it",
    "requires": "it depends on what is not chosen",
}  # fmt: skip


def _why_not(
    reason: selection.Reason, found: Sequence[Candidate], budgets: Mapping[str, BudgetFact], worth_it: bool
) -> str:
    """Why an option is left out, as a clause; `worth_it`: for its worth alone it would be chosen."""
    names = list(budgets)
    if reason.code in ("excluded", "overlap"):
        titles = "”, “".join(found[one].option.title for one in reason.of)
        return f"instead of it: “{titles}”" if reason.code == "excluded" else f"adds nothing to “{titles}”"
    if reason.code in ("beyond_budget", "not_enough_left"):
        short = " and ".join("money" if names[b] == MONEY else f"days of the {names[b]}" for b in reason.of)
        if reason.code == "beyond_budget":
            return f"needs more {short} than there is"
        return (
            f"not enough {short} left: {'what the organisation asks for takes it' if worth_it else 'others bring more'}"
        )
    return _CODES[reason.code]


def _stays(
    problem: selection.Problem, choice: selection.Choice, found: Sequence[Candidate], rules: worth.Rules
) -> np.ndarray:
    """The share of draws in whose best choice each is; overlaps keep their part of the values drawn."""
    values = np.array([_values(found, draw) for draw in range(rules.draws)])
    parts = [amount / min(problem.value[i], problem.value[j]) for i, j, amount in problem.overlaps]
    lost = np.array(
        [
            [part * max(min(row[i], row[j]), 0.0) for part, (i, j, _) in zip(parts, problem.overlaps, strict=True)]
            for row in values
        ]
    ).reshape(rules.draws, len(parts))  # fmt: skip
    return selection.stays(problem, values, choice, lost, within=1e-3)


def _more(
    problem: selection.Problem, budgets: Mapping[str, BudgetFact], found: Sequence[Candidate], step: float, points: int
) -> dict[str, object]:
    """The value by the limit of money, up to where all is paid for, and what one more step of it adds."""
    at, trifles = list(budgets).index(MONEY), _trifles(found)
    left, all_of_it = float(problem.limits[at]), float(problem.uses[at].sum())
    limits = sorted({*np.linspace(0, max(all_of_it, left), points).round(-2).tolist(), left})
    rows = selection.curve(problem, at, limits)
    told = rows[rows["value"].notna()]
    price = float(selection.shadow_price(problem, at, step))
    return {
        "curve": [
            CurvePoint(limit=r.limit, value=r.value if r.value > trifles else 0.0, chosen=int(r.chosen))
            for r in told.itertuples()
        ],
        "step": step, "price": price if price > trifles else 0.0,
    }  # fmt: skip


def _trifles(found: Sequence[Candidate]) -> float:
    """More than all that is not valued is given together."""
    return 1.001 * float(sum(v for v, one in zip(_values(found), found, strict=True) if one.value is None))


def parts(context: PortfolioContext, found: Sequence[Candidate], made: ChoiceFact) -> dict[str, ServiceChoice]:
    """What each plan is told of the choice; of how sure it is no more than classes, so that no plan changes with the draws."""
    problem = problem_of(context, found, {one.name: one for one in made.budgets})
    brought = _brought(problem, np.array([one.chosen for one in made.options]), found)
    options: dict[str, list[OptionChoice]] = {}
    for one in made.options:
        told = OptionChoice(id=one.id, chosen=one.chosen, sure=_sure(one), why_not=one.why_not, asked=one.asked)
        options.setdefault(one.service, []).append(told)
    return {
        service: ServiceChoice(
            limited=made.limited, unit=made.unit, months=made.months, options=mine, value=brought.get(service)
        )
        for service, mine in options.items()
    }


def _sure(one: ChosenFact) -> Sure:
    stays = (one.stays or 0.0) if one.chosen else 1 - (one.stays or 0.0)
    return next((said for share, said in SURE if stays >= share), "not surely")


def offered(found: Sequence[Candidate]) -> pd.DataFrame:
    """A row an option that there is to choose from: its worth on average and how that scatters, what it costs and takes."""
    rows = [
        {
            "service": one.service, "option": one.option.id, "worth": one.value,
            "scatter": None if one.values is None else float(one.values.std()), "cost": one.option.cost,
            "days": one.option.effort_days,
        }
        for one in found
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["service", "option", "worth", "scatter", "cost", "days"])


def frame(found: ChoiceFact | None) -> pd.DataFrame:
    """A row an option: whether it is chosen, its value, cost, and how sure that is; none where nothing was weighed."""
    rows = [
        one.model_dump(include={"service", "id", "chosen", "value", "cost", "stays", "why_not"})
        for one in (found.options if found else ())
    ]
    return pd.DataFrame(rows, columns=["service", "id", "chosen", "value", "cost", "stays", "why_not"])
