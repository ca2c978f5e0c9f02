"""What recurs: incidents of one category on one item, and incidents whose texts say the same: how many, and if more than before.

Incidents of so many days are compared with those of as many days before, whatever a cycle is, so that a service is told the same
by month, quarter and week. A cluster is shown where enough tickets of enough people are in it; of texts only words are here that
name nobody (`sipnb.records.texts`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from sipnb.chapters.facts import About, GapFacts
from sipnb.chapters.facts.recurring import ChangeKindFact, ClusterFact, FixedFact, RecurringFact
from sipnb.chapters.gap_analysis.lost import told
from sipnb.kpis.scope import Scope
from sipnb.methods import discoveries, proportions, trends
from sipnb.methods.clusters import clusters, cosine
from sipnb.records.texts import REQUESTERS, TICKETS, UNKNOWN
from sipnb.show import words
from sipnb.show.display import Shown, say, table, together

#: Blocks of days in each of the two spans that are compared.
BLOCKS = 7
#: Clusters that are handed over, and shown; words by which one is called.
MOST, SHOWN, NAMED_BY = 40, 8, 4
#: From this likeness of their words on, clusters of two cycles are the same.
ALIKE = 0.6


@dataclass(frozen=True)
class Incidents:
    """The incidents of the last `days` and of as many before.

    `rows` has their `block`, from 0 for the oldest of twice `BLOCKS`, beside the columns of tickets; `whole`: the records cover
    all of that time; `people`: who asked is known.
    """

    rows: pd.DataFrame
    days: int
    whole: bool
    people: bool

    @cached_property
    def now(self) -> pd.Series:
        """Which are of the last days."""
        return self.rows["block"] >= BLOCKS

    @cached_property
    def blocks(self) -> np.ndarray:
        """How many there are in each block."""
        return np.bincount(self.rows["block"], minlength=2 * BLOCKS)

    @property
    def fewest(self) -> int:
        """Tickets that a cluster needs."""
        return TICKETS if self.people else UNKNOWN

    def enough(self, mine: pd.Series) -> bool:
        """Whether a cluster, given by its rows, has so many tickets of so many people in the last days that it may be shown."""
        late = (mine & self.now).to_numpy()
        return int(late.sum()) >= self.fewest and (
            not self.people or self.rows["requester"][late].nunique() >= REQUESTERS
        )


def incidents(scope: Scope, days: int = 182) -> Incidents:
    """The incidents opened in the last `days` up to the cut-off and in as many before. Raises ValueError for days not above 0."""
    if days <= 0:
        raise ValueError(f"days is {days}; give a number of days above 0, such as 182")
    tickets, end = scope.records.tickets, scope.edges[-1]
    start = end - pd.Timedelta(days=2 * days)
    inside = (tickets["kind"] == "incident") & (tickets["opened"] >= start) & (tickets["opened"] < end)
    rows = tickets[inside.fillna(False).astype(bool)]
    block = ((rows["opened"] - start) / pd.Timedelta(days=days / BLOCKS)).to_numpy(float).astype(int)
    people = scope.records.supplies("tickets", "requester") and "requester" in rows
    return Incidents(rows.assign(block=np.clip(block, 0, 2 * BLOCKS - 1)), days, _whole(scope, start), people)


def _whole(scope: Scope, start: pd.Timestamp) -> bool:
    """Whether the tickets are on record from `start` on, without a silence that withholds their number."""
    began = scope.began("tickets") if scope.records.has("tickets") else None
    volume = scope.kpis["volume"]
    spoken = [not scope.records.withheld(volume, cycle) for cycle in scope.cycles if cycle.cutoff > start]
    return began is not None and began <= start and all(spoken)


def earlier_clusters(published: GapFacts | None) -> list[ClusterFact]:
    """The clusters of the gap analysis that was published for the cycle before; none where there is none."""
    before = getattr(published, "recurring", None)
    return [] if before is None else [*before.kinds, *before.words]


def by_kind(found: Incidents, hours: pd.Series | None = None, earlier: Sequence[ClusterFact] = ()) -> list[ClusterFact]:
    """Clusters by category and configuration item, those first that cost most hours, or hold most tickets.

    `hours`: hours that users lost by each ticket, by the index of tickets; `earlier`: the clusters of the plan before.
    """
    rows = found.rows
    parts = [c for c in ("category", "configuration_item") if rows[c].notna().any()]
    if not parts:
        return []
    known, told = {one.id for one in earlier}, []
    for given, mine in _kinds(found, parts, hours):
        if len(told) == MOST:
            break
        if not found.enough(mine):
            continue
        category, item = given.get("category"), given.get("configuration_item")
        id_ = _id("kind", category or "", item or "")
        name = ", ".join(given.values()) + ("" if item or len(parts) == 1 else ", no item named")
        more = {"id": id_, "by": "kind", "name": name, "category": category, "item": item, "known": id_ in known}
        told.append(_fact(found, mine, hours, **more))
    return _ranked(told)


def _kinds(found: Incidents, parts: list[str], hours: pd.Series | None) -> Iterator[tuple[dict[str, str], pd.Series]]:
    """Each kind with enough tickets of late: its values, and which rows are of it; those first that weigh most."""
    rows = found.rows
    codes = rows.groupby(parts, dropna=False, sort=True).ngroup()
    late = codes[found.now]
    tickets = late.value_counts().sort_index()
    weight = tickets if hours is None else hours.reindex(late.index).fillna(0.0).groupby(late).sum()
    order = pd.DataFrame({"weight": weight, "tickets": tickets})[tickets >= found.fewest]
    for code in order.sort_values(["weight", "tickets"], ascending=False, kind="stable").index:
        mine = codes == code
        first = int(mine.to_numpy().argmax())
        given = {c: str(value) for c in parts if pd.notna(value := rows[c].iat[first])}
        if given:
            yield given, mine


def by_words(
    found: Incidents, texts: pd.DataFrame, cycle: str, hours: pd.Series | None = None, earlier: Sequence[ClusterFact] = (),
    *, stable: float = 0.75, seed: int = 0,
) -> tuple[list[ClusterFact], int]:  # fmt: skip
    """Clusters of incidents whose texts say the same, as `by_kind` orders them, and how many topics were looked at.

    `texts`: ticket, words, as `Records.words`; `cycle` names new clusters.
    """
    rows = found.rows
    said = rows["ticket"].map(texts.set_index("ticket")["words"]) if len(texts) else pd.Series("", index=rows.index)
    of_words = clusters(said, stable=stable, seed=seed)
    told, weights = [], []
    for number, telling in enumerate(of_words.words):
        mine = of_words.of == number
        named = _shared(telling, said[mine])
        if named and found.enough(mine):
            told.append((mine, named, of_words.stability[number]))
            weights.append(named)
    ids = _carried_on(weights, [one for one in earlier if one.by == "words"], cycle)
    facts = [
        _fact(found, mine, hours, id=id_, by="words", name=", ".join(list(named)[:NAMED_BY]), words=named, stability=stability,
              known=known)
        for (mine, named, stability), (id_, known) in zip(told, ids, strict=True)
    ]  # fmt: skip
    return _ranked(facts), of_words.topics


def _shared(telling: dict[str, float], said: pd.Series) -> dict[str, float]:
    """The telling words that enough tickets of the cluster have."""
    tickets = Counter(word for words in said.dropna() for word in words.split())
    return {word: weight for word, weight in telling.items() if tickets[word] >= TICKETS}


def _carried_on(
    weights: Sequence[dict[str, float]], earlier: Sequence[ClusterFact], cycle: str
) -> list[tuple[str, bool]]:
    """The id of each cluster, and whether it was known: that of the earlier one most like it, each given on once."""
    pairs = [(cosine(mine, one.words), -at, one.id) for at, mine in enumerate(weights) for one in earlier]
    ids: dict[int, str] = {}
    for likeness, at, id_ in sorted(pairs, reverse=True):
        if likeness >= ALIKE and -at not in ids and id_ not in ids.values():
            ids[-at] = id_
    return [
        (ids[at], True) if at in ids else (_id("words", cycle, *sorted(mine)), False) for at, mine in enumerate(weights)
    ]


def _id(by: str, *parts: str) -> str:
    return f"{by}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:10]}"


def _fact(found: Incidents, mine: pd.Series, hours: pd.Series | None, **more) -> ClusterFact:
    late, of = (mine & found.now).to_numpy(), int(found.now.sum())
    counts = np.bincount(found.rows["block"].to_numpy()[mine.to_numpy()], minlength=2 * BLOCKS)
    others, n = found.blocks - counts, int(late.sum())
    share = proportions.wilson_series(np.array([float(n)]), np.array([float(of)])).iloc[0]
    trend = trends.against_before(counts, others) if found.whole else None
    measured = {} if trend is None else {
        "ratio": trend.ratio, "ratio_low": trend.low, "ratio_high": trend.high, "p": trend.p, "trend": "no change found",
    }  # fmt: skip
    lost = None if hours is None else float(hours.reindex(found.rows.index[late]).sum())
    return ClusterFact(tickets=n, share=n / of, low=share["low"], high=share["high"], hours=lost,
                       before=int(counts[:BLOCKS].sum()), **measured, **more)  # fmt: skip


def _ranked(told: list[ClusterFact]) -> list[ClusterFact]:
    """The clusters in their order, with the trends that hold among all of them."""
    if told and all(one.p is not None for one in told):
        sure = discoveries.benjamini_hochberg([one.p for one in told])["rejected"]
        told = [
            one.model_copy(update={"trend": "more often" if one.ratio > 1 else "rarer"}) if held else one
            for one, held in zip(told, sure, strict=True)
        ]
    return sorted(told, key=lambda one: (-(one.hours or 0), -one.tickets, one.id))[:MOST]


def gathered(
    scope: Scope, found: Incidents, kinds: list[ClusterFact], said: list[ClusterFact], topics: int, text: str,
    texts: pd.DataFrame, fixes: list[FixedFact], changes: list[ChangeKindFact], change_hours: float = 24,
) -> RecurringFact:  # fmt: skip
    """All that recurs, as it is handed over; `text` is what `workbook.yml` says of texts, `texts` the words there are."""
    return RecurringFact(
        days=found.days, incidents=int(found.now.sum()), kinds=kinds, words=said, topics=topics, fewest=found.fewest,
        text="off" if text == "off" else "on" if len(texts) else "none", people=REQUESTERS if found.people else None,
        problems_known=scope.records.has("problems") and scope.records.supplies("tickets", "problem"), fixes=fixes,
        outcomes=dict(sorted(Counter(one.status for one in fixes).items())),
        changes_known=scope.records.has("changes"), changes=changes, change_hours=change_hours,
        blamed=sum(one.blamed for one in changes), grouped=sum(one.tickets for one in said),
    )  # fmt: skip


def kinds(r: RecurringFact, about: About) -> Shown:
    """The kinds of incident that recur, or that there are none."""
    if not r.incidents:
        return say(f"No incident was opened in the last {words.plural(r.days, 'day')}.")
    if not r.kinds:
        return say(
            f"No category or item has {_threshold(r)} in the last {words.plural(r.days, 'day')}: nothing recurs by kind."
        )
    first = r.kinds[0]
    return together(
        say(
            f"Of {words.plural(r.incidents, 'incident')} in the last {words.plural(r.days, 'day')}, "
            f"{words.prose(first.share, 'share')} are of **{words.clipped(first.name, 60)}**{_lost(first)}.",
            _moved(r.kinds),
        ),
        _table(r.kinds, "Incidents by category and item" + _order(r.kinds), "Category and item"),
    )


def texts(r: RecurringFact, about: About) -> Shown:
    """What incidents say again and again, or why there is nothing to tell."""
    if r.text == "off":
        return say("Texts of tickets are not looked at: `workbook.yml` says `text: off`.")
    if r.text == "none":
        return say(
            "There are no words to look at: the exports hold no text of tickets, or none that enough tickets share and that are "
            "known to name nobody."
        )
    if not r.words:
        looked = f" Of {words.plural(r.topics, 'topic')} looked at, none comes together reliably." if r.topics else ""
        return say(f"The texts of incidents fall into no groups of {_threshold(r)} that hold.{looked}")
    first = r.words[0]
    many = words.plural(len(r.words), "group")
    return together(
        say(
            f"By what their texts say, {r.grouped:,} of {words.plural(r.incidents, 'incident')} in the last "
            f"{words.plural(r.days, 'day')} fall into {many}; the first says "
            f"**{first.name}** ({words.plural(first.tickets, 'ticket')}{_lost(first)}).",
            _moved(r.words),
        ),
        _table(r.words, "Groups of incidents by what their texts say" + _order(r.words), "Words"),
        say(_threshold_said(r)),
    )


def _threshold(r: RecurringFact) -> str:
    return words.plural(r.fewest, "incident") + (f" of {r.people} people" if r.people else "")


def _threshold_said(r: RecurringFact) -> str:
    unknown = "" if r.people else " The records do not say who asked, so that more tickets are needed."
    return f"A group needs {_threshold(r)} or more; words that may name somebody are never shown.{unknown}"


def _order(found: Sequence[ClusterFact]) -> str:
    most = "those first that cost users most hours" if found[0].hours is not None else "the largest first"
    return f", {most}" + (f": {SHOWN} of {len(found)}" if len(found) > SHOWN else "")


def _lost(one: ClusterFact) -> str:
    return "" if one.hours is None else f", on which users lost {told(one.hours)}"


def _moved(found: Sequence[ClusterFact]) -> str:
    """What comes more often or more rarely than before; empty where nothing does for sure."""
    told = []
    for trend, verb in (("more often", "more often"), ("rarer", "more rarely")):
        some = [f"**{words.clipped(one.name, 60)}**" for one in found if one.trend == trend][:3]
        told += [f"{words.listed(some)} {'comes' if len(some) == 1 else 'come'} {verb} than before"] if some else []
    return words.upper("; ".join(told)) + "." if told else ""


def _table(found: Sequence[ClusterFact], caption: str, heading: str) -> Shown:
    shown = found[:SHOWN]
    frame = pd.DataFrame(
        {
            heading: [words.clipped(one.name, 80) for one in shown], "Tickets": [f"{one.tickets:,}" for one in shown],
            "Of all incidents": [words.number(one.share, "share") for one in shown],
            "Users’ hours lost": [words.rough(one.hours) if one.hours is not None else "–" for one in shown],
            "As many days before": [f"{one.before:,}" if one.ratio is not None else words.NO_DATA for one in shown],
            "For each before, beside others": [
                words.NO_DATA if one.ratio is None else f"{one.ratio:.2f} ({one.ratio_low:.2f}–{one.ratio_high:.2f})"
                for one in shown
            ],
            "Since the last plan": ["known" if one.known else "new" for one in shown],
        }
    )  # fmt: skip
    frame = frame if found[0].hours is not None else frame.drop(columns="Users’ hours lost")
    numeric = [
        c
        for c in (
            "Tickets",
            "Of all incidents",
            "Users’ hours lost",
            "As many days before",
            "For each before, beside others",
        )
        if c in frame
    ]
    return table(frame, caption, numeric=numeric)
