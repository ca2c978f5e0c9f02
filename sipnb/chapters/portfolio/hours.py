"""Users' hours lost over the organisation: the sums of what the plans say, by service and by part."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sipnb.chapters.facts import LostByFact, LostFact, LostInAllFact
from sipnb.chapters.portfolio.ranking import Chapters
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, say, together

#: Services that are drawn; the others are one bar.
DRAWN = 8
#: The first services that together hold so much of the hours are counted.
MOST_OF = 0.8
PARTS = {"late": "Waiting beyond what was agreed", "reopened": "On reopened tickets", "passed on": "Passed to and fro",
         "down": "Service down"}  # fmt: skip


def lost(chapters: Mapping[str, Chapters]) -> LostInAllFact | None:
    """The hours that users of all services lost in the cycle, most first; None where no plan can tell them."""
    told = {service: one.gaps.lost for service, one in chapters.items() if one.gaps.lost is not None}
    if not told:
        return None
    total, tickets = sum(one.hours for one in told.values()), sum(one.tickets for one in told.values())
    services = [
        LostByFact(
            service=service, hours=one.hours, share=one.hours / total if total else None,
            of_tickets=one.tickets / tickets if tickets else None, parts=_parts(one), money=one.money,
        )
        for service, one in sorted(told.items(), key=lambda item: (-item[1].hours, item[0]))
    ]  # fmt: skip
    before = [one.previous for one in told.values()]
    most, share = _most(services)
    return LostInAllFact(
        hours=total, previous=None if None in before else sum(before),
        parts={part: sum(one.parts.get(part, 0.0) for one in services) for part in PARTS
               if any(part in one.parts for one in services)},
        **{name: _sum(told, name) for name in ("money", "money_low", "money_high")},
        rated=sum(one.money is not None for one in told.values()), untold=[s for s in chapters if s not in told],
        days=max(one.days for one in told.values()), most=most, most_share=share, services=services,
    )  # fmt: skip


def _parts(one: LostFact) -> dict[str, float]:
    return {part.part: part.hours for part in one.parts if part.hours is not None}


def _sum(told: Mapping[str, LostFact], name: str) -> float | None:
    known = [amount for one in told.values() if (amount := getattr(one, name)) is not None]
    return sum(known) if known else None


def _most(services: list[LostByFact]) -> tuple[int, float | None]:
    """How many services hold most of the hours, and how much that is."""
    held = 0.0
    for n, one in enumerate(services, 1):
        if one.share is None:
            break
        held += one.share
        if held >= MOST_OF - 1e-9:
            return n, held
    return 0, None


def shown(found: LostInAllFact | None, names: Mapping[str, str], label: str, period: str, currency: str) -> Shown:
    """The hours in sentences, and by service beside its part of the tickets."""
    if found is None:
        return say(
            "How many hours users lose cannot be told of any service: that needs due times, events, or outages.",
            kind="",
        )
    told = say(*_sentences(found, names, period, currency), kind="")
    if found.hours <= 0 or len(found.services) < 2:
        return told
    return together(told, _figure(found, names, label, currency))


def _sentences(found: LostInAllFact, names: Mapping[str, str], period: str, currency: str) -> list[str]:
    lines = [f"In this {period} users lost **{words.rough(found.hours)} hours** beyond what was agreed."]
    if found.previous is not None:
        lines[0] = lines[0][:-1] + f", in the {period} before {words.rough(found.previous)}."
    parts = [f"{words.lower(PARTS[p])} {words.rough(h)}" for p, h in _ordered(found.parts) if h > 0]
    if len(parts) > 1:
        lines.append(f"By what: {words.listed(parts)}.")
    if found.money is not None:
        rated = "" if found.rated == len(found.services) else f" in {words.plural(found.rated, 'service')}"
        span = ""
        if found.money_low != found.money_high:
            span = f" ({words.interval(found.money_low, found.money_high, 'money', currency, words.prose)})"
        lines.append(
            f"By the organisation’s own rates that is worth {words.prose(found.money, 'money', currency)}{span}{rated}."
        )
    if found.untold:
        some = words.listed([names[one] for one in found.untold[:3]])
        lines.append(f"Not told by {words.plural(len(found.untold), 'service')}, among them {some}."
                     if len(found.untold) > 3 else f"Not told by {some}.")  # fmt: skip
    return lines


def _ordered(parts: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(parts.items(), key=lambda item: -item[1])


def table(found: LostInAllFact | None, names: Mapping[str, str], most: int = DRAWN) -> pd.DataFrame:
    """The hours by service, most first, and one row for all others: service, hours, share, of_tickets, each part, money."""
    columns = ["service", "hours", "share", "of_tickets", *PARTS, "money"]
    if found is None:
        return pd.DataFrame(columns=columns)
    rows = pd.DataFrame(
        [{"service": names[one.service], **one.model_dump(exclude={"service", "parts"}), **one.parts} for one in found.services]
    ).reindex(columns=columns)  # fmt: skip
    rest = rows.iloc[most:]
    if len(rest) < 2:
        return rows
    other = {"service": f"{len(rest):,} other services", **rest.drop(columns="service").astype(float).sum(min_count=1)}
    return pd.concat([rows.iloc[:most], pd.DataFrame([other])], ignore_index=True)


def _figure(found: LostInAllFact, names: Mapping[str, str], label: str, currency: str) -> Shown:
    rows = table(found, names).dropna(axis=1, how="all")
    based = "of_tickets" in rows and rows["of_tickets"].notna().all()
    base = f"; mark: its share of the tickets of the last {found.days} days" if based else ""
    hold = words.prose(found.most_share, "share")
    first = names[found.services[0].service]
    finding = (
        f"{words.clipped(first, 40)} holds {hold} of the hours lost" if found.most == 1
        else f"{found.most} of {words.plural(len(found.services), 'service')} hold {hold} of the hours lost"
    )  # fmt: skip
    drawn = pd.DataFrame({"label": rows["service"], "share": rows["share"]})
    if based:
        drawn["of_all"] = rows["of_tickets"]
    heads = {"service": "Service", "hours": "Hours lost", "share": "Of all hours", "of_tickets": "Of all tickets",
             "money": "Worth"} | PARTS  # fmt: skip
    data = rows.rename(columns=heads)
    units = dict.fromkeys(("Hours lost", *PARTS.values()), "number") | {"Worth": "money"}
    units |= dict.fromkeys(("Of all hours", "Of all tickets"), "share")
    return figure(
        figures.pareto(drawn), name="hours-of-services", finding=finding,
        subtitle=f"Share of the hours that users lost, by service, {label}{base}",
        alt=f"Bars of {words.plural(len(found.services), 'service')} by their share of {words.rough(found.hours)} hours lost; "
        f"{words.clipped(first, 60)} holds {words.prose(found.services[0].share, 'share')}.",
        data=data, units={name: unit for name, unit in units.items() if name in data}, currency=currency,
        source="The hours that the plans of the services state.",
    )  # fmt: skip
