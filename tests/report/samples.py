"""A cycle's folder made by hand: results, and executed notebooks with the outputs that chapters leave behind."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from sipnb import cycles, report
from sipnb import workbook as workbooks
from sipnb.catalogue import KPIS
from sipnb.chapters import facts, results
from sipnb.chapters.baseline import scorecard
from sipnb.chapters.choice import views as choice_views
from sipnb.chapters.plan import views as front
from sipnb.chapters.portfolio import actions as plan_actions
from sipnb.chapters.portfolio import alignment, hours, money, order, roadmap, standings, worth
from sipnb.chapters.portfolio import rows as services
from sipnb.chapters.portfolio import views as portfolio
from sipnb.places import (
    ALL_SERVICES,
    BASELINE,
    CHAPTERS,
    PARAMS,
    PLAN,
    PORTFOLIO,
    RECOMMENDATIONS,
    REVIEW,
    CycleFolder,
    chapter_anchor,
    chapter_title,
)
from sipnb.show import display, figures, words

#: A path has no blanks to break a line at.
LONG_PATH = "/" + "/".join(["records_of_a_service", "data_0.parquet"] * 3)
HOSTILE = "<script>alert(1)</script>"
LONG = "Customer identity, consent and preference management for retail partners, wholesale and the public sector"
LONG += " A–Z"

LOADING = new_output("stream", name="stderr", text="loading\n")

CYCLE, LABEL, CUTOFF = "2026-10", "October 2026", "1 November 2026 00:00 Europe/Berlin"

#: Measure: value, low, high, n, target, previous, variation, assurance.
MEASURES = {
    "sla_attainment": (0.712, 0.689, 0.734, 1612, 0.85, 0.753, "concern", "consistently fails"),
    "sla_reported": (0.781, 0.758, 0.802, 1490, None, 0.79, "common", "no target"),
    "restore_median": (9.4, 8.7, 10.2, 1612, 8.0, 8.3, "concern", "hit and miss"),
    "volume": (1612, None, None, 1612, None, 1544, "neutral high", "no target"),
    "backlog": (212, None, None, 212, 150, 188, "concern", "consistently fails"),
    "reopen_rate": (0.031, 0.023, 0.04, 1544, 0.04, 0.043, "improvement", "consistently meets"),
    "availability": (0.99931, 0.999, 0.9995, 1, 0.999, 0.9992, "common", "hit and miss"),
    "csat_top2": (0.62, 0.41, 0.79, 12, 0.8, 0.68, "common", "no target"),
    "cost_per_ticket": (41.8, 38.9, 44.6, 1612, 42.0, 41.2, "common", "hit and miss"),
}


def about(service: str, name: str) -> facts.About:
    return facts.About(
        organisation="Northfield Group", service=service, name=name, owner="Head of Payments Operations", tier="Gold",
        calendar="Around the clock", cycle=CYCLE, cycle_label=LABEL, opens="2026-10-01", cutoff_label=CUTOFF,
        currency="EUR", simulated=True,
    )  # fmt: skip


def fact(kpi: str) -> facts.KpiFact:
    value, low, high, n, target, previous, variation, assurance = MEASURES[kpi]
    known = KPIS[kpi]
    moved = variation in ("concern", "improvement")
    return facts.KpiFact(
        kpi=kpi, title=known.title, short=known.short, formula=known.formula, headline=True, core=True,
        cohort=known.cohort, clock=known.clock, unit=known.unit, good=known.good, value=value, low=low, high=high, n=n,
        minimum_n=known.minimum_n, numerator=None, denominator=None, target=target, previous=previous,
        variation=variation, assurance=assurance, chart="XmR", grain="month", trial=False, points=24, signals=3,
        expected_false=0.2, lower_limit=0.93 * previous, upper_limit=1.07 * previous, mean=previous, autocorrelation=0.0,
        p=0.001 if moved else 0.4, sure=moved, claims=n >= known.minimum_n, definition=known.definition,
    )  # fmt: skip


def series(kpis: list[str], cycles: int = 24) -> pd.DataFrame:
    """The past of each measure, ending in its present value; one cycle of each is without data."""
    draw = np.random.default_rng(7)
    frames = []
    for kpi in kpis:
        value, previous = MEASURES[kpi][0], MEASURES[kpi][5]
        past = previous * (1 + 0.025 * draw.standard_normal(cycles))
        past[5], past[-2], past[-1] = np.nan, previous, value
        months = pd.period_range(end="2026-10", periods=cycles, freq="M")
        frames.append(
            pd.DataFrame(
                {
                    "kpi": kpi, "cycle": months.astype(str), "grain": "month", "label": months.strftime("%b %y"), "value": past,
                    "low": past * 0.98, "high": past * 1.02, "n": 100, "mean": previous, "lower": 0.93 * previous,
                    "upper": 1.07 * previous, "signal": "common",
                }
            )
        )  # fmt: skip
    columns = ["kpi", "cycle", "grain", "label", "value", "low", "high", "n", "mean", "lower", "upper", "signal"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def verdict(name: str, **changes) -> facts.VerdictFact:
    given = {
        "sentence": "71.2 % of incidents met the target of 85 %, the fifth month of decline; without action November "
        "misses it again with 97 % probability.",
        "tone": "concern",
        "points": [
            ("Slower for users.", "Half of all incidents now take longer than 9.4 h to restore, 1.1 h more than in "
             "September; closed tickets alone would say 6.9 h.", "2_baseline"),
            ("Why.", "Tickets that change group twice or more are 22 % of the volume and 58 % of the misses; each hop "
             "adds 5.1 h (4.2–6.0).", "gap_analysis"),
            ("Users notice.", f"Of the users of {name}, 62 % are satisfied, down from 78 %.", "3_gap_analysis"),
        ],
        "decisions": [
            ("Give each ticket one owning group from the start", "+9 pts within target (6–12) · € 24,000 once"),
            ("Fund two evening shifts until February", "backlog below 150 by January (80 %) · by 8 Nov"),
            ("Accept: availability target stays at 99.9 %", "met in 7 of 12 months"),
        ],
        "caution": "4.1 % of the tickets carry no resolution time and were set aside.",
    } | changes  # fmt: skip
    given["points"] = [
        facts.PointFact(lead=a, text=b, chapter=c, section=f"{chapter_anchor(c)}-by-group")
        for a, b, c in given["points"]
    ]
    given["decisions"] = [
        facts.DecisionFact(
            id=f"decision-{i}", kind="option", title=a, owner="Head of Payments Operations", due="2026-11-15",
            effect="+9 points within target (6–12)", cost="€ 24,000 once", why=b,
        )
        for i, (a, b) in enumerate(given["decisions"])
    ]  # fmt: skip
    return facts.VerdictFact(**given)


def write_results(folder: CycleFolder, service: str, name: str, kpis: list[str], **changes) -> None:
    def hand_over(found: facts.Facts, tables=None) -> None:
        results.write(folder, service, CYCLE, found, tables, "0123456789abcdef")

    action = facts.ActionFact(
        id="PAY-1", title=f"Check changes of {name}", state="implemented", owner=None, kpi=None, kpi_title=None,
        raised="2026-05-01", due="2026-08-01", implemented="2026-07-20", overdue=False, days_open=80, cycles_since=3,
        note="",
    )  # fmt: skip
    hand_over(facts.ReviewFacts(actions=[action], states={"implemented": 1, "proposed": 2}, overdue=1))
    hand_over(
        facts.BaselineFacts(
            about=about(service, name), kpis=[fact(k) for k in kpis],
            titles={k.id: k.title for k in KPIS.values()},
            without_data={k.title: "the exports hold no surveys" for k in KPIS.values() if k.id not in kpis},
            flow=facts.FlowFact(stock_before=188, opened=1612, resolved=1588, stock_after=212) if kpis else None,
            history_cycles=24 if kpis else 0,
            rows={"tickets": 34112, "outages": 18} if kpis else {}, set_aside={"resolved before opened": 37},
            warnings=["37 of 34,149 rows of tickets (0.11%) were set aside."], severities=None, tested=9, signals=9,
            expected_false=0.8,
        ),
        {"series": series(kpis)},
    )  # fmt: skip
    hand_over(
        facts.GapFacts(gaps=[], objectives=[], targets_without_objective=[], objectives_without_target=[], meets=1,
                         fails=2, inconclusive=3),
    )  # fmt: skip
    hand_over(facts.ForecastFacts(forecasts=[], left_out={}))
    hand_over(
        facts.RecommendationFacts(options=[], considered={}),
    )
    hand_over(
        facts.PlanFacts(
            number=f"{service.upper()}-{CYCLE}",
            verdict=verdict(name, **changes),
            actions=[],
            closed=[],
            content="0123456789ab",
        )
    )


def shown(value: display.Shown, count: int = 1) -> nbformat.NotebookNode:
    """What a cell's last line leaves behind."""
    data = {"text/html": value.markup, "text/plain": value.text}
    return new_output("execute_result", data=data, execution_count=count)


def cell(source: str, *outputs, tags: tuple[str, ...] = ()) -> nbformat.NotebookNode:
    return new_code_cell(source, outputs=list(outputs), execution_count=1, metadata={"tags": list(tags)})


def write_notebook(path: Path, title: str, name: str, data: pd.DataFrame, *more) -> None:
    """An executed chapter: its story, a table that ends a cell, and a figure."""
    slug = title.lower().replace(" ", "-")
    drawing = figures.control_chart(data.assign(low=data["lower"], high=data["upper"]), list(data["label"]), "share",
                                    "EUR", 0.85)  # fmt: skip
    plotted = pd.DataFrame({"Cycle": data["label"], "Value": data["value"].map("{:.1%}".format)})
    rows = pd.DataFrame(
        {
            "Group": [name, "=cmd|' /C calc'!A0", "Second line"],
            "Tickets": [f"{n:,}" for n in (812, 44, 7)],
            "Share": ["94.1 %", "5.1 %", "0.8 %"],
            "Median time to restore": ["9.4 h", "2.1 h", "45 min"],
            "What happened last": ["Passed on to another team", "Resolved", "Waiting for a supplier"],
        }
    )
    notebook = new_notebook(
        cells=[
            new_markdown_cell(f"# {title}\n\nWhat this chapter shows, in *one* sentence."),
            cell("service = 'payments'\ncycle = '2026-10'", shown(display.say("never shown")), tags=("parameters",)),
            cell("service = 'web'", new_output("stream", text="never printed\n"), tags=("injected-parameters",)),
            cell("from sipnb.show import display", LOADING, tags=("setup",)),
            new_markdown_cell("## What the figures say\n\nA **short** explanation with a [link](#main)."),
            cell("display.say(...)", shown(display.say(f"{name}: half of all incidents take longer than **9.4 h**."))),
            cell("figures.control_chart(...)  # <drawn>", shown(display.figure(
                drawing, name=f"{slug}-chart", finding="Attainment has left its usual range",
                subtitle="Resolved in time, share of tickets, November 2024 to October 2026",
                alt="Control chart over 24 cycles; the latest value is 71.2 %.", data=plotted,
                source=f"Tickets of {name}, cut-off 1 November 2026."))),
            new_markdown_cell("## By group"),
            cell("display.table(...)", shown(display.table(rows, "One row a group", numeric=("Tickets", "Share")))),
            cell("display.say(..., kind='note')", shown(display.say("Three are too small to judge.", kind="note"))),
            # A level is skipped, and a heading comes twice: the page has to mend both.
            new_markdown_cell("#### Detail\n\n- first\n- second\n\n## By group"),
            cell("1 + 1", new_output("execute_result", data={"text/plain": "2 <b>plain</b>"}, execution_count=9)),
            *more,
        ]
    )  # fmt: skip
    for number, one in enumerate(notebook.cells):
        one["id"] = f"cell-{number}"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def write_quality(folder: CycleFolder) -> None:
    source = {"name": "tickets", "file": "tickets.csv", "read": 34149, "used": 34112, "set_aside": 37,
              "reasons": {"resolved before opened": 37}}  # fmt: skip
    folder.records.mkdir(parents=True, exist_ok=True)
    (folder.records / "quality.json").write_text(json.dumps({"sources": [source]}), encoding="utf-8")


def write_service(folder: CycleFolder, service: str, name: str, kpis: list[str] | None = None, **changes) -> None:
    """Everything that a service's page is made of."""
    write_quality(folder)
    write_results(folder, service, name, list(MEASURES) if kpis is None else kpis, **changes)
    data = series(["sla_attainment"])
    for chapter in CHAPTERS:
        more = _front(folder, service, chapter, kpis)
        write_notebook(folder.notebook(service, chapter), chapter_title(chapter), name, data, *more)


def _front(folder: CycleFolder, service: str, chapter: str, kpis: list[str] | None) -> list[nbformat.NotebookNode]:
    """The cells that a chapter leaves for the front page."""
    baseline = results.read(folder, service, BASELINE)
    if chapter == BASELINE:
        past = series(list(MEASURES) if kpis is None else kpis)
        measured = SimpleNamespace(
            about=baseline.about, measures=baseline.measures, without_data=baseline.without_data, series=lambda: past
        )
        return [placed("scorecard", scorecard.scorecard(measured))]
    if chapter != PLAN:
        return []
    made = results.read(folder, service, chapter)
    said = made.verdict
    cycle = cycles.parse(CYCLE, "Europe/Berlin")
    evidence = SimpleNamespace(
        page=folder.evidence(service).name, missed=[], gaps=SimpleNamespace(gaps=[]), changed=lambda side: [], baseline=baseline,
        context=SimpleNamespace(currency="EUR", cycle=cycle), said=lambda value, unit: words.prose(value, unit),
    )  # fmt: skip
    past = dict(tuple(series(list(MEASURES) if kpis is None else kpis).groupby("kpi")))
    return [
        placed("strip", front.strip(evidence, made.number, made.approval, said.decisions)),
        placed("verdict", front.verdict(said.sentence, said.tone, said.caution, evidence, past)),
        placed("matters", front.matters(said.points, evidence)),
        placed("asked", front.asked(said.decisions)),
        new_markdown_cell("## The plan on a page"),
        cell("views.actions(...)", shown(display.say("No action."))),
        new_markdown_cell("## Decisions asked"),
        cell("views.decisions(...)", shown(front.decisions(said.decisions))),
        new_markdown_cell("## Nothing to say"),
        cell("views.nothing()", shown(display.Shown("", ""))),
        cell("views.news(...)", shown(front.news(said.news, evidence))) if said.news else cell("# no news"),
    ]


def placed(place: str, value: display.Shown) -> nbformat.NotebookNode:
    """A cell whose output has a place in the frame of the page."""
    return cell(f"views.{place}(...)", shown(value), tags=(f"page:{place}",))


def plan(service: str, name: str, **changes) -> facts.PlanFact:
    given = {
        "service": service, "name": name, "owner": "Head of Payments Operations", "tier": "Gold", "status": "published",
        "reason": "", "need": 7.4, "tone": "concern",
        "sentence": "71.2 % of incidents met the target of 85 %, the fifth month of decline.", "fails": 2,
        "inconclusive": 3, "meets": 1, "miss": 0.97, "worse": ["Time to restore, median"], "better": ["Reopened"],
        "options": ["Give each ticket one owning group from the start"],
    } | changes  # fmt: skip
    return facts.PlanFact(**given)


def write_portfolio(folder: CycleFolder, plans: list[facts.PlanFact], **changes) -> None:
    write_quality(folder)
    source = json.loads((folder.records / "quality.json").read_text())["sources"]
    made = [p for p in plans if p.status == "published"]
    actions = [
        action
        for p in made
        for action in plan_actions.of_plan(
            p.service, p.owner, results.read(folder, p.service, REVIEW),
            results.read(folder, p.service, RECOMMENDATIONS), results.read(folder, p.service, PLAN), "EUR",
        )
    ]  # fmt: skip
    states = [p.status for p in plans]
    baselines = {p.service: results.read(folder, p.service, BASELINE) for p in made}
    given = dict(
        organisation="Northfield Group", currency="EUR", tested=0, by_chance=0, seeming=0, signals=[], funnels=[],
        cycle=CYCLE, cycle_label=LABEL, cutoff="2026-10-31T23:00:00+00:00", cutoff_label=CUTOFF,
        simulated=True,
        positions=standings.positions(baselines), actions=actions, totals=plan_actions.totals(actions),
        since=facts.SinceFact(cycle="2026-09", label="September 2026", known=False),
        health=facts.HealthFact(
            published=len(made), failed=states.count("failed"), errored=states.count("errored"),
            skipped=states.count("skipped"), stale=sum(bool(p.stale) for p in plans),
        ),
        sentence="2 of 5 services miss a target consistently; one plan could not be made.",
        rule="Ordered by need: failed plans first, then targets missed weighted by their objectives.", plans=plans,
        estate=[facts.EstateFact(definition="All services, mean", severities=["major", "critical"], cycle=0.9991,
                                   year=0.99874, outages=14)] if plans else [],
        sources=source, warnings=[], review="2026-11-30",
    )  # fmt: skip
    found = facts.PortfolioFacts(**(given | changes))
    results.write(folder, ALL_SERVICES, CYCLE, found, None, "fedcba9876543210")
    lines, road = services.rows(folder, plans, baselines), roadmap.roadmap(found.actions, date(2026, 11, 1))
    cells = {
        "verdict": portfolio.verdict(plans, found.sentence, found.warnings), "rule": display.say(found.rule, kind=""),
        "movers": portfolio.movers(found.signals, found.tested, lines, "EUR"), "since": portfolio.since(found.since, lines),
        "services": portfolio.services(lines), "matrix": portfolio.matrix(found.positions, lines),
        "actions": portfolio.actions(found.actions, found.totals, lines, "EUR"),
        "estate": portfolio.availability(found.estate, LABEL), "decisions": portfolio.decisions(plans, lines),
        "money": money.tiles(money.money(found.actions), "month", "EUR"), "stages": display.Shown("", ""),
        "roadmap": roadmap.shown(road, lines),
        "worth": worth.shown(worth.placed(found.actions), services.names(lines), LABEL, "EUR"),
        "delivery": display.say("Nothing was agreed yet."),
        "hours": hours.shown(None, {}, LABEL, "month", "EUR"), "objectives": alignment.shown([], {}, {}, "EUR"),
        "orphans": display.Shown("", ""), "order": order.shown(None, {}, {}),
        "choice": choice_views.shown(None, {}, LABEL, "EUR"),
    }  # fmt: skip
    more = [placed(place, value) for place, value in cells.items()]
    write_notebook(
        folder.notebook(ALL_SERVICES, PORTFOLIO), "Portfolio", "Northfield", series(["sla_attainment"]), *more
    )


def render_cycle(root: Path) -> CycleFolder:
    """A cycle with a usual, a hostile, a long-named and an empty service, one failed, and the portfolio."""
    folder = CycleFolder(root / CYCLE)
    earlier = root / "2026-09" / "payments.html"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("<!doctype html><title>September</title>", encoding="utf-8")
    earlier.with_name("index.html").write_text("<!doctype html><title>September</title>", encoding="utf-8")
    write_service(folder, "payments", "Payments")
    write_service(folder, "hostile", HOSTILE, sentence=f"{HOSTILE} & \"quoted\" 'text'", caution=HOSTILE)
    write_service(folder, "long", LONG)
    write_service(folder, "empty", "Empty", kpis=[], points=[], decisions=[], caution="", tone="common",
                  sentence="There are no records of this service.")  # fmt: skip
    report.render_methods(folder, workbooks.load(PARAMS / "demo", reports=root), LABEL)
    report.render_plan(folder, "payments")
    for service in ("hostile", "long", "empty"):
        report.render_plan(folder, service)
    line = 'broken 2026-10 4_forecast.ipynb cell 7 "Choose a model": ValueError: <no> series'
    write_notebook(folder.notebook("broken", "4_forecast"), "Forecast", "Broken", series(["sla_attainment"]))
    report.render_failure(folder, "broken", f"Broken {HOSTILE}", LABEL, line, "4_forecast", 7, "Choose a model",
                        "ValueError: <no> series")  # fmt: skip
    write_portfolio(
        folder,
        [
            plan("broken", f"Broken {HOSTILE}", status="failed", reason=f"{line} {LONG_PATH}", need=0, tone="common"),
            plan("payments", "Payments"),
            plan("hostile", HOSTILE, sentence=f"{HOSTILE} is worse", worse=[HOSTILE], need=5.1),
            plan("long", LONG, tone="improvement", fails=0, miss=0.004, worse=[], options=[], need=2.0),
            plan("empty", "Empty", tone="common", sentence="There are no records of this service.", fails=0, meets=0,
                 inconclusive=0, miss=None, worse=[], better=[], options=[], need=0.0),
            plan("skipped", "Skipped", status="skipped", reason="", need=0, tone="common"),
        ],
    )  # fmt: skip
    report.render_index(folder)
    report.render_cycles(folder)
    return folder
