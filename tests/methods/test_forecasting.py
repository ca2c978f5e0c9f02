"""Forecasts: honest intervals on series whose future is known, and the promises of each kind of series."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from sipnb.methods.forecasting import TooShort, forecast
from sipnb.methods.models import _filter, fit_pool

MONTHS = np.arange(60)
WAVE = np.sin(2 * np.pi * MONTHS / 12)


def simulated(kind: str, rng: np.random.Generator, length: int = 60) -> np.ndarray:
    noise, t = rng.normal(size=length), np.arange(length)
    if kind == "autoregressive":
        y = np.zeros(length)
        for i in range(1, length):
            y[i] = 0.4 * y[i - 1] + noise[i]
        return 10 + y
    if kind == "level shift":
        return 10 + noise + 3 * (t > 20)
    return 10 + noise + 3 * np.sin(2 * np.pi * t / 12) + 0.05 * t


def seasonal(seed: int = 0) -> pd.Series:
    return pd.Series(100 + 10 * WAVE + np.random.default_rng(seed).normal(size=60))


@pytest.mark.slow
def test_intervals_hold_what_they_promise_on_series_with_a_known_future():
    rng, inside = np.random.default_rng(42), {80: [], 95: []}
    for kind in ("autoregressive", "level shift", "seasonal"):
        for _ in range(20):
            y = simulated(kind, rng)
            table = forecast(pd.Series(y[:-6]), 6, season=12).table
            for level, hits in inside.items():
                hits.append(np.mean((y[-6:] >= table[f"low_{level}"]) & (y[-6:] <= table[f"high_{level}"])))
    assert 0.88 <= np.mean(inside[95]) <= 1
    assert 0.72 <= np.mean(inside[80]) <= 0.92


def test_a_season_is_found_where_there_is_one_and_beats_ignoring_it():
    y = seasonal()
    result = forecast(y[:48], 12, season=12)
    assert result.season_used == 12
    error = np.abs(result.table["mean"].to_numpy() - y[48:].to_numpy()).mean()
    ignored = forecast(y[:48], 12, season=1)
    assert ignored.season_used == 1
    assert error < 0.5 * np.abs(ignored.table["mean"].to_numpy() - y[48:].to_numpy()).mean()


@pytest.mark.slow
def test_a_season_is_rarely_found_in_noise():
    rng = np.random.default_rng(1)
    found = [forecast(pd.Series(rng.normal(size=48)), 3, season=12).season_used for _ in range(25)]
    assert found.count(12) <= 4


def test_under_two_full_seasons_no_season_is_used():
    result = forecast(seasonal()[:23], 6, season=12)
    assert result.season_used == 1
    assert "seasonal naive" not in set(result.scores["model"])


def test_the_same_series_gives_the_same_forecast_and_the_index_does_not_matter():
    y = seasonal()
    one, two = forecast(y, 6, season=12), forecast(y.set_axis(range(100, 160)), 6, season=12)
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.scores, two.scores)
    assert (one.paths == two.paths).all()
    assert (one.paths != forecast(y, 6, season=12, seed=1).paths).any()


def test_nothing_after_an_origin_is_used_for_it():
    y = seasonal().to_numpy()
    changed = np.concatenate((y[:40], 1_000 - y[40:]))
    for name, track in fit_pool(y, [30, 40, 60], 6, 12).items():
        other = fit_pool(changed, [30, 40, 60], 6, 12)[name]
        np.testing.assert_allclose(track.centre[:2], other.centre[:2], rtol=1e-4, err_msg=name)


def test_paths_agree_with_the_table_and_give_the_probability_of_a_miss():
    result = forecast(seasonal(), 6, season=12)
    assert result.paths.shape == (2000, 6)
    row = result.table.loc[3]
    assert np.quantile(result.paths[:, 2], [0.025, 0.975]) == pytest.approx((row["low_95"], row["high_95"]))
    assert result.probability(3, below=row["low_95"]) == pytest.approx(0.025, abs=0.002)
    assert result.probability(3, above=row["high_80"]) == pytest.approx(0.1, abs=0.002)
    assert result.probability(3, below=row["mean"]) == pytest.approx(0.5, abs=0.002)


def test_intervals_of_a_random_walk_widen_with_the_steps():
    walk = pd.Series(np.cumsum(np.random.default_rng(3).normal(size=60)))
    table = forecast(walk, 9, season=12).table
    width = table["high_95"] - table["low_95"]
    assert width.iloc[-1] > 1.5 * width.iloc[0]


def test_the_table_and_scores_have_the_promised_columns():
    result = forecast(seasonal(), 4, season=12)
    assert list(result.table.columns) == ["mean", "low_80", "high_80", "low_95", "high_95"]
    assert list(result.table.index) == [1, 2, 3, 4]
    assert list(result.scores.columns) == ["model", "mase", "coverage_80", "coverage_95", "origins"]
    assert result.model in set(result.scores["model"])
    assert (result.table["low_95"] <= result.table["low_80"]).all()
    assert (result.table["high_80"] <= result.table["high_95"]).all()


def test_shares_stay_shares_even_on_a_steep_way_up():
    rng = np.random.default_rng(0)
    p = np.clip(0.5 + 0.012 * np.arange(40), 0, 0.99)
    n = rng.integers(20, 40, 40)
    result = forecast(pd.Series(rng.binomial(n, p) / n), 12, season=12, kind="share", n=n)
    assert result.paths.min() >= 0
    assert result.paths.max() <= 1
    assert result.table["mean"].between(0.85, 1).all()


def test_a_share_that_was_always_met_is_not_certain_to_be_met():
    result = forecast(pd.Series([1.0] * 24), 3, season=12, kind="share", n=[20] * 24)
    assert 0 < result.probability(1, below=1) < 0.2


def test_a_share_of_few_cases_is_less_certain_than_one_of_many():
    rng = np.random.default_rng(4)

    def width(size: int) -> float:
        y = pd.Series(rng.binomial(size, 0.8, 36) / size)
        table = forecast(y, 3, season=12, kind="share", n=[size] * 36).table
        return float((table["high_95"] - table["low_95"]).mean())

    assert width(20) > 4 * width(2_000)


@pytest.mark.slow
def test_shares_of_varying_numbers_of_trials_are_covered():
    rng, hits = np.random.default_rng(8), []
    for _ in range(25):
        n = rng.integers(80, 200, 42)
        y = rng.binomial(n, rng.beta(80, 12, 42)) / n
        table = forecast(pd.Series(y[:36]), 6, season=12, kind="share", n=n[:36]).table
        hits.append(np.mean((y[36:] >= table["low_95"]) & (y[36:] <= table["high_95"])))
    assert 0.88 <= np.mean(hits) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("mean", [0.3, 3, 60])
def test_counts_come_as_whole_numbers_none_negative_around_their_mean(mean):
    rng, levels, hits = np.random.default_rng(5), [], []
    for _ in range(15):
        y = rng.negative_binomial(4, 4 / (4 + mean), 42).astype(float)
        result = forecast(pd.Series(y[:36]), 6, season=12, kind="count")
        assert result.paths.min() >= 0
        assert (result.paths == np.round(result.paths)).all()
        levels.append(result.paths.mean() / mean)
        hits.append(np.mean((y[36:] >= result.table["low_95"]) & (y[36:] <= result.table["high_95"])))
    assert np.mean(levels) == pytest.approx(1, abs=0.2)
    assert np.mean(hits) >= 0.88


def test_a_count_that_was_always_zero_may_yet_happen():
    result = forecast(pd.Series([0.0] * 24), 3, season=12, kind="count")
    assert 0 < result.probability(1, above=0) < 0.1


@pytest.mark.parametrize("zero", [False, True])
def test_durations_are_positive_and_skewed_upwards(zero):
    y = np.exp(2 + 0.5 * np.random.default_rng(6).normal(size=48))
    if zero:
        y[10] = 0
    table = forecast(pd.Series(y), 3, season=12, kind="duration").table
    assert (table["low_95"] >= 0).all()
    assert (table["high_95"] - table["mean"] > table["mean"] - table["low_95"]).all()


def test_gaps_are_bridged_and_do_not_count_as_points():
    y = seasonal()
    gapped = y.copy()
    gapped[[0, 1, 17, 30, 31]] = np.nan
    full, some = forecast(y, 6, season=12).table["mean"], forecast(gapped, 6, season=12).table["mean"]
    assert np.abs(full - some).max() < 3
    lonely = pd.Series([1.0, 2, 3, 4, 5, *[np.nan] * 20])
    with pytest.raises(TooShort, match=r"5 point\(s\) with data; a forecast needs at least 6"):
        forecast(lonely, 3, season=12)


@pytest.mark.parametrize("length", [6, 7, 8, 12, 24, 25])
def test_short_series_have_a_forecast_from_six_points_on(length):
    result = forecast(seasonal()[:length], 6, season=12)
    assert np.isfinite(result.table.to_numpy()).all()
    with pytest.raises(TooShort):
        forecast(seasonal()[:5], 6, season=12)


@pytest.mark.parametrize("y", [[5.0] * 30, [0.0] * 29 + [1e6], list(np.exp(np.arange(30) / 2))])
@pytest.mark.parametrize("kind", ["value", "count", "duration"])
def test_odd_series_do_not_explode(y, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = forecast(pd.Series(y), 12, season=12, kind=kind).table
    assert np.isfinite(table.to_numpy()).all()
    if kind == "value":
        assert table["mean"].max() <= 2 * max(y) + 1e-6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "money"}, "value, count, share, duration"),
        ({"horizon": 0}, "1 or more"),
        ({"season": 0}, "1 or more"),
        ({"levels": (80, 95)}, r"0\.80, 0\.95"),
        ({"kind": "share"}, "is not a share"),
        ({"n": [3] * 60}, "n is for shares only"),
        ({"kind": "share", "n": [3] * 4}, "trials of each period"),
    ],
)
def test_impossible_requests_are_refused_with_what_to_do(options, words):
    request = {"horizon": 3, "season": 12, **options}
    with pytest.raises(ValueError, match=words):
        forecast(seasonal(), **request)
    with pytest.raises(ValueError, match="not a count"):
        forecast(pd.Series([1.0, -1, 2, 3, 4, 5]), 3, season=1, kind="count")


def test_a_question_about_no_step_or_no_level_is_refused():
    result = forecast(seasonal(), 3, season=12)
    for question in ({"step": 4, "below": 1}, {"step": 1}, {"step": 1, "below": 1, "above": 2}):
        with pytest.raises(ValueError, match=r"give either|steps 1 to 3"):
            result.probability(**question)


@pytest.mark.parametrize(("trend", "damped"), [(False, False), (True, False), (True, True)])
def test_the_filter_gives_the_errors_and_forecasts_of_statsmodels_smoothing(trend, damped):
    """The same weights and first states: the same forecast, by another route."""
    y = np.cumsum(np.random.default_rng(9).normal(size=50)) + 5
    alpha, beta, damping = (
        0.4,
        0.1 if trend else 0.0,
        {(False, False): 0.0, (True, False): 1.0}.get((trend, damped), 0.9),
    )
    model = ETSModel(
        pd.Series(y),
        error="add",
        trend="add" if trend else None,
        damped_trend=damped,
        initialization_method="known",
        initial_level=5.0,
        initial_trend=0.2 if trend else None,
    )
    weights = [alpha, *([beta] if trend else []), *([damping] if damped else [])]
    expected = model.smooth(weights)
    path = 5.0 + (0.2 * np.cumsum(damping ** np.arange(1, 51)) if trend else 0.0)
    np.testing.assert_allclose(_filter(y - path, (alpha, beta, damping)), expected.resid, atol=1e-8)


def test_thetas_variance_grows_by_the_square_of_its_weight_each_step():
    y = np.cumsum(np.random.default_rng(2).normal(size=80))
    spread = fit_pool(y, [80], 6, 1)["theta"].spread[0] ** 2
    growth = np.diff(spread) / spread[0]
    assert growth == pytest.approx(np.full(5, growth[0]))
    assert 0 < growth[0] <= 1


@pytest.mark.slow
def test_weekly_m4_series_are_forecast_better_than_by_the_naive_method(reference):
    train = reference("m4/Weekly-train.csv", index_col=0).iloc[::9]
    test = reference("m4/Weekly-test.csv", index_col=0).iloc[::9]
    assert len(train) == 40
    ours, naive, inside = [], [], []
    for (_, row), (_, actual) in zip(train.iterrows(), test.iterrows(), strict=True):
        y, future = row.dropna().to_numpy(), actual.to_numpy()
        table = forecast(pd.Series(y), 13, season=52).table
        step = np.abs(np.diff(y)).mean()
        ours.append(np.abs(table["mean"].to_numpy() - future).mean() / step)
        naive.append(np.abs(y[-1] - future).mean() / step)
        inside.append(np.mean((future >= table["low_95"]) & (future <= table["high_95"])))
    assert np.mean(ours) < 0.95 * np.mean(naive)
    assert 0.88 <= np.mean(inside) <= 1


def test_a_monthly_series_is_forecast_within_the_budget():
    forecast(seasonal(), 12, season=12)
    start = time.process_time()  # the budget is of work, and not of waiting for others on the same machine
    for seed in range(3):
        forecast(seasonal(seed), 12, season=12)
    assert (time.process_time() - start) / 3 < 0.3
