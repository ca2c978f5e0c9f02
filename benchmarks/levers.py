"""How often each lever is proposed where nothing drives it, and how often where something does.

    python benchmarks/levers.py [--services 200] [--lever one_owning_group] [--jobs 2]

For each lever services are drawn without the driver: what is measured lies exactly at its limit, months differ as months do,
hand-overs come at a constant rate and cost nothing, queues are stable with a season. Every proposal there is false. Services
with the driver say how often it is found, and, where an effect is estimated, how often its 95 % interval holds the truth.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from sipnb import kpis, levers, tables
from sipnb.cycles import Cycle, parse
from sipnb.methods import proportions
from sipnb.records.frozen import Records

#: A lever may be proposed in so many of the services that nothing drives.
LIMIT = 0.05
#: The cycle judged: its last day ends a month, a quarter and a week.
CYCLE, ZONE, MONTHS = "2024-06", "UTC", 30
HOUR = 3600.0

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Scenario:
    """Services of one kind: `draw` gives the tables of one; `driven` says whether the lever should be proposed.

    `truth` is the true effect of the lever on its KPI, where there is one.
    """

    lever: str
    name: str
    draw: Callable[[np.random.Generator], Tables]
    driven: bool
    targets: dict[str, float] = field(default_factory=dict)
    truth: Callable[[], float] | None = None


def records(given: Tables, cutoff: pd.Timestamp, service: str = "s") -> Records:
    """Records that lie in memory instead of frozen files; a column is supplied where a table has it."""
    known: dict[str, dict] = {}
    shaped: Tables = {}
    for name, rows in given.items():
        at, nothing = tables.TABLES[name].at, tables.empty(name)
        known[name] = {"first": str(rows[at].min()) if len(rows) else None, "columns": list(rows.columns)}
        if name in ("tickets", "problems"):
            rows = rows.assign(ended=rows.get("ended", rows["resolved"]))
        shaped[name] = rows.assign(service=service).reindex(columns=nothing.columns).astype(nothing.dtypes.to_dict())
    found = Records(Path(), service)
    # What frozen records read from their files on first use.
    found.__dict__["quality"] = {"tables": known, "cutoff": str(cutoff), "rules": [], "files": {}}
    found.__dict__["_tables"] = shaped
    return found


def look(given: Tables, targets: dict[str, float], name: str = CYCLE, cycles: int = MONTHS) -> levers.Look:
    """What the detectors see of these tables in the cycle of this name."""
    cycle = parse(name, ZONE)
    return levers.Look(kpis.Scope(records(given, cycle.cutoff), tuple(cycle.history(cycles)), targets=targets))


# --- what is drawn -----------------------------------------------------------------------------------------------------


def _span(months: int = MONTHS) -> tuple[pd.Timestamp, float, list[Cycle]]:
    """The first instant of so many months, their length in seconds, and the months."""
    history = parse(CYCLE, ZONE).history(months)
    return history[0].opens, (history[-1].cutoff - history[0].opens).total_seconds(), history


def _times(random: np.random.Generator, per_month: float, months: int = MONTHS, season: float = 0.0) -> np.ndarray:
    """Seconds since the first instant at which something happens; `season` is the amplitude of a year's wave."""
    _, length, _ = _span(months)
    at = np.sort(random.uniform(0, length, random.poisson(per_month * months * (1 + season))))
    # The wave is at its top in the months judged: the worst that a season can do.
    wave = 1 + season * np.cos(2 * np.pi * (length - at) / (365.25 * 86400))
    return at[random.random(len(at)) < wave / (1 + season)]


def _month(at: np.ndarray, months: int = MONTHS) -> np.ndarray:
    """In which month each instant lies, from 0."""
    first, _, history = _span(months)
    edges = np.array([(c.opens - first).total_seconds() for c in history])
    return np.searchsorted(edges, at, side="right") - 1


def _instants(seconds: np.ndarray, months: int = MONTHS) -> pd.DatetimeIndex:
    first, _, _ = _span(months)
    # Whole seconds, as records have them; no time where there is none.
    told = pd.to_timedelta(np.where(np.isnan(seconds), np.nan, np.floor(seconds)), unit="s")
    return (first + told).as_unit("us")


def _tickets(at: np.ndarray, lasts: np.ndarray, months: int = MONTHS, **columns) -> pd.DataFrame:
    """Tickets opened at these seconds that take so many hours; what ends after the cut-off is open."""
    _, length, _ = _span(months)
    ends = at + lasts * HOUR
    done = ends < length
    return pd.DataFrame(
        {
            "ticket": np.char.add("T", np.arange(len(at)).astype(str)),
            "kind": "incident",
            "opened": _instants(at, months),
            "resolved": _instants(np.where(done, ends, np.nan), months),
            **columns,
        }
    )


def _shares(random: np.random.Generator, share: float, sd: float, month: np.ndarray) -> np.ndarray:
    """For each row whether it holds: with this share, which differs between months by `sd`."""
    by_month = np.clip(share + sd * random.standard_normal(month.max(initial=0) + 1), 0.0, 1.0)
    return random.random(len(month)) < by_month[month]


def became(share: float, now: float, months_ago: int) -> Callable[[np.ndarray], np.ndarray]:
    """A share that became another one (`now`) so many months before the cut-off."""
    return lambda month: np.where(month >= MONTHS - months_ago, now, share)


#: Hours to the goal and, on the log scale, how far the usual time to resolve stays below it, by priority: hard ones are met
#: less often, and are passed on more.
_GOAL, _EASE, _MORE = {2: 24.0, 3: 40.0, 4: 80.0}, {2: 1.2, 3: 0.9, 4: 0.5}, {2: 0.6, 3: 1.0, 4: 1.6}
#: Two hand-overs in the first hours multiply what is left of the work by this, where they cost anything.
FIRST_HOURS, DRAG = 8.0, 2.0


def _passed_on(random: np.random.Generator, n: int, rate: float, drag: float) -> tuple[np.ndarray, ...]:
    """Priorities, hours to resolve, hours had there been no hand-overs, goals, and the time of each hand-over by ticket.

    Hand-overs come at a constant rate for as long as a ticket is open.
    """
    priority = random.choice([2, 3, 4], n, p=[0.2, 0.5, 0.3])
    goal = pd.Series(priority).map(_GOAL).to_numpy()
    plain = goal * np.exp(random.standard_normal(n) - pd.Series(priority).map(_EASE).to_numpy())
    each = rate * pd.Series(priority).map(_MORE).to_numpy()
    early = random.poisson(each * np.minimum(plain, FIRST_HOURS))
    slowed = (early >= 2) & (plain > FIRST_HOURS)
    lasts = np.where(slowed, FIRST_HOURS + drag * (plain - FIRST_HOURS), plain)
    later = random.poisson(each * np.maximum(lasts - FIRST_HOURS, 0))
    ticket = np.concatenate([np.repeat(np.arange(n), early), np.repeat(np.arange(n), later)])
    within = random.random(len(ticket))
    first = np.arange(len(ticket)) < early.sum()
    at = np.where(first, within * np.minimum(plain, FIRST_HOURS)[ticket], 0.0)
    at = np.where(first, at, FIRST_HOURS + within * (lasts[ticket] - FIRST_HOURS))
    return priority, lasts, plain, goal, ticket, at


def _desk(rate: float, drag: float = 1.0, per_month: float = 300, history: bool = True, months: int = 12):
    def draw(random: np.random.Generator) -> Tables:
        at = _times(random, per_month, months)
        priority, lasts, _, goal, ticket, after = _passed_on(random, len(at), rate, drag)
        known = _tickets(at, lasts, months, priority=priority, reassigned=np.bincount(ticket, minlength=len(at)))
        known["sla_due"] = _instants(at + goal * HOUR, months)
        met = pd.array(lasts <= goal, "boolean")
        met[known["resolved"].isna().to_numpy()] = pd.NA
        known["sla_met"] = met
        if not history:
            return {"tickets": known}
        order = np.lexsort((after, ticket))
        ticket, when = ticket[order], (at[ticket] + after * HOUR)[order]
        count = pd.Series(ticket).groupby(ticket).cumcount().to_numpy()
        first = pd.DataFrame({"ticket": known["ticket"], "at": known["opened"], "group": "group 0"})
        moved = pd.DataFrame(
            {
                "ticket": known["ticket"].to_numpy()[ticket],
                "at": _instants(when, months),
                "group": np.char.add("group ", ((count + 1) % 5).astype(str)),
            }
        )
        _, length, _ = _span(months)
        return {"tickets": known, "ticket_events": pd.concat([first, moved[when < length]], ignore_index=True)}

    return draw


@cache
def _true_effect(rate: float, drag: float) -> float:
    """By how much attainment would rise without hand-overs in the first hours: both outcomes of two million tickets."""
    random = np.random.default_rng(7)
    _, lasts, plain, goal, _, _ = _passed_on(random, 2_000_000, rate, drag)
    return float((plain <= goal).mean() - (lasts <= goal).mean())


def change_records(share: float | Callable, per_month: float = 5.0, sd: float = 0.0):
    """Changes of which a share causes an incident each: a number, or a function of the month."""

    def draw(random: np.random.Generator) -> Tables:
        at = _times(random, per_month)
        month = _month(at)
        level = share(month) if callable(share) else share
        noise = sd * random.standard_normal(MONTHS)[month]
        failed = random.random(len(at)) < np.clip(level + noise, 0, 1)
        changes = pd.DataFrame(
            {"change": np.char.add("C", np.arange(len(at)).astype(str)), "started": _instants(at), "kind": "normal",
             "outcome": np.where(failed, "failed", "successful")}
        )  # fmt: skip
        opened = _times(random, 100)
        named = np.full(len(opened), None, dtype=object)
        cause = np.flatnonzero(failed)
        caused = at[cause] + 2 * HOUR
        known = _tickets(np.r_[opened, caused], random.lognormal(2, 1, len(opened) + len(caused)))
        known["change"] = np.r_[named, changes["change"].to_numpy(object)[cause]]
        return {"tickets": known.sort_values("opened", ignore_index=True), "changes": changes}

    return draw


def _stable_queue(per_month: float, days: float, spread: float, season: float = 0.0, growth: float = 0.0):
    """Everybody is served at once and takes as long as ever: the stock has a mean, whatever the season or the demand."""

    def draw(random: np.random.Generator) -> Tables:
        at = _times(random, per_month * (1 + growth), season=season)
        _, length, _ = _span()
        # Demand that grows by `growth` over the history, served as fast as ever.
        at = at[random.random(len(at)) < (1 + growth * at / length) / (1 + growth)]
        return {"tickets": _tickets(at, 24 * days * np.exp(spread * random.standard_normal(len(at))))}

    return draw


def _short_queue(per_month: float, load: float, months_ago: int = 9):
    """One queue, first come, first served: since so many months ago more comes than its capacity."""

    def draw(random: np.random.Generator) -> Tables:
        at = _times(random, per_month * load)
        _, length, _ = _span()
        before = at < length - months_ago * length / MONTHS
        at = at[~before | (random.random(len(at)) < 0.9 / load)]
        work = random.gamma(4, 0.25, len(at)) * length / MONTHS / per_month
        done = np.cumsum(work)
        begun = np.maximum.accumulate(at - np.r_[0.0, done[:-1]]) + np.r_[0.0, done[:-1]]
        return {"tickets": _tickets(at, (begun + work - at) / HOUR + random.lognormal(3, 1, len(at)))}

    return draw


def _held(share: float, sd: float, history: bool = False, spread: float = 1.2, per_month: float = 150):
    def draw(random: np.random.Generator) -> Tables:
        at = _times(random, per_month)
        lasts = random.lognormal(3, spread, len(at))
        centre = np.clip(share + sd * random.standard_normal(MONTHS), 0.02, 0.95)[_month(at)]
        held = random.beta(4 * centre, 4 * (1 - centre))
        known = _tickets(at, lasts)
        if not history:
            return {"tickets": known.assign(on_hold=np.floor(held * lasts * HOUR))}
        begun = random.uniform(0, 1, len(at)) * (1 - held) * lasts
        parts = []
        for hours, on in ((begun, True), (begun + held * lasts, False)):
            events = {"ticket": known["ticket"], "at": _instants(at + hours * HOUR), "on_hold": on}
            parts.append(pd.DataFrame(events | {"state": "on hold" if on else "in progress"}))
        events = pd.concat(parts, ignore_index=True)
        cutoff = parse(CYCLE, ZONE).cutoff
        return {"tickets": known, "ticket_events": events[events["at"] < cutoff].reset_index(drop=True)}

    return draw


def _judged(satisfied: float, reopened: float, sd: float, answers: float = 60, per_month: float = 300):
    def draw(random: np.random.Generator) -> Tables:
        at, said = _times(random, per_month), _times(random, answers)
        known = _tickets(at, random.lognormal(2, 1, len(at)))
        known["reopened"] = _shares(random, reopened, sd / 2, _month(at)).astype(int)
        happy = _shares(random, satisfied, sd, _month(said))
        score = np.where(happy, random.choice([4, 5], len(said)), random.choice([1, 2, 3], len(said)))
        return {
            "tickets": known,
            "surveys": pd.DataFrame({"answered": _instants(said), "score": score, "scale_max": 5.0}),
        }

    return draw


def _outages(per_year: float, spread: float, availability: float):
    """Outages whose expected length is what the availability leaves, lognormal; tickets say that the service was there."""

    def draw(random: np.random.Generator) -> Tables:
        at = _times(random, per_year / 12)
        mean = (1 - availability) * 8766 / per_year
        hours = mean * np.exp(spread * random.standard_normal(len(at)) - spread**2 / 2)
        _, length, _ = _span()
        ends = np.minimum(at + hours * HOUR, length - 1)
        opened = _times(random, 60)
        return {
            "tickets": _tickets(opened, random.lognormal(2, 1, len(opened))),
            "outages": pd.DataFrame(
                {"started": _instants(at), "ended": _instants(ends), "kind": "unplanned", "cause": "unknown"}
            ),
        }

    return draw


def _restored(sd: float = 0.0, season: float = 0.0, slower: float = 1.0, per_month: float = 120):
    """Times to restore whose level moves with the month, with the season, or is higher in the last four months."""

    def draw(random: np.random.Generator) -> Tables:
        at = _times(random, per_month)
        month = _month(at)
        _, length, _ = _span()
        level = 2.0 + sd * random.standard_normal(MONTHS)[month]
        level = level + season * np.cos(2 * np.pi * (length - at) / (365.25 * 86400))
        level = level + np.log(slower) * (month >= MONTHS - 4)
        return {"tickets": _tickets(at, np.exp(level + random.standard_normal(len(at))), priority=3)}

    return draw


_RATE, _MANY = 0.12, 600
SCENARIOS = (
    *(
        Scenario("one_owning_group", f"hand-overs at {rate:g}/h cost nothing", _desk(rate), False)
        for rate in (0.03, 0.06, 0.1)
    ),
    Scenario("one_owning_group", "cost nothing, final count only", _desk(0.06, history=False), False),
    Scenario(
        "one_owning_group", "two early ones double the rest", _desk(_RATE, DRAG, _MANY), True, {},
        lambda: _true_effect(_RATE, DRAG),
    ),
    Scenario("change_control", "10 % fail, the limit", change_records(0.10), False),
    Scenario("change_control", "10 % fail, months differ by 4 points", change_records(0.10, 15, 0.04), False),
    Scenario("change_control", "25 % failed until 9 months ago", change_records(became(0.25, 0.05, 9)), False),
    Scenario("change_control", "25 % fail", change_records(0.25), True),
    Scenario("capacity", "stable, 100 a month for 3 days", _stable_queue(100, 3, 1.5), False),
    Scenario("capacity", "stable, 300 a month for 10 days", _stable_queue(300, 10, 1.8), False),
    Scenario("capacity", "stable, 100 a month for 20 days", _stable_queue(100, 20, 1.0), False),
    Scenario("capacity", "stable, season of 40 %", _stable_queue(300, 10, 1.0, season=0.4), False),
    Scenario("capacity", "demand grew by 30 %, nobody waits longer", _stable_queue(300, 10, 1.0, growth=0.3), False),
    Scenario("capacity", "8 % more than capacity for 9 months", _short_queue(300, 1.08), True),
    Scenario("stop_the_clock_rules", "25 % on hold, the limit", _held(0.25, 0.0), False),
    Scenario("stop_the_clock_rules", "25 %, months differ by 3 points", _held(0.25, 0.03), False),
    Scenario("stop_the_clock_rules", "25 %, told by events, long tail", _held(0.25, 0.0, True, 1.6), False),
    Scenario("stop_the_clock_rules", "40 % on hold", _held(0.40, 0.03), True),
    Scenario("stop_the_clock_rules", "40 % on hold, told by events", _held(0.40, 0.03, True), True),
    Scenario("knowledge_and_quality", "70 % satisfied, 5 % reopened", _judged(0.70, 0.05, 0.0), False),
    Scenario("knowledge_and_quality", "months differ by 2 and 1 points", _judged(0.70, 0.05, 0.02, 300, 1000), False),
    Scenario("knowledge_and_quality", "50 % satisfied", _judged(0.50, 0.04, 0.02), True),
    Scenario("knowledge_and_quality", "11 % reopened", _judged(0.78, 0.11, 0.02), True),
    Scenario("resilience", "at the target, 8 a year", _outages(8, 1.5, 0.995), False),
    Scenario("resilience", "at the target, 24 a year", _outages(24, 1.0, 0.995), False),
    Scenario("resilience", "four times the downtime, 30 a year", _outages(30, 1.0, 0.98), True),
    Scenario("process_drift", "nothing moves", _restored(), False),
    Scenario("process_drift", "months differ by 15 %", _restored(0.15), False),
    Scenario("process_drift", "a season of 30 %", _restored(0.05, 0.3), False),
    Scenario("process_drift", "1.7 times as long since 4 months", _restored(0.05, 0.0, 1.7), True),
)  # fmt: skip


# --- what is counted ---------------------------------------------------------------------------------------------------


def judge(scenario: Scenario, seed: int) -> dict:
    """One service: whether the lever is proposed, and its effect where one is estimated."""
    number = SCENARIOS.index(scenario) if scenario in SCENARIOS else 99
    given = scenario.draw(np.random.default_rng([number, seed]))
    evidence = levers.look_for(scenario.lever, look(given, scenario.targets))
    effect = evidence.effect if evidence.found else None
    held = None
    if effect is not None and effect.basis == "effect" and scenario.truth is not None:
        held = effect.low <= scenario.truth() <= effect.high
    return {"seed": seed, "found": evidence.found, "held": held, "effect": None if effect is None else effect.value}


def simulate(scenario: Scenario, services: int) -> pd.DataFrame:
    """So many services of a scenario: columns seed, found, held (None without an estimated effect), effect."""
    return pd.DataFrame([judge(scenario, seed) for seed in range(services)]).astype({"held": "boolean"})


def _simulated(number: int, services: int) -> pd.DataFrame:
    return simulate(SCENARIOS[number], services)


def printed(scenario: Scenario, rows: pd.DataFrame) -> str:
    """A line of the table."""
    share = proportions.wilson(int(rows["found"].sum()), len(rows))
    line = f"{scenario.lever:<23}{scenario.name:<42}{'found' if scenario.driven else 'false':<7}{share.value:>6.1%}"
    line += f"{f'{share.low:.1%} to {share.high:.1%}':>18}"
    if scenario.truth is not None:
        held = rows["held"].dropna()
        line += f"   truth {scenario.truth():+.4f}, mean {rows['effect'].mean():+.4f}, held by {held.mean():.1%} of {len(held)}"
    return line if scenario.driven or share.value <= LIMIT else f"{line}   above {LIMIT:.0%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, default=200)
    parser.add_argument("--lever", choices=sorted({one.lever for one in SCENARIOS}))
    parser.add_argument("--jobs", type=int, default=2)
    told = parser.parse_args()
    os.nice(10)
    began = time.perf_counter()
    wanted = [n for n, one in enumerate(SCENARIOS) if told.lever in (None, one.lever)]
    print(f"{'lever':<23}{'services':<42}{'':<7}{'share':>6}{'95 % interval':>18}")
    with ProcessPoolExecutor(told.jobs) as pool:
        for n, rows in zip(wanted, pool.map(_simulated, wanted, [told.services] * len(wanted)), strict=True):
            print(printed(SCENARIOS[n], rows), flush=True)
    print(f"{told.services} services a line, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
