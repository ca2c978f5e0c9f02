"""How often an action is said to have worked where nothing was done, what intervals cover, and what is found: `make simulate`.

    python benchmarks/interventions.py [--series 1000] [--nhs FOLDER] [--its FOLDER]

Series are made of six kinds of noise, with 24 months before an action and 6 after, 24 and 3, 12 and 6. Services with cases
have tickets a month, a level that all share, and ten untouched services beside them. The departments of the NHS are real:
nothing was done in them at the dates that are tried.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from sipnb.methods import interventions
from sipnb.methods.interventions import Measured

DESIGNS = ((24, 6), (24, 3), (12, 6))
NOISES = ("white", "memory .3", "memory .5", "wandering", "season", "heavy tails")
#: How sure a second look has to be, as in a plan.
SECOND = 0.99
#: *Worked* of nothing at most, and intervals that hold the truth at least and at most.
LIMIT, COVERED = 0.05, (0.92, 0.98)


def noise(rng: np.random.Generator, kind: str, series: int, months: int) -> np.ndarray:
    """Series without an action: (series, months), about 0, of unit spread."""
    shocks = rng.normal(size=(series, months + 30))
    if kind.startswith("memory"):
        r = float(kind.split()[1])
        for t in range(1, months + 30):
            shocks[:, t] = r * shocks[:, t - 1] + np.sqrt(1 - r * r) * shocks[:, t]
    if kind == "wandering":
        return shocks[:, 30:] + np.cumsum(0.3 * rng.normal(size=(series, months)), axis=1)
    if kind == "season":
        return shocks[:, 30:] + np.sin(2 * np.pi * np.arange(months) / 12 + rng.uniform(0, 2 * np.pi, (series, 1)))
    if kind == "heavy tails":
        return rng.standard_t(3, size=(series, months)) / np.sqrt(3)
    return shocks[:, 30:]


def judged(
    own: Measured, start: int, minimum: float, controls=(), left_out=(), sure: float = 0.95
) -> tuple[str, float, float, float]:
    """The verdict on one series, and its effect with the interval."""
    found = interventions.effect(own, start, controls=controls, left_out=left_out)
    said = interventions.verdict(found, minimum, "up", sure=sure)
    if said == "worked":  # of all else other opinions change nothing, and they take long
        said = interventions.verdict(found, minimum, "up", found.opinions, sure)
    return said, found.value, found.low, found.high


def told(rows: list[tuple[str, float, float, float]], truth: float) -> tuple[float, float, float, float]:
    """Shares of *worked* and *did not*, of intervals that hold the truth, and their median width."""
    verdicts, _, low, high = zip(*rows, strict=True)
    low, high = np.array(low), np.array(high)
    held = (low <= truth) & (truth <= high)
    return (
        verdicts.count("worked") / len(rows),
        verdicts.count("did not") / len(rows),
        held.mean(),
        np.median(high - low),
    )


def gate(series: int) -> None:
    """Nothing was done, and a step of two standard deviations, in six kinds of noise."""
    print(f"{'noise':<14}{'months':<9}{'worked of nothing':<20}{'covered':<10}{'step of 2: worked':<20}{'covered'}")
    rng = np.random.default_rng(11)
    for before, after in DESIGNS:
        for kind in NOISES:
            made = noise(rng, kind, series, before + after)
            stepped = made + 2.0 * (np.arange(before + after) >= before)
            null = told([judged(interventions.value(pd.Series(y)), before, 0.0) for y in made], 0.0)
            true = told([judged(interventions.value(pd.Series(y)), before, 0.0) for y in stepped], 2.0)
            bad = " !" if null[0] > LIMIT or not all(COVERED[0] <= one[2] <= COVERED[1] for one in (null, true)) else ""
            print(
                f"{kind:<14}{before}+{after:<6}{null[0]:<20.1%}{null[2]:<10.1%}{true[0]:<20.1%}{true[2]:.1%}{bad}",
                flush=True,
            )


def again(series: int) -> None:
    """Nothing was done: *worked* after six months, or after twelve where it was inconclusive after six."""
    print(f"\n{'nothing done':<14}{'after 6':<12}{'or after 12':<14}{'if looked at every month from 6 to 12'}")
    rng = np.random.default_rng(14)
    for kind in NOISES:
        made = [interventions.value(pd.Series(y)) for y in noise(rng, kind, series, 36)]
        looks = [[judged(own.until(24 + after), 24, 0.0)[0] for after in range(6, 13)] for own in made]
        last = [judged(own, 24, 0.0, sure=SECOND)[0] for own in made]
        six = np.mean([one[0] == "worked" for one in looks])
        twice = np.mean(
            [
                one[0] == "worked" or (one[0] == "inconclusive" and late == "worked")
                for one, late in zip(looks, last, strict=True)
            ]
        )
        every = np.mean(["worked" in one for one in looks])
        bad = " !" if twice > LIMIT else ""
        print(f"{kind:<14}{six:<12.1%}{twice:<14.1%}{every:.1%}{bad}", flush=True)


def drifting(series: int) -> None:
    """Nothing was done in a service that has always been getting better, by so much a month, in what its months scatter."""
    print(f"\n{'slope':<14}{'months':<9}worked of nothing")
    rng = np.random.default_rng(15)
    for slope in (0.03, 0.06, 0.1, 0.2):
        for before, after in DESIGNS:
            made = rng.normal(size=(series, before + after)) + slope * np.arange(before + after)
            said = np.mean([judged(interventions.value(pd.Series(y)), before, 0.0)[0] == "worked" for y in made])
            print(f"{slope:<14}{before}+{after:<6}{said:.1%}", flush=True)


def services(
    rng: np.random.Generator, cases: int, months: int, start: int, effect: float
) -> tuple[Measured, list[Measured]]:
    """A service and ten untouched ones that share a level with memory, each with months of its own."""
    shared = 0.015 * noise(rng, "memory .5", 1, months)[0]
    found = []
    for i in range(11):
        level = 0.85 + shared + 0.01 * rng.normal(size=months)
        level = level + (effect if i == 0 else 0) * (np.arange(months) >= start)
        n = rng.poisson(cases, months).clip(10)
        found.append(interventions.share(pd.Series(rng.binomial(n, level.clip(0.01, 0.995))), pd.Series(n)))
    return found[0], found[1:]


def power(series: int) -> None:
    """Shares of cases in time: alone and against ten others, with a least effect of 3 points that is worth it."""
    print(f"\n{'months':<9}{'cases':<8}{'effect':<9}{'alone: worked, did not, covered, width':<44}against ten others")
    rng = np.random.default_rng(12)
    for before, after in DESIGNS:
        for cases in (100, 300, 1000):
            for effect in (0.0, 0.03, 0.05, 0.08):
                made = [services(rng, cases, before + after, before, effect) for _ in range(series)]
                alone = told([judged(own, before, 0.03) for own, _ in made], effect)
                beside = told([judged(own, before, 0.03, others) for own, others in made], effect)
                text = [f"{w:.1%}, {d:.1%}, {c:.1%}, {100 * width:.1f} points" for w, d, c, width in (alone, beside)]
                print(f"{before}+{after:<6}{cases:<8,}{effect:<9.2f}{text[0]:<44}{text[1]}", flush=True)


def foretold(series: int) -> None:
    """How likely *worked* was said to be from the 24 months before, and how often it came."""
    print(f"\n{'cases':<8}{'alone: said, came':<24}against ten others")
    rng = np.random.default_rng(16)
    for cases in (100, 300, 1000):
        said, came = [], []
        for _ in range(series):
            own, others = services(rng, cases, 30, 24, 0.05)
            known, beside = own.until(24), [one.until(24) for one in others]
            said.append([interventions.power(known, 24, 6, 0.05, 0.03, controls=c) for c in ((), beside)])
            came.append([judged(own, 24, 0.03, c)[0] == "worked" for c in ((), others)])
        text = [f"{a:.2f}, {b:.2f}" for a, b in zip(np.mean(said, axis=0), np.mean(came, axis=0), strict=True)]
        print(f"{cases:<8,}{text[0]:<24}{text[1]}", flush=True)


def worst(series: int) -> None:
    """Nothing was done, after the worst of twelve months: with that month and without it."""
    print("\nraised after the worst of twelve months, nothing done: worked")
    rng = np.random.default_rng(13)
    for kind in ("white", "memory .3"):
        made = noise(rng, kind, 12 * series, 30)
        made = made[made[:, 23] == made[:, 12:24].min(axis=1)][:series]
        rows = {
            "with it": [judged(interventions.value(pd.Series(y)), 24, 0.0) for y in made],
            "left out": [judged(interventions.value(pd.Series(y)), 24, 0.0, left_out=(23,)) for y in made],
        }
        print(
            f"{kind:<14}"
            + "; ".join(f"{how} {told(one, 0.0)[0]:.1%}" for how, one in rows.items())
            + f" of {len(made)}"
        )


def departments(folder: Path) -> None:
    """Emergency departments within four hours: nothing was done after months 24, 27 and 30."""
    table = pd.read_csv(folder / "ae_attendances.csv")
    table = table[table["type"].astype(str) == "1"]
    cases = table.pivot_table(index="period", columns="org_code", values="attendances", aggfunc="sum").sort_index()
    late = table.pivot_table(index="period", columns="org_code", values="breaches", aggfunc="sum").sort_index()
    whole = cases.columns[cases.notna().all() & (cases.min() > 500)]
    print(f"\nNHS, {len(whole)} departments, nothing done: better, worse; width")
    for start in (24, 27, 30):
        months = slice(start - 24, start + 6)
        known = [
            interventions.share((cases[one] - late[one].fillna(0)).iloc[months], cases[one].iloc[months])
            for one in whole
        ]
        for how in ("alone", "against the others"):
            rows = []
            for i, own in enumerate(known):
                others = [*known[:i], *known[i + 1 :]] if how != "alone" else []
                rows.append(judged(own, 24, 0.0, others))
            low, high = np.array([row[2] for row in rows]), np.array([row[3] for row in rows])
            width = 100 * np.median(high - low)
            print(
                f"after {start:<4}{how:<22}{(low > 0).mean():.1%}, {(high < 0).mean():.1%}; {width:.1f} points",
                flush=True,
            )


def known(folder: Path) -> None:
    """Admissions in Sicily before and after its smoking ban: the published answer, and that of two numbers side by side."""
    table = pd.read_csv(folder / "sicily.csv")
    start = int(np.flatnonzero(table["smokban"])[0])
    before, after = table["aces"].iloc[:start].mean(), table["aces"].iloc[start:].mean()
    print(
        f"\nSicily, before and after: {before:.1f} and {after:.1f} admissions a month, {after / before - 1:+.1%}: the wrong sign"
    )
    for harmonics in (0, 2):
        one = interventions.rate_ratio(table["aces"], table["stdpop"], start, harmonics=harmonics)
        season = f"with {harmonics} waves" if harmonics else "with a trend"
        print(
            f"Sicily, {season}: ratio {one.value:.6f}, Poisson {one.low:.6f}-{one.high:.6f}, as scattered as they are "
            f"{one.quasi_low:.6f}-{one.quasi_high:.6f}, dispersion {one.dispersion:.5f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--nhs", type=Path, help="the folder of ae_attendances.csv")
    parser.add_argument("--its", type=Path, help="the folder of sicily.csv")
    given = parser.parse_args()
    if given.its:
        known(given.its)
    gate(given.series)
    again(given.series)
    drifting(given.series)
    power(max(given.series // 5, 20))
    foretold(max(given.series // 5, 20))
    worst(given.series)
    if given.nhs:
        departments(given.nhs)


if __name__ == "__main__":
    main()
