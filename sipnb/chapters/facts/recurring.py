"""What the gap analysis hands over of what recurs: clusters of incidents, what came of fixes, and what changes bring."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sipnb.chapters.facts.base import Facts


class ClusterFact(Facts):
    """Incidents of one kind in the last `days`: of a category on a configuration item, or that say the same words.

    `id` means the same in every cycle: a kind's follows from its category and item, that of words is carried on from the cluster
    of the cycle before whose words weigh alike. `ratio` is how many came for each one in as many days before, beside all
    incidents, with its 95 % interval; None where the records do not reach so far. `trend` holds among all clusters. No word is
    here that fewer than 5 of its tickets have.
    """

    id: str
    by: Literal["kind", "words"]
    name: str
    category: str | None = None
    item: str | None = None
    words: dict[str, float] = Field(default_factory=dict, description="its telling words with their weights")
    stability: float | None = Field(None, description="how far the same texts come together in resamples, from 0 to 1")
    tickets: int
    share: float = Field(description="of all incidents of these days")
    low: float
    high: float
    hours: float | None = Field(None, description="hours that users lost by them")
    before: int = Field(0, description="tickets in as many days before")
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    p: float | None = None
    trend: Literal["more often", "rarer", "no change found", "not known"] = "not known"
    known: bool = Field(False, description="whether the plan before had it, too")


class FixedFact(Facts):
    """A problem that was fixed within a year, and whether its kind of incident came back.

    `ratio` is how many of its kind came since for each one while it lasted, with its 95 % interval, None where it cannot be
    followed; `part` of these named it. `again` incidents named the problem after its fix, of `incidents` in all.
    """

    problem: str
    kind: str = ""
    fixed: str
    days: int = Field(description="since the fix")
    incidents: int
    again: int
    part: float = 0.0
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    status: Literal["held", "in part", "came back", "too early", "unclear"]


class ChangeKindFact(Facts):
    """Incidents within hours after the changes of one kind in a year, against the same hours of the weeks before.

    `changes` could be judged, `left_out` not; `excess` is for all judged together, with its 95 % interval. `blamed` holds among
    all kinds looked at; `with_others` are blamed kinds from which it cannot be told apart, as they come at the same time.
    """

    by: Literal["kind", "risk", "configuration item"]
    name: str
    changes: int
    left_out: int
    observed: int
    expected: float | None
    excess: float | None
    low: float | None
    high: float | None
    p: float | None
    blamed: bool = False
    with_others: list[str] = Field(default_factory=list)


class RecurringFact(Facts):
    """What recurs: `incidents` of the last `days`, in clusters by kind and by words, the largest first.

    `text` says where words come from: of texts, from none as `text: off` says so, or from none as there are none of use.
    `fewest` tickets make a cluster, of `people` or more who asked, where that is known.
    """

    days: int
    incidents: int
    kinds: list[ClusterFact] = Field(default_factory=list)
    words: list[ClusterFact] = Field(default_factory=list)
    text: Literal["on", "off", "none"] = "none"
    topics: int = Field(0, description="topics that were looked at for being stable")
    grouped: int = Field(0, description="incidents in the clusters of words")
    fewest: int = 5
    people: int | None = None
    problems_known: bool = Field(False, description="whether incidents name their problem")
    fixes: list[FixedFact] = Field(default_factory=list)
    outcomes: dict[str, int] = Field(default_factory=dict, description="fixes by what became of them")
    least_incidents: int = Field(5, description="that a problem has to be followed")
    changes_known: bool = Field(False, description="whether there are records of changes")
    changes: list[ChangeKindFact] = Field(default_factory=list)
    blamed: int = Field(0, description="kinds of change that are clearly followed by more incidents")
    least_changes: int = Field(8, description="that a kind has in a year to be judged")
    change_hours: float = 24
    change_days: int = 365
