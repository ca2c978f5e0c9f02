"""The portfolio: all services of an organisation in order of need, and the availability of the whole estate."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sipnb import kpis
from sipnb.catalogue import KPIS
from sipnb.chapters import agenda, comparisons, matrix, results, since
from sipnb.chapters.advice_facts import RecommendationFacts
from sipnb.chapters.facts import BaselineFacts, ForecastFacts, GapFacts, ReviewFacts
from sipnb.chapters.portfolio_facts import EstateFact, HealthFact, PlanFact, PortfolioFacts, SinceFact
from sipnb.chapters.subject import open_cycle
from sipnb.cycles import Cycle
from sipnb.places import CHAPTERS, CycleFolder
from sipnb.records import frozen
from sipnb.records.frozen import Records
from sipnb.show import words
from sipnb.show.display import Shown, say, table, together
from sipnb.tables import ESTATE
from sipnb.workbook import Service, Workbook

CHAPTER = "portfolio"

#: A longer table of changes nobody reads; all are in the result.
MOST_SIGNALS = 100

RULE = (
    "Services without a plan come first, because nobody knows how they are. Then: 3 points for each target that is "
    "certainly missed, weighted by its objectives (a third of their weight), 1 for each that cannot be told, 2 for each "
    "measure that got worse, and 2 times the largest chance of missing a target in the next cycle. Equal points by name."
)


@dataclass(frozen=True)
class Estate:
    """An organisation in a cycle."""

    workbook: Workbook
    cycle: Cycle
    folder: CycleFolder


@dataclass(frozen=True)
class Portfolio:
    """The facts, and the comparisons of services that are drawn."""

    facts: PortfolioFacts
    funnels: list[comparisons.Compared]


def open_estate(workbook: str, cycle: str) -> Estate:
    """The organisation in a cycle; raises like `subject.open_subject`."""
    return Estate(*open_cycle(workbook, cycle))


def work_out(estate: Estate) -> Portfolio:
    """Every service's verdict in order of need. A service without a plan is a row too, with the reason."""
    book, folder = estate.workbook, estate.folder
    quality = frozen.read_quality(folder.records)
    states = _states(folder)
    planned = {name: _read(folder, name) for name in book.services if _planned(folder, name, states)}
    plans = [_plan(known, states.get(name, {}), planned.get(name)) for name, known in book.services.items()]
    plans.sort(key=lambda p: (-p.need, p.name, p.service))
    # Where several are equal they are compared in the order in which they are listed.
    inner = {p.service: planned[p.service] for p in plans if p.service in planned}
    measured = {service: one.measured for service, one in inner.items()}
    tested, signals = comparisons.signals(measured)
    funnels = comparisons.funnels(book, measured)
    currency = book.settings.currency
    actions = [
        action
        for service, one in inner.items()
        for action in agenda.actions(service, book.services[service].owner, one.reviewed, one.advice, currency)
    ]
    changes = since.changes(book, estate.cycle, plans, {name: one.advice.verdict.news for name, one in inner.items()})
    return Portfolio(
        PortfolioFacts(
            organisation=book.settings.organisation, cycle=estate.cycle.name, cycle_label=estate.cycle.label,
            currency=currency, cutoff=estate.cycle.cutoff.isoformat(),
            cutoff_label=estate.cycle.cutoff_label, simulated=book.settings.simulated,
            sentence=_sentence(plans, changes), rule=RULE, plans=plans,
            positions=[at for service, one in measured.items() for at in matrix.positions(service, one)],
            actions=actions, totals=agenda.totals(actions), since=changes, health=_health(plans, states),
            estate=_availability(estate, quality),
            tested=len(tested), by_chance=comparisons.SEEMS * len(tested), seeming=int((tested < comparisons.SEEMS).sum()),
            signals=signals, funnels=[one.fact for one in funnels],
            sources=quality["sources"],
            warnings=frozen.warnings(quality),
        ),
        funnels,
    )  # fmt: skip


def write(estate: Estate, portfolio: Portfolio) -> None:
    """Hand over the portfolio's result."""
    results.write(estate.folder, results.PORTFOLIO, estate.cycle.name, CHAPTER, portfolio.facts)


@dataclass(frozen=True)
class _Read:
    """What the chapters of one service handed over."""

    reviewed: ReviewFacts
    measured: BaselineFacts
    short: GapFacts
    ahead: ForecastFacts
    advice: RecommendationFacts


def _read(folder: CycleFolder, service: str) -> _Read:
    return _Read(*(results.read(folder, service, chapter) for chapter in CHAPTERS))


def _states(folder: CycleFolder) -> dict[str, Any]:
    return json.loads(folder.manifest.read_text(encoding="utf-8"))["services"] if folder.manifest.is_file() else {}


def _planned(folder: CycleFolder, service: str, states: dict[str, Any]) -> bool:
    # In a run the manifest says what happened; by hand there is none, and a service without results is not planned yet.
    # Somebody who opened one chapter only has made no plan.
    whole = all(folder.result(service, chapter).is_file() for chapter in CHAPTERS)
    return whole and not _trouble(states.get(service, {}))


def _trouble(state: dict[str, Any]) -> bool:
    return state.get("status") in ("failed", "errored")


def _plan(known: Service, state: dict[str, Any], plan: _Read | None) -> PlanFact:
    shared = {"service": known.id, "name": known.name, "owner": known.owner, "tier": known.tier}
    if plan is None:
        trouble = _trouble(state)
        reason = _reason(state) if trouble else "not planned in this cycle yet"
        return PlanFact(
            **shared, status=state["status"] if trouble else "skipped", reason=reason, need=1000.0 if trouble else 999.0,
            tone="common", sentence="No plan for this cycle.", fails=0, inconclusive=0, meets=0, miss=None,
            worse=[], better=[], options=[],
        )  # fmt: skip
    gaps, verdict = plan.short, plan.advice.verdict
    # Further measures restate the core ones (tail, mean): counted too, they would weigh one trouble many times.
    claimed = [k for k in plan.measured.measures if k.sure and k.core]
    worse = [k.short or k.title for k in claimed if k.variation == "concern"]
    misses = [f.steps[0].miss for f in plan.ahead.forecasts if f.steps[0].miss is not None]
    need = sum(3 * max(g.weight, 1) / 3 for g in gaps.gaps if g.status == "fails")
    need += gaps.inconclusive + 2 * len(worse) + 2 * max(misses, default=0.0)
    return PlanFact(
        **shared, status="published", reason="", need=round(need, 3), tone=verdict.tone,
        sentence=verdict.sentence, fails=gaps.fails, inconclusive=gaps.inconclusive, meets=gaps.meets,
        miss=max(misses, default=None), worse=worse,
        better=[k.short or k.title for k in claimed if k.variation == "improvement"],
        options=[o.title for o in plan.advice.options], decisions=verdict.decisions, stale=state.get("stale", []),
    )  # fmt: skip


def _reason(state: dict[str, Any]) -> str:
    for chapter, one in state.get("chapters", {}).items():
        if one.get("state") in ("failed", "errored"):
            where = f" at “{one['heading']}”" if one.get("heading") else ""
            return f"{chapter}{where}: {one.get('error') or one['state']}"
    return state.get("status", "unknown")


def _health(plans: list[PlanFact], states: dict[str, Any]) -> HealthFact:
    by_status = Counter(p.status for p in plans)
    return HealthFact(
        published=by_status["published"], failed=by_status["failed"], errored=by_status["errored"],
        skipped=by_status["skipped"], stale=sum(bool(p.stale) for p in plans),
    )  # fmt: skip


def _sentence(plans: list[PlanFact], changes: SinceFact) -> str:
    made = [p for p in plans if p.status == "published"]
    failing = [p for p in made if p.fails]
    without = len(plans) - len(made)
    if not plans:
        return "No service is listed."
    if not made:
        who = "The one service has no" if len(plans) == 1 else f"None of {len(plans):,} services has a"
        return f"{who} plan in this cycle."
    compared = _compared(len(failing), changes)
    if failing:
        verb = "misses" if len(failing) == 1 else "miss"
        text = (
            f"{len(failing):,} of {words.plural(len(made), 'service')} certainly {verb} at least one target{compared}. "
        )
        # Names hold commas and "and": only a sign that they lack keeps them apart.
        text += f"Attention first: {'; '.join(words.clipped(p.name, 40) for p in failing[:2])}."
    else:
        unclear = sum(p.inconclusive > 0 for p in made)
        text = f"No service certainly misses a target{compared}; " + (
            f"for {unclear:,} of {len(made):,} the figures cannot tell."
            if unclear
            else "every target that can be judged is met."
        )
    return text + (f" {words.plural(without, 'service has', 'services have')} no plan." if without else "")


def _compared(failing: int, changes: SinceFact) -> str:
    """How that compares with the cycle before."""
    if changes.failing is None:
        return ""
    more = failing - changes.failing
    if not more:
        return f", as in {changes.label}" if not failing else f", as many as in {changes.label}"
    return f", {abs(more):,} {'more' if more > 0 else 'fewer'} than in {changes.label}"


def _availability(estate: Estate, quality: dict[str, Any]) -> list[EstateFact]:
    """The share of time in which no service was down, under each definition of what counts as down."""
    if "outages" not in quality["tables"]:
        return []
    everything = frozen.of_all(estate.folder.records, "outages")
    everything = kpis.uptime.ended_by_service(everything, estate.cycle.cutoff)
    records = Records(estate.folder.records, ESTATE)
    # A table that is silent says nothing of the cycle, or of a year in which it was.
    silent = [bool(records.withheld(KPIS[kpi], estate.cycle)) for kpi in ("availability", "mtbf")]
    seen = [s for s in ("critical", "major", "minor", "none") if s in set(everything["severity"].dropna())]
    decided = estate.workbook.settings.outage_severities
    ways = [("the definition of this organisation", decided or seen), ("every unplanned outage", seen)]
    if "major" in seen or "critical" in seen:
        ways.append(("major and critical only", [s for s in seen if s in ("major", "critical")]))
    facts, done = [], set()
    for name, severities in ways:
        if tuple(sorted(severities)) in done:
            continue
        done.add(tuple(sorted(severities)))
        counted = everything[everything["severity"].isin(severities) & (everything["kind"] != "maintenance")]
        year = _share(counted, estate.cycle.shift(1 - estate.cycle.season), estate.cycle)
        started = int(kpis.within(counted["started"], estate.cycle).sum())
        facts.append(
            EstateFact(
                definition=name,
                severities=sorted(severities),
                cycle=None if silent[0] else _share(counted, estate.cycle, estate.cycle),
                year=None if silent[1] else year,
                outages=None if silent[0] else started,
            )
        )
    return facts


def _share(counted: pd.DataFrame, first: Cycle, last: Cycle) -> float:
    # Anything counts as down while at least one outage lasts, however much of a service it took.
    edges = pd.DatetimeIndex([first.opens, last.cutoff]).as_unit("us")
    return 1 - kpis.uptime.lost(counted.assign(share=1.0), edges)[0] / (edges[1] - edges[0]).total_seconds()


def rule(facts: PortfolioFacts) -> Shown:
    """How the order came about."""
    return say(f"**{facts.sentence}** {facts.rule}")


def services(facts: PortfolioFacts) -> Shown:
    """The services, in order of need."""
    frame = pd.DataFrame(
        [
            {
                "Service": p.name,
                "Need": f"{p.need:.1f}" if p.status == "published" else "first",
                "Targets missed": f"{p.fails}" if p.status == "published" else "–",
                "Cannot be told": f"{p.inconclusive}" if p.status == "published" else "–",
                "Met": f"{p.meets}" if p.status == "published" else "–",
                "Largest chance of a miss": words.probability(p.miss) if p.miss is not None else "–",
                "Proposed": ", ".join(p.options) or ("–" if p.status == "published" else p.reason),
            }
            for p in facts.plans
        ]
    )
    numeric = ("Need", "Targets missed", "Cannot be told", "Met", "Largest chance of a miss")
    return table(frame, f"Services of {facts.organisation} in order of need, {facts.cycle_label}", numeric=numeric)


def estate(facts: PortfolioFacts) -> Shown:
    """Availability of the whole estate under each definition."""
    if not facts.estate:
        return say("No data: the organisation supplies no outage records.")
    frame = pd.DataFrame(
        [
            {
                "What counts as down": f"{e.definition} ({', '.join(e.severities) or 'none'})",
                facts.cycle_label: words.percent(e.cycle),
                "Twelve months up to the cut-off": words.percent(e.year),
                "Outages in the cycle": words.number(e.outages, "count"),
            }
            for e in facts.estate
        ]
    )
    return table(
        frame, "Share of time in which no service was down, by what counts as down", numeric=tuple(frame.columns[1:])
    )


def moved(facts: PortfolioFacts) -> Shown:
    """The changes that hold among all measures of all services, and how many chance alone would bring."""
    if not facts.tested:
        return say("No measure of any service could be tested for a change.")
    text = (
        f"{facts.tested:,} measures of all services were tested for a change of their latest cycles. At the 5 % level "
        f"{facts.seeming:,} seem changed, where chance alone would bring about {facts.by_chance:.0f}. "
    )
    if not facts.signals:
        return say(text + "None holds when all are looked at together (false discoveries held at 5 %).")
    frame = pd.DataFrame(
        [
            {
                "Service": s.name,
                "Measure": s.title,
                "Change": words.VARIATION[s.variation][1],
                "Latest": words.number(s.value, s.unit, facts.currency),
                "Usual": words.number(s.mean, s.unit, facts.currency),
                "Adjusted p": "< 0.001" if s.adjusted < 0.001 else f"{s.adjusted:.3f}",
            }
            for s in facts.signals[:MOST_SIGNALS]
        ]
    )
    if len(facts.signals) > MOST_SIGNALS:
        text += f"The table holds the first {MOST_SIGNALS} of {len(facts.signals):,}; portfolio.json holds all. "
    shown = table(
        frame, f"{words.plural(len(facts.signals), 'change holds', 'changes hold')} among all {facts.tested:,} "
        "(Benjamini–Hochberg, false discoveries at most 5 %)", numeric=("Latest", "Usual", "Adjusted p"),
    )  # fmt: skip
    return together(say(text), shown)
