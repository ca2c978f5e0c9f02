"""The size of cycles: working days, days off and the months' lengths."""

from datetime import date

import numpy as np

from sipnb.chapters.baseline import charts, workdays
from sipnb.cycles import containing


def test_a_month_is_as_large_as_its_working_days(demo_context):
    email = demo_context("email")
    sizes = workdays.sizes(email, email.history)
    assert np.mean(sizes) == 1 or abs(np.mean(sizes) - 1) < 1e-12
    names = [c.name for c in email.history]
    # Twenty working days in February 2026, and holidays around Easter and in May; 23 in July.
    assert sizes[names.index("2026-02")] < 0.97 < 1.03 < sizes[names.index("2026-07")]


def test_days_off_bring_as_little_as_sundays(demo_context):
    email = demo_context("email")
    workdays.sizes(email, email.history)
    weights = email.scope.once("weights of days", None)
    assert weights[:5].min() > 1 and weights[5:].max() < 0.5


def test_counts_are_charted_by_the_room_for_work(demo_context):
    """Working days are no signal: the limits of a short month are lower, and what scatters is less."""
    email = demo_context("email")
    drawn = charts.charted(email, email.kpis["volume"], email.series("volume")).chart
    assert drawn.kind == "u′" and drawn.points["mean"].nunique() > 5
    assert np.array_equal(drawn.points["value"], email.series("volume")["value"])


def test_a_quiet_service_has_cycles_that_are_alike(demo_context):
    archive = demo_context("archive")
    assert (workdays.sizes(archive, archive.history) == 1).all()


def test_a_week_with_a_holiday_is_smaller_than_one_without(demo_context):
    """Whether a Monday is a day off is told by other weeks: in its own week there is no other Monday."""
    email = demo_context("email")
    easter = containing(date(2026, 4, 6), "week", email.cycle.zone)
    with_monday_off, whole = workdays.sizes(email, [easter, easter.shift(1)])
    assert with_monday_off < 0.85 * whole
