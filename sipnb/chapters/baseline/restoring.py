"""Time to restore, with open tickets counted for as long as they have waited."""

from __future__ import annotations

import math

import pandas as pd

from sipnb.chapters.baseline import work
from sipnb.chapters.baseline.history import source
from sipnb.chapters.facts import BaselineFacts, RestoreFact
from sipnb.chapters.subject import Subject
from sipnb.methods import durations
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, say, table


def compared(subject: Subject, survival: durations.Survival | None) -> RestoreFact | None:
    """The Kaplan–Meier median beside the median and mean of the incidents closed in the cycle."""
    if survival is None:
        return None
    done = subject.scope.tickets_resolved()
    done = done[done["kind"] == "incident"]
    hours = (done["resolved"] - done["opened"]).dt.total_seconds() / 3600
    median = survival.quantile(0.5)
    return RestoreFact(
        n=survival.n, restored=survival.events, still_open=survival.censored,
        median=median.value, low=median.low, high=median.high,
        naive_median=float(hours.median()), naive_mean=float(hours.mean()), naive_n=len(hours),
    )  # fmt: skip


def survival_figure(measured) -> Shown:
    """Time to restore, open tickets counted."""
    r, facts = measured.facts.restore, measured.facts
    if r is None or measured.survival is None:
        return say("No incident opened in this cycle has been restored: nothing to draw.")
    curve = measured.survival.curve
    hours = [1, 2, 4, 8, 16, 24, 48, 96, 168, 336]
    at = [measured.survival.at(h) for h in hours if h <= curve["time"].max()]
    data = pd.DataFrame(
        {
            "After": [words.number(h, "hours") for h in hours[: len(at)]],
            "Not yet restored": [words.number(e.value, "share") for e in at],
            "95 % interval": [words.interval(e.low, e.high, "share") for e in at],
        }
    )
    if data.empty:
        data = pd.DataFrame({"After": [words.number(curve["time"].max(), "hours")], "Not yet restored": ["–"]})
    half = "fewer than half are restored yet"
    if r.median is not None:
        half = f"half are restored after {words.number(r.median, 'hours')}"
    return figure(
        figures.survival(curve, r.median if r.median is not None else math.nan, r.naive_median or math.nan),
        name="restore", finding=f"Of {words.plural(r.n, 'incident')}, {half}",
        subtitle=f"Share of incidents opened in {facts.about.cycle_label} not yet restored, by time since opening; "
        "95 % band",
        alt=f"Falling curve of the share of {r.n:,} incidents not yet restored; {half}. {r.still_open:,} are still open and "
        "count for as long as they have waited.",
        data=data, source=source(facts),
    )  # fmt: skip


def answers(facts: BaselineFacts) -> Shown:
    """The same question answered with and without open tickets."""
    r = facts.restore
    if r is None:
        return say("")
    frame = pd.DataFrame(
        {
            "How it is counted": [
                "Median, open tickets counted (Kaplan–Meier)",
                "Median of closed tickets",
                "Mean of closed tickets",
            ],
            "Time to restore": [words.number(v, "hours") for v in (r.median, r.naive_median, r.naive_mean)],
            "95 % interval": [words.interval(r.low, r.high, "hours"), "–", "–"],
            "n": [f"{r.n:,} ({r.still_open:,} open)", f"{r.naive_n:,}", f"{r.naive_n:,}"],
        }
    )
    return table(frame, "One question, three answers", numeric=("Time to restore", "95 % interval", "n"))


def tail_table(facts: BaselineFacts) -> Shown:
    """The slow ones, the mean up to 14 days, and the time to the first answer."""
    return work.some(
        facts,
        ("restore_mean", "restore_p90", "restore_p95", "acknowledge_median"),
        "The mean, the slow ones, the first answer",
    )
