"""The page of methods, definitions and words, once an organisation: how figures are reached, and when not to trust them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path

from sipnb import __version__
from sipnb.catalogue import WORDS
from sipnb.cycles import noun
from sipnb.places import CycleFolder
from sipnb.report.page import Section, contents, environment, write
from sipnb.workbook import Workbook


@dataclass(frozen=True)
class Method:
    """One method: what it is used for, how it works with its interval, what it assumes, when it misleads."""

    name: str
    used: str
    how: str
    assumes: str
    beware: str


METHODS = (
    Method(
        "Interval of a share", "shares of tickets, changes, answers",
        "Wilson’s score interval, 95 %; of satisfaction and time on hold at as many cases of equal weight as would scatter as "
        "much. A month’s availability is counted and has none",
        "tickets meet or miss their target independently of each other",
        "one event makes many tickets: then the interval is too narrow",
    ),
    Method(
        "Time to restore", "how long users wait",
        "Kaplan–Meier with open tickets counted for as long as they have waited; interval by the log-log transform, 95 %. A "
        "range needs 5 incidents, that of the restricted mean 30",
        "open tickets will take as long as others that have waited as long",
        "tickets are left open although the work is done, or closed before it is",
    ),
    Method(
        "Usual range", "every measure with 13 points of history",
        "limits at three standard errors: of a share p′ (Laney) or p, of a count c′ or c, of a rate u′ or u, all widened by how "
        "much points differ beyond chance; of other measures the mean ± 2.66 times the mean step from one point to the next "
        "(XmR), of durations on their logarithms; of rare events the time between them (t chart)",
        "while nothing changes the points scatter around one level",
        "the measure has a season or a long memory: some signals are then the season’s",
    ),
    Method(
        "Change beyond chance", "what is said to have got better or worse",
        "the largest change of level among the latest points, with its p-value; claimed where false discoveries stay under 5 % "
        "over all measures (Benjamini–Hochberg)",
        "points before the change tell what is usual",
        "fewer than about 20 points: small changes are then not seen",
    ),
    Method(
        "Did it work", "the verdict on an action",
        "a step at its date, by generalised least squares averaged over 18 covariances of the errors, against what nobody "
        "touched: the other tickets of the service, or the median of other services. Verdicts are taken once, and once more "
        "after twice the time",
        "nothing else happened to these tickets alone at that time",
        "several actions took effect at once, or the measure was always getting better",
    ),
    Method(
        "Forecast", "what happens without the plan",
        "a combination of models, or the one that clearly erred less over the past; intervals as wide as its past errors; the "
        "chance of a miss is the share of simulated futures that miss",
        "the future is made as the past was, and nothing is done",
        "the service, its users or its targets are about to change",
    ),
    Method(
        "Effect of an option", "what a proposal could bring, where that is estimated",
        "tickets still open and not late at a landmark after opening, by what had happened to them by then, against others of "
        "the same priority and kind; carried to all tickets, with the uncertainty of both",
        "the tickets concerned would become like the others",
        "they differ in more than priority, kind and what the option changes",
    ),
)  # fmt: skip

_SECTIONS = (
    ("reading", "How to read this"),
    ("glossary", "Glossary"),
    ("methods", "Methods"),
    ("definitions", "Definitions"),
)


def render_methods(folder: CycleFolder, workbook: Workbook, label: str) -> Path:
    """Write the page of a cycle, whose label is `label`, and return it."""
    measures = sorted(workbook.kpis.values(), key=lambda kpi: (not kpi.core, kpi.title))
    content = environment().get_template("methods.html.j2").render(
        title=f"Methods, definitions and words: {workbook.settings.organisation}, {label}",
        organisation=workbook.settings.organisation,
        label=label,
        simulated=workbook.settings.simulated,
        glossary=[one.told(noun(folder.cycle)) for one in WORDS.terms],
        methods=[astuple(one) for one in METHODS],
        definitions=[(k.title, k.formula, k.cohort, k.clock, k.minimum_n, k.definition) for k in measures],
        definition_ids=[f"def-{k.id}" for k in measures],
        contents=contents([Section(2, id, title) for id, title in _SECTIONS]),
        version=__version__,
    )  # fmt: skip
    return write(folder.methods, content)


def methods_of(workbook: Workbook, label: str) -> Callable[[CycleFolder], Path]:
    """`render_methods` as a run calls it: with the folder of its cycle."""
    return lambda folder: render_methods(folder, workbook, label)
