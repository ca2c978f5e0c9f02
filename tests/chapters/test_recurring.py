"""What recurs: kinds and words of incidents, what came of fixes, which changes bring incidents; and nothing where nothing is."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sipnb.chapters.facts.recurring import ClusterFact, RecurringFact
from sipnb.chapters.gap_analysis import after_changes, after_fixes, recurring
from tests.kpis.hands import CYCLE, Hand, scope
from tests.records import test_texts

END = CYCLE.cutoff
ABOUT = SimpleNamespace(period="month", name="Records", cutoff_label="1 November 2026", currency="EUR")
NOTHING = pd.DataFrame({"ticket": [], "words": []})


def tickets(rng, n=3_000, days=420, **more):
    """Incidents of two categories on two items, `n` in so many days up to the cut-off."""
    opened = (END - pd.to_timedelta(np.sort(rng.uniform(0, days * 86_400, n))[::-1].round(), unit="s")).as_unit("us")
    rows = {
        "ticket": [f"T{one}" for one in range(n)],
        "service": "s",
        "kind": "incident",
        "opened": opened,
        "resolved": opened,
        "category": rng.choice(["card", "batch"], n, p=[0.3, 0.7]),
        "configuration_item": rng.choice(["app", "db"], n),
    }
    return pd.DataFrame({**rows, **more})


def of(rows, days=182, **tables):
    return recurring.incidents(scope(14, tickets=rows, **tables), days)


def told(found, kinds, said=(), topics=0, text="on", texts=NOTHING, of_scope=None, fixes=(), changes=()):
    return recurring.gathered(
        of_scope or scope(14, tickets=found.rows),
        found,
        list(kinds),
        list(said),
        topics,
        text,
        texts,
        list(fixes),
        list(changes),
    )


def test_kinds_have_their_share_and_their_ids_stay_whatever_the_cycle():
    rows = tickets(np.random.default_rng(1))
    found = of(rows)
    kinds = recurring.by_kind(found)
    assert {(one.category, one.item) for one in kinds} == {(c, i) for c in ("card", "batch") for i in ("app", "db")}
    assert sum(one.tickets for one in kinds) == found.now.sum() and sum(one.share for one in kinds) == pytest.approx(1)
    assert all(one.ratio_low < 1 < one.ratio_high and one.trend == "no change found" and not one.known for one in kinds)
    later = recurring.by_kind(of(rows.iloc[::-1]), earlier=kinds[:2])
    assert {one.id: one.name for one in later} == {one.id: one.name for one in kinds}
    assert [one.known for one in later] == [one.id in {k.id for k in kinds[:2]} for one in later]


def test_a_kind_that_comes_more_often_is_named_and_hours_decide_the_order():
    rng = np.random.default_rng(2)
    rows = tickets(rng)
    late = (
        (rows["opened"] >= END - pd.Timedelta(days=182)) & (rows["category"] == "batch") & (rng.random(len(rows)) < 0.4)
    )
    rows.loc[late, "category"] = "card"
    found = of(rows)
    hours = pd.Series(
        np.where((rows["category"] == "card") & (rows["configuration_item"] == "db"), 9.0, 0.1), rows.index
    )
    kinds = recurring.by_kind(found, hours)
    first = kinds[0]
    assert first.name == "card, db" and first.trend == "more often" and first.ratio > 1.5
    assert first.hours == pytest.approx(9 * first.tickets)
    shown = recurring.kinds(told(found, kinds), ABOUT).text
    assert (
        "of card, db, on which users lost" in shown
        and "more often than before" in shown
        and "Users’ hours lost" in shown
    )


def test_no_item_a_young_service_and_few_people_are_told():
    rows = tickets(np.random.default_rng(3), n=60, days=200, configuration_item=None)
    kinds = recurring.by_kind(of(rows))
    assert {one.name for one in kinds} == {"card", "batch"} and all(
        one.ratio is None and one.trend == "not known" for one in kinds
    )
    none = recurring.by_kind(of(rows.assign(category=None)))
    assert none == [] and "nothing recurs by kind" in recurring.kinds(told(of(rows), none), ABOUT).text


@pytest.mark.parametrize(
    ("n", "people", "shown"), [(5, 3, True), (5, 2, False), (4, 4, False), (9, None, False), (10, None, True)]
)
def test_a_cluster_needs_five_tickets_of_three_people_or_ten(n, people, shown):
    rows = tickets(np.random.default_rng(4), n=n, days=100, category="card", configuration_item="db")
    found = recurring.Incidents(rows.assign(block=13), 182, False, people is not None)
    if people:
        found.rows["requester"] = [f"R{one % people}" for one in range(n)]
    assert bool(recurring.by_kind(found)) is shown


def worded(rng, n=2_000, topics=("card declined terminal", "batch posting date", "statement unmatched items")):
    rows = tickets(rng, n=n)
    which = rng.integers(len(topics), size=n)
    others = rng.choice(["site", "morning", "urgent", "slow", "office"], (n, 2))
    said = [
        " ".join({*topics[one].split()[: 2 + rng.integers(2)], *more}) for one, more in zip(which, others, strict=True)
    ]
    return rows, pd.DataFrame({"ticket": rows["ticket"], "words": said}), which


def test_what_texts_say_is_grouped_and_keeps_its_id_in_the_next_cycle():
    rows, texts, _ = worded(np.random.default_rng(5))
    found = of(rows)
    said, topics = recurring.by_words(found, texts, "2026-10")
    assert len(said) == 3 and topics >= 3 and all(one.stability >= 0.75 for one in said)
    assert {frozenset(list(one.words)[:2]) for one in said} <= {
        frozenset(pair)
        for t in ("card declined terminal", "batch posting date", "statement unmatched items")
        for pair in ((a, b) for a in t.split() for b in t.split() if a != b)
    }
    next_rows, next_texts, _ = worded(np.random.default_rng(6))
    again, _ = recurring.by_words(of(next_rows), next_texts, "2026-11", earlier=said)
    assert {one.id for one in again} == {one.id for one in said} and all(one.known for one in again)
    key = {one.id: set(one.words) & {"terminal", "batch", "statement"} for one in said}
    assert all(set(one.words) & {"terminal", "batch", "statement"} == key[one.id] for one in again)
    other, _ = recurring.by_words(
        of(next_rows),
        next_texts.replace({"words": {"card": "vpn", "declined": "tunnel", "terminal": "drops"}}, regex=True),
        "2026-11",
        earlier=said,
    )
    assert sum(one.known for one in other) == 2 and len({one.id for one in other}) == 3
    shown = recurring.texts(told(found, [], said, topics, texts=texts), ABOUT).text
    assert "3 groups" in shown and "The records do not say who asked" in shown


def test_words_that_few_of_its_tickets_have_name_no_cluster():
    rows, texts, which = worded(np.random.default_rng(7))
    texts.loc[texts.index[which == 0][:4], "words"] += " quackenbush"
    said, _ = recurring.by_words(of(rows), texts, "2026-10")
    assert said and not any("quackenbush" in one.words for one in said)


@pytest.mark.slow
@pytest.mark.parametrize("requesters", [True, False])
def test_nobody_is_in_anything_that_is_handed_over_or_shown(requesters):
    """Names, addresses and numbers in hundreds of texts that do fall into groups."""
    rng, told_of = np.random.default_rng(12), [*test_texts.NAMES, *test_texts.OTHERS]
    rows, _, which = worded(rng)
    kinds = (
        "Our card terminal in Kassel is declined",
        "batch posting date of Bremen is late",
        "statement in Leipzig shows unmatched items",
    )
    said = [f"{kinds[one]} {rng.choice(test_texts.ABOUT).format(rng.choice(told_of))}" for one in which]
    kept = test_texts.words(said, requesters)
    texts = pd.DataFrame({"ticket": list(kept), "words": list(kept.values())})
    found = of(rows)
    clusters, topics = recurring.by_words(found, texts, "2026-10")
    assert len(clusters) >= 2
    r = told(found, recurring.by_kind(found), clusters, topics, texts=texts)
    everything = (
        f"{r.model_dump_json()} {recurring.texts(r, ABOUT).markup} {recurring.kinds(r, ABOUT).markup}".casefold()
    )
    planted = {part for one in told_of for part in re.findall(r"[^\W_]{4,}", one.casefold())} - {
        "0000",
        "example",
        "https",
    }
    assert not [part for part in planted if part in everything]


def test_texts_without_groups_and_without_words_and_switched_off_get_a_sentence():
    rows, texts, _ = worded(np.random.default_rng(8))
    found = of(rows)
    texts["words"] = np.random.default_rng(9).permutation(texts["words"].str.split().explode().to_numpy())[: len(texts)]
    said, topics = recurring.by_words(found, texts, "2026-10")
    assert (
        said == [] and "fall into no groups" in recurring.texts(told(found, [], said, topics, texts=texts), ABOUT).text
    )
    assert recurring.by_words(found, NOTHING, "2026-10") == ([], 0)
    assert "no words to look at" in recurring.texts(told(found, []), ABOUT).text
    assert "text: off" in recurring.texts(told(found, [], text="off"), ABOUT).text


def test_a_service_without_incidents_has_sentences_only():
    rows = tickets(np.random.default_rng(10), n=20).assign(kind="request")
    found, empty = of(rows), scope(14, tickets=rows)
    r = told(found, recurring.by_kind(found), texts=NOTHING)
    assert r.incidents == 0 and "No incident" in recurring.kinds(r, ABOUT).text
    assert after_fixes.fixed(empty) == [] and "which problem" in after_fixes.problems(r).text
    assert after_changes.by_kind(empty) == [] and "no records of changes" in after_changes.figure(r, ABOUT).text


# ---- fixes


def with_problem(rng, works, own=60, others=900, lasted=210, since=150):
    """A problem that brought `own` incidents a year beside as many of its kind that are not its own, fixed `since` days ago."""
    days = 420
    fixed, recorded = END - pd.Timedelta(days=since), END - pd.Timedelta(days=since + lasted)
    base = tickets(rng, n=rng.poisson(others), days=days, problem=None)
    base.loc[base["category"] == "card", "configuration_item"] = "db"
    mine = tickets(
        rng, n=rng.poisson(own * 2 * days / 365), days=days, category="card", configuration_item="app", problem=None
    )
    is_own = rng.random(len(mine)) < 0.5
    gone = is_own & (mine["opened"] >= fixed) & works
    mine.loc[is_own & (mine["opened"] >= recorded) & (mine["opened"] < fixed), "problem"] = "P1"
    rows = pd.concat([base, mine[~gone]], ignore_index=True)
    rows["ticket"] = [f"T{one}" for one in range(len(rows))]
    problems = pd.DataFrame({"problem": ["P1"], "service": "s", "opened": [recorded], "resolved": [fixed]})
    return scope(14, tickets=rows, problems=problems)


def outcomes(works, seeds, **more):
    return [
        after_fixes.fixed(with_problem(np.random.default_rng(seed), works, **more))[0].status for seed in range(seeds)
    ]


def test_a_fix_that_works_held_and_one_without_effect_came_back():
    works, fails = outcomes(True, 12, own=400, others=4_000), outcomes(False, 12, own=400, others=4_000)
    assert works.count("held") >= 10 and "came back" not in works
    assert fails.count("came back") >= 9 and "held" not in fails


@pytest.mark.slow
@pytest.mark.parametrize("own", [30, 120])
def test_the_wrong_thing_is_said_of_few_fixes(own):
    works, fails = outcomes(True, 100, own=own), outcomes(False, 100, own=own)
    assert works.count("came back") <= 5 and fails.count("held") + fails.count("in part") <= 5


def test_a_young_fix_is_too_early_and_an_old_one_that_cannot_be_followed_unclear():
    one = after_fixes.fixed(with_problem(np.random.default_rng(1), True, since=20))[0]
    assert (one.status, one.ratio, one.days) == ("too early", None, 20)
    old = after_fixes.fixed(with_problem(np.random.default_rng(1), True, lasted=30, since=300, own=120))[0]
    assert old.status == "unclear" and old.kind == "card, app" and 0.2 < old.part < 0.8
    r = RecurringFact(
        days=182, incidents=1, problems_known=True, fixes=[one, old], outcomes={"too early": 1, "unclear": 1}
    )
    shown = after_fixes.problems(r).text
    assert "1 too young to tell and 1 cannot be told" in shown and "Too early to tell" in shown
    assert "No problem" in after_fixes.problems(r.model_copy(update={"fixes": []})).text


# ---- changes


def with_changes(rng, harm=(), n=60, per=0.0, together=False):
    """Incidents of a year and more, and `n` changes of each kind; those of kinds in `harm` bring `per` incidents each."""
    rows = tickets(rng, n=3_000)
    ended, kinds, more = [], [], []
    for kind in ("standard", "normal", "emergency"):
        ends = END - pd.to_timedelta(rng.uniform(2 * 86_400, 400 * 86_400, n).round(), unit="s")
        ends = ended[0] + pd.Timedelta(hours=1) if together and kind == "normal" else ends
        ended.append(ends)
        kinds += [kind] * n
        if kind in harm:
            more.append(ends.repeat(rng.poisson(per, n)))
    extra = more[0].append(more[1:]) if more else END + pd.to_timedelta([])
    extra = extra + pd.to_timedelta(rng.uniform(0, 20 * 3_600, len(extra)).round(), unit="s")
    harmed = pd.DataFrame(
        {
            "ticket": [f"H{one}" for one in range(len(extra))],
            "service": "s",
            "kind": "incident",
            "opened": extra,
            "resolved": extra,
            "category": "card",
            "configuration_item": "app",
        }
    )
    ends = ended[0].append(ended[1:])
    changes = pd.DataFrame(
        {
            "change": [f"C{one}" for one in range(3 * n)],
            "service": "s",
            "kind": kinds,
            "started": ends,
            "ended": ends,
            "risk": rng.choice(["low", "high"], 3 * n),
        }
    )
    return scope(14, tickets=pd.concat([rows, harmed], ignore_index=True), changes=changes)


def test_the_kind_of_change_that_harms_is_blamed_and_told():
    found = after_changes.by_kind(with_changes(np.random.default_rng(1), ("emergency",), per=4))
    assert [one.name for one in found if one.blamed and one.by == "kind"] == ["emergency"]
    one = next(one for one in found if one.blamed)
    assert one.low > 0 and one.observed > one.expected and one.with_others == []
    r = RecurringFact(days=182, incidents=1, changes_known=True, changes=found)
    shown = after_changes.figure(r, ABOUT)
    assert "More incidents than usual follow" in shown.text and "emergency" in shown.text and "are usual" in shown.text


def test_kinds_carried_out_together_are_said_not_to_be_told_apart():
    found = after_changes.by_kind(with_changes(np.random.default_rng(2), ("standard",), per=5, together=True))
    told = {one.name: one.with_others for one in found if one.blamed and one.by == "kind"}
    assert told == {"normal": ["standard"], "standard": ["normal"]}
    assert "cannot be told apart from" in after_changes.said(RecurringFact(days=1, incidents=1, changes=found)).text


@pytest.mark.slow
def test_of_changes_that_bring_nothing_few_kinds_are_blamed_and_most_of_those_that_do():
    null = [one for seed in range(40) for one in after_changes.by_kind(with_changes(np.random.default_rng(seed)))]
    assert len(null) == 200 and np.mean([one.blamed for one in null]) <= 0.05
    hits = []
    for seed in range(20):
        found = after_changes.by_kind(with_changes(np.random.default_rng(seed), ("normal",), per=2))
        hits.append(any(one.blamed and one.name == "normal" for one in found))
    assert np.mean(hits) >= 0.8


def test_changes_that_were_called_off_and_kinds_with_few_are_not_judged():
    few = with_changes(np.random.default_rng(3), n=5)
    assert {one.by for one in after_changes.by_kind(few)} == {"risk"}, "of each kind there are five, of each risk more"
    r = RecurringFact(days=182, incidents=1, changes_known=True)
    assert "No kind of change was carried out 8 times" in after_changes.figure(r, ABOUT).text
    off = with_changes(np.random.default_rng(3)).records.changes.assign(state="cancelled")
    records = Hand(tickets=tickets(np.random.default_rng(3)), changes=off)
    assert after_changes.by_kind(scope(14, records=records)) == []


def test_the_clusters_of_the_plan_before_are_taken_from_its_facts():
    one = ClusterFact(id="a", by="kind", name="x", tickets=5, share=0.1, low=0, high=1)
    before = SimpleNamespace(recurring=RecurringFact(days=182, incidents=5, kinds=[one]))
    assert recurring.earlier_clusters(before) == [one]
    assert recurring.earlier_clusters(None) == recurring.earlier_clusters(SimpleNamespace()) == []


def test_facts_can_be_written_and_read():
    one = ClusterFact(id="a", by="words", name="x", tickets=5, share=0.1, low=0, high=1, words={"x": 1.0})
    r = RecurringFact(days=182, incidents=5, words=[one])
    assert RecurringFact.model_validate_json(r.model_dump_json()) == r
