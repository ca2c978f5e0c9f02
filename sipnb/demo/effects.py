"""What a located cause does to its service, by leaving it out: the truth that estimates are compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from sipnb.demo.causes import at_night
from sipnb.demo.exports import generate
from sipnb.demo.services import CUT_OFF, ZONE, Cause, cause
from sipnb.demo.timeline import seconds

_WEEK = pd.Timedelta(days=7)
Tables = dict[str, pd.DataFrame]
#: How many cases, and their share: of all, and of those concerned.
Shares = tuple[tuple[int, float], tuple[int, float]]


@dataclass(frozen=True)
class Effect:
    """A share with a cause and without it, over all of its service and over what the cause concerns.

    `n` and `concerned` are how many cases there are with the cause. `measure` says of what it is the share.
    """

    cause: str
    measure: str
    n: int
    share: float
    share_without: float
    concerned: int
    concerned_share: float
    concerned_share_without: float

    @property
    def difference(self) -> float:
        """How much of the share is due to the cause, among all."""
        return self.share - self.share_without

    @property
    def concerned_difference(self) -> float:
        """How much of it is, among those concerned."""
        return self.concerned_share - self.concerned_share_without


def effect(cause_id: str, *, seed: int = 1, scale: float = 1.0, days: int = 184) -> Effect:
    """What leaving a cause out changes in the `days` before the cut-off.

    The share is, by the cause: of tickets decided in that time those that missed their target, of time that was lost in
    unplanned outages, of changes that failed, of tickets resolved a week before the cut-off or earlier those whose requester
    came back within it in the same category. Raises `ValueError` for an unknown cause, a scale or a number of days that is not
    positive.
    """
    one = cause(cause_id)
    if days < 1:
        raise ValueError(f"days must be positive, not {days!r}")
    measure, told = _MEASURES[one.kpi]
    until = pd.Timestamp(CUT_OFF, tz=ZONE)
    since = until - pd.Timedelta(days=days)
    found = []
    for without in ((), (one.id,)):
        tables = generate(seed=seed, scale=scale, services=[one.service], without=without)
        found.append(told(one, tables, since, until))
    (all_with, part_with), (all_without, part_without) = found
    shares = (*all_with, all_without[1]), (*part_with, part_without[1])
    return Effect(one.id, measure, *shares[0], *shares[1])


def missed(tickets: pd.DataFrame, since: pd.Timestamp, until: pd.Timestamp) -> pd.Series:
    """Whether each ticket that was decided from `since` to before `until` missed: it is when it is resolved or falls due."""
    late = ~(tickets["resolved"] <= tickets["sla_due"])
    decided = tickets["sla_due"].where(late, tickets["resolved"])
    return late[(decided >= since) & (decided < until)]


def concerned(one: Cause, tables: Tables) -> pd.Series:
    """Which rows of the table that a cause is of are where the cause is: tickets, outages or changes."""
    tickets = tables["tickets"]
    if one.table == "ticket_events":
        first = tables["ticket_events"].drop_duplicates("ticket").set_index("ticket")[one.attribute]
        return tickets["ticket"].map(first).eq(one.value)
    if one.attribute == "opened":
        return pd.Series(at_night(seconds(pd.DatetimeIndex(tickets["opened"]))), tickets.index)
    return tables[one.table][one.attribute].eq(one.value).fillna(False).astype(bool)


def came_back(tickets: pd.DataFrame) -> pd.Series:
    """Whether the requester of each resolved ticket opened another one of its category within a week after its resolution."""
    whose = tickets.groupby(["service", "requester", "category"]).ngroup()  # -1 where one of them is missing
    asked = pd.DataFrame({"whose": whose, "opened": tickets["opened"]})[whose >= 0].sort_values("opened")
    known = tickets["resolved"].notna() & (whose >= 0)
    done = pd.DataFrame({"whose": whose, "resolved": tickets["resolved"]})[known].sort_values("resolved")
    after = pd.merge_asof(
        done, asked, left_on="resolved", right_on="opened", by="whose", direction="forward", tolerance=_WEEK,
        allow_exact_matches=False,
    )  # fmt: skip
    return pd.Series(after["opened"].notna().to_numpy(), done.index).reindex(tickets.index, fill_value=False)


def _share(found: pd.Series) -> tuple[int, float]:
    return len(found), float(found.mean()) if len(found) else float("nan")


def _attainment(one: Cause, tables: Tables, since: pd.Timestamp, until: pd.Timestamp) -> Shares:
    found = missed(tables["tickets"], since, until)
    return _share(found), _share(found[concerned(one, tables)[found.index]])


def _downtime(one: Cause, tables: Tables, since: pd.Timestamp, until: pd.Timestamp) -> Shares:
    outages = tables["outages"]
    down = outages[outages["kind"].eq("unplanned")]
    start, end = down["started"].clip(since, until), down["ended"].fillna(until).clip(since, until)
    lost = (end - start) / (until - since) * down["share"]
    mine = lost[concerned(one, tables)[lost.index]]
    return (int((lost > 0).sum()), float(lost.sum())), (int((mine > 0).sum()), float(mine.sum()))


def _changes(one: Cause, tables: Tables, since: pd.Timestamp, until: pd.Timestamp) -> Shares:
    changes = tables["changes"]
    found = changes.loc[changes["ended"].between(since, until, inclusive="left"), "outcome"].eq("failed")
    return _share(found), _share(found[concerned(one, tables)[found.index]])


def _returns(one: Cause, tables: Tables, since: pd.Timestamp, until: pd.Timestamp) -> Shares:
    tickets = tables["tickets"]
    told = tickets["resolved"].between(since, until - _WEEK, inclusive="left")
    found = came_back(tickets)[told]
    return _share(found), _share(found[concerned(one, tables)[found.index]])


_MEASURES: dict[str, tuple[str, Callable]] = {
    "sla_attainment": ("tickets decided that missed their target", _attainment),
    "availability": ("time lost in unplanned outages", _downtime),
    "change_failure_rate": ("changes that failed", _changes),
    "csat_top2": ("resolved tickets whose requester came back within a week", _returns),
}
