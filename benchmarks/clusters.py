"""How long it takes to find what recurs, what is found where nothing recurs, and what where something does.

    python benchmarks/clusters.py [--seeds 200]

Texts: 20,000 of planted topics are timed; those of words from one distribution have no cluster; planted topics are told apart.
Trends: kinds of incident whose level wanders and does not change. Fixes: problems whose fix works, and whose fix does nothing.
Changes: three kinds at times that have nothing to do with incidents, and one that brings some. Each against its limit.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from sipnb import kpis, tables
from sipnb.chapters.gap_analysis import after_changes, after_fixes
from sipnb.cycles import parse
from sipnb.methods import trends
from sipnb.methods.clusters import clusters
from sipnb.records.frozen import Records

CYCLE = parse("2026-10", "UTC")
END, DAYS = CYCLE.cutoff, 420


def planted(seed: int, n: int, topics: int) -> tuple[pd.Series, np.ndarray]:
    """Texts of three words of a topic and three that all share, and the topic of each."""
    rng = np.random.default_rng(seed)
    topic = rng.integers(topics, size=n)
    of_topic, of_all = 1 / np.arange(1, 16) ** 0.5, 1 / np.arange(1, 61)
    own = rng.choice(15, (n, 3), p=of_topic / of_topic.sum())
    others = rng.choice(60, (n, 3), p=of_all / of_all.sum())
    rows = [
        " ".join([*(f"t{t}w{i}" for i in a), *(f"c{i}" for i in b)]) for t, a, b in zip(topic, own, others, strict=True)
    ]
    return pd.Series(rows), topic


def random(seed: int, n: int, words: int, tail: float) -> pd.Series:
    """Texts of words drawn from one distribution."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, words + 1) ** tail
    lengths = 1 + rng.poisson(5, n)
    drawn = rng.choice(words, lengths.sum(), p=share / share.sum())
    return pd.Series([" ".join(f"w{i}" for i in one) for one in np.split(drawn, np.cumsum(lengths)[:-1])])


def scope(**given: pd.DataFrame) -> kpis.Scope:
    """What chapters are computed from, of tables as they would be frozen."""
    records, known = Records(Path(), "s"), {}
    for name, rows in given.items():
        nothing = tables.empty(name)
        known[name] = rows.reindex(columns=nothing.columns).astype(nothing.dtypes.to_dict())
    first = {name: str(rows[tables.TABLES[name].at].min()) for name, rows in known.items()}
    quality = {
        "tables": {name: {"first": first[name], "columns": list(given[name])} for name in known}, "rules": [], "files": {},
        "cutoff": str(END), "services": {},
    }  # fmt: skip
    records.__dict__.update(
        quality=quality, _tables={name: known.get(name, tables.empty(name)) for name in tables.TABLES}
    )
    return kpis.Scope(records, tuple(CYCLE.history(14)))


def incidents(rng: np.random.Generator, n: int, **more) -> pd.DataFrame:
    """Incidents of two categories, spread over the days up to the cut-off."""
    opened = (END - pd.to_timedelta(rng.uniform(0, DAYS * 86_400, n).round(), unit="s")).as_unit("us")
    rows = {
        "service": "s",
        "kind": "incident",
        "opened": opened,
        "category": rng.choice(["a", "b"], n),
        "configuration_item": "x",
    }
    return pd.DataFrame({**rows, **more})


def fixed(seed: int, works: bool, own: int) -> str:
    """What is said of a problem with `own` incidents a year, beside as many of its kind that are not its own."""
    rng = np.random.default_rng([1, seed])
    recorded, ended = END - pd.Timedelta(days=360), END - pd.Timedelta(days=150)
    mine = incidents(rng, rng.poisson(2 * own * DAYS / 365), category="a", configuration_item="y")
    named = pd.Series(rng.random(len(mine)) < 0.5)
    mine["problem"] = np.where(named & (mine["opened"] >= recorded) & (mine["opened"] < ended), "P1", None)
    mine = mine[~(named & (mine["opened"] >= ended) & works)]
    every = pd.concat([incidents(rng, rng.poisson(900), problem=None), mine], ignore_index=True)
    every["ticket"] = [f"T{one}" for one in range(len(every))]
    problem = pd.DataFrame({"problem": ["P1"], "service": "s", "opened": [recorded], "resolved": [ended]})
    return after_fixes.fixed(scope(tickets=every, problems=problem))[0].status


def blamed(seed: int, per: float) -> tuple[int, int, bool]:
    """Kinds of change looked at, those blamed that bring nothing, and whether the one that brings `per` incidents each is."""
    rng = np.random.default_rng([2, seed])
    ends = (END - pd.to_timedelta(rng.uniform(2 * 86_400, DAYS * 86_400, 180).round(), unit="s")).as_unit("us")
    kind = np.repeat(["standard", "normal", "emergency"], 60)
    harm = ends[kind == "normal"].repeat(rng.poisson(per, 60))
    harm = harm + pd.to_timedelta(rng.uniform(0, 20 * 3_600, len(harm)).round(), unit="s")
    bad = pd.DataFrame({"service": "s", "kind": "incident", "opened": harm.as_unit("us"), "category": "a"})
    every = pd.concat([incidents(rng, 3_000), bad], ignore_index=True)
    every["ticket"] = [f"T{one}" for one in range(len(every))]
    changes = pd.DataFrame(
        {"change": [f"C{one}" for one in range(180)], "service": "s", "kind": kind, "started": ends, "ended": ends}
    )
    found = after_changes.by_kind(scope(tickets=every, changes=changes))
    wrong = [one for one in found if one.blamed and (one.name != "normal" or per == 0)]
    return len(found), len(wrong), any(one.blamed and one.name == "normal" for one in found)


def changed(seed: int, memory: float, ratio: float) -> tuple[bool, bool]:
    """Whether a kind whose level wanders by a fifth is said to have changed, and whether the interval holds what it did."""
    rng, level = np.random.default_rng([3, seed]), np.zeros(14)
    for at in range(14):
        level[at] = memory * level[at - 1] + rng.normal(0, 0.2 * np.sqrt(1 - memory**2))
    rate = 20 * np.exp(level) * np.where(np.arange(14) < 7, 1, ratio)
    found = trends.against_before(rng.poisson(rate), rng.poisson(150, 14))
    return found.p <= 0.05, found.low <= ratio <= found.high


def told(what: str, value: float, limit: float, most: bool = True, form: str = ".1%") -> None:
    kept = "kept" if (value <= limit if most else value >= limit) else "NOT KEPT"
    print(f"{what:<78}{value:>9{form}}  {'at most' if most else 'at least'} {limit:{form}}  {kept}")


def main(seeds: int) -> None:
    texts, _ = planted(0, 20_000, 10)
    clusters(texts[:400])  # scikit-learn is imported
    spent = []
    for seed, topics in enumerate((6, 10, 14)):
        texts, _ = planted(seed, 20_000, topics)
        before = time.process_time()
        clusters(texts)
        spent.append(time.process_time() - before)
    told("seconds of CPU for 20,000 texts (the slowest of 6, 10 and 14 topics)", max(spent), 1.0, form=".2f")
    for n, words, tail in ((300, 60, 0.5), (800, 30, 0.0), (3_000, 200, 1.0), (20_000, 500, 0.7)):
        false = [bool(clusters(random(seed, n, words, tail)).words) for seed in range(seeds)]
        told(f"{n:,} texts of {words} words without topics that have a cluster", np.mean(false), 0.05)
    for n, topics in ((400, 4), (3_000, 6), (20_000, 8)):
        made = [planted(seed, n, topics) for seed in range(max(5, seeds // 10))]
        agreed = np.array([adjusted_rand_score(topic, clusters(texts).of) for texts, topic in made])
        told(
            f"{n:,} texts of {topics} topics that are told apart (adjusted Rand of 0.9)",
            np.mean(agreed >= 0.9),
            0.9,
            False,
        )
    for memory, ratio in ((0.0, 1.0), (0.3, 1.0), (0.0, 0.5)):
        found = np.array([changed(seed, memory, ratio) for seed in range(5 * seeds)])
        if ratio == 1:
            told(
                f"kinds that did not change and are said to have (memory {memory:g})",
                found[:, 0].mean(),
                0.05 if not memory else 0.1,
            )
        told(f"intervals that hold a ratio of {ratio:g} (memory {memory:g})", found[:, 1].mean(), 0.9, False)
    for own in (30, 120, 400):
        works, fails = ([fixed(seed, did, own) for seed in range(seeds)] for did in (True, False))
        told(
            f"fixes that work, of {own} incidents a year, said to have come back",
            works.count("came back") / seeds,
            0.05,
        )
        told(
            f"fixes without effect, of {own} incidents a year, said to have held",
            (fails.count("held") + fails.count("in part")) / seeds,
            0.05,
        )
        held, back = works.count("held") / seeds, fails.count("came back") / seeds
        print(f"{'':<4}of those that work {held:.0%} held, of the others {back:.0%} came back")
    null = np.array([blamed(seed, 0) for seed in range(seeds)])
    told(
        "kinds of change blamed at times that have nothing to do with incidents",
        null[:, 1].sum() / null[:, 0].sum(),
        0.05,
    )
    harm = np.array([blamed(seed, 2) for seed in range(max(20, seeds // 4))])
    told("kinds of change that bring two incidents each and are blamed", harm[:, 2].mean(), 0.8, False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    main(parser.parse_args().seeds)
