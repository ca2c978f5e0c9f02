"""Improvement levers: a detector for each, which reads the records and says what it saw.

A detector never proposes without a difference that its interval keeps away from zero, or a share whose interval lies
above a stated level. What a lever could gain is an upper bound: it assumes that the tickets concerned became like the
others, which are not quite the same tickets.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sipnb import kpis
from sipnb.catalogue import LEVERS, Lever
from sipnb.cycles import Cycle
from sipnb.methods import durations, proportions, spc
from sipnb.records.frozen import Records
from sipnb.show import words

#: Cycles over which a detector looks: a quarter of a year of months, enough cases without mixing old habits in.
WINDOW = 3


@dataclass(frozen=True)
class Effect:
    """How far a KPI could move at most: value with its 95 % interval, signed as the KPI would change."""

    kpi: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Evidence:
    """What a detector saw. `found` says whether it carries a proposal; `strength` orders proposals (0 to 1).

    `finding` is a clause, `why` the whole case in one sentence, `sentences` the evidence; each figure in them is also in
    `numbers`.
    """

    lever: Lever
    found: bool
    finding: str
    why: str = ""
    sentences: list[str] = field(default_factory=list)
    numbers: dict[str, float] = field(default_factory=dict)
    effect: Effect | None = None
    strength: float = 0.0


@dataclass(frozen=True)
class Look:
    """What a detector may read: a service's records over its history, and the series of its KPIs."""

    scope: kpis.Scope
    series: Callable[[str], pd.DataFrame]

    @property
    def records(self) -> Records:
        return self.scope.records

    @property
    def cycle(self) -> Cycle:
        return self.scope.cycle

    @property
    def history(self) -> tuple[Cycle, ...]:
        return self.scope.cycles

    @property
    def start(self) -> pd.Timestamp:
        """The beginning of the window."""
        return self.cycle.shift(1 - WINDOW).opens

    def span(self, cycles: int) -> str:
        """So many cycles in words: `3 months`."""
        return words.plural(cycles, self.cycle.kind)

    def resolved(self) -> pd.DataFrame:
        """Tickets resolved in the window."""
        tickets = self.records.tickets
        return tickets[(tickets["resolved"] >= self.start) & (tickets["resolved"] < self.cycle.cutoff)]

    def target(self, kpi: str, otherwise: float) -> float:
        """The service's target, or a stated level where it has none."""
        return self.scope.targets.get(kpi, otherwise)


def detect(look: Look) -> list[Evidence]:
    """Run every detector, in the order of the catalogue; the drift detector sees what the others found."""
    found: list[Evidence] = []
    for lever in LEVERS.values():
        if lever.id != "process_drift":
            found.append(_DETECTORS[lever.id](look, lever))
    found.append(process_drift(look, LEVERS["process_drift"], any(e.found for e in found)))
    return found


def _none(lever: Lever, reason: str, **numbers: float) -> Evidence:
    return Evidence(lever, False, reason, numbers=numbers)


def _gain(kpi: str, share: float, difference: proportions.Estimate) -> Effect:
    # If the tickets concerned met their target as often as the others do.
    return Effect(kpi, share * difference.value, share * difference.low, share * difference.high)


def _met(tickets: pd.DataFrame) -> tuple[int, int]:
    known = tickets["sla_met"].dropna()
    return int(known.sum()), len(known)


def one_owning_group(look: Look, lever: Lever) -> Evidence:
    """Tickets passed on twice or more: how many, and how much less often they meet their target."""
    tickets = look.resolved()
    tickets = tickets[tickets["reassigned"].notna()]
    if len(tickets) < 40:
        return _none(lever, f"only {words.plural(len(tickets), 'resolved ticket')} tell how often they were passed on")
    hops = (tickets["reassigned"] >= 2).to_numpy(bool)
    share = proportions.wilson(int(hops.sum()), len(hops))
    level = look.target("multi_hop_share", 0.12)
    if share.low <= level:
        return _none(
            lever,
            f"{words.number(share.value, 'share')} were passed on twice or more "
            f"({words.interval(share.low, share.high, 'share')}), not clearly above {words.number(level, 'share')}",
        )
    met, known = _met(tickets[~hops])
    met_hops, known_hops = _met(tickets[hops])
    difference = proportions.newcombe(met, known, met_hops, known_hops)
    if not difference.low > 0:
        return _none(lever, "tickets passed on twice or more do not clearly miss their target more often than others")
    missed = (known - met) + (known_hops - met_hops)
    sentences = [
        f"{words.number(share.value, 'share')} of {share.n:,} tickets resolved in the last {look.span(WINDOW)} were passed on "
        f"twice or more (95 % interval {words.interval(share.low, share.high, 'share')}).",
        f"They met their target in {words.number(met_hops / known_hops, 'share')} of cases, the others in "
        f"{words.number(met / known, 'share')}: {_points(difference)} apart.",
        f"They are {words.number((known_hops - met_hops) / missed, 'share')} of all misses.",
    ]
    of_misses = (known_hops - met_hops) / missed
    why = (
        f"{words.prose(share.value, 'share')} of tickets are passed on twice or more, and they are "
        f"{words.prose(of_misses, 'share')} of the misses: {words.prose(met_hops / known_hops, 'share')} of them meet their "
        f"target, against {words.prose(met / known, 'share')} of the others."
    )
    return Evidence(
        lever, True, f"{words.number(share.value, 'share')} of tickets are passed on twice or more", why, sentences,
        {"share": share.value, "share_low": share.low, "share_high": share.high, "n": share.n,
         "difference": difference.value, "difference_low": difference.low, "difference_high": difference.high,
         "of_misses": of_misses, "met": met_hops / known_hops, "met_others": met / known, "window": WINDOW},
        _gain("sla_attainment", share.value, difference), min(1.0, share.value * difference.value * 8),
    )  # fmt: skip


def _points(difference: proportions.Estimate) -> str:
    return f"{100 * difference.value:.1f} points ({100 * difference.low:.1f} to {100 * difference.high:.1f})"


def change_control(look: Look, lever: Lever) -> Evidence:
    """Changes that caused an incident or failed, over the whole history: changes are few."""
    if not look.records.has("changes"):
        return _none(lever, "no change records")
    changes = look.records.changes
    start = look.history[0].opens
    changes = changes[(changes["started"] >= start) & (changes["started"] < look.cycle.cutoff)]
    if len(changes) < 10:
        return _none(lever, f"only {words.plural(len(changes), 'change')} in {look.span(len(look.history))}")
    failed = kpis.causes.failed_changes(look.scope)[changes.index]
    share = proportions.wilson(int(failed.sum()), len(changes))
    level = look.target("change_failure_rate", 0.10)
    if share.low <= level:
        return _none(
            lever,
            f"{words.number(share.value, 'share')} of {share.n} changes went wrong "
            f"({words.interval(share.low, share.high, 'share')}), not clearly above {words.number(level, 'share')}",
        )
    named = look.records.tickets["change"].isin(changes.loc[failed, "change"]).sum()
    sentences = [
        f"{words.number(share.value, 'share')} of {share.n} changes in the last {look.span(len(look.history))} caused an "
        f"incident or failed (95 % interval {words.interval(share.low, share.high, 'share')}); the limit is "
        f"{words.number(level, 'share')}.",
        f"{words.plural(int(named), 'ticket names', 'tickets name')} one of these changes as the cause.",
    ]
    gain = Effect("change_failure_rate", level - share.value, level - share.high, level - share.low)
    why = (
        f"{words.prose(share.value, 'share')} of {share.n} changes in the last {look.span(len(look.history))} caused an "
        f"incident or failed, against a limit of {words.prose(level, 'share')}; "
        f"{words.plural(int(named), 'ticket names', 'tickets name')} one of them as the cause."
    )
    return Evidence(
        lever, True, f"{words.number(share.value, 'share')} of changes go wrong", why, sentences,
        {"share": share.value, "share_low": share.low, "share_high": share.high, "limit": level, "n": share.n,
         "tickets": float(named), "cycles": len(look.history)}, gain,
        min(1.0, (share.low - level) * 4 + 0.3),
    )  # fmt: skip


def capacity(look: Look, lever: Lever) -> Evidence:
    """Whether more is opened than resolved for months on end, and the stock shows it."""
    if refused := look.records.refused("backlog", look.cycle.end):
        return _none(lever, f"the records carry no claim about the backlog ({refused})")
    cycles = kpis.covered("backlog", look.scope)
    if len(cycles) < 9:
        return _none(lever, f"only {words.plural(len(cycles), 'whole cycle')} of history")
    stock = look.series("backlog")["value"]
    opened = look.series("volume")["value"]
    recent, before = stock.iloc[-6:], stock.iloc[:-6]
    growth = float(stock.iloc[-1] - stock.iloc[-7])
    usual = float(before.median())
    # A count of open tickets scatters like its square root when arrivals do.
    spread = max(math.sqrt(max(usual, 1.0)), float(before.std()))
    if not (recent.median() > before.median() + 2 * spread and growth > 0 and stock.iloc[-1] > 30):
        return _none(
            lever,
            f"{words.plural(int(stock.iloc[-1]), 'ticket is', 'tickets are')} open, {growth:+,.0f} in {look.span(6)}; usual "
            f"is about {usual:,.0f}".replace("-", "−"),
        )
    rate = growth / float(opened.iloc[-6:].sum())
    weeks = float(stock.iloc[-1] / opened.iloc[-3:].mean() * 4.345)
    sentences = [
        f"{stock.iloc[-1]:,.0f} tickets were open at the cut-off, against a median of {usual:,.0f} up to "
        f"{look.history[-7].label}.",
        f"Over the last {look.span(6)} {growth:,.0f} more were opened than resolved: {words.number(rate, 'share')} of what "
        "came in.",
        f"The stock is {words.significant(weeks, 2)} weeks of arrivals.",
    ]
    why = (
        f"{stock.iloc[-1]:,.0f} tickets were open at the cut-off, against a usual {usual:,.0f}: over the last {look.span(6)} "
        f"{growth:,.0f} more were opened than resolved, {words.prose(rate, 'share')} of what came in."
    )
    gain = Effect(
        "backlog", usual - stock.iloc[-1], usual - stock.iloc[-1] - 2 * spread, usual - stock.iloc[-1] + 2 * spread
    )
    return Evidence(
        lever, True, f"The backlog grew by {growth:,.0f} tickets in {look.span(6)}", why, sentences,
        {"open": float(stock.iloc[-1]), "usual": usual, "growth": growth, "rate": rate, "weeks": weeks, "cycles": 6}, gain,
        min(1.0, 0.4 + (stock.iloc[-1] / max(usual, 1.0) - 1) / 4),
    )  # fmt: skip


def stop_the_clock_rules(look: Look, lever: Lever) -> Evidence:
    """Time on hold: its share, whether it grows, and whether targets are met only because of it."""
    if not look.records.supplies("tickets", "on_hold"):
        return _none(lever, "no records of time on hold")
    tickets = look.resolved()
    tickets = tickets[tickets["on_hold"].notna()]
    if len(tickets) < 40:
        return _none(lever, f"only {words.plural(len(tickets), 'resolved ticket')} tell their time on hold")
    series = look.series("on_hold_share")["value"].dropna()
    now = kpis.measure("on_hold_share", look.scope)
    level = look.target("on_hold_share", 0.25)
    if not now.low > level:
        return _none(
            lever,
            f"{words.number(now.value, 'share')} of the time to resolve was on hold "
            f"({words.interval(now.low, now.high, 'share')}), not clearly above {words.number(level, 'share')}",
        )
    first = float(series.iloc[: max(1, len(series) // 2)].mean())
    sentences = [
        f"{words.number(now.value, 'share')} of the time from opening to resolution was spent on hold this {look.cycle.kind} "
        f"(95 % interval {words.interval(now.low, now.high, 'share')}, n {now.n:,}).",
        f"In the first half of the history it was {words.number(first, 'share')}.",
    ]
    numbers = {"share": now.value, "share_low": now.low, "share_high": now.high, "n": now.n, "first_half": first}
    why = (
        f"{words.prose(now.value, 'share')} of the time to resolve was spent on hold, against "
        f"{words.prose(first, 'share')} in the first half of the history."
    )
    both = kpis.attainment.met_on_clocks(look.scope, tickets)
    if len(both):
        net, business = (proportions.wilson(int(both[clock].sum()), len(both)) for clock in ("net", "business"))
        sentences.append(
            f"On the clock that stops while on hold {words.number(net.value, 'share')} of {net.n:,} tickets met their "
            f"target; on the clock that runs on, {words.number(business.value, 'share')} "
            f"({words.interval(business.low, business.high, 'share')})."
        )
        numbers |= {"net": net.value, "net_n": net.n, "business": business.value, "business_low": business.low,
                    "business_high": business.high}  # fmt: skip
        why = (
            f"{words.prose(now.value, 'share')} of the time to resolve was spent on hold: on a clock that stops meanwhile "
            f"{words.prose(net.value, 'share')} of tickets met their target, on one that runs on only "
            f"{words.prose(business.value, 'share')}."
        )
    return Evidence(
        lever, True, f"{words.number(now.value, 'share')} of the time to resolve is spent on hold", why, sentences,
        numbers,
        Effect("on_hold_share", level - now.value, level - now.high, level - now.low),
        min(1.0, (now.low - level) * 2 + 0.3),
    )  # fmt: skip


def knowledge_and_quality(look: Look, lever: Lever) -> Evidence:
    """Dissatisfied users, or tickets that come back."""
    window = look.cycle.shift(1 - WINDOW)
    sentences, numbers, effect, strength = [], {}, None, 0.0
    finding, cases = [], []
    if look.records.has("surveys"):
        answers = look.records.surveys
        answers = answers[(answers["answered"] >= window.opens) & (answers["answered"] < look.cycle.cutoff)]
        happy = proportions.wilson(int(kpis.people.liked(answers).sum()), len(answers))
        level = look.target("csat_top2", 0.70)
        if happy.n >= 20 and happy.high < level:
            sentences.append(
                f"{words.number(happy.value, 'share')} of {happy.n:,} answers in the last {look.span(WINDOW)} were satisfied "
                f"(95 % interval {words.interval(happy.low, happy.high, 'share')}); the target is "
                f"{words.number(level, 'share')}."
            )
            numbers |= {"satisfied": happy.value, "satisfied_low": happy.low, "satisfied_high": happy.high,
                        "satisfied_target": level, "answers": happy.n, "window": WINDOW}  # fmt: skip
            effect = Effect("csat_top2", level - happy.value, level - happy.high, level - happy.low)
            strength = min(1.0, 0.3 + 2 * (level - happy.high))
            finding.append(f"only {words.number(happy.value, 'share')} of users who answered are satisfied")
            cases.append(f"{words.prose(happy.value, 'share')} of {happy.n:,} users who answered were satisfied")
    reopened = look.resolved()["reopened"].dropna()
    share = proportions.wilson(int((reopened > 0).sum()), len(reopened))
    level = look.target("reopen_rate", 0.05)
    if share.n >= 40 and share.low > level:
        sentences.append(
            f"{words.number(share.value, 'share')} of {share.n:,} tickets were reopened "
            f"({words.interval(share.low, share.high, 'share')}); the limit is {words.number(level, 'share')}."
        )
        numbers |= {"reopened": share.value, "reopened_low": share.low, "reopened_high": share.high,
                    "reopened_limit": level, "resolved": share.n}  # fmt: skip
        effect = effect or Effect("reopen_rate", level - share.value, level - share.high, level - share.low)
        strength = max(strength, min(1.0, 0.2 + 4 * (share.low - level)))
        finding.append(f"{words.number(share.value, 'share')} of tickets come back")
        cases.append(f"{words.prose(share.value, 'share')} of {share.n:,} tickets came back")
    if not sentences:
        return _none(lever, "neither dissatisfied users nor frequent reopenings are certain")
    why = f"Over the last {look.span(WINDOW)} {words.listed(cases)}"
    reported = kpis.measure("sla_reported", look.scope)
    if numbers.get("satisfied") and reported.low > look.target("sla_attainment", 0.8):
        sentences.append(
            f"The target figure looks good all the while: {words.number(reported.value, 'share')} were resolved in time."
        )
        numbers["reported"] = reported.value
        why += (
            f", though {words.prose(reported.value, 'share')} of this {look.cycle.kind}’s tickets were resolved in time"
        )
    text = words.listed(finding)
    return Evidence(lever, True, words.upper(text), f"{why}.", sentences, numbers, effect, strength)


def resilience(look: Look, lever: Lever) -> Evidence:
    """Unplanned outages that keep coming, over a year, and the downtime they cost."""
    if not look.records.has("outages"):
        return _none(lever, "no outage records")
    outages = kpis.uptime.counted_outages(look.scope)
    start = look.cycle.shift(-11).opens
    year = outages[(outages["started"] >= start) & (outages["started"] < look.cycle.cutoff)]
    level = look.target("availability", 0.995)
    found = kpis.last(kpis.uptime.availability_between(look.scope, look.cycle.shift(-11), look.cycle))
    if len(year) < 6 or not found.high < level:
        return _none(
            lever,
            f"{words.plural(len(year), 'unplanned outage')} in {look.span(12)}, availability "
            f"{words.number(found.value, 'share')}, not clearly below {words.number(level, 'share')}",
        )
    ends = year["ended"].fillna(look.cycle.cutoff)
    hours = (ends - year["started"]).dt.total_seconds() / 3600
    causes = hours.groupby(year["cause"].fillna("not recorded")).sum().sort_values(ascending=False, kind="stable")
    sentences = [
        f"{words.plural(len(year), 'unplanned outage')} in the last {look.span(12)} cost {words.significant(hours.sum())} "
        f"hours; availability was {words.number(found.value, 'share')} (95 % interval "
        f"{words.interval(found.low, found.high, 'share')}), the target is {words.number(level, 'share')}.",
    ]
    if len(causes) > 1 and causes.iloc[0] > 0.15 * hours.sum():
        sentences.append(f"The costliest cause: {causes.index[0]}, {words.significant(causes.iloc[0])} hours.")
    effect = Effect("availability", level - found.value, max(0.0, level - found.high), level - found.low)
    numbers = {
        "outages": len(year), "hours": float(hours.sum()), "availability": found.value, "availability_low": found.low,
        "availability_high": found.high, "target": level, "costliest_hours": float(causes.iloc[0]), "cycles": 12,
    }  # fmt: skip
    costliest = (
        f", {words.significant(causes.iloc[0])} of them through “{causes.index[0]}”"
        if len(sentences) > 1 and causes.index[0] != "not recorded"
        else ""
    )
    why = (
        f"{words.plural(len(year), 'unplanned outage')} in the last {look.span(12)} cost {words.significant(hours.sum())} "
        f"hours{costliest}: availability over them was {words.prose(found.value, 'share')} against a target of "
        f"{words.prose(level, 'share')}."
    )
    return Evidence(
        lever, True, f"{words.plural(len(year), 'unplanned outage')} in {look.span(12)}", why, sentences,
        numbers, effect,
        min(1.0, 0.35 + len(year) / 60),
    )  # fmt: skip


def process_drift(look: Look, lever: Lever, explained: bool) -> Evidence:
    """Time to restore that left its usual range, confirmed by log-rank, with no other lever to explain it."""
    if explained:
        return _none(lever, "another lever already explains what is seen")
    series = look.series("restore_median")
    if len(series) < 13:
        return _none(lever, f"only {words.plural(len(series), 'whole cycle')} of history")
    chart = spc.xmr(series["value"], good="down")
    if chart.variation != "concern":
        return _none(lever, "the time to restore moves within its usual range")
    incidents = look.records.tickets
    incidents = incidents[incidents["kind"] == "incident"]
    now = (incidents["opened"] >= look.start) & (incidents["opened"] < look.cycle.cutoff)
    year = look.cycle.shift(-look.cycle.season)
    then = (incidents["opened"] >= year.shift(1 - WINDOW).opens) & (incidents["opened"] < year.cutoff)
    both = incidents[now | then]
    ends = both["resolved"].fillna(look.cycle.cutoff)
    hours = (ends - both["opened"]).dt.total_seconds().to_numpy() / 3600
    group = np.where(now[both.index], "now", "then")
    if min((group == "now").sum(), (group == "then").sum()) < 40:
        return _none(lever, "too few incidents now or a year ago to compare")
    statistic, p = durations.logrank(hours, both["resolved"].notna().to_numpy(), group)
    medians = {
        g: durations.kaplan_meier(hours[group == g], both["resolved"].notna().to_numpy()[group == g]).quantile(0.5)
        for g in ("now", "then")
    }
    if p > 0.01 or medians["now"].value <= medians["then"].value:
        return _none(lever, "the time to restore does not clearly differ from a year ago")
    a, b = medians["now"], medians["then"]
    sentences = [
        f"Half of the incidents of the last {look.span(WINDOW)} took longer than {words.number(a.value, 'hours')} "
        f"({words.interval(a.low, a.high, 'hours')}) to restore; a year ago it was {words.number(b.value, 'hours')} "
        f"({words.interval(b.low, b.high, 'hours')}).",
        f"The difference is no chance (log-rank {words.significant(statistic)}, p {'< 0.001' if p < 0.001 else f'{p:.3f}'}), "
        f"and the control chart says: {chart.variation}.",
    ]
    times = a.value / b.value
    why = (
        f"Restoring takes {words.significant(times, 2)} times as long as a year ago, {words.prose(a.value, 'hours')} against "
        f"{words.prose(b.value, 'hours')} for half of the incidents, and no other lever looked at explains it."
    )
    return Evidence(
        lever, True, f"Restoring takes {words.significant(times, 2)} times as long as a year ago", why, sentences,
        {"now": a.value, "now_low": a.low, "now_high": a.high, "year_ago": b.value, "year_ago_low": b.low,
         "year_ago_high": b.high, "times": times, "p": p, "log_rank": statistic, "window": WINDOW},
        Effect("restore_median", b.value - a.value, b.low - a.high, b.high - a.low),
        min(1.0, 0.3 + (a.value / b.value - 1) / 2),
    )  # fmt: skip


_DETECTORS: dict[str, Callable[[Look, Lever], Evidence]] = {
    "one_owning_group": one_owning_group,
    "change_control": change_control,
    "capacity": capacity,
    "stop_the_clock_rules": stop_the_clock_rules,
    "knowledge_and_quality": knowledge_and_quality,
    "resilience": resilience,
}
