"""Durations when some are still running: curves, and their medians for many groups.

A mean over finished cases alone is too short, because the long ones are the ones still open. Everything here
counts an unfinished case for as long as it was watched. Units are the caller's (hours, days) and stay so.

``curves``: one Kaplan-Meier curve and the log-rank test. ``by_group``: the same for all periods of a history at
once.
"""

from sipnb.methods.durations.by_group import medians_by_group, quantiles_by_group, restricted_means_by_group
from sipnb.methods.durations.curves import Survival, kaplan_meier, logrank

__all__ = [
    "Survival",
    "kaplan_meier",
    "logrank",
    "medians_by_group",
    "quantiles_by_group",
    "restricted_means_by_group",
]
