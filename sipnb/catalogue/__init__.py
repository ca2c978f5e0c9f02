"""What sipnb can measure and what it can advise, as data: the KPI definitions and the improvement levers.

The figures themselves are worked out in `kpis`, the detectors in `levers`; here stand only names, words and units, so
that parameters can be checked against them before anything runs.
"""

from sipnb.catalogue.kpis import KPIS, Kind, Kpi, OwnFormula, Unit
from sipnb.catalogue.levers import LEVERS, Lever

__all__ = ["KPIS", "LEVERS", "Kind", "Kpi", "Lever", "OwnFormula", "Unit"]
