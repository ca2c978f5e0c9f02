"""The portfolio of estates of 1, 10, 300 and 2,000 services: bytes of the page, time to make and to open it, and to search.

    python benchmarks/portfolio.py [--services 300] [--keep FOLDER]

Every service's results are written as its chapters write them, with invented figures; from there on all is the real
thing: the portfolio's chapter, its figures, the page, the pages of owners and the downloads.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from sipnb import places, report
from sipnb import workbook as workbooks
from sipnb.catalogue import KPIS
from sipnb.chapters import facts, notebooks, results
from sipnb.chapters.context import PortfolioContext
from sipnb.params import Objective
from sipnb.places import ALL_SERVICES, NOTEBOOKS, PORTFOLIO, CycleFolder, write_whole
from sipnb.workbook import Service

CYCLE = "2026-10"
SIZES = (1, 10, 300, 2000)
#: What stands in the place of a plan and of its evidence: the sections that the portfolio leads to.
PLAN = "<!doctype html><title>A plan</title>" + "".join(
    f'<h2 id="{name}">{name}</h2>'
    for name in ("scorecard", "asked", "plan-the-plan-on-a-page", "plan-decisions-asked", "plan-approval")
)
#: The page of 300 services stays below this many bytes.
LIMIT = 1_000_000
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]

_WORDS = (
    "Payments", "Identity", "Network", "Payroll", "Warehouse", "Billing", "Portal", "Archive", "Orders", "Pricing",
    "Claims", "Loans", "Search", "Mail",
)  # fmt: skip
_KPIS = ("sla_attainment", "restore_median", "volume", "backlog", "reopen_rate", "availability", "csat_top2",
         "first_contact_rate", "cost_per_ticket")  # fmt: skip
_LEVERS = (
    "Give each ticket one owning group from the start", "Find and undo the cause of the slower restores",
    "Agree when the clock may stand still", "Release on a copy of production first",
)  # fmt: skip


def write_estate(
    reports: Path, services: int, cycle: str = CYCLE, names: Mapping[int, str] | None = None
) -> PortfolioContext:
    """An organisation of so many services with the results of all chapters in `reports/estate/<cycle>/`.

    `names` replaces the invented names of services by their number.
    """
    draw = random.Random(f"{services} {cycle}")
    book = workbooks.load(places.PARAMS / "demo", reports=reports)
    listed = [_service(n, draw, (names or {}).get(n)) for n in range(services)]
    book = replace(book, folder=book.folder.with_name("estate"), services={one.id: one for one in listed})
    when = book.cycle(cycle)
    folder = CycleFolder(reports / "estate" / cycle)
    folder.records.mkdir(parents=True)
    account = {"name": "tickets", "file": "tickets.csv", "read": 34149, "used": 34112, "set_aside": 37,
               "reasons": {"resolved before opened": 37}}  # fmt: skip
    quality = {"sources": [account], "tables": {}, "rules": []}
    (folder.records / "quality.json").write_text(json.dumps(quality), encoding="utf-8")
    for one in listed:
        _write(folder, one, when, draw, book.objectives)
        for page in folder.pages(one.id):
            page.write_text(PLAN, encoding="utf-8")
    return PortfolioContext(book, when, folder)


def make(estate: PortfolioContext) -> facts.PortfolioFacts:
    """Run the portfolio's notebook and make everything that belongs to it."""
    executed = notebooks.executed(NOTEBOOKS / f"{PORTFOLIO}.ipynb", estate)
    write_whole(estate.folder.notebook(ALL_SERVICES, PORTFOLIO), json.dumps(executed))
    report.render_index(estate.folder)
    report.render_cycles(estate.folder)
    return results.read(estate.folder, ALL_SERVICES, PORTFOLIO)


def _service(n: int, draw: random.Random, name: str | None) -> Service:
    words = f"{draw.choice(_WORDS)} {draw.choice(_WORDS).lower()} {n:04d}"
    return Service(
        id=f"service-{n:04d}", name=name or words, owner=f"Head of {_WORDS[n // 5 % len(_WORDS)]} {n // 70}",
        tier=("Gold", "Silver", "Bronze")[n % 3], zone="Europe/Berlin", calendar=None, calendar_title="Around the clock",
        targets={}, actions=(),
    )  # fmt: skip


def _write(folder: CycleFolder, service: Service, cycle, draw: random.Random, stated: Sequence[Objective] = ()) -> None:
    about = facts.About(
        organisation="Estate", service=service.id, name=service.name, owner=service.owner, tier=service.tier,
        calendar=service.calendar_title, cycle=cycle.name, cycle_label=cycle.label, opens=cycle.start.isoformat(),
        cutoff_label=cycle.cutoff_label, currency="EUR", simulated=True,
    )  # fmt: skip
    measures = [_measure(kpi, draw) for kpi in _KPIS]

    def hand_over(found: facts.Facts, tables: dict[str, pd.DataFrame] | None = None) -> None:
        results.write(folder, service.id, cycle.name, found, tables, "0123456789abcdef")

    agreed = [_action(service, n, draw) for n in range(draw.choice((0, 0, 1, 1, 2)))]
    late = sum(one.overdue for one in agreed)
    hand_over(facts.ReviewFacts(actions=agreed, states={}, overdue=late))
    baseline = facts.BaselineFacts(
        about=about, kpis=measures, titles={k.kpi: k.title for k in measures}, without_data={}, history_cycles=30,
        rows={}, set_aside={}, warnings=[], severities=None, tested=9, signals=0, expected_false=0.3,
    )  # fmt: skip
    hand_over(baseline, {"series": _series(measures, cycle, draw)})
    targets = [k for k in measures if k.target is not None]
    gaps = [
        facts.GapFact(
            kpi=k.kpi, title=k.title, unit=k.unit, good=k.good, value=k.value, low=k.low, high=k.high, n=k.n,
            target=k.target, gap=0.1, status=draw.choice(("meets", "fails", "inconclusive")), assurance=k.assurance,
            variation=k.variation, objectives=[], weight=3.0,
        )
        for k in targets
    ]  # fmt: skip
    states = [g.status for g in gaps]
    found = _why(gaps, measures, [a.id for a in agreed], stated, random.Random(f"why {service.id} {cycle.name}"))
    hand_over(
        facts.GapFacts(
            gaps=gaps, targets_without_objective=[], objectives_without_target=[],
            meets=states.count("meets"), fails=states.count("fails"), inconclusive=states.count("inconclusive"), **found,
        ),
    )  # fmt: skip
    step = facts.StepFact(
        cycle="2026-11", label="November 2026", mean=0.8, low_80=0.7, high_80=0.9, low_95=0.6, high_95=0.95,
        miss=draw.random(),
    )  # fmt: skip
    ahead = facts.ForecastFact(
        kpi="sla_attainment", title="Resolved in time", short="In time", unit="share", good="up", target=0.85,
        model="mean", models=3, origins=12, mase=0.9, coverage_95=0.94, season=12, now=0.8, steps=[step],
    )  # fmt: skip
    hand_over(facts.ForecastFacts(forecasts=[ahead], left_out={}))
    for found in _advice(service, states, draw):
        hand_over(found)


def _why(
    gaps: list[facts.GapFact],
    measures: list[facts.KpiFact],
    actions: list[str],
    stated: Sequence[Objective],
    draw: random.Random,
) -> dict:
    """What a gap analysis hands over beside its gaps: objectives, hours lost, the order of gaps, and the mix of tickets."""
    status = {g.kpi: g.status for g in gaps}
    value = {k.kpi: k.value for k in measures}

    def success(one) -> facts.SuccessFact | None:
        goal = one.success
        return goal and facts.SuccessFact(
            kpi=goal.kpi, title=KPIS[goal.kpi].title, unit=KPIS[goal.kpi].unit, start=goal.start, to=goal.to,
            by=goal.by.isoformat(), value=value.get(goal.kpi), done=None,
        )  # fmt: skip

    def worst(kpis: list[str]) -> str:
        told = [status.get(kpi) for kpi in kpis]
        return next((one for one in ("fails", "inconclusive", "meets") if one in told), "no target")

    objectives = [
        facts.ObjectiveFact(
            id=o.id, title=o.title, weight=o.weight, kpis=o.kpis, status=worst(o.kpis), owner=o.owner, success=success(o),
            actions=actions if "sla_attainment" in o.kpis else [],
        )
        for o in stated
    ]  # fmt: skip
    hours = {part: draw.lognormvariate(4, 1.2) for part in ("late", "reopened", "passed on", "down")}
    total = sum(hours.values())
    lost = facts.LostFact(
        hours=total, low=0.8 * total, high=1.2 * total, previous=total * draw.uniform(0.7, 1.3), days=184,
        parts=[facts.LostPartFact(part=part, hours=one, share=one / total) for part, one in hours.items()],
        money=38 * total, money_low=30 * total, money_high=50 * total, tickets=draw.randint(100, 20_000),
    )  # fmt: skip
    weight = {kpi: max((o.weight for o in stated if kpi in o.kpis), default=1.0) for kpi in status}
    ranked = [
        facts.RankedFact(
            kpi=g.kpi, title=g.title, status=g.status, weight=weight[g.kpi], certainty=1.0 if g.status == "fails" else 0.6,
            hours=(mine := 0.4 * hours["late"] if g.kpi == "sla_attainment" else 0.3 * hours["down"]
                   if g.kpi == "availability" else None),
            score=weight[g.kpi] * (mine or 0.0) * (1.0 if g.status == "fails" else 0.6),
        )
        for g in gaps
        if g.status != "meets"
    ]  # fmt: skip
    sla = next(k for k in measures if k.kpi == "sla_attainment")
    return {"objectives": objectives, "lost": lost, "ranked": ranked, "mix": _mix(sla, draw)}


def _mix(one: facts.KpiFact, draw: random.Random) -> list[facts.StratumFact]:
    """The tickets of a measure by kind and priority: they add up to what it counts."""
    names = [f"{kind} P{priority}" for kind in ("incident", "request") for priority in (1, 2, 3, 4)]
    counts = np.random.default_rng(draw.randrange(2**32)).multinomial(one.n, np.array([1, 4, 10, 5, 1, 2, 8, 4]) / 35)
    wrong = np.random.default_rng(draw.randrange(2**32)).multivariate_hypergeometric(counts, int(one.n - one.numerator))
    return [
        facts.StratumFact(kpi=one.kpi, stratum=name, n=int(n), wrong=int(k))
        for name, n, k in zip(names, counts, wrong, strict=True)
        if n
    ]


def _advice(
    service: Service, states: list[str], draw: random.Random
) -> tuple[facts.RecommendationFacts, facts.PlanFacts]:
    effect = facts.EffectFact(
        kpi="sla_attainment",
        title="Resolved in time",
        unit="share",
        value=0.09,
        low=0.06,
        high=0.12,
        basis="effect",
    )
    options = [
        facts.OptionFact(
            rank=n + 1, lever=f"lever-{n}", title=title, action="Do it.", kind="process", moves=[], finding="Seen.", why="Seen.",
            evidence=["Seen."], numbers={}, effect=draw.choice((effect, None)), cost=draw.choice((9000.0, 24000.0, None)),
            effort_days=None, weeks=6, times=1.8, agreed=True, against="the target of 12 % passed on twice or more",
        )
        for n, title in enumerate(draw.sample(_LEVERS, draw.choice((0, 1, 1, 2))))
    ]  # fmt: skip
    decisions = [
        facts.DecisionFact(
            id=one.lever, kind="option", title=one.title, owner=service.owner, due="2026-11-15",
            effect="+9 points (95 % interval 6–12) on resolved in time", cost="€ 9,000 once", why=one.finding,
        )
        for one in options
    ]  # fmt: skip
    bad = states.count("fails")
    news = [
        facts.NewsFact(
            kind="newly missed", about="sla_attainment", text="The share resolved in time misses its target."
        )
    ]
    made = facts.PlanFacts(
        number=service.id.upper(), actions=[], closed=[], content="0123456789ab",
        approval=facts.ApprovalFact(
            status="for approval" if decisions else "not needed", waiting=[service.owner] if decisions else []
        ),
        verdict=facts.VerdictFact(
            sentence="69.5 % of tickets were resolved in time, 15.5 points below the target of 85 % and worse than usual; "
            "November misses it again with over 99 % probability."
            if bad
            else "All targets are met.",
            tone="concern" if bad else draw.choice(("improvement", "common")), points=[], decisions=decisions,
            news=news if draw.random() < 0.1 else [],
        ),
    )  # fmt: skip
    return facts.RecommendationFacts(options=options, considered={}), made


def _action(service: Service, n: int, draw: random.Random) -> facts.ActionFact:
    late = draw.random() < 0.3
    return facts.ActionFact(
        id=f"action-{n}", title="A rota for second-line support in the evening", state="approved",
        owner=draw.choice((service.owner, f"{service.tier} Support Lead", None)), kpi="sla_attainment",
        kpi_title="Resolved in time", raised="2026-05-01", due="2026-10-15" if late else "2026-12-01",
        implemented=None, overdue=late, days_open=184, cycles_since=None, note="",
    )  # fmt: skip


def _measure(kpi: str, draw: random.Random) -> facts.KpiFact:
    known = KPIS[kpi]
    n = draw.randint(5, 3000)
    value = draw.uniform(0.5, 0.99) if known.unit == "share" else draw.uniform(5, 500)
    good = known.good != "neutral"
    target = value * draw.uniform(0.9, 1.1) if good and kpi not in ("csat_top2", "first_contact_rate") else None
    moved = draw.random() < 0.2
    variation = draw.choice(("concern", "improvement")) if good else "neutral high"
    claims = n >= known.minimum_n
    return facts.KpiFact(
        kpi=kpi, title=known.title, short=known.short, formula=known.formula, headline=True, core=True,
        cohort=known.cohort, clock=known.clock, unit=known.unit, good=known.good, value=value, low=value * 0.95,
        high=value * 1.05 if known.unit != "share" else min(1.0, value * 1.05), n=n, minimum_n=known.minimum_n,
        numerator=round(value * n) if known.unit == "share" else None, denominator=n, target=target, previous=value * 0.98,
        variation=variation if moved else "common",
        assurance="no target" if target is None
        else draw.choice(("consistently meets", "consistently fails", "hit and miss", "unsettled")),
        chart="XmR", grain="month", trial=False, points=30, signals=1, expected_false=0.2, lower_limit=value * 0.9,
        upper_limit=value * 1.1, mean=value, usual=value, autocorrelation=0.0, p=0.0001 if moved else 0.4,
        sure=moved, claims=claims, window=3, moved=_way(known.good, variation) if moved else 0,
        definition=known.definition, unjudged="" if claims else "too few cases",
    )  # fmt: skip


def _way(good: str, variation: str) -> int:
    return 1 if (variation == "improvement") == (good == "up") else -1


def _series(measures: list[facts.KpiFact], cycle, draw: random.Random) -> pd.DataFrame:
    months = [one.name for one in cycle.history(30)]
    noise = np.random.default_rng(draw.randrange(2**32))
    frames = [
        pd.DataFrame(
            {
                "kpi": k.kpi, "cycle": months, "grain": "month", "label": months,
                "value": k.value * (1 + 0.05 * noise.standard_normal(30)), "lower": k.lower_limit, "upper": k.upper_limit,
            }
        )
        for k in measures
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


_DRAWN = "new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
_STEPS = {
    "search": "const find = document.getElementById('find'); find.value = 'pay 1'; "
    "find.dispatchEvent(new Event('input', {bubbles: true}))",
    "clear": "document.getElementById('clear').click()",
    "sort": "document.querySelector('th[data-sort=risk] button').click()",
}


def opened(page: Path) -> dict[str, float]:
    """Seconds until a page is loaded and drawn in Chromium, and its `times`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        tab = browser.new_page()
        started = time.perf_counter()
        tab.goto(page.as_uri())
        tab.evaluate(_DRAWN)
        load = time.perf_counter() - started
        found = {"load": load, **times(tab)}
        browser.close()
    return found


def times(tab) -> dict[str, float]:
    """Seconds until the rows of a search, of all again and of another order are drawn on an open portfolio."""
    return {
        name: tab.evaluate(
            f"async () => {{ const start = performance.now(); {step}; await {_DRAWN};"
            " return (performance.now() - start) / 1000; }"
        )
        for name, step in _STEPS.items()
    }


def main() -> None:
    """Print a line a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, action="append")
    parser.add_argument("--keep", type=Path, help="write there, and leave it")
    given = parser.parse_args()
    for services in given.services or SIZES:
        with tempfile.TemporaryDirectory() as scratch:
            estate = write_estate((given.keep or Path(scratch)) / str(services), services)
            started = time.perf_counter()
            make(estate)
            seconds = time.perf_counter() - started
            size = estate.folder.index.stat().st_size
            told = ", ".join(f"{name} {value:.2f} s" for name, value in opened(estate.folder.index).items())
            print(
                f"{services:>5} services: {size:>9,} bytes, made in {seconds:.1f} s; in the browser: {told}", flush=True
            )
            if services == 300 and size > LIMIT:
                raise SystemExit(f"{size:,} bytes at 300 services: the limit is {LIMIT:,}")


if __name__ == "__main__":
    main()
