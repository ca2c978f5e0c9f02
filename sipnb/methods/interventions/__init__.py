"""Did it work: what an action changed, against what would have been without it.

The order in which it is asked: :func:`effect` alone and against services that nobody touched, where there are enough; the same
at dates and in services where nothing was done (:func:`at_dates`, :func:`in_services`); a second opinion
(:func:`local_level`); measures that may not suffer (:func:`not_worse`); then :func:`verdict`. Shares, counts and durations
each have a scale on which effects add up: :func:`share`, :func:`rate`, :func:`duration`, :func:`value`.
"""

from sipnb.methods.interventions.averaged import Mixture, Regression, regression
from sipnb.methods.interventions.local_level import local_level
from sipnb.methods.interventions.placebo import Placebo, at_dates, in_services
from sipnb.methods.interventions.power import enough, power
from sipnb.methods.interventions.rates import RateRatio, rate_ratio
from sipnb.methods.interventions.scales import Measured, duration, rate, relative, share, value
from sipnb.methods.interventions.step import FEWEST_AFTER, FEWEST_BEFORE, FEWEST_CONTROLS, Effect, NotMeasurable, effect
from sipnb.methods.interventions.verdict import not_worse, verdict

__all__ = [
    "FEWEST_AFTER",
    "FEWEST_BEFORE",
    "FEWEST_CONTROLS",
    "Effect",
    "Measured",
    "Mixture",
    "NotMeasurable",
    "Placebo",
    "RateRatio",
    "Regression",
    "at_dates",
    "duration",
    "effect",
    "enough",
    "in_services",
    "local_level",
    "not_worse",
    "power",
    "rate",
    "rate_ratio",
    "regression",
    "relative",
    "share",
    "value",
    "verdict",
]
