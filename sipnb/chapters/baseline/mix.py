"""Case mix: how much of a change is a change of what comes in, and not of how it is done."""

from __future__ import annotations

import pandas as pd

from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import About, MixFact
from sipnb.methods import standardisation
from sipnb.show import words
from sipnb.show.display import Shown, say


def explained(context: ServiceContext, fewest: int = 100) -> MixFact | None:
    """SLA attainment of the cycle's resolved tickets against the year before it, separated by kind and priority.

    None with fewer than `fewest` tickets on either side: strata are then too thin to be told apart.
    """
    scope = context.scope
    tickets = scope.records.tickets
    year = scope.cycle.season
    last = len(scope.cycles) - 1
    met = scope.met
    known = met.notna().to_numpy()
    now, before = known & (scope.resolved == last), known & (scope.resolved >= last - year) & (scope.resolved < last) & (
        scope.resolved >= 0
    )  # fmt: skip
    if min(now.sum(), before.sum()) < fewest:
        return None
    strata = tickets["kind"].astype(str) + " P" + tickets["priority"].astype("str").fillna("-")
    tables = [
        pd.DataFrame({"met": met[which].astype(int), "n": 1}).groupby(strata[which]).sum() for which in (before, now)
    ]
    names = sorted(set(tables[0].index) | set(tables[1].index))
    (a, b) = (one.reindex(names, fill_value=0) for one in tables)
    found = standardisation.mix_effect(a["met"], a["n"], b["met"], b["n"])
    return MixFact(
        strata="kind and priority", before=found.before, now=found.after, change=found.change, mix=found.mix,
        within=found.within.value, low=found.within.low, high=found.within.high,
        n_before=int(before.sum()), n_now=int(now.sum()),
    )  # fmt: skip


def explanation(m: MixFact | None, about: About) -> Shown:
    """What the mix explains, in words."""
    if m is None:
        return say("Too few tickets with a known outcome to tell a changed mix from a changed service.")
    how = "more" if m.within > 0 else "less"
    sure = m.low is not None and m.high is not None and (m.low > 0 or m.high < 0)
    conclusion = (
        f"Tickets of the same kind and priority met their target {how} often than in the year before"
        if sure
        else "Among tickets of the same kind and priority no difference to the year before is certain"
    )
    return say(
        f"Of the tickets resolved in {about.cycle_label} {words.number(m.now, 'share')} met their target "
        f"(n {m.n_now:,}), in the year before {words.number(m.before, 'share')} (n {m.n_before:,}): {_points(m.change)}. "
        f"A changed mix of {m.strata} explains {_points(m.mix)} of that, and "
        f"{_points(m.within)} ({_signed(m.low)} to {_signed(m.high)}) came within. "
        f"{conclusion}."
    )


def _points(value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{_signed(value)} points"


def _signed(value: float | None) -> str:
    return "?" if value is None else words.unsigned_zero(f"{100 * value:+.1f}").replace("-", "−")
