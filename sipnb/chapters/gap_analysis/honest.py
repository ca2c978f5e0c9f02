"""Whether good figures are as good as they look: users who say otherwise, figures that are made, and machines whose
answers come back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import About, BaselineFacts, CheckFact, DeflectionFact, GapFact, HonestyFact
from sipnb.drivers import honesty
from sipnb.kpis import attainment
from sipnb.methods import spc
from sipnb.show import words
from sipnb.show.display import Shown, points, say

#: Measures that speak for users, whatever the clock says.
USERS = ("csat_top2", "csat_mean", "reopen_rate", "repeat_contact_rate")
#: A rise of hours lost this improbable is one.
RISES = 0.01
#: So much of the attainment resting on clocks that stand still is worth a word.
HELD = 0.05
_LOOKED = {
    "priority lowered late": "priorities lowered just before the due time",
    "resolved just in time, then reopened": "tickets resolved just in time and reopened soon",
    "closed at the month's end": "tickets closed in bulk at the end of months",
}


def looked_at(
    context: ServiceContext,
    gaps: list[GapFact],
    baseline: BaselineFacts,
    lost: pd.DataFrame,
    days: int = 365,
    level: float = 0.01,
) -> HonestyFact:
    """All that may make figures look better than the service is, over so many days; accusations are judged at `level`
    together."""
    window = context.cycle.last_days(days)
    met = next((g for g in gaps if g.kpi == "sla_attainment"), None)
    reached = met if met is not None and met.gap is not None and met.gap <= 0 else None
    unhappy = [g.title for g in gaps if g.kpi in USERS and g.status == "fails"] if reached else []
    change = _change(lost)
    rising = reached is not None and change.p < RISES and change.direction > 0
    checks = [CheckFact(**vars(one)) for one in honesty.checks(context.scope, window, level)]
    return HonestyFact(
        reached=None if reached is None else reached.value, target=None if met is None else met.target, unhappy=unhappy,
        rising=rising, hours_before=float(np.expm1(change.before)) if rising else None,
        hours_now=float(np.expm1(change.after)) if rising else None, clocks=_clocks(baseline), checks=checks,
        deflection=_deflection(context, 184),
    )  # fmt: skip


def _change(lost: pd.DataFrame) -> spc.Change:
    """Whether the latest cycles lose more hours than those before, on the logarithmic scale on which they vary alike."""
    return spc.change(np.log1p(lost["hours"].astype(float)), good="down")


def _clocks(baseline: BaselineFacts) -> dict[str, float]:
    """Attainment of the same tickets by the clock on which they are judged."""
    return {
        k.clock: k.value
        for k in baseline.ways("sla_attainment")
        if k.clock in attainment.CLOCKS and k.value is not None
    }


def _deflection(context: ServiceContext, days: int) -> DeflectionFact | None:
    found = honesty.deflection(context.scope, context.cycle.last_days(days))
    if found is None:
        return None
    more = {"more": found.more.value, "more_low": found.more.low, "more_high": found.more.high}
    return DeflectionFact(**{k: v for k, v in vars(found).items() if k != "more"}, **more, days=days)


def frame(found: HonestyFact) -> pd.DataFrame:
    """The checks as an analyst looks at them."""
    return pd.DataFrame([one.model_dump() for one in found.checks])


def said(found: HonestyFact, about: About) -> Shown:
    """What speaks against good figures, a line each; and what was looked for and not found."""
    lines = [*_watermelon(found, about), *_standing_still(found), *(_check(one) for one in found.checks if one.found)]
    if found.deflection is not None:
        lines.append(_machines(found.deflection))
    clear = [_LOOKED[one.name] for one in found.checks if one.told and not one.found]
    untold = [_LOOKED[one.name] for one in found.checks if not one.told]
    if clear:
        lines.append(f"Looked for and not found: {words.listed(clear)}.")
    if untold:
        lines.append(f"Not to be told from these records: {words.listed(untold)}.")
    return points(lines) if lines else say("There is nothing here that could be looked better than it is.")


def _watermelon(found: HonestyFact, about: About) -> list[str]:
    if found.reached is None:
        return []
    against = [words.lower(title) for title in found.unhappy]
    if found.rising and found.hours_before is not None:
        against.append(
            f"users’ hours lost, which rose from {words.rough(found.hours_before)} to "
            f"{words.rough(found.hours_now)} a {about.period}"
        )
    if not against:
        return []
    return [
        f"**Green outside, red inside:** {words.prose(found.reached, 'share')} are resolved in time, target "
        f"{words.prose(found.target, 'share')}; against it speak {words.listed(against)}."
    ]


def _standing_still(found: HonestyFact) -> list[str]:
    net, business = found.clocks.get("net"), found.clocks.get("business")
    if net is None or business is None or net - business < HELD:
        return []
    return [
        f"**Clocks that stand still:** {words.prose(net, 'share')} are in time while time on hold does not count, "
        f"{words.prose(business, 'share')} where all agreed hours do; users wait through them all."
    ]


def _check(one: CheckFact) -> str:
    if one.name == "priority lowered late":
        return (
            f"**Priorities are lowered just before the due time:** {words.prose(one.value, 'share')} of {one.n} such "
            f"changes, where "
            f"{words.prose(one.usual, 'share')} would be usual. Each makes a late ticket a punctual one."
        )
    if one.name == "closed at the month's end":
        return (
            f"**More is closed at the end of months:** {words.prose(one.value, 'number')} times as much "
            f"on their last two working days "
            f"as on like days, over {one.n} months."
        )
    return (
        f"**Tickets are resolved just in time and come back:** {words.prose(one.value, 'share')} of {one.n} "
        f"resolved shortly before "
        f"their due time are reopened within two days, of those resolved earlier {words.prose(one.usual, 'share')}."
    )


def _machines(one: DeflectionFact) -> str:
    first = (
        f"A machine resolved {words.prose(one.share, 'share')} of the tickets of {one.days} days ({one.n:,}). "
        f"{words.prose(one.back, 'share')} of these were asked again within 7 days, of like tickets of people "
        f"{words.prose(one.others, 'share')}"
    )
    if one.more_low > 0:
        held = words.prose(one.held, "share")
        return f"**Machine answers come back.** {first}: only {held} of all tickets were resolved by it for good."
    return f"{first}: no clear difference."
