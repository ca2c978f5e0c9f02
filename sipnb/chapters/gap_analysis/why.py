"""Why targets are missed: the drivers of each missed measure with their effects, and what explains its shift in a year."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sipnb import kpis as kpi_values
from sipnb.chapters.baseline.control_charts import source
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import About, DriverFact, GapFact, ShiftFact, WhyFact
from sipnb.chapters.gap_analysis import causes_in_words as say_cause
from sipnb.chapters.gap_analysis import outage_parts
from sipnb.chapters.gap_analysis.lost import estimate
from sipnb.drivers import explain
from sipnb.drivers.explain import Explained, Found
from sipnb.show import figures, words
from sipnb.show.display import Shown, points, say, table, together
from sipnb.show.display import figure as drawn_figure

#: The id of the table of drivers.
DRIVERS = "drivers"
#: A title is read at once.
MOST_WORDS = 12


def missed(gaps: Sequence[GapFact], context: ServiceContext, days: int = 91) -> list[str]:
    """The measures whose figure lies on the bad side of its target, certain or not: that of the cycle, or that of so many days,
    which is the same whatever a cycle is."""
    now = {g.kpi for g in gaps if g.gap is not None and g.gap > 0 and g.status in ("fails", "inconclusive")}
    lately = over(context, [g.kpi for g in gaps], days)
    return [g.kpi for g in gaps if g.kpi in now or lately.get(g.kpi, 0.0) > 0]


def over(context: ServiceContext, kpis: Sequence[str], days: int) -> dict[str, float]:
    """How far each of these measures lay on the bad side of its target over so many days; those without data are left out."""
    scope = context.scope.once(f"{days} days", lambda: context.over([context.cycle.last_days(days)]))
    found = {}
    for kpi in kpis:
        value, target = kpi_values.measure(kpi, scope).value, context.target(kpi)
        if target is not None and value == value:
            found[kpi] = (target - value) if context.kpis[kpi].good == "up" else (value - target)
    return found


def explained(context: ServiceContext, kpis: Sequence[str], **options) -> list[WhyFact]:
    """Why each of these measures misses its target; `options` are those of `drivers.explain.explain`."""
    of_outages = outage_parts.OF_OUTAGES
    return [
        outage_parts.explained(context, kpi) if kpi in of_outages else _of_rows(context, kpi, options) for kpi in kpis
    ]


def frame(found: Sequence[WhyFact]) -> pd.DataFrame:
    """A row a driver, as an analyst looks at them."""
    names = [
        "attribute",
        "value",
        "n",
        "rate",
        "others",
        "effect",
        "effect_low",
        "effect_high",
        "share",
        "hours",
        "step",
    ]
    rows = [{"kpi": w.kpi, **{name: getattr(d, name) for name in names}} for w in found for d in w.drivers]
    return pd.DataFrame(rows, columns=["kpi", *names])


def _of_rows(context: ServiceContext, kpi: str, options: dict) -> WhyFact:
    found = explain.explain(kpi, context.scope, **options)
    drivers = [_fact(kpi, one, found) for one in found.found]
    moved = explain.shift(kpi, context.scope, found.found) if found.found else None
    return WhyFact(
        kpi=kpi, title=context.kpis[kpi].title, days=found.days, n=found.n, wrong=found.wrong, hours=found.hours,
        drivers=drivers, looked=found.looked, left_out=found.left_out, reason=found.reason,
        unconfirmed=[_label(*one) for one in found.unconfirmed], shift=_shift(moved, drivers),
    )  # fmt: skip


def _fact(kpi: str, one: Found, of: Explained) -> DriverFact:
    d = one.driver
    return DriverFact(
        id=f"{kpi}:{_label(d.attribute, d.value)}", attribute=d.attribute, value=d.value, known=one.known, n=d.n,
        of_rows=d.n / of.n, bad=d.bad, rate=d.rate, others=d.others, crude=d.crude, difference=d.difference.value,
        difference_low=d.difference.low, difference_high=d.difference.high, effect=d.effect.value, effect_low=d.effect.low,
        effect_high=d.effect.high, share=d.share, **estimate(one.hours), step=one.step, extra=one.extra,
        through=[_label(t.driver.attribute, t.driver.value) for t in one.through], alike=[_label(*a) for a in d.alike],
        p=d.p, p_confirmed=d.p_confirmed,
    )  # fmt: skip


def _label(attribute: str, value: str) -> str:
    return f"{attribute}={value}"


def _shift(moved: explain.Shift | None, drivers: Sequence[DriverFact]) -> ShiftFact | None:
    if moved is None:
        return None
    return ShiftFact(
        days=moved.days, before=moved.before, after=moved.after, change=moved.change, mix=moved.mix,
        parts=[one.value for one in moved.parts], drivers=[d.id for d in drivers if d.known != "landmark"], rest=moved.rest,
    )  # fmt: skip


def figures_of(found: Sequence[WhyFact], about: About) -> Shown:
    """The figure of each measure that has drivers, and what such a comparison cannot tell."""
    drawn = [figure(why, about) for why in found]
    return together(*drawn, caution() if any(one.markup for one in drawn) else say(""))


def table_of_drivers(found: Sequence[WhyFact]) -> Shown:
    """Every driver with its rate, that of like rows, its effect and hours."""
    rows = [_row(why, driver) for why in found for driver in why.drivers]
    if not rows:
        return say("")
    return table(
        pd.DataFrame(rows), "Drivers of missed targets, the largest effect of each measure first",
        numeric=("Cases", "Goes wrong", "Like cases", "Adds to the measure, 95 %", "Of all that goes wrong",
                 "Users’ hours lost, 95 %"), id=DRIVERS,
    )  # fmt: skip


def _row(why: WhyFact, d: DriverFact) -> dict[str, str]:
    effect = "–" if d.effect is None else (
        f"{words.number(d.effect, 'points')} ({words.interval(d.effect_low, d.effect_high, 'points')})"
    )  # fmt: skip
    lost = "–"
    if d.hours is not None and d.hours > 0:
        bounds = (
            ""
            if d.hours_low is None or d.hours_high is None
            else f" ({words.rough(max(d.hours_low, 0))}–{words.rough(d.hours_high)})"
        )
        lost = f"{words.rough(d.hours)}{bounds}"
    return {
        "Measure": why.title, "Driver": words.upper(say_cause.named(d)), "Cases": f"{d.n:,}",
        "Goes wrong": words.number(d.rate, "share") if d.rate is not None else "–",
        "Like cases": words.number(d.others, "share") if d.others is not None else "–",
        "Adds to the measure, 95 %": effect, "Of all that goes wrong": words.number(d.share, "share"),
        "Users’ hours lost, 95 %": lost,
    }  # fmt: skip


def figure(why: WhyFact, about: About) -> Shown:
    """The rates of a measure's drivers beside those of like rows; nothing where it has none with rates."""
    drivers = [d for d in why.drivers if d.rate is not None]
    if not drivers:
        return say("")
    rows = pd.DataFrame(
        {
            "label": [words.upper(say_cause.short(d)) for d in drivers], "share": [d.rate for d in drivers],
            "of_all": [d.others for d in drivers],
        }
    )  # fmt: skip
    data = pd.DataFrame(
        {
            "Driver": rows["label"], "Goes wrong": rows["share"], "Like cases": rows["of_all"], "Cases": [d.n for d in drivers],
            "Of all cases": [d.of_rows for d in drivers], "Of all that goes wrong": [d.share for d in drivers],
        }
    )  # fmt: skip
    first = drivers[0]
    rates = words.prose(first.rate, "share"), words.prose(first.others, "share")
    finding = f"{say_cause.short(first)}: {rates[0]} go wrong, of like cases {rates[1]}"
    if len(finding.split()) > MOST_WORDS:
        finding = f"{rates[0]} go wrong, of like cases {rates[1]}"
    return drawn_figure(
        figures.pareto(rows), name=f"drivers-{why.kpi.replace('_', '-')}", finding=words.upper(finding),
        subtitle=f"{words.upper(say_cause.wrong(why.kpi))}, share of cases over {why.days} days: with the driver (bar) and "
        "for the same mix of cases without it (mark)",
        alt=f"Bars of {words.plural(len(drivers), 'driver')} with the rate of like cases as a mark; {finding}.",
        data=data, units={c: "share" for c in data.columns[1:] if c != "Cases"} | {"Cases": "count"}, source=source(about),
        definition=why.kpi,
    )  # fmt: skip


def said(found: Sequence[WhyFact], about: About) -> Shown:
    """What was found for each missed measure, in sentences: its drivers, or that none is, and what could not be looked at."""
    if not found:
        return say(f"No target was missed in this {about.period}: there is nothing to explain.")
    parts = [together(points(_lines(why)), say_shift(why)) for why in found]
    return together(*parts, say(say_cause.not_looked_at(found)))


def _lines(why: WhyFact) -> list[str]:
    lines = [say_cause.sentence(why, driver) for driver in why.drivers]
    if not lines:
        lines = [f"**{why.title}:** {say_cause.none(why)}"]
    return lines + [_apart(d) for d in why.drivers if d.alike] + _unconfirmed(why)


def _apart(d: DriverFact) -> str:
    others = words.listed([say_cause.label(one) for one in d.alike[:3]])
    return f"{words.upper(say_cause.named(d))} cannot be told apart from {others}: they are nearly the same cases."


def _unconfirmed(why: WhyFact) -> list[str]:
    named = words.listed([say_cause.label(one) for one in why.unconfirmed[:3]])
    return [f"Not confirmed by the other half of the weeks: {named}."] if named else []


def say_shift(why: WhyFact) -> Shown:
    """What explains that more or less goes wrong than a year before."""
    moved = why.shift
    if moved is None or abs(moved.change) < 0.005:
        return say("")
    named = {d.id: d for d in why.drivers}
    pieces = [
        f"{say_cause.short(named[one])} {words.number(part, 'points')}"
        for one, part in zip(moved.drivers, moved.parts, strict=True)
    ]
    pieces += [
        f"another mix of cases {words.number(moved.mix, 'points')}",
        f"all else {words.number(moved.rest, 'points')}",
    ]
    return say(
        f"Over the last {moved.days} days {words.prose(moved.after, 'share')} went wrong, a year before "
        f"{words.prose(moved.before, 'share')}. Of the difference of {words.number(moved.change, 'points')}: "
        f"{words.listed(pieces)}."
    )


def caution() -> Shown:
    """What such a comparison can and cannot tell."""
    return say(
        "Like cases are of the same priority and kind, of the same time, and alike in the other drivers named. Half of the weeks "
        "found a driver, the other half confirmed it. What nobody recorded can still be behind it.", kind="note",
    )  # fmt: skip
