"""Baseline: how the service really performs, whether that is changing, and how sure we are."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sipnb.chapters.baseline import history, measures, mix, people, promises, restoring, uptime, work
from sipnb.chapters.baseline.charts import Charted, fine
from sipnb.chapters.facts import BaselineFacts
from sipnb.chapters.subject import Subject
from sipnb.kpis import attainment, restoration
from sipnb.methods import durations

__all__ = [
    "CHAPTER", "Baseline", "history", "measures", "mix", "people", "promises", "restoring", "uptime", "work", "work_out",
]  # fmt: skip

CHAPTER = "2_baseline"


@dataclass(frozen=True)
class Baseline:
    """The facts, and what the figures are drawn from."""

    facts: BaselineFacts
    charts: dict[str, Charted]
    series: pd.DataFrame
    flow: pd.DataFrame
    fine: Charted | None
    survival: durations.Survival | None


def work_out(subject: Subject) -> Baseline:
    """Every KPI that has data, with limits over its history; cohorts, clocks, flow and time to restore of the cycle."""
    figures, charts, without = measures.measured(subject)
    survival = restoration.survival(subject.scope)
    flow = work.flow_table(subject)
    account = subject.records.account
    restated = history.restated(subject, figures)
    late = attainment.past_due(subject.scope)
    facts = BaselineFacts(
        about=subject.about,
        objectives=[o.title for o in subject.workbook.objectives if set(o.kpis) & {k.kpi for k in figures}],
        kpis=figures,
        titles={kpi: known.title for kpi, known in subject.kpis.items()},
        without_data=without,
        flow=work.flow(flow),
        restore=restoring.compared(subject, survival),
        policies=promises.policies(subject),
        ages=work.ages(subject),
        holds=work.holds(subject),
        uptime=uptime.lost(subject),
        silence=people.silence(subject),
        costs=people.costs(subject),
        mix=mix.explained(subject),
        marks=history.marks(subject, restated),
        restated=restated,
        late_open=len(late),
        late_days=float(late.median()) if len(late) else None,
        inferred_late=promises.inferred_late(subject),
        history_cycles=max((int(subject.series(kpi)["value"].notna().sum()) for kpi in charts), default=0),
        rows=account["rows"],
        set_aside=history.set_aside(account),
        warnings=subject.records.warnings,
        severities=subject.severities,
        tested=sum(k.tested for k in figures if k.headline),
        signals=sum(k.signals for k in figures if k.headline),
        expected_false=sum(k.expected_false or 0.0 for k in figures if k.headline),
    )
    return Baseline(facts, charts, history.series(charts), flow, fine(subject), survival)
