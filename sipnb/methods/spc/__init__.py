"""Control charts: which points of a series are more than noise, whether its process can meet a target, and whether
its level has changed.

The chart fits the data:

======================================================== ============================================
data, one value a point in time                          chart
======================================================== ============================================
a measure that varies about evenly to both sides         :func:`xmr`
a duration or a cost: positive, skewed to the right      :func:`log_xmr`
a share: so many of so many cases                        :func:`p_chart` (p′; ``prime=False``: p)
a count per user, day or device, the sizes vary          :func:`u_chart` (u′; ``prime=False``: u)
a count of events, the same chances at every point       :func:`c_chart`; with ``prime=True`` if it varies more
events too rare to count by month (fewer than about 3)   :func:`t_chart` of the times between them
a daily value with a pattern of the week                 :func:`weekday_adjusted`, then one of these
======================================================== ============================================

All take the better direction (``good``), a ``target``, groups for a rebased baseline (:func:`groups_from`, which asks
for the reason), and a named set of rules (:data:`RULES`); all give a :class:`Chart`. With autocorrelation the rules
see signals where there are none: :func:`autocorrelation`, :func:`expected_false`, :func:`chance_of_any`.

One p-value for "did the level of the latest points change", to compare many series: :func:`change`, of shares and
counts as :func:`stabilised_share` and :func:`stabilised_count` make them.
"""

from sipnb.methods.spc.attributes import c_chart, p_chart, u_chart
from sipnb.methods.spc.chance import chance_of_any, expected_false
from sipnb.methods.spc.chart import TRIAL_BELOW, Chart, autocorrelation, groups_from
from sipnb.methods.spc.individuals import limits, log_xmr, xmr
from sipnb.methods.spc.levels import Change, change
from sipnb.methods.spc.rare import t_chart
from sipnb.methods.spc.rules import RULES
from sipnb.methods.spc.stabilised import stabilised_count, stabilised_share
from sipnb.methods.spc.weekdays import weekday_adjusted

__all__ = [
    "RULES",
    "TRIAL_BELOW",
    "Change",
    "Chart",
    "autocorrelation",
    "c_chart",
    "chance_of_any",
    "change",
    "expected_false",
    "groups_from",
    "limits",
    "log_xmr",
    "p_chart",
    "stabilised_count",
    "stabilised_share",
    "t_chart",
    "u_chart",
    "weekday_adjusted",
    "xmr",
]
