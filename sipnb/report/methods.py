"""How the figures of a plan were reached: the methods it uses, what they assume, and when not to trust them.

Only what this plan used is listed: the charts that its measures have, the models that its forecasts chose.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sipnb.chapters.facts import BaselineFacts, ForecastFacts, RecommendationFacts
from sipnb.show import words


@dataclass(frozen=True)
class Method:
    """One method: what it was used for here, how it works with its interval, what it assumes, when it misleads."""

    name: str
    used: str
    how: str
    assumes: str
    beware: str


_CHARTS = {
    "p′": "Laney’s p′ chart: limits of a share at three standard errors, widened by how much months differ beyond chance",
    "p": "p chart: limits of a share at three standard errors",
    "c′": "c′ chart: limits of a count at three times its root, widened by how much cycles differ beyond chance",
    "c": "c chart: limits of a count at three times its root",
    "u′": "u′ chart: limits of a rate, widened by how much cycles differ beyond chance",
    "u": "u chart: limits of a rate",
    "XmR": "XmR chart: the mean ± 2.66 times the mean step from one point to the next",
    "log XmR": "XmR chart of the logarithms, because durations are skewed",
    "t": "t chart: limits of the time between rare events",
}


def methods(measured: BaselineFacts, ahead: ForecastFacts, advice: RecommendationFacts) -> list[Method]:
    """The methods of one plan, in the order in which a reader meets them."""
    found: list[Method] = []
    shares = [k for k in measured.measures if k.unit == "share" and k.low is not None]
    if shares:
        found.append(
            Method(
                "Interval of a share", words.plural(len(shares), "measure"),
                "Wilson’s score interval, 95 %; of satisfaction and time on hold at as many cases of equal weight as would "
                "scatter as much. A cycle’s availability is counted and has none",
                "tickets meet or miss their target independently of each other",
                "one event makes many tickets: then the interval is too narrow",
            )
        )  # fmt: skip
    if measured.restore is not None:
        found.append(
            Method(
                "Time to restore", words.plural(measured.restore.n, "incident"),
                "Kaplan–Meier with open tickets counted for as long as they have waited; interval by the log-log transform, "
                "95 %. A range needs 5 incidents, that of the restricted mean 30",
                "open tickets will take as long as others that have waited as long",
                "tickets are left open although the work is done, or closed before it is",
            )
        )  # fmt: skip
    charts = Counter(k.chart for k in measured.measures if k.chart and k.claims)
    if charts:
        found.append(
            Method(
                "Usual range", words.plural(sum(charts.values()), "measure"),
                "; ".join(f"{_CHARTS.get(chart, chart)} ({words.plural(n, 'measure')})" for chart, n in charts.items()),
                "while nothing changes the points scatter around one level",
                "the measure has a season or a long memory: some signals are then the season’s",
            )
        )  # fmt: skip
    if measured.tested:
        found.append(
            Method(
                "Change beyond chance", f"{measured.tested:,} measures tested together",
                "the largest change of level among the latest points, with its p-value; claimed where false discoveries stay "
                "under 5 % over all measures (Benjamini–Hochberg)",
                "points before the change tell what is usual",
                "fewer than about 20 points: small changes are then not seen",
            )
        )  # fmt: skip
    models = Counter(f.model for f in ahead.forecasts)
    if models:
        first = ahead.forecasts[0]
        chosen = words.listed([f"{model} ({words.plural(n, 'measure')})" for model, n in sorted(models.items())])
        found.append(
            Method(
                "Forecast", words.plural(len(ahead.forecasts), "measure"),
                f"a combination of {first.models - 1} models, or the one that clearly erred less over past cycles: {chosen}; "
                "intervals as wide as its past errors; the chance of a miss is the share of simulated futures that miss",
                "the future is made as the past was, and nothing is done",
                "the service, its users or its targets are about to change",
            )
        )  # fmt: skip
    estimated = [o for o in advice.options if o.effect and o.effect.basis == "effect"]
    if estimated:
        found.append(
            Method(
                "Effect of an option", words.plural(len(estimated), "option"),
                "tickets still open and not late at a landmark after opening, by what had happened to them by then, against "
                "others of the same priority and kind; carried to all tickets, with the uncertainty of both",
                "the tickets concerned would become like the others",
                "they differ in more than priority, kind and what the option changes",
            )
        )  # fmt: skip
    return found
