"""What an option is worth: the cost with its range against what it saves, as often as actions of the organisation work.

All options of a cycle are drawn with the same rates and the same delivery, so that they can be compared and added up.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from sipnb.chapters.facts import OptionFact, SavesFact, WorthFact
from sipnb.cycles import Cycle
from sipnb.levers.delivery import Delivery
from sipnb.methods import cashflows
from sipnb.params import DEFAULT, Value

#: Months of a week, and days of a month.
_WEEK, _MONTH = 12 / 365.25 * 7, 365.25 / 12


@dataclass(frozen=True)
class Rules:
    """Over how many `months` an option counts, by which `rate` a year later money is discounted, and the number of draws."""

    months: int = 24
    rate: float = 0.08
    draws: int = 2000


@dataclass(frozen=True)
class Drawn:
    """Draws of one option: money `spent` at once, `monthly` what a month brings if it works, how `likely` it works and whether it
    `works`, and the months until it begins (`first`)."""

    spent: np.ndarray
    monthly: np.ndarray
    likely: np.ndarray
    works: np.ndarray
    first: np.ndarray

    def expected(self, rules: Rules) -> np.ndarray:
        """What it is worth in each draw of what is not known when somebody decides: not whether it will have worked."""
        return cashflows.values(self.spent, self.monthly * self.likely, self.first, rules.months, rules.rate)


def uniform(*names: str, draws: int) -> np.ndarray:
    """Numbers between 0 and 1 that are the same for the same names."""
    seed = int.from_bytes(hashlib.sha256("/".join(names).encode()).digest()[:8], "big")
    return np.random.default_rng(seed).random(draws)


def drawn(option: OptionFact, service: str, cycle: str, value: Value, delivery: Delivery, rules: Rules) -> Drawn | None:
    """Draws of what an option takes and brings; None where nothing of it can be put in money, or its cost is not stated."""
    if option.saves is None or (spent := _spent(option, service, cycle, value, rules)) is None:
        return None
    rate = {
        name: _rate(name, stated, cycle, rules)
        for name, stated in (("user", value.user_hour), ("down", value.downtime_hour), ("ticket", value.ticket))
    }
    saves, year = option.saves, np.zeros(rules.draws)
    told = False
    if saves.down is not None and rate["down"] is not None:
        year, told = year + saves.down * rate["down"] * _scale(saves, service, option.id, cycle, rules), True
    elif rate["user"] is not None and saves.hours:
        year, told = year + saves.hours * rate["user"] * _scale(saves, service, option.id, cycle, rules), True
    if saves.tickets and rate["ticket"] is not None:
        year, told = year + saves.tickets * rate["ticket"], True
    for priority, many in saves.late.items():
        if (late := value.late_ticket.get(priority)) is not None:
            scale = _scale(saves, service, option.id, cycle, rules) if saves.hours else 1.0
            year, told = year + many * _rate(f"late/{priority}", late, cycle, rules) * scale, True
    if not told:
        return None
    share = delivery.draws(uniform(cycle, "delivery", draws=rules.draws))
    works = uniform(cycle, service, option.id, "works", draws=rules.draws) < share
    weeks = option.takes or [0.0, 0.0, 0.0]
    first = cashflows.elicited(tuple(weeks), uniform(cycle, service, option.id, "weeks", draws=rules.draws)) * _WEEK
    return Drawn(spent, year / 12, share, works, first)


def _rate(name: str, stated: tuple[float, float, float] | None, cycle: str, rules: Rules) -> np.ndarray | None:
    return None if stated is None else cashflows.elicited(stated, uniform(cycle, name, draws=rules.draws))


def _scale(saves: SavesFact, service: str, option: str, cycle: str, rules: Rules) -> np.ndarray:
    """By how much more or less than estimated it may save, each draw."""
    if saves.low is None or saves.high is None:
        return np.ones(rules.draws)
    z = stats.norm.ppf(uniform(cycle, service, option, "effect", draws=rules.draws)) / float(stats.norm.ppf(0.975))
    return 1 + np.where(z < 0, z * (saves.hours - saves.low), z * (saves.high - saves.hours)) / saves.hours


def _spent(option: OptionFact, service: str, cycle: str, value: Value, rules: Rules) -> np.ndarray | None:
    """Money once: what is stated, and the days of work where they have a rate."""
    paid = [
        _days(role, tuple(days), value.day, service, option.id, cycle, rules) for role, days in option.effort.items()
    ]
    work = None if not paid or any(one is None for one in paid) else np.sum(paid, axis=0)
    if option.costs is None:
        return work
    once = cashflows.elicited(tuple(option.costs), uniform(cycle, service, option.id, "cost", draws=rules.draws))
    return once if work is None else once + work


def _days(
    role: str, days: tuple[float, float, float], rates: Mapping[str, tuple[float, float, float]], service: str, option: str,
    cycle: str, rules: Rules,
) -> np.ndarray | None:  # fmt: skip
    rate = rates.get(role, rates.get(DEFAULT))
    if rate is None:
        return None
    many = cashflows.elicited(days, uniform(cycle, service, option, role, draws=rules.draws))
    return many * cashflows.elicited(rate, uniform(cycle, "day", role, draws=rules.draws))


def worth(made: Drawn | None, cycle: Cycle, seen_days: int, rules: Rules) -> WorthFact | None:
    """The draws of an option in numbers; `seen_days` are those its effect was estimated over."""
    if made is None:
        return None
    brought = made.monthly * made.works
    found = cashflows.worth(made.spent, brought, made.first, rules.months, rules.rate)
    share = float(made.works.mean())
    counted = cashflows.annuity(float(made.first.mean()), rules.months, rules.rate)
    days = (cycle.end - cycle.start).days
    # Only how large the effect is would be better known; whether an action works, and what it costs, seeing more does not tell.
    unsure = float(made.monthly.std()) * share * counted
    measuring = cashflows.value_of_sample(found.mean, unsure, float(seen_days), float(days)) if seen_days else 0.0
    return WorthFact(
        months=rules.months, rate=rules.rate, mean=found.mean, low=found.low, high=found.high, loss=found.loss,
        payback=None if math.isinf(found.payback) else found.payback, monthly=float(made.monthly.mean()),
        delay=float(brought.mean()) * days / _MONTH, measuring=measuring,
    )  # fmt: skip
