"""What detectors saw, in words: for each lever, and for each outcome of it, the finding, the case and the evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sipnb.catalogue import KPIS, Lever
from sipnb.chapters.recommendations import target_words
from sipnb.chapters.recommendations.phrases import LeverWords, count, limit_or_target, place, what_is_allowed
from sipnb.levers import Evidence
from sipnb.show import words
from sipnb.show.words import interval, number, plural, prose, significant

#: What is missing, in the words of a reader.
_RECORDS = {
    "changes": "changes", "tickets.change": "which change caused an incident", "outages": "outages", "tickets": "tickets",
    "tickets.reassigned": "hand-overs", "tickets.on_hold|ticket_events.on_hold": "time on hold",
    "tickets.reopened": "reopenings", "surveys": "answers of users", "tickets.category": "categories",
    "tickets.effort": "the work on each ticket", "tickets.configuration_item": "the items that tickets are about",
    "tickets.first_contact": "what the first contact solved", "tickets.resolver": "who solved tickets",
    "ticket_events.on_hold": "when tickets were on hold", "ticket_events.group": "when tickets changed groups",
    "ticket_events": "the history of tickets", "surveys.score": "what users thought of it",
}  # fmt: skip
_SPANS = {182: "half a year", 365: "a year", 730: "two years"}


def told(evidence: Evidence) -> LeverWords:
    """What a detector saw, in words.

    >>> told(look_for("process_drift", Look(scope))).finding
    'half of the incidents take 9.4 h to restore, a year ago 9.6 h: not slower'
    """
    if evidence.outcome == "not recorded":
        return LeverWords(f"no records of {words.listed([_RECORDS.get(need, need) for need in evidence.names])}")
    if evidence.outcome == "claim refused":
        return LeverWords(f"the records carry no claim about {KPIS[evidence.kpi].noun} ({evidence.names[0]})")
    return _LEVERS.get(evidence.lever.id, _no_driver)(evidence)


def seen_when(lever: Lever) -> str:
    """When a lever is proposed, with the limits that hold: `six or more unplanned outages in a year …`."""
    return lever.seen_when.format_map({name: _limit(limit.value, limit.unit) for name, limit in lever.limits.items()})


def _limit(value: float, unit: str) -> str:
    if unit == "days" and value in _SPANS:
        return _SPANS[value]
    if unit in ("share", "hours"):
        return prose(value, unit)
    return count(value) if unit == "count" else f"{count(value)} {unit if value != 1 else unit.removesuffix('s')}"


def _one_owning_group(e: Evidence) -> LeverWords:
    n = e.numbers
    if e.outcome == "too few":
        return LeverWords(f"only {plural(n['n'], 'resolved ticket')} tell how often they were passed on")
    share, days = number(n["share"], "share"), n["days"]
    if e.outcome == "no clear cost":
        return LeverWords(
            f"{share} are passed on twice or more, but that does not clearly cost attainment: of {n['concerned']:,} tickets "
            f"passed on twice or more within {_hours(n)} and still open then {number(n['met'], 'share')} met their target, of "
            f"like ones {number(n['met_others'], 'share')} ({_apart(n)} apart)"
        )
    if e.outcome == "cost unknown" and not e.found:
        return LeverWords(
            f"{share} are passed on twice or more, but whether that costs attainment cannot be told: {_untold(e.parts[0])}"
        )
    if not e.found:
        return LeverWords(f"{share} were passed on twice or more {place(e.outcome, n)}")
    finding = f"{share} of tickets of {days} days were passed on twice or more"
    frequent = (
        f"{share} of {n['n']:,} tickets resolved in the last {days} days were passed on twice or more (95 % interval "
        f"{interval(n['share_low'], n['share_high'], 'share')}); the {limit_or_target(e)} is {number(e.limit, 'share')}."
    )
    against = f"the {what_is_allowed(e, prose)} passed on twice or more"
    why = f"{prose(n['share'], 'share')} of tickets of {days} days were passed on twice or more"
    if e.outcome == "cost unknown":
        unknown = (
            f"Whether that costs attainment cannot be told: {_untold(e.parts[0])}. Tickets that stay open longer are passed on "
            "more, so a comparison of finished tickets would blame hand-overs for what is slow anyway."
        )
        why += f", against a {what_is_allowed(e, prose)}; whether that costs attainment cannot be told."
        return LeverWords(finding, why, (frequent, unknown), against)
    gain = e.effect
    compared = (
        f"Of the tickets still open and not yet late {_hours(n)} after opening, {n['concerned']:,} had been passed on twice or "
        f"more by then. They met their target in {number(n['met'], 'share')} of cases, {n['others']:,} others of the same "
        f"priority and kind in {number(n['met_others'], 'share')}: {_apart(n)} apart."
    )
    as_often = (
        f"Had they met it as often, attainment of all {n['decided']:,} tickets decided in these days would have been "
        f"{prose(gain.value, 'points')} higher (95 % interval {interval(gain.low, gain.high, 'points', number=prose)}). What "
        "later hand-overs cost is not in it."
    )
    why += (
        f", and it costs: of those passed on twice within {_hours(n)} {prose(n['met'], 'share')} met their target, against "
        f"{prose(n['met_others'], 'share')} of like tickets that were still open then."
    )
    return LeverWords(finding, why, (frequent, compared, as_often), against)


def _untold(why: Evidence) -> str:
    """Why it cannot be told what hand-overs cost, as a clause."""
    if why.outcome == "final count only":
        return "only a final count of hand-overs is recorded"
    if why.outcome == "no target recorded":
        return "no record tells which tickets met their target"
    if why.outcome == "too few early":
        return f"only {plural(why.numbers['n'], 'ticket')} passed on twice in the first {_hours(why.numbers)} can be compared"
    return f"no like tickets to compare with those passed on twice in the first {_hours(why.numbers)}"


def _hours(n: Mapping[str, float]) -> str:
    return f"{significant(n['hours'])} agreed hours"


def _apart(n: Mapping[str, float]) -> str:
    value, low, high = (
        words.unsigned_zero(f"{100 * n[name]:.1f}").replace("-", "−")
        for name in ("difference", "difference_low", "difference_high")
    )
    return f"{value} points ({low} to {high})"


def _change_control(e: Evidence) -> LeverWords:
    n = e.numbers
    days, latest = n["days"], n["latest_days"]
    if e.outcome == "too few":
        lately = f", {n['latest_n']:,} of them in the last {latest}" if n["n"] else ""
        return LeverWords(f"only {plural(n['n'], 'change')} in the last {days} days{lately}")
    share = number(n["share"], "share")
    if "year" not in n:
        return LeverWords(f"{share} of {n['n']:,} changes caused an incident {place(e.outcome, n)}")
    of_late = (
        f"in the last {latest} days it was {number(n['latest'], 'share')} of {plural(n['latest_n'], 'change')}, in the last "
        f"{n['year_days']} days {number(n['year'], 'share')} of {n['year_n']:,}"
    )
    if not e.found:
        return LeverWords(
            f"{share} of {n['n']:,} changes in {days} days caused an incident, but {of_late}: no longer more than "
            f"{number(e.limit, 'share')} allow"
        )
    named = plural(n["tickets"], "ticket names", "tickets name")
    return LeverWords(
        f"{share} of changes of {days} days caused an incident",
        f"{prose(n['share'], 'share')} of {n['n']:,} changes in the last {days} days caused an incident, against a "
        f"{what_is_allowed(e, prose)}; {named} one of them as the cause.",
        (
            f"{share} of {n['n']:,} changes in the last {days} days caused an incident (95 % interval "
            f"{interval(n['share_low'], n['share_high'], 'share')}); the {limit_or_target(e)} is {number(e.limit, 'share')}. "
            f"{words.upper(of_late)}.",
            f"{named} one of these changes as the cause.",
        ),
        f"the {what_is_allowed(e, prose)} of changes",
    )


def _capacity(e: Evidence) -> LeverWords:
    n = e.numbers
    if e.outcome == "short history":
        return LeverWords(f"{n['known']} days of records do not tell a growing backlog from a season")
    now, usual, growth, days = n["open"], n["usual"], n["growth"], n["days"]
    if not e.found:
        held = {
            "few open": "too few for a lack of capacity", "as in the past": "no more than in the past",
            "no longer growing": "no longer growing", "more arrivals": "more than in the past, but no more weeks of arrivals",
        }[e.outcome]  # fmt: skip
        moved = f"{abs(growth):,.0f} {'more' if growth > 0 else 'fewer'} than" if growth else "as many as"
        count = plural(int(now), "ticket is", "tickets are")
        return LeverWords(
            f"{count} open, {held}: {moved} {days} days before, and half of the past weeks had at most {usual:,.0f}"
        )
    reference = e.effect.reference
    return LeverWords(
        f"The backlog grew by {growth:,.0f} tickets in {days} days",
        f"{now:,.0f} tickets were open at the cut-off, where half of the weeks up to {days} days ago had at most {usual:,.0f}; "
        f"since then {growth:,.0f} more were opened than ended, {prose(n['rate'], 'share')} of what came in.",
        (
            f"{now:,.0f} tickets were open at the cut-off. Of the weeks up to {days} days ago half ended with at most "
            f"{usual:,.0f}, and {100 * n['rare']:.0f} % with at most {n['rarely']:,.0f}.",
            f"Over the last {days} days {growth:,.0f} more were opened than ended: {number(n['rate'], 'share')} of the "
            f"{n['opened']:,.0f} that came in.",
            f"The backlog is {significant(n['weeks'], 2)} weeks of arrivals; in half of those weeks it was at most "
            f"{significant(n['usual_weeks'], 2)}.",
        ),
        f"the {reference} of {e.limit:,.0f} open tickets",
    )


def _stop_the_clock_rules(e: Evidence) -> LeverWords:
    n = e.numbers
    if e.outcome == "too few":
        return LeverWords(f"only {plural(n['n'], 'resolved ticket')} tell their time on hold")
    share, days = number(n["share"], "share"), n["days"]
    if not e.found:
        return LeverWords(f"{share} of the time to resolve was on hold {place(e.outcome, n)}")
    sentences = [
        f"{share} of the time from opening to resolution was spent on hold in the last {days} days (95 % interval "
        f"{interval(n['share_low'], n['share_high'], 'share')}, n {n['n']:,}); the {limit_or_target(e)} is "
        f"{number(e.limit, 'share')}.",
    ]
    why = (
        f"{prose(n['share'], 'share')} of the time to resolve was spent on hold in the last {days} days, against a "
        f"{what_is_allowed(e, prose)}"
    )
    if "before" in n:
        sentences.append(f"In the {n['before_days']} days before it was {number(n['before'], 'share')}.")
    if "net" in n:
        sentences.append(
            f"On the clock that stops while on hold {number(n['net'], 'share')} of {n['net_n']:,} tickets met their target; on "
            f"the clock that runs on, {number(n['business'], 'share')} "
            f"({interval(n['business_low'], n['business_high'], 'share')})."
        )
        why += (
            f": on a clock that stops meanwhile {prose(n['net'], 'share')} of tickets met their target, on one that runs on only "
            f"{prose(n['business'], 'share')}"
        )
    finding = f"{share} of the time to resolve of {days} days was spent on hold"
    return LeverWords(finding, f"{why}.", tuple(sentences), f"the {what_is_allowed(e, prose)} of time on hold")


def _knowledge_and_quality(e: Evidence) -> LeverWords:
    if not e.parts:
        return _satisfied(e) if e.kpi == "csat_top2" else _reopened(e)
    n, parts = e.numbers, [told(one) for one in e.parts]
    if not e.found:
        return LeverWords("; ".join(one.finding for one in parts))
    sentences = [sentence for one in parts for sentence in one.sentences]
    why = f"Over the last {n['days']} days {words.listed([one.why for one in parts])}"
    if "reported" in n:
        sentences.append(
            f"The target figure looks good all the while: {number(n['reported'], 'share')} of tickets were resolved in time, "
            f"the target is {number(n['reported_target'], 'share')}."
        )
        why += f", though {prose(n['reported'], 'share')} of tickets were resolved in time"
    worst = next(part for part, one in zip(parts, e.parts, strict=True) if one.kpi == e.kpi)
    finding = f"Over {n['days']} days {words.listed([one.finding for one in parts])}"
    return LeverWords(finding, f"{why}.", tuple(sentences), worst.against)


def _satisfied(e: Evidence) -> LeverWords:
    n = e.numbers
    if e.outcome == "too few":
        return LeverWords(f"only {plural(n['satisfied_n'], 'answer')} in {n['satisfied_days']} days")
    if not e.found:
        seen = {name.removeprefix("satisfied_"): value for name, value in n.items()}
        where = place(e.outcome, seen, "below")
        return LeverWords(f"{number(seen['share'], 'share')} of {seen['n']:,} answers were satisfied {where}")
    share = number(n["satisfied"], "share")
    sentence = (
        f"{share} of {n['answers']:,} answers in the last {n['days']} days were satisfied (95 % interval "
        f"{interval(n['satisfied_low'], n['satisfied_high'], 'share')}); the {limit_or_target(e)} is {number(e.limit, 'share')}."
    )
    return LeverWords(
        f"only {share} of users who answered were satisfied",
        f"{prose(n['satisfied'], 'share')} of {n['answers']:,} users who answered were satisfied",
        (sentence,),
        f"the {prose(1 - e.limit, 'share')} of dissatisfied answers that the {limit_or_target(e)} allows",
    )


def _reopened(e: Evidence) -> LeverWords:
    n = e.numbers
    if e.outcome == "too few":
        return LeverWords(f"only {plural(n['reopened_n'], 'resolved ticket')} tell whether they were reopened")
    if not e.found:
        seen = {name.removeprefix("reopened_"): value for name, value in n.items()}
        where = place(e.outcome, seen)
        return LeverWords(f"{number(seen['share'], 'share')} of {seen['n']:,} tickets were reopened {where}")
    share = number(n["reopened"], "share")
    sentence = (
        f"{share} of {n['resolved']:,} tickets resolved in the last {n['days']} days were reopened (95 % interval "
        f"{interval(n['reopened_low'], n['reopened_high'], 'share')}); the {limit_or_target(e)} is {number(e.limit, 'share')}."
    )
    return LeverWords(
        f"{share} of tickets came back",
        f"{prose(n['reopened'], 'share')} of {n['resolved']:,} tickets came back",
        (sentence,),
        f"the {what_is_allowed(e, prose)} of tickets reopened",
    )


def _resilience(e: Evidence) -> LeverWords:
    n = e.numbers
    outages, up = plural(n["outages"], "unplanned outage"), number(n["availability"], "share")
    finding = f"{outages} in {n['days']} days"
    if e.outcome in ("no time lost", "no repetition"):
        few = f"; fewer than {n['least']} outages are no repetition" if e.outcome == "no repetition" else ""
        return LeverWords(f"{finding}, availability in agreed hours {up}{few}")
    span, limit = interval(n["availability_low"], n["availability_high"], "share"), number(e.limit, "share")
    if not e.found:
        place = "clearly above" if e.outcome == "within" else "not clearly below"
        return LeverWords(f"{finding}, availability in agreed hours {up} ({span}), {place} {limit}")
    gone, allowed, costliest = (significant(n[name]) for name in ("hours", "allowed", "costliest_hours"))
    cost = f"{outages} in the last {n['days']} days cost {gone} hours of agreed time"
    sentences = [
        f"{cost}; the {limit_or_target(e)} of {limit} allows {allowed}. Availability was {up} (95 % interval {span})."
    ]
    sentences += [f"The costliest cause: {cause}, {costliest} hours." for cause in e.names]
    through = "".join(f", {costliest} of them through “{cause}”" for cause in e.names)
    return LeverWords(
        finding,
        f"{cost}{through}; the {what_is_allowed(e, prose)} allows {allowed}.",
        tuple(sentences),
        f"the {allowed} hours of downtime that the {limit_or_target(e)} allows",
    )


def _recovery(e: Evidence) -> LeverWords:
    n = e.numbers
    if "long_share" not in n:
        return _resilience(e)
    last = "lasts" if n["long"] == 1 else "last"
    case = (
        f"{n['long']} of {plural(n['outages'], 'unplanned outage')} in {n['days']} days {last} longer than twice the usual "
        f"{significant(n['usual'])} hours; {prose(n['long_share'], 'share')} of the time was lost after that"
    )
    if not e.found:
        too_little = f"; it takes {number(n['long_limit'], 'share')}"
        return LeverWords(case + (too_little if e.outcome == "alike" else ", but none lie apart from the others"))
    whole = (
        f"{words.upper(case)}. They cost {significant(n['hours'])} hours of agreed time together; the "
        f"{what_is_allowed(e, prose)} allows {significant(n['allowed'])}."
    )
    against = f"the {significant(n['allowed'])} hours of downtime that the {limit_or_target(e)} allows"
    return LeverWords(case, whole, (whole,), against)


def _process_drift(e: Evidence) -> LeverWords:
    n = e.numbers
    if e.outcome == "not looked for":
        return LeverWords(f"not looked for: “{e.names[0]}” is proposed, and what it is about may be the cause")
    if e.outcome == "too few":
        return LeverWords("too few incidents now or a year ago to compare")
    if e.outcome == "short history":
        return LeverWords("too few months with incidents to tell how much months differ")
    now, then = number(n["now"], "hours"), number(n["year_ago"], "hours")
    if not e.found:
        no = "not slower" if e.outcome == "not slower" else "no more than months differ anyway"
        return LeverWords(f"half of the incidents take {now} to restore, a year ago {then}: {no}")
    finding = f"Restoring takes {significant(n['times'], 2)} times as long as a year ago"
    p = "< 0.001" if n["p"] < 0.001 else f"{n['p']:.3f}"
    return LeverWords(
        finding,
        f"Half of the incidents of the last {n['days']} days took longer than {prose(n['now'], 'hours')} to restore, against "
        f"{prose(n['year_ago'], 'hours')} in the same days a year ago.",
        (
            f"Half of the incidents of the last {n['days']} days took longer than {now} "
            f"({interval(n['now_low'], n['now_high'], 'hours')}) to restore; in the same days a year ago it was {then} "
            f"({interval(n['year_ago_low'], n['year_ago_high'], 'hours')}).",
            f"The slowdown is more than chance: months differ by about {number(n['months_differ'], 'share')} (log-rank "
            f"{significant(n['log_rank'])}, p {p}).",
        ),
        f"the {prose(n['year_ago'], 'hours')} of a year ago",
    )


def _no_driver(e: Evidence) -> LeverWords:
    """A lever that is looked for in drivers alone."""
    return LeverWords(
        "no missed target has a driver that it acts on"
        if e.judged
        else "no target is missed for which a driver could be looked for"
    )


_LEVERS: dict[str, Callable[[Evidence], LeverWords]] = {
    "one_owning_group": _one_owning_group,
    "change_control": _change_control,
    "capacity": _capacity,
    "stop_the_clock_rules": _stop_the_clock_rules,
    "knowledge_and_quality": _knowledge_and_quality,
    "resilience": _resilience,
    "recovery": _recovery,
    "process_drift": _process_drift,
    "backlog_blitz": lambda e: target_words.backlog_blitz(e, _capacity),
    "self_service": target_words.self_service,
    "renegotiate": target_words.renegotiate,
    "measuring": target_words.measuring,
}
