"""Time to restore, with open tickets counted for as long as they have waited."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from sipnb import kpis
from sipnb.chapters.baseline.control_charts import source
from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import About, RestoreFact
from sipnb.methods import durations
from sipnb.show import figures, words
from sipnb.show.display import Shown, figure, say, table


def compared(context: ServiceContext, survival: durations.Survival | None) -> RestoreFact | None:
    """The Kaplan–Meier median beside the median and mean of the incidents closed in the cycle."""
    if survival is None:
        return None
    opened, done = context.scope.tickets_opened(), context.scope.tickets_resolved()
    opened = opened[opened["kind"] == "incident"]
    done = done[done["kind"] == "incident"]
    hours = (done["resolved"] - done["opened"]).dt.total_seconds() / 3600
    # One figure, one interval: that of the scorecard, which allows for how much cycles vary.
    median = kpis.measure("restore_median", context.scope)
    return RestoreFact(
        n=survival.n, restored=survival.events, still_open=int(opened["ended"].isna().sum()),
        median=median.value, low=median.low, high=median.high,
        naive_median=float(hours.median()), naive_mean=float(hours.mean()), naive_n=len(hours),
    )  # fmt: skip


#: The id of the curve, to which a plan's main points lead.
SURVIVAL = "fig-restore"


def survival_figure(
    survival: durations.Survival | None, r: RestoreFact | None, about: About, target: float | None
) -> Shown:
    """Time to restore, open tickets counted: the curve against the `target` in hours."""
    if r is None or survival is None:
        return say(f"No incident opened in {about.cycle_label} has been restored: nothing to draw.")
    curve = _drawn(survival.curve)
    data = curve.set_axis(["Hours after opening", "Not yet restored", "95 % from", "95 % to"], axis=1)
    half = "fewer than half are restored yet"
    if r.median is not None:
        half = f"half are restored after {words.number(r.median, 'hours')}"
    return figure(
        figures.survival(curve, r.median if r.median is not None else math.nan, target),
        name=SURVIVAL.removeprefix("fig-"), finding=f"Of {words.plural(r.n, 'incident')}, {half}",
        subtitle=f"Share of incidents opened in {about.cycle_label} not yet restored, by time since opening; "
        "grey band: 95 % interval",
        alt=f"Falling curve of the share of {r.n:,} incidents not yet restored; {half}. {r.still_open:,} are still open and "
        "count for as long as they have waited.",
        data=data, units={"Hours after opening": "number", **dict.fromkeys(data.columns[1:], "share")},
        source=source(about), definition="restore_median",
    )  # fmt: skip


#: So many steps draw the same line as all of them, and can be listed below it.
_STEPS = 60


def _drawn(curve: pd.DataFrame) -> pd.DataFrame:
    """The curve up to where little is left, in steps that a reader can tell apart (time, survival, low, high)."""
    upto = curve[curve["survival"] > 0.02]
    shown = curve[curve["time"] <= (upto["time"].max() if len(upto) else 1.0)]
    start = pd.DataFrame({"time": [0.0], "survival": [1.0], "low": [1.0], "high": [1.0]})
    whole = pd.concat([start, shown[["time", "survival", "low", "high"]].astype(float)], ignore_index=True)
    whole = whole.fillna({"low": 0.0, "high": 1.0})
    if len(whole) <= _STEPS:
        return whole
    # Half of the steps where the curve falls, half along the time: neither its drop nor its tail gets lost.
    by_share = np.searchsorted(-whole["survival"], -np.linspace(1, whole["survival"].iloc[-1], _STEPS // 2))
    by_time = np.searchsorted(whole["time"], np.linspace(0, whole["time"].iloc[-1], _STEPS // 2))
    return whole.iloc[np.unique(np.r_[0, by_share, by_time, len(whole) - 1].clip(0, len(whole) - 1))].reset_index(
        drop=True
    )


def answers(r: RestoreFact | None) -> Shown:
    """The same question answered with and without open tickets."""
    if r is None:
        return say("")
    frame = pd.DataFrame(
        {
            "How it is counted": [
                "Median of those opened, open ones counted (Kaplan–Meier)",
                "Median of those resolved, whenever opened",
                "Mean of those resolved, whenever opened",
            ],
            "Time to restore": [words.number(v, "hours") for v in (r.median, r.naive_median, r.naive_mean)],
            "95 % interval": [words.interval(r.low, r.high, "hours", beside=r.median), "–", "–"],
            "n": [f"{r.n:,} ({r.still_open:,} open)", f"{r.naive_n:,}", f"{r.naive_n:,}"],
        }
    )
    return table(frame, "One question, three answers", numeric=("Time to restore", "95 % interval", "n"))
