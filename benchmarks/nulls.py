"""How often a lever is proposed where there is nothing for it to do, and how often where there is: holds, recovery, a stock that
stays, self-service, targets out of reach and records that are missing.

    python -m benchmarks.nulls [--services 200] [--lever recovery] [--jobs 2]

Holds, targets and records are judged as a plan does it: drivers of the missed target are looked for, then all levers, those that
fall back last. In a service without the driver every proposal of the lever is false. A line above its bar ends the run with 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks import levers as base
from sipnb import levers
from sipnb.cycles import parse
from sipnb.drivers import explain
from sipnb.methods import proportions

#: A lever may be proposed in so many of the services without its driver, and must be in so many of those with it.
LIMIT, WANTED = 0.05, 0.80
#: Days over which a target is missed, and over which its drivers are looked for.
MISSED, EXPLAINED = 91, 184


@dataclass(frozen=True)
class Case(base.Scenario):
    """Services of one kind. `missed` is the measure whose target they miss, where drivers are to be looked for; `attribute` that
    of the drivers whose answers count, by whatever lever."""

    missed: str = ""
    attribute: str = ""


def missing(kpi: str, look: levers.Look) -> tuple[levers.Missed, ...]:
    """A target that is missed over the last days, with the drivers that are found; none where it is met."""
    target, value = look.scope.targets[kpi], look.measure(kpi, MISSED).value
    if not value < target:
        return ()
    found = explain.explain(kpi, look.scope, days=EXPLAINED)
    causes = tuple(_cause(kpi, one, found.days) for one in found.found)
    return (levers.Missed(kpi, target, value, causes, found.left_out, not found.reason),)


def _cause(kpi: str, one: explain.Found, days: int) -> levers.Cause:
    through = tuple(f"{t.driver.attribute}={t.driver.value}" for t in one.through)
    driver = one.driver
    return levers.Cause(
        kpi, driver.attribute, driver.value, one.known, days, driver.n, driver.share, driver.effect, one.hours, one.step, through
    )  # fmt: skip


def proposed(case: Case, seed: int) -> bool:
    """Whether the lever is proposed for one service; of an `attribute`, whether one of its drivers is answered."""
    random = np.random.default_rng([200 + CASES.index(case), seed])
    look = base.look(case.draw(random), case.targets)
    if not case.missed:
        return levers.look_for(case.lever, look).found
    seen = levers.detect(levers.Look(look.scope, look.levers, missing(case.missed, look)))
    if case.attribute:
        return any(case.attribute in _attributes(one) for one in seen)
    return any(one.proposed for one in seen if one.lever.id == case.lever)


def _attributes(seen: levers.Evidence) -> set[str]:
    causes = [cause for answer in seen.answers for cause in answer.causes]
    return {name.partition("=")[0] for cause in causes for name in (cause.attribute, *cause.through)}


# --- what is drawn -----------------------------------------------------------------------------------------------------

Draw = Callable[[np.random.Generator], base.Tables]
_SPAN = 8
_KINDS = {"category": 6, "subcategory": 12, "channel": 3, "configuration_item": 8}


def desk(
    per_month: float = 300, *, slow: tuple[str, float] | None = None, ease: float = 0.9, held: float = 0.0, wait: float = 0.0,
    recorded: bool = True, since: int = _SPAN, months: int = _SPAN,
) -> Draw:  # fmt: skip
    """Tickets with a goal of 40 hours, whose time to resolve is lognormal and lies `ease` below the goal.

    `slow` is a column of which one value takes so many times as long, in the last `since` months. Holds come at `held` an hour
    for as long as a ticket is open and cost nothing; the first 8 hours' for a supplier add `wait` hours. Not `recorded` is what
    a ticket is about.
    """

    def draw(random: np.random.Generator) -> base.Tables:
        at = base._times(random, per_month, months)
        n = len(at)
        columns = {name: np.char.add(f"{name} ", random.integers(0, k, n).astype(str)) for name, k in _KINDS.items()}
        lasts = 40 * np.exp(random.standard_normal(n) - ease)
        group = np.char.add("group ", random.integers(0, 4, n).astype(str))
        if slow:
            late = at > (months - since) / months * base._span(months)[1]
            lasts = np.where(late & (columns[slow[0]] == f"{slow[0]} 0"), slow[1] * lasts, lasts)
        waits, lasts = _holds(random, lasts, held, wait)
        met = pd.array(lasts <= 40, "boolean")
        known = base._tickets(at, lasts, months, priority=3, sla_due=base._instants(at + 40 * base.HOUR, months))
        met[known["resolved"].isna().to_numpy()] = pd.NA
        known = known.assign(sla_met=met, **(columns if recorded else {}))
        events = pd.DataFrame({"ticket": known["ticket"], "at": known["opened"]})
        events = events.assign(group=group) if recorded else events.assign(state="new")
        return {
            "tickets": known,
            "ticket_events": pd.concat([events, _on_hold(known, at, waits, months)], ignore_index=True),
        }

    return draw


def _holds(random: np.random.Generator, lasts: np.ndarray, rate: float, wait: float) -> tuple[pd.DataFrame, np.ndarray]:
    """Holds by place of their ticket, from and to in hours after its opening, with reasons; and how long tickets then last."""
    place = np.repeat(np.arange(len(lasts)), random.poisson(rate * lasts))
    begun = random.random(len(place)) * lasts[place]
    until = np.minimum(begun + random.exponential(3, len(place)), lasts[place])
    reason = random.choice(["user", "supplier"], len(place))
    early = (begun < base.FIRST_HOURS) & (reason == "supplier")
    added = np.where(np.bincount(place[early], minlength=len(lasts)) > 0, wait, 0.0)
    until = np.where(early, until + wait, until)
    return pd.DataFrame({"place": place, "from": begun, "to": until, "reason": reason}), lasts + added


def _on_hold(tickets: pd.DataFrame, at: np.ndarray, waits: pd.DataFrame, months: int) -> pd.DataFrame:
    """The events of holds that were known at the cut-off."""
    waits = waits.sort_values(["place", "from"], ignore_index=True)
    # A ticket is on hold or not: of holds that overlap the next one begins when the last has ended.
    waits = waits[~(waits["from"] < waits.groupby("place")["to"].shift().fillna(-1.0))]
    place = waits["place"].to_numpy()
    ticket, begins, parts = tickets["ticket"].to_numpy()[place], at[place], []
    for edge, on in (("from", True), ("to", False)):
        when = base._instants(begins + waits[edge].to_numpy() * base.HOUR, months)
        said = (
            {"state": "on hold", "reason": waits["reason"].to_numpy()}
            if on
            else {"state": "in progress", "reason": None}
        )
        parts.append(pd.DataFrame({"ticket": ticket, "at": when, "on_hold": on, **said}))
    events = pd.concat(parts, ignore_index=True)
    return events[events["at"] < parse(base.CYCLE, base.ZONE).cutoff]


def outages(per_year: float, spread: float, hours: float, *, long: float = 0.0, times: float = 1.0) -> Draw:
    """Outages of one lognormal law; a share `long` of them lasts so many `times` as long."""

    def draw(random: np.random.Generator) -> base.Tables:
        at = base._times(random, per_year / 12)
        lasts = (
            hours * np.exp(spread * random.standard_normal(len(at))) * np.where(random.random(len(at)) < long, times, 1)
        )
        ends = np.minimum(at + lasts * base.HOUR, base._span()[1] - 1)
        opened = base._times(random, 60)
        down = {"started": base._instants(at), "ended": base._instants(ends), "kind": "unplanned", "cause": "unknown"}
        return {"tickets": base._tickets(opened, random.lognormal(2, 1, len(opened))), "outages": pd.DataFrame(down)}

    return draw


def queue(
    per_month: float = 300, days: float = 10, *, memory: float = 0.0, sd: float = 0.0, jump: float = 0.0, months_ago: float = 0.0,
    drain: float = 0.0, more: float = 1.0,
) -> Draw:  # fmt: skip
    """A stock that has a mean: tickets take `days`, in weeks whose levels differ by `sd` (log scale) and remember (`memory`).

    So many months ago `jump` times the usual stock came at once, of which a share `drain` was ended a month since; or since then
    `more` times as many come, and are served as fast.
    """

    def draw(random: np.random.Generator) -> base.Tables:
        at, length = base._times(random, per_month * more), base._span()[1]
        begun = length * (1 - months_ago / base.MONTHS)
        at = at[(at >= begun) | (random.random(len(at)) < 1 / more)]
        noise = sd * random.standard_normal(int(length / (7 * 86400)) + 2)
        for week in range(1, len(noise)):
            noise[week] = memory * noise[week - 1] + np.sqrt(1 - memory**2) * noise[week]
        level = noise[(at / (7 * 86400)).astype(int)]
        lasts = 24 * days * np.exp(level + random.standard_normal(len(at)) - 0.5)
        came = begun + random.uniform(0, 14 * 86400, int(jump * per_month * days / 30.4))
        stay = random.exponential(30.4 * 24 / -np.log(1 - drain), len(came)) if drain else np.full(len(came), 1e6)
        order = np.argsort(np.r_[at, came], kind="stable")
        return {"tickets": base._tickets(np.r_[at, came][order], np.r_[lasts, stay][order])}

    return draw


def requests(
    per_month: float, *, kinds: int = 8, share: float = 0.6, frequent: float = 0.0, hours: float = 1.0, effort: float = 0.5
) -> Draw:  # fmt: skip
    """Requests of so many equal kinds, a `share` of all tickets; one more kind is a share `frequent` of all, half of it done in
    so many `hours`. Each request takes `effort` hours of work."""

    def draw(random: np.random.Generator) -> base.Tables:
        at = base._times(random, per_month)
        chance = random.random(len(at))
        asked, often = chance < share, chance < frequent
        category = np.char.add("kind ", random.integers(0, kinds, len(at)).astype(str)).astype(object)
        category[often] = "frequent"
        lasts = hours * np.exp(random.standard_normal(len(at)))
        known = base._tickets(at, lasts, category=category, effort=effort * random.gamma(2, 0.5, len(at)))
        return {"tickets": known.assign(kind=np.where(asked | often, "request", "incident"))}

    return draw


_SLA = "sla_attainment"
#: Tickets whose usual time lies nine tenths of a spread below the goal meet it so often.
_MET = 0.8159


def _goal(lever: str, name: str, draw: Draw, target: float, driven: bool = False, attribute: str = "") -> Case:
    return Case(lever, name, draw, driven, {_SLA: target}, None, _SLA, attribute)


def _holds_case(name: str, draw: Draw, driven: bool = False) -> Case:
    return _goal("stop_the_clock_rules", name, draw, 0.9, driven, "held")


_SLOW = ("category", 4.0)
CASES = (
    _holds_case("holds at 0.01/h cost nothing", desk(200, held=0.01)),
    _holds_case("holds at 0.03/h cost nothing", desk(200, held=0.03)),
    _holds_case("holds at 0.06/h cost nothing", desk(200, held=0.06)),
    _holds_case("holds cost nothing, 60 tickets a month", desk(60, held=0.03)),
    _holds_case("early ones for a supplier cost a day", desk(200, held=0.03, wait=24), True),
    Case("recovery", "one law, sigma 0.8, 12 a year", outages(12, 0.8, 16), False),
    Case("recovery", "one law, sigma 1.2, 12 a year", outages(12, 1.2, 10), False),
    Case("recovery", "one law, sigma 1.2, 30 a year", outages(30, 1.2, 4), False),
    Case("recovery", "one law, sigma 1.5, 30 a year", outages(30, 1.5, 4), False),
    Case("recovery", "one law, sigma 1.8, 30 a year", outages(30, 1.8, 2.5), False),
    Case("recovery", "a quarter lasts ten times as long, 30 a year", outages(30, 0.7, 2, long=0.25, times=10), True),
    Case("recovery", "one in five lasts 16 times as long, 24 a year", outages(24, 0.8, 2, long=0.2, times=16), True),
    Case("recovery", "one in five lasts 16 times as long, 30 a year", outages(30, 0.8, 2, long=0.2, times=16), True),
    Case("backlog_blitz", "stable, 300 a month for 10 days", queue(300, 10), False),
    Case("backlog_blitz", "weeks differ by 30 %, memory .8", queue(300, 10, memory=0.8, sd=0.3), False),
    Case("backlog_blitz", "weeks differ by 30 %, memory .95", queue(300, 10, memory=0.95, sd=0.3), False),
    Case("backlog_blitz", "weeks differ by 30 %, memory .98", queue(300, 20, memory=0.98, sd=0.3), False),
    Case(
        "backlog_blitz", "doubled 7 months ago, a quarter goes a month", queue(jump=1, months_ago=7, drain=0.25), False
    ),
    Case("backlog_blitz", "half as many more since 8 months, served as fast", queue(more=1.5, months_ago=8), False),
    Case("backlog_blitz", "twice the stock since 7 months", queue(jump=1, months_ago=7), True),
    Case("backlog_blitz", "twice the stock since 10 months", queue(jump=1, months_ago=10), True),
    Case(
        "backlog_blitz", "twice since 10 months, weeks differ", queue(jump=1, months_ago=10, memory=0.8, sd=0.1), True
    ),
    Case("self_service", "eight equal kinds, 7.5 % of tickets each", requests(600), False),
    Case("self_service", "six equal kinds, 10 % of tickets each", requests(900, kinds=6), False),
    Case("self_service", "one kind 10 %, the limit", requests(900, frequent=0.10), False),
    Case("self_service", "one kind 25 %, half take 2 h, the limit", requests(600, frequent=0.25, hours=2), False),
    Case("self_service", "one kind 25 %, work as much as the effort", requests(600, frequent=0.25, effort=0.16), False),
    Case("self_service", "one kind 25 %, quick, half an hour of work", requests(600, frequent=0.25, hours=0.7), True),
    _goal("renegotiate", "met on average", desk(), _MET),
    _goal("renegotiate", "met on average, 60 tickets a month", desk(60), _MET),
    _goal("renegotiate", "missed by a category that is slow", desk(slow=_SLOW), _MET),
    _goal("renegotiate", "missed by a slow category, 60 a month", desk(60, slow=_SLOW), _MET),
    _goal("renegotiate", "missed since a category is slow, 4 months", desk(slow=("category", 6.0), since=4), _MET),
    _goal("renegotiate", "2 points beyond what it reaches, 60 a month", desk(60), _MET + 0.02),
    _goal("renegotiate", "10 points beyond what it reaches", desk(), _MET + 0.10, True),
    _goal("measuring", "nothing drives it, all recorded", desk(), _MET + 0.05),
    _goal("measuring", "a slow category, all recorded", desk(slow=_SLOW), _MET),
    _goal("measuring", "met on average, nothing recorded", desk(recorded=False), _MET),
    _goal("measuring", "a slow category, nothing recorded", desk(slow=_SLOW, recorded=False), _MET, True),
)


# --- what is counted ---------------------------------------------------------------------------------------------------


def simulate(case: Case, services: int, first: int = 0) -> int:
    """For how many services of a case the lever is proposed; their seeds follow each other from ``first`` on."""
    return sum(proposed(case, seed) for seed in range(first, first + services))


def kept(case: Case, share: float) -> bool:
    return share >= WANTED if case.driven else share <= LIMIT


def _simulated(task: tuple[int, int, int]) -> int:
    number, services, first = task
    return simulate(CASES[number], services, first)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=200)
    parser.add_argument("--lever", choices=sorted({one.lever for one in CASES}))
    parser.add_argument("--first", type=int, default=1000, help="seed of the first service")
    parser.add_argument("--jobs", type=int, default=2)
    told = parser.parse_args()
    os.nice(10)
    began, well = time.perf_counter(), True
    wanted = [n for n, one in enumerate(CASES) if told.lever in (None, one.lever)]
    print(f"{'lever':<22}{'services':<56}{'':<7}{'share':>6}{'95 % interval':>18}")
    with ProcessPoolExecutor(told.jobs) as pool:
        tasks = [(n, told.services, told.first) for n in wanted]
        for n, found in zip(wanted, pool.map(_simulated, tasks), strict=True):
            case, share = CASES[n], proportions.wilson(found, told.services)
            well &= kept(case, share.value)
            line = f"{case.lever:<22}{case.name:<56}{'found' if case.driven else 'false':<7}{share.value:>6.1%}"
            print(
                line + f"{f'{share.low:.1%} to {share.high:.1%}':>18}{'' if kept(case, share.value) else '  MISSES'}",
                flush=True,
            )
    print(
        f"{told.services} services a line, {time.perf_counter() - began:.0f} s; bars: false {LIMIT:.0%}, found {WANTED:.0%}"
    )
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
