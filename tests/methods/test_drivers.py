"""The search for drivers: silent where there is nothing, right where something was planted, and honest about what it
cannot tell."""

import numpy as np
import pandas as pd
import pytest

from sipnb.methods import drivers


def simulated(seed, n=1_800, planted=0.0, days=184, over=0.4):
    """Cases with seven attributes, of which category c goes wrong more often by `planted`; days differ by `over`."""
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(0, days, n))
    category = rng.choice(list("abcd"), n, p=[0.4, 0.28, 0.2, 0.12])
    priority = rng.integers(1, 6, n)
    base = 1 / (1 + np.exp(1.7 - 0.2 * (priority - 3) - over * rng.standard_normal(days)[day]))
    chance = np.clip(base + planted * (category == "c"), 0, 1)
    attributes = pd.DataFrame(
        {
            "category": category, "subcategory": np.char.add(category, rng.integers(0, 3, n).astype(str)),
            "group": rng.integers(0, 5, n).astype(str), "item": rng.integers(0, 6, n).astype(str),
            "channel": rng.integers(0, 4, n).astype(str), "hour": rng.integers(0, 4, n).astype(str),
            "weekday": (day % 7).astype(str),
        }
    ).astype("str")  # fmt: skip
    mix = pd.DataFrame({"alike": priority.astype(str), "time": (day // 46).astype(str)})
    return attributes, rng.random(n) < chance, mix, day, float((chance - base).mean())


def test_where_nothing_drives_nothing_is_named():
    named = sum(bool(drivers.search(*simulated(seed)[:4]).drivers) for seed in range(200))
    assert named <= 6, f"{named} of 200 services without a driver name one"


def test_a_planted_driver_is_the_first_and_its_interval_holds_what_was_planted():
    first = held = 0
    for seed in range(60):
        attributes, bad, mix, day, truth = simulated(seed, planted=0.25)
        found = drivers.search(attributes, bad, mix, day).drivers
        if found and (found[0].attribute, found[0].value) == ("category", "c"):
            first += 1
            held += found[0].effect.low <= truth <= found[0].effect.high
    assert first >= 57 and held >= 0.9 * first, (first, held)


def test_what_goes_with_a_driver_is_not_named_beside_it():
    attributes, bad, mix, day, _ = simulated(3, planted=0.3)
    found = drivers.search(attributes, bad, mix, day)
    assert [(d.attribute, d.value) for d in found.drivers] == [("category", "c")]


def test_a_mixture_alone_makes_no_driver():
    """Simpson: group 1 takes the urgent tickets, which miss more often whoever takes them; among equals it does better."""
    rng = np.random.default_rng(7)
    n = 4_000
    urgent = rng.random(n) < 0.5
    group = np.where(rng.random(n) < np.where(urgent, 0.8, 0.2), "1", "2")
    chance = np.where(urgent, 0.4, 0.1) - 0.05 * (group == "1")
    bad, day = rng.random(n) < chance, np.sort(rng.integers(0, 184, n))
    attributes, mix = pd.DataFrame({"group": group}), pd.DataFrame({"urgent": urgent.astype(str)})
    raw = pd.Series(bad).groupby(group).mean()
    assert raw["1"] > raw["2"], "as it stands group 1 looks worse"
    allowed = drivers.search(attributes, bad, mix, day).drivers
    assert [d.value for d in allowed] == ["2"], "like for like it is group 2 that is"
    assert [d.value for d in drivers.search(attributes, bad, mix[[]], day).drivers] == ["1"]


def test_what_cannot_be_told_apart_is_said():
    attributes, bad, mix, day, _ = simulated(4, planted=0.3)
    attributes["team"] = np.where(attributes["category"] == "c", "north", attributes["group"])
    found = drivers.search(attributes, bad, mix, day).drivers
    assert len(found) == 1
    named = {(found[0].attribute, found[0].value), *found[0].alike}
    assert {("category", "c"), ("team", "north")} <= named


def test_useless_columns_are_left_out_and_say_why():
    attributes, bad, mix, day, _ = simulated(5, n=30_000)
    odd = attributes.assign(
        thousands=(np.arange(30_000) % 10_000).astype(str), same="x", nothing=pd.array([pd.NA] * 30_000, dtype="str"),
        once=np.where(np.arange(30_000) < 15, "rare", "other"),
    )  # fmt: skip
    found = drivers.search(odd, bad, mix, day)
    told = {"thousands": "too many values", "same": "one value", "nothing": "blank", "once": "too few of each"}
    assert found.left_out == told


def test_what_only_one_half_of_the_weeks_shows_is_reported_and_not_named():
    attributes, bad, mix, day, _ = simulated(6)
    bad = np.where(
        ((day // 7) % 2 == 0) & (attributes["category"] == "b"), np.random.default_rng(6).random(len(bad)) < 0.6, bad
    )
    found = drivers.search(attributes, bad, mix, day)
    assert found.unconfirmed[0] == ("category", "b") and not found.drivers


def test_a_missing_value_is_no_case_of_what_happens_only_to_some():
    attributes, bad, mix, day, _ = simulated(8, n=3_000)
    happened = np.random.default_rng(8).random(3_000) < 0.2
    worse = bad | (happened & (np.random.default_rng(9).random(3_000) < 0.4))
    table = attributes.assign(passed_on=np.where(happened, "twice", None))
    assert drivers.search(table, worse, mix, day).left_out == {"passed_on": "one value"}
    found = drivers.search(table, worse, mix, day, happened=("passed_on",)).drivers
    assert [(d.attribute, d.value) for d in found] == [("passed_on", "twice")]


def test_a_driver_too_small_to_matter_is_counted_and_not_named():
    attributes, bad, mix, day, _ = simulated(10, n=40_000, planted=0.03)
    found = drivers.search(attributes, bad, mix, day, least=0.2)
    assert found.small == (("category", "c"),) and not found.drivers


def test_the_amounts_of_a_driver_are_those_beyond_like_cases():
    attributes, bad, mix, day, _ = simulated(11, n=6_000, planted=0.3)
    found = drivers.search(attributes, bad, mix, day)
    mine = (attributes["category"] == "c").to_numpy()
    spent = np.random.default_rng(11).gamma(1, 2, len(bad)) + 5.0 * mine
    hours = drivers.amounts(found, attributes, spent, mix, day)[0]
    assert hours.low < 5.0 * mine.sum() < hours.high and hours.high < 6.0 * mine.sum()


def test_the_order_of_rows_changes_nothing_that_is_named():
    attributes, bad, mix, day, _ = simulated(12, planted=0.3)
    order = np.random.default_rng(12).permutation(len(bad))
    one, other = (
        drivers.search(*each)
        for each in (
            (attributes, bad, mix, day),
            (
                attributes.iloc[order].reset_index(drop=True),
                bad[order],
                mix.iloc[order].reset_index(drop=True),
                day[order],
            ),
        )
    )
    assert [(d.attribute, d.value, d.n) for d in one.drivers] == [(d.attribute, d.value, d.n) for d in other.drivers]
    assert one.drivers[0].effect.value == pytest.approx(other.drivers[0].effect.value)


def test_unequal_lengths_are_refused():
    attributes, bad, mix, day, _ = simulated(1)
    with pytest.raises(ValueError, match="equally long"):
        drivers.search(attributes, bad[:-1], mix, day)


def test_without_cases_or_without_a_bad_one_nothing_is_found():
    attributes, bad, mix, day, _ = simulated(1)
    assert not drivers.search(attributes, bad & False, mix, day).drivers
    assert not drivers.search(attributes[:0], bad[:0], mix[:0], day[:0]).drivers
