"""The improvement register: what was agreed, by whom, and how far it has come, read as it stood on a day.

One file a service, `register/<service>.yml`. An action has a `history` of dated entries, of which the last before the cut-off is
its state; or the short form of `state` and `raised`, for people who start. What was signed lies beside (`signing`).
"""

from sipnb.register.as_of import Standing, standing, until
from sipnb.register.checks import contradictions, objections
from sipnb.register.entries import USUAL_AFTER, Action, Entry, Measure, RegisterFile
from sipnb.register.states import DONE, IMPLEMENTED, NOT_AGREED, REFUSED

__all__ = [
    "DONE",
    "IMPLEMENTED",
    "NOT_AGREED",
    "REFUSED",
    "USUAL_AFTER",
    "Action",
    "Entry",
    "Measure",
    "RegisterFile",
    "Standing",
    "contradictions",
    "objections",
    "standing",
    "until",
]
