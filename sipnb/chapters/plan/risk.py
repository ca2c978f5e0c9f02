"""The risk that is left: what outages of the coming year may cost against what the target allows, now and with what is chosen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from sipnb.chapters.facts import PlanAction, RiskFact, RiskPoint
from sipnb.chapters.plan.evidence import Evidence
from sipnb.chapters.plan.views import NOTHING
from sipnb.drivers import hours
from sipnb.kpis import uptime
from sipnb.methods.losses import Loss, loss_of_events
from sipnb.records import clocks
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, say, together

#: The measure whose target says how much may be lost.
AVAILABILITY = "availability"
YEAR, MONTH = 365, 365 / 12
#: More options at once are not combined: each makes twice as many cases of what works and what does not.
MOST = 5
#: A year that was watched for so much of it is a whole one.
SEEN = 0.9


def coming_year(
    evidence: Evidence, actions: Sequence[PlanAction], years: int = 2, points: int = 25, level: float = 0.9
) -> RiskFact | None:  # fmt: skip
    """What unplanned outages may cost in the coming year, by those of so many years, in agreed hours: its curve at so many
    points with intervals of this level, and the same with what is chosen, as often as actions work. None where the records carry
    no claim about outages, or with too few of them (`losses.FEWEST`)."""
    context = evidence.context
    if context.refused(AVAILABILITY):
        return None
    window = context.cycle.last_days(years * YEAR)
    scope = context.over([window])
    watched, whole = uptime.watched_hours(scope, window), _whole(evidence)
    mine = hours.outages(scope)
    if not watched or not whole or mine.empty:
        return None
    seen = watched / whole
    loss = loss_of_events(mine["down"].to_numpy(float), seen, counts=_by_month(mine, window, seen), level=level)
    if not loss.shown:
        return None
    target = context.target(AVAILABILITY)
    allowed = None if target is None else (1 - target) * whole
    acting = _acting(evidence, actions, loss)
    reach = max(loss.quantile(0.99).value, 1.2 * (allowed or 0.0))
    at = np.linspace(0.0, reach, points)
    left = _left(loss, acting)
    p90 = loss.quantile(0.9)
    return RiskFact(
        n=loss.n, years=seen, observed=loss.observed, level=level, allowed=allowed,
        over=None if allowed is None else _exceeded(loss.drawn, allowed),
        p90=p90.value, low=p90.low, high=p90.high, acting=[number for number, _, _ in acting],
        left_over=None if allowed is None or not acting else _beyond(left, allowed),
        left_p90=_quantile(left, 0.9) if acting else None,
        curve=[
            RiskPoint(loss=r.loss, exceeded=r.exceeded, low=r.low, high=r.high, left=_beyond(left, r.loss) if acting else None)
            for r in loss.curve(at).itertuples()
        ],
    )  # fmt: skip


def _whole(evidence: Evidence) -> float:
    """Agreed hours of a year: those of the last one without its maintenance, unless there was nobody to watch for part of it."""
    year = evidence.context.cycle.last_days(YEAR)
    scope = evidence.context.over([year])
    ends = (pd.DatetimeIndex([at]) for at in (year.opens, year.cutoff))
    agreed = float(np.asarray(clocks.elapsed(scope.calendar, *ends))[0]) / 3600
    watched = uptime.watched_hours(scope, year)
    return watched if watched >= SEEN * agreed else agreed


def _by_month(mine: pd.DataFrame, window, years: float) -> np.ndarray:
    """Outages by month, counted back from the end for as long as somebody watched."""
    months = max(round(12 * years), 1)
    ago = ((window.cutoff - mine["started"]).dt.total_seconds() / 86400 / MONTH).astype(int)
    return np.bincount(ago[ago < months], minlength=months)


def _acting(evidence: Evidence, actions: Sequence[PlanAction], loss: Loss) -> list[tuple[str, float, float]]:
    """Of each chosen option that saves downtime: its number, the part of a year's loss that it saves if it works, and how likely
    it works."""
    options = {one.id: one for one in evidence.options}
    found = []
    for one in actions:
        weighed, option = evidence.weighed(one.id), options.get(one.id)
        down = option.saves.down if option and option.saves else None
        if one.kind == "proposed" and weighed and weighed.chosen and down and down > 0 and loss.observed > 0:
            found.append((one.number, min(down / loss.observed, 1.0), option.works or 0.0))
    return found[:MOST]


def _left(loss: Loss, acting: Sequence[tuple[str, float, float]]) -> list[tuple[float, np.ndarray]]:
    """The drawn years for each case of what works and what does not, with how likely the case is."""
    found = []
    for works in itertools.product((True, False), repeat=len(acting)):
        chance, kept = 1.0, 1.0
        for did, (_, part, likely) in zip(works, acting, strict=True):
            chance *= likely if did else 1 - likely
            kept *= 1 - part if did else 1.0
        found.append((chance, loss.residual(removed=1 - kept).drawn))
    return found


def _exceeded(drawn: np.ndarray, at: float) -> float:
    return float((drawn > at).mean())


def _beyond(left: Sequence[tuple[float, np.ndarray]], at: float) -> float:
    return float(sum(chance * _exceeded(drawn, at) for chance, drawn in left))


def _quantile(left: Sequence[tuple[float, np.ndarray]], p: float) -> float:
    """A quantile of the mixture of all cases."""
    values = np.concatenate([drawn for _, drawn in left])
    weights = np.concatenate([np.full(len(drawn), chance / len(drawn)) for chance, drawn in left])
    order = np.argsort(values, kind="stable")
    at = int(np.searchsorted(np.cumsum(weights[order]), p))
    return float(values[order][min(at, len(values) - 1)])


def shown(found: RiskFact | None, evidence: Evidence) -> Shown:
    """The risk in two sentences and its curve; nothing where the records do not tell it."""
    if found is None:
        return NOTHING
    return together(say(*sentences(found, evidence)), _figure(found, evidence))


def sentences(found: RiskFact, evidence: Evidence) -> list[str]:
    """What was lost, how likely the coming year loses more than is allowed, and what is left of that with the plan."""

    def said(value: float) -> str:
        return evidence.said(value, "hours")

    span = words.plural(round(found.years * 12), "month")
    was = f"{words.upper(words.plural(found.n, 'unplanned outage'))} in {span} cost {said(found.observed)} of agreed time a year"
    bad = (
        f"In one year of ten it is more than {said(found.p90)} ({round(100 * found.level)} % interval "
        f"{evidence.range(found.low, found.high, 'hours', found.p90)})"
    )
    if found.allowed is None or found.over is None:
        return [f"{was}. {bad}."]
    over = f"The coming year {words.likelihood(found.over, 'lose')} more than that ({words.probability(found.over)})"
    told = [f"{was}; the target allows {said(found.allowed)}. {over}. {bad}."]
    if found.left_over is None or found.left_p90 is None:
        return [*told, "Nothing that is chosen changes this as far as is known."]
    which = words.listed(found.acting)
    return [
        *told,
        f"With {which} it is {words.probability(found.left_over)} instead, and {said(found.left_p90)} in one year of ten, "
        "counting how often actions work.",
    ]


def _figure(found: RiskFact, evidence: Evidence) -> Shown:
    """How likely the coming year loses more than so many hours."""
    rows = found.curve
    left = [one.left for one in rows if one.left is not None]
    finding = "What outages may cost in the coming year"
    if found.over is not None:
        finding = f"The coming year {words.likelihood(found.over, 'lose')} more than is allowed"
    data = pd.DataFrame(
        {
            "Hours lost": [one.loss for one in rows], "Chance of more": [one.exceeded for one in rows],
            "Low": [one.low for one in rows], "High": [one.high for one in rows], **({"With the plan": left} if left else {}),
        }
    )  # fmt: skip
    target = "; line: what the target allows" if found.allowed is not None else ""
    return figure(
        figures.exceedance(
            *([getattr(one, name) for one in rows] for name in ("loss", "exceeded", "low", "high")), left, found.allowed
        ),
        name="risk", finding=finding,
        subtitle=f"Chance that a year loses more agreed hours; grey: {round(100 * found.level)} % interval"
        + ("; dashed: with what is chosen" if left else "") + target,
        alt=f"A falling curve: {words.probability(rows[0].exceeded)} for any loss at all, one in ten for more than "
        f"{evidence.said(found.p90, 'hours')}.",
        data=data, units={"Hours lost": "hours", **dict.fromkeys(data.columns[1:], "share")},
        source="Unplanned outages that count; their number and their lengths are both uncertain.",
    )  # fmt: skip
