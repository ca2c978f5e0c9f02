"""Levers seen in how tickets are handled: passed on, put on hold, reopened, slower than they were."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sipnb import kpis
from sipnb.catalogue import Lever
from sipnb.levers.evidence import WINDOW, Effect, Evidence, Look, none
from sipnb.methods import durations, proportions, spc
from sipnb.show import words


def one_owning_group(look: Look, lever: Lever) -> Evidence:
    """Tickets passed on twice or more: how many, and how much less often they meet their target."""
    if refused := look.refused("multi_hop_share"):
        return none(lever, refused)
    tickets = look.resolved()
    tickets = tickets[tickets["reassigned"].notna()]
    if len(tickets) < 40:
        return none(lever, f"only {words.plural(len(tickets), 'resolved ticket')} tell how often they were passed on")
    hops = (tickets["reassigned"] >= 2).to_numpy(bool)
    share = proportions.wilson(int(hops.sum()), len(hops))
    level = look.target("multi_hop_share", 0.12)
    if share.low <= level:
        return none(
            lever,
            f"{words.number(share.value, 'share')} were passed on twice or more "
            f"({words.interval(share.low, share.high, 'share')}), not clearly above {words.number(level, 'share')}",
        )
    met, known = _met(tickets[~hops])
    met_hops, known_hops = _met(tickets[hops])
    difference = proportions.newcombe(met, known, met_hops, known_hops)
    if not difference.low > 0:
        return none(lever, "tickets passed on twice or more do not clearly miss their target more often than others")
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


def stop_the_clock_rules(look: Look, lever: Lever) -> Evidence:
    """Time on hold: its share, whether it grows, and whether targets are met only because of it."""
    if not look.records.supplies("tickets", "on_hold"):
        return none(lever, "no records of time on hold")
    if refused := look.refused("on_hold_share"):
        return none(lever, refused)
    tickets = look.resolved()
    tickets = tickets[tickets["on_hold"].notna()]
    if len(tickets) < 40:
        return none(lever, f"only {words.plural(len(tickets), 'resolved ticket')} tell their time on hold")
    series = look.series("on_hold_share")["value"].dropna()
    now = kpis.measure("on_hold_share", look.scope)
    level = look.target("on_hold_share", 0.25)
    if not now.low > level:
        return none(
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
    if look.records.has("surveys") and not look.refused("csat_top2"):
        answers = look.records.surveys
        answers = answers[(answers["answered"] >= window.opens) & (answers["answered"] < look.cycle.cutoff)]
        happy = proportions.wilson(int(kpis.people.liked(answers, look.scope.satisfied).sum()), len(answers))
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
    if share.n >= 40 and share.low > level and not look.refused("reopen_rate"):
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
        return none(lever, "neither dissatisfied users nor frequent reopenings are certain")
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


def process_drift(look: Look, lever: Lever, explained: bool) -> Evidence:
    """Time to restore that left its usual range, confirmed by log-rank, with no other lever to explain it."""
    if explained:
        return none(lever, "another lever already explains what is seen")
    if refused := look.refused("restore_median"):
        return none(lever, refused)
    series = look.series("restore_median")
    if len(series) < 13:
        return none(lever, f"only {words.plural(len(series), 'whole cycle')} of history")
    chart = spc.xmr(series["value"], good="down")
    if chart.variation != "concern":
        return none(lever, "the time to restore moves within its usual range")
    incidents = look.records.tickets
    incidents = incidents[incidents["kind"] == "incident"]
    now = (incidents["opened"] >= look.start) & (incidents["opened"] < look.cycle.cutoff)
    year = look.cycle.shift(-look.cycle.season)
    then = (incidents["opened"] >= year.shift(1 - WINDOW).opens) & (incidents["opened"] < year.cutoff)
    both = incidents[now | then]
    ends = both["ended"].fillna(look.cycle.cutoff)
    hours = (ends - both["opened"]).dt.total_seconds().to_numpy() / 3600
    group = np.where(now[both.index], "now", "then")
    if min((group == "now").sum(), (group == "then").sum()) < 40:
        return none(lever, "too few incidents now or a year ago to compare")
    statistic, p = durations.logrank(hours, both["resolved"].notna().to_numpy(), group)
    medians = {
        g: durations.kaplan_meier(hours[group == g], both["resolved"].notna().to_numpy()[group == g]).quantile(0.5)
        for g in ("now", "then")
    }
    if p > 0.01 or medians["now"].value <= medians["then"].value:
        return none(lever, "the time to restore does not clearly differ from a year ago")
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


def _gain(kpi: str, share: float, difference: proportions.Estimate) -> Effect:
    # If the tickets concerned met their target as often as the others do.
    return Effect(kpi, share * difference.value, share * difference.low, share * difference.high)


def _met(tickets: pd.DataFrame) -> tuple[int, int]:
    known = tickets["sla_met"].dropna()
    return int(known.sum()), len(known)


def _points(difference: proportions.Estimate) -> str:
    return f"{100 * difference.value:.1f} points ({100 * difference.low:.1f} to {100 * difference.high:.1f})"
