"""The kinds of figures. Each is one small function of its data that gives a `Draw`: a figure ready for any room.

The notation is that of `theme`. To add a kind, write a function here that returns `draw(room)`, built from `axes`.
"""

from sipnb.show.figures.axes import Draw
from sipnb.show.figures.courses import before_and_after, control_chart, fan_chart, flow, parts
from sipnb.show.figures.plans import Span, exceedance, timeline, value_curve, worth
from sipnb.show.figures.spreads import against_limits, funnel, intervals, pareto, survival, waterfall

__all__ = [
    "Draw", "Span", "against_limits", "before_and_after", "control_chart", "exceedance",
    "fan_chart", "flow", "funnel", "intervals",
    "pareto", "parts",
    "survival", "timeline", "value_curve", "waterfall", "worth",
]  # fmt: skip
