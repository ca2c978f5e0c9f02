"""What the plan is drawn from: the chapters' facts of a service, the words for its measures, and how its targets stand."""

from __future__ import annotations

from dataclasses import dataclass

from sipnb.chapters.context import ServiceContext
from sipnb.chapters.facts import (
    BaselineFacts,
    DriverFact,
    ForecastFact,
    ForecastFacts,
    GapFact,
    GapFacts,
    KpiFact,
    OptionChoice,
    OptionFact,
    RecommendationFacts,
    ReviewFacts,
    ServiceChoice,
    StepFact,
)
from sipnb.chapters.plan import changes
from sipnb.show import words

#: From this chance of a miss on a verdict names it, though nothing is missed yet.
LIKELY = 0.5
#: A target that was missed so many cycles in a row needs an answer, though chance may have made it so.
LONG = 3


@dataclass(frozen=True)
class Evidence:
    """What the plan is drawn from: the chapters' facts of a service, what was chosen of its options when those of all services
    were weighed (None: they were not), and the words for its measures; `inside` the organisation, or for its customers."""

    context: ServiceContext
    review: ReviewFacts
    baseline: BaselineFacts
    gaps: GapFacts
    forecast: ForecastFacts
    advice: RecommendationFacts
    choice: ServiceChoice | None = None
    inside: bool = True

    @property
    def options(self) -> list[OptionFact]:
        """What is proposed."""
        return self.advice.recommended

    def weighed(self, option: str) -> OptionChoice | None:
        """What was chosen of an option; None where it was not weighed against those of other services."""
        return next((one for one in self.choice.options if one.id == option), None) if self.choice else None

    def left_out(self, option: str) -> str:
        """Why an option is not chosen; empty where it is, or was not weighed."""
        found = self.weighed(option)
        return found.why_not if found and not found.chosen else ""

    def declined(self, kpi: str) -> tuple[OptionFact, bool] | None:
        """The first option for a measure of which none is to be done, and whether that is because it costs more than it brings;
        else the budget does not reach it."""
        mine = [one for one in self.advice.options if kpi in one.kpis]
        if not mine or not all(one.why_not or self.left_out(one.id) for one in mine):
            return None
        return next(((one, False) for one in mine if not one.why_not), (mine[0], True))

    @property
    def left(self) -> dict[str, str]:
        """The levers that the records could have spoken for and do not, with the reason."""
        return self.advice.spoken_against

    @property
    def page(self) -> str:
        """The page of the evidence, as the plan links to it; none for those outside, who do not get it."""
        return "" if not self.inside else self.context.folder.evidence(self.context.service.id).name

    @property
    def missed(self) -> list[GapFact]:
        """The targets that are certainly missed, or were for three cycles in a row and this one."""
        return [g for g in self.gaps.gaps if g.status == "fails" or (g.gap is not None and g.gap > 0 and self._long(g))]

    def _long(self, gap: GapFact) -> bool:
        fact = self.baseline.measure(gap.kpi)
        return fact is not None and fact.missed_for >= LONG and gap.status == "inconclusive"

    def meant_for(self, option: OptionFact) -> GapFact | None:
        """The missed target that an option is about: of those it was found for, else of those its lever moves, the worst one."""
        named = next((gap for gap in self.missed if gap.kpi in option.kpis), None)
        return named or next((gap for gap in self.missed if gap.kpi in self.moved_by(option.lever)), None)

    def moved_by(self, lever: str | None) -> tuple[str, ...]:
        """The measures that a lever moves, as the organisation has it; none of one that it has no more."""
        known = self.context.workbook.effective_levers.get(lever or "")
        return known.moves if known else ()

    def cause(self, kpi: str) -> DriverFact | None:
        """The first driver of a missed measure, where the gap analysis names one."""
        return next((why.drivers[0] for why in self.gaps.why if why.kpi == kpi and why.drivers), None)

    def risk(self, kpi: str) -> StepFact | None:
        """The next cycle of a measure with a target, where it is forecast."""
        return next((f.steps[0] for f in self.forecast.forecasts if f.kpi == kpi and f.steps[0].miss is not None), None)

    @property
    def worst(self) -> GapFact | None:
        """The target that is most certainly and most heavily missed."""
        return next((g for g in self.gaps.gaps if g.status == "fails"), None)

    @property
    def risky(self) -> tuple[ForecastFact, StepFact] | None:
        """The target likeliest to be missed in the next cycle."""
        found = [(f, f.steps[0]) for f in self.forecast.forecasts if f.steps[0].miss is not None]
        return max(found, key=lambda pair: pair[1].miss, default=None)

    def changed(self, variation: str) -> list[KpiFact]:
        """The scorecard's measures whose change holds among all of them; what restates another one is left out."""
        return [k for k in changes.changed(self.baseline) if k.variation == variation]

    def against(self, gap: GapFact) -> str:
        """The figure of a target's measure beside the target: `70.2 %, target 85 %`."""
        return f"{self.said(gap.value, gap.unit)}, target {self.said(gap.target, gap.unit)}"

    def in_a_row(self, kpi: str, before: str = "") -> str:
        """For which time in a row a target was missed, after these signs; empty where it was not before."""
        fact = self.baseline.measure(kpi)
        if fact is None or fact.missed_for < 2:
            return ""
        return f"{before}for the {words.ordinal(fact.missed_for)} {self.baseline.about.period} in a row"

    def noun(self, kpi: str) -> str:
        return self.context.kpis[kpi].noun

    def said(self, value: float | None, unit: str) -> str:
        return words.prose(value, unit, self.context.currency)

    def range(self, low: float | None, high: float | None, unit: str, beside: float | None = None) -> str:
        return words.interval(low, high, unit, self.context.currency, words.prose, beside)


def standing(evidence: Evidence) -> str:
    """How many targets are met, and how many cannot be told, where none is certainly missed."""
    short = evidence.gaps
    n = short.meets + short.inconclusive
    if not short.gaps:
        return "No target is agreed"
    if not n:
        return (
            "Its one target cannot be judged"
            if len(short.gaps) == 1
            else f"None of its {len(short.gaps)} targets can be judged"
        )
    which = {1: "Its one target", 2: "Both of its 2 targets"}.get(n, f"All {n} targets") + judgeable(evidence)
    if not short.inconclusive:
        return f"{which} {are(n)} met"
    if short.meets:
        return f"{share_of(short.meets, n, judgeable(evidence))} met and {short.inconclusive} {untold(evidence)}"
    if n > 1 and untold(evidence) == _MIXED:
        return f"{'Neither' if n == 2 else 'None'} of its {n} targets{judgeable(evidence)} can be told yet"
    return f"{which} {untold(evidence)}"


_MIXED = "cannot be told yet"


def untold(evidence: Evidence) -> str:
    """Why targets cannot be told: too few cases, or an interval that holds the target."""
    unclear = [g for g in evidence.gaps.gaps if g.status == "inconclusive"]
    few = [g for g in unclear if g.n < evidence.context.kpis[g.kpi].minimum_n]
    if len(few) == len(unclear):
        return f"{'rests' if len(unclear) == 1 else 'rest'} on too few cases to tell"
    return _MIXED if few else f"{are(len(unclear))} too close to call"


def judgeable(evidence: Evidence) -> str:
    """A reminder that there are targets without data, or not judged, where there are."""
    if any(g.status == "not judged" for g in evidence.gaps.gaps):
        return " that can be judged"
    return " with data" if any(g.status == "no data" for g in evidence.gaps.gaps) else ""


def share_of(part: int, total: int, which: str = "") -> str:
    """`1 of 5 targets is`, `4 of 8 targets with data are`."""
    return f"{part} of {words.plural(total, 'target')}{which} {are(part)}"


def are(n: int) -> str:
    return "is" if n == 1 else "are"
