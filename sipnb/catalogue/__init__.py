"""What sipnb can measure and what it can advise, as data: the KPI definitions, the improvement levers, and the words for both.

The figures themselves are computed in `kpis`, the detectors in `levers`; here stand only names, words, units and limits,
so that parameters can be checked against them before anything runs.
"""

from sipnb.catalogue.kpis import KPIS, Kind, Kpi, OwnFormula, Unit
from sipnb.catalogue.levers import LEVERS, ActsOn, Lever, Limit, Step
from sipnb.catalogue.texts import TEXTS
from sipnb.catalogue.words import WORDS, Term

__all__ = [
    "KPIS", "LEVERS", "TEXTS", "WORDS", "ActsOn", "Kind", "Kpi", "Lever", "Limit", "OwnFormula", "Step", "Term", "Unit",
]  # fmt: skip
