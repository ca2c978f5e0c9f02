"""Why a measure misses its target: the drivers of one measure with their effects, their hours, and where their time goes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from sipnb.cycles import Cycle
from sipnb.drivers import attributes, hours, outcomes, steps
from sipnb.kpis.scope import Scope
from sipnb.methods import drivers, marginal, standardisation
from sipnb.methods.proportions import Estimate
from sipnb.records import clocks

#: Fewer rows that went wrong tell no driver.
FEWEST_WRONG = 15
#: Changes are few: two years of them tell what half a year of tickets does.
OF_CHANGES = 730
#: A change of a share within so many standard errors is not explained.
BY_CHANCE = 1.96
#: What happens on the way belongs to a driver that holds so much of it.
THROUGH = 0.5
#: A day from which days are counted, a Monday.
MONDAY = pd.Timestamp("1990-01-01")


@dataclass(frozen=True)
class Found:
    """A driver; `known` says from when on it was (opening, landmark, handling); `hours` are what users lost by it beyond
    what they lose by like tickets; `step` is where the tickets concerned spend more time than others, and `extra` how
    much each (h). What happened on the way to its tickets, rather than to others, is `through`: it is how the driver
    acts, and none of its own."""

    driver: drivers.Driver
    known: str
    hours: Estimate | None = None
    step: str = ""
    extra: float = math.nan
    through: tuple[Found, ...] = ()


@dataclass(frozen=True)
class Explained:
    """What is known of why a measure misses: its rows over `days`, how many went `wrong`, what was `found` and not
    `confirmed`, how many values were `looked` at, and which attributes were `left_out`, with the reason. `hours` are all
    that users lost by its tickets. `reason` says why nothing was looked for."""

    kpi: str
    days: int
    n: int = 0
    wrong: int = 0
    hours: float = math.nan
    found: tuple[Found, ...] = ()
    unconfirmed: tuple[tuple[str, str], ...] = ()
    looked: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    reason: str = ""


def explain(
    kpi: str, scope: Scope, *, days: int = 184, first_hours: float = 8, level: float = 0.05, least: float = 0.05, most: int = 3,
) -> Explained:  # fmt: skip
    """The drivers of a measure over so many days up to the end of the scope's last cycle, the one that loses most first.

    What is known at the opening is looked at first, of all rows; then what had happened by a landmark, the `first_hours` of
    agreed time, of tickets still undecided then. See `methods.drivers.search` for `level`, `least` and `most`.
    """
    days = OF_CHANGES if kpi in outcomes.OF_CHANGES else days
    window = scope.cycle.last_days(days)
    rows = outcomes.of(kpi, scope, window)
    if rows is None:
        return Explained(kpi, days, reason="no row decides it")
    wrong = int(rows.wrong.sum())
    if wrong < FEWEST_WRONG or wrong == len(rows.wrong):
        every = wrong >= FEWEST_WRONG
        return Explained(kpi, days, len(rows.wrong), wrong, reason="all" if every else "too few")
    known, mix, day = _known(kpi, rows, scope), _mix(rows, scope), _days(rows.at, scope)
    absent = {} if rows.table == "changes" else dict.fromkeys(attributes.not_supplied(known), "not supplied")
    mix, known = _no_driver(kpi, scope, mix, known)
    options = {"level": level, "least": least, "happened": attributes.HAPPENED}
    first = drivers.search(known, rows.wrong, mix, day, most=most, **options)
    searches = [("handling" if kpi in outcomes.AFTERWARDS else "opening", first, known)]
    if kpi in outcomes.TIMED:
        searches += _later(rows, scope, window, first, known, mix, day, first_hours, most, options)
    found = _gathered([_found(part, rows, scope, mix, day, window) for part in searches], searches)
    found.sort(key=lambda one: -one.driver.effect.value)
    return Explained(
        kpi, days, len(rows.wrong), wrong, _lost(rows, scope, window), tuple(found[:most]),
        tuple(one for _, search, _ in searches for one in search.unconfirmed), sum(search.looked for _, search, _ in searches),
        absent | {name: why for _, search, _ in searches for name, why in search.left_out.items()},
    )  # fmt: skip


def concerned(
    kpi: str, scope: Scope, attribute: str, value: str, known: str, *, days: int = 184, first_hours: float = 8
) -> pd.Index:
    """The rows of a measure that a driver concerns, by their labels; empty where the measure has no rows."""
    days = OF_CHANGES if kpi in outcomes.OF_CHANGES else days
    landmark = first_hours if known == "landmark" else None
    # Several drivers of a measure are asked about, of the same rows.
    found = scope.once(f"{kpi} and what was known, {days} days, {landmark}", lambda: _rows(kpi, scope, days, landmark))
    if found is None or attribute not in found[1]:
        return pd.Index([])
    rows, table = found
    return rows[(table[attribute] == value).fillna(False).to_numpy(bool)]


def _rows(kpi: str, scope: Scope, days: int, landmark: float | None) -> tuple[pd.Index, pd.DataFrame] | None:
    """The rows of a measure, and what was known of them at their opening, or so many hours later; None where it has no rows."""
    window = scope.cycle.last_days(days)
    rows = outcomes.of(kpi, scope, window)
    if rows is None or not len(rows.rows):
        return None
    if landmark is None:
        return rows.rows, _known(kpi, rows, scope)
    return rows.rows, attributes.landmark(scope, window, landmark).reindex(rows.rows)


def _no_driver(kpi: str, scope: Scope, mix: pd.DataFrame, known: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What makes a difference by the way a measure counts is allowed for and not blamed."""
    if kpi in outcomes.WALL_CLOCK and scope.calendar is not clocks.ALWAYS:
        # A ticket of Friday evening waits for Monday, whoever works on it.
        return pd.concat([mix, known[["hour", "weekday"]]], axis=1), known.drop(
            columns=["hour", "weekday", "agreed_hours"]
        )
    if kpi == "repeat_contact_rate" and "category" in known:
        # In a frequent category somebody asks again by chance more often.
        return pd.concat([mix, known[["category"]]], axis=1), known.drop(columns="category")
    return mix, known


_Search = tuple[str, drivers.Search, pd.DataFrame]


def _later(rows, scope, window, first, known, mix, day, first_hours, most, options) -> list[_Search]:
    """What had happened by the landmark, of the tickets still undecided then; what was found before is held fixed."""
    happened = attributes.landmark(scope, window, first_hours).reindex(rows.rows)
    risk = (rows.known > happened.pop("ends")).to_numpy()
    if happened.empty or not len(happened.columns) or rows.wrong[risk].sum() < FEWEST_WRONG:
        return []
    held = pd.DataFrame(
        {str(at): drivers.has(known, d)[risk] for at, d in enumerate(first.drivers)}, index=rows.rows[risk]
    )
    later = drivers.search(
        happened[risk], rows.wrong[risk], mix[risk], day[risk], total=len(rows.rows), most=most,
        held=held if len(held.columns) else None, **options,
    )  # fmt: skip
    # Of a ticket decided before the landmark nothing that came later is a driver.
    return [("landmark", later, happened.where(np.broadcast_to(risk[:, None], happened.shape)))]


def _found(part: _Search, rows, scope, mix, day, window) -> list[Found]:
    known, search, table = part
    if rows.table != "tickets":
        return [Found(driver, known) for driver in search.drivers]
    lost = hours.by_ticket(scope, window)[rows.rows]
    spent = drivers.amounts(search, table, lost, mix, day)
    return [
        Found(driver, known, amount, *_step(scope, window, rows.rows, drivers.has(table, driver)))
        for driver, amount in zip(search.drivers, spent, strict=True)
    ]


def _gathered(found: list[list[Found]], searches: list[_Search]) -> list[Found]:
    """The drivers, those known by the landmark as a part of the one whose tickets they mostly happened to."""
    opening, later = [*found[0]], [one for part in found[1:] for one in part]
    alone = []
    for one in later:
        mine = drivers.has(searches[1][2], one.driver)
        shares = [drivers.has(searches[0][2], other.driver)[mine].mean() for other in opening]
        most = int(np.argmax(shares)) if shares else -1
        if shares and shares[most] >= THROUGH:
            opening[most] = replace(opening[most], through=(*opening[most].through, one))
        else:
            alone.append(one)
    return opening + alone


def _step(scope: Scope, window: Cycle, rows: pd.Index, concerned: np.ndarray) -> tuple[str, float]:
    """The step in which tickets concerned spend most more agreed hours than others, and how many each; none without events."""
    if not steps.told(scope):
        return "", math.nan
    found = steps.spans(scope, window)
    has_it = np.full(len(scope.records.tickets), -1)
    has_it[rows] = concerned
    which, code = has_it[found["row"].to_numpy()], pd.factorize(found["step"])
    more = pd.Series(0.0, index=code[1])
    for value, sign in ((1, 1.0), (0, -1.0)):
        total = np.bincount(
            code[0][which == value], weights=found["hours"].to_numpy()[which == value], minlength=len(code[1])
        )
        more += sign * total / max((concerned == bool(value)).sum(), 1)
    return (str(more.idxmax()), float(more.max())) if len(more) and more.max() > 0 else ("", math.nan)


def _lost(rows, scope: Scope, window: Cycle) -> float:
    return float(hours.by_ticket(scope, window)[rows.rows].sum()) if rows.table == "tickets" else math.nan


def _known(kpi: str, rows: outcomes.Outcomes, scope: Scope) -> pd.DataFrame:
    """What was known of the rows before their outcome."""
    if rows.table == "changes":
        return attributes.change(scope.records.changes.loc[rows.rows], scope.cycle.zone)
    tickets = _tickets(rows, scope, attributes.USED)
    found = attributes.opening(scope, tickets)
    if kpi in outcomes.AFTERWARDS:
        found = pd.concat([found, attributes.handled(scope, tickets)], axis=1)
    return found.set_axis(rows.rows)


def _tickets(rows: outcomes.Outcomes, scope: Scope, columns: Sequence[str]) -> pd.DataFrame:
    """These columns of the ticket of each row; of an answer whose ticket is not there, those of some other."""
    tickets = scope.records.tickets[list(columns)]
    if rows.table != "surveys":
        return tickets.iloc[rows.rows]
    place = scope.once("tickets of answers", lambda: _of_answers(scope))[rows.rows]
    return tickets.iloc[np.maximum(place, 0)]


def _of_answers(scope: Scope) -> np.ndarray:
    return pd.Index(scope.records.tickets["ticket"]).get_indexer(scope.records.surveys["ticket"])


def _mix(rows: outcomes.Outcomes, scope: Scope) -> pd.DataFrame:
    """By what rows must be alike: priority and kind of tickets, and the quarter of the window in which they began."""
    at = rows.at.astype("int64").to_numpy()
    quarter = np.searchsorted(np.quantile(at, [0.25, 0.5, 0.75]), at).astype(str)
    if rows.table == "changes":
        return pd.DataFrame({"time": quarter}, index=rows.rows)
    tickets = _tickets(rows, scope, ("priority", "kind"))
    alike = tickets["priority"].astype("str").fillna("") + " " + tickets["kind"].astype("str").fillna("")
    return pd.DataFrame({"alike": alike.to_numpy(), "time": quarter}, index=rows.rows)


def _days(at: pd.Series, scope: Scope) -> np.ndarray:
    local = at.dt.tz_convert(scope.cycle.zone).dt.tz_localize(None)
    return ((local - MONDAY) // pd.Timedelta(days=1)).to_numpy()


@dataclass(frozen=True)
class Shift:
    """Why a share changed between two spans of so many days: `change` = `mix` + the parts of drivers + `rest`, exactly;
    the parts are in the order of the drivers, each with its interval."""

    days: int
    before: float
    after: float
    change: float
    mix: float
    parts: tuple[Estimate, ...]
    rest: float
    n_before: int
    n_after: int


def shift(kpi: str, scope: Scope, found: Sequence[Found], *, days: int = 92, back: int = 365) -> Shift | None:
    """What the latest days differ by from as many days so far `back`, in the share that went wrong: the mix of priorities
    and kinds, each driver known at the opening, and the rest. None where either span has too few rows, or where they
    differ by no more than chance."""
    spans = [outcomes.of(kpi, scope, scope.cycle.last_days(days, before)) for before in (back, 0)]
    if any(one is None or one.wrong.sum() < FEWEST_WRONG or one.wrong.all() for one in spans) or not _differ(*spans):
        return None
    known = [one.driver for one in found if one.known != "landmark"]
    (before, first), (after, second) = (_parts(kpi, rows, scope, known) for rows in spans)
    mixed = standardisation.mix_effect(*before, *after).mix
    parts = tuple(
        Estimate(b.value - a.value, b.value - a.value - math.hypot(b.value - b.low, a.high - a.value),
                 b.value - a.value + math.hypot(b.high - b.value, a.value - a.low), b.n)
        for a, b in zip(first, second, strict=True)
    )  # fmt: skip
    shares = [float(one.wrong.mean()) for one in spans]
    change = shares[1] - shares[0]
    rest = change - mixed - sum(one.value for one in parts)
    return Shift(days, *shares, change, mixed, parts, rest, len(spans[0].wrong), len(spans[1].wrong))


def _differ(before: outcomes.Outcomes, after: outcomes.Outcomes) -> bool:
    """Whether the shares differ by more than counting makes them: what chance did needs no explanation."""
    share = np.concatenate([before.wrong, after.wrong]).mean()
    error = math.sqrt(share * (1 - share) * (1 / len(before.wrong) + 1 / len(after.wrong)))
    return abs(float(after.wrong.mean() - before.wrong.mean())) > BY_CHANCE * error


def _parts(kpi, rows, scope, known) -> tuple[tuple[pd.Series, pd.Series], list[Estimate]]:
    """Wrong ones and rows by kind of ticket, and what each driver adds to the share within these rows."""
    mix, table, day = _mix(rows, scope), _known(kpi, rows, scope), pd.factorize(_days(rows.at, scope), sort=True)[0]
    kind = mix[mix.columns[0]]
    counted = pd.Series(rows.wrong, index=kind).groupby(level=0).agg(["sum", "size"])
    base = drivers.design(mix)
    flags = [drivers.has(table, driver).astype(float) for driver in known]
    nothing = Estimate(0.0, 0.0, 0.0, len(rows.wrong))
    each = []
    for at, driver in enumerate(known):
        others = [f for f, d in zip(flags, known, strict=True) if d.attribute != driver.attribute]
        fit = marginal.logistic(np.column_stack([base, flags[at], *others]), rows.wrong.astype(float))
        each.append(marginal.effect(fit, base.shape[1], day).total if flags[at].any() else nothing)
    return (counted["sum"], counted["size"]), each
