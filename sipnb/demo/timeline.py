"""The time line of the simulation: instants as whole seconds since 1970 (UTC), agreed hours, demand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from sipnb.demo.services import EXPORT_END, FIRST_DAY, ZONE, Service
from sipnb.records import clocks

DAY = 86_400
HOUR = 3_600
MONTH = 30.4375 * DAY

HOLIDAYS = clocks.holiday_dates("DE", None, range(2024, 2031))
_FREE = np.array(sorted(HOLIDAYS), "datetime64[D]")  # as numbers: dates are compared one by one
OFFICE = clocks.calendar({day: ["08:00-18:00"] for day in clocks.DAYS[:5]}, ZONE, HOLIDAYS)

# Demand by local hour: office work with a lunch dip, and a service that customers also use in the evening.
_OFFICE_HOURS = np.array([1, 1, 1, 1, 1, 3, 12, 45, 90, 110, 105, 95, 60, 80, 95, 85, 60, 35, 15, 8, 5, 4, 3, 2])
_CUSTOMER_HOURS = np.array([8, 5, 4, 4, 5, 10, 22, 40, 65, 80, 85, 80, 65, 70, 75, 75, 70, 65, 60, 58, 50, 40, 25, 14])
_OFFICE_DAYS = np.array([1.2, 1.08, 1.0, 0.98, 0.85, 0.06, 0.04])
_CUSTOMER_DAYS = np.array([1.1, 1.03, 1.0, 1.0, 0.98, 0.5, 0.42])


def midnight(day: date) -> int:
    """The local midnight that begins `day`."""
    return int(pd.Timestamp(day).tz_localize(ZONE).timestamp())


#: Nothing in the exports is later than this.
END = midnight(EXPORT_END)


def instants(seconds: np.ndarray) -> pd.DatetimeIndex:
    """Seconds since 1970 as UTC times; a negative number is no time."""
    seconds = np.asarray(seconds, dtype="int64")
    micros = np.where(seconds < 0, np.iinfo("int64").min, seconds * 1_000_000)
    return pd.DatetimeIndex(micros.view("datetime64[us]")).tz_localize("UTC")


def seconds(times: pd.DatetimeIndex) -> np.ndarray:
    """UTC times as seconds since 1970."""
    return times.as_unit("us").asi8 // 1_000_000


def agreed(service: Service) -> clocks.Calendar:
    """The calendar on which the goals of the service run."""
    return OFFICE if service.agreed == "office" else clocks.ALWAYS


def after(service: Service, start: np.ndarray, worked: np.ndarray) -> np.ndarray:
    """When `worked` agreed seconds have passed since `start`."""
    return seconds(clocks.due(agreed(service), instants(start), worked))


def worked(service: Service, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The agreed seconds from `start` to `end`."""
    return clocks.elapsed(agreed(service), instants(start), instants(end)).astype("int64")


def level(knots: tuple[tuple[date, float], ...], at: np.ndarray) -> np.ndarray:
    """The value of the knots at each instant: straight lines between them, level outside."""
    return np.interp(at, [midnight(day) for day, _ in knots], [value for _, value in knots])


def demand(service: Service, rng: np.random.Generator, scale: float) -> np.ndarray:
    """When the ordinary tickets of the service are opened: an inhomogeneous Poisson process, sorted.

    Its rate follows the local hour, the weekday, public holidays, the month and the days around the month end.
    """
    first = midnight(service.from_day)
    hours = np.arange(first, END, HOUR)
    local = instants(hours).tz_convert(ZONE)
    office = service.agreed == "office"
    rate = (_OFFICE_HOURS if office else _CUSTOMER_HOURS)[local.hour].astype(float)
    rate *= (_OFFICE_DAYS if office else _CUSTOMER_DAYS)[local.day_of_week]
    holiday = np.isin(local.tz_localize(None).normalize().to_numpy("datetime64[D]"), _FREE)
    rate *= np.where(holiday, 0.12 if office else 0.7, 1.0)
    rate *= np.asarray(service.months)[local.month - 1]
    rate *= np.where((local.day >= 26) | (local.day <= 3), service.month_end, 1.0)
    if END - first < 3 * MONTH:  # a young service is taken up gradually
        rate *= np.linspace(0.5, 1.5, len(hours))
    rate /= rate.mean()
    if service.queue_demand:
        since, factor = service.queue_demand
        rate = np.where(hours >= midnight(since), rate * factor, rate)
    count = rng.poisson(rate * service.tickets_per_month * scale * HOUR / MONTH)
    opened = np.repeat(hours, count) + rng.integers(0, HOUR, count.sum())
    if service.from_day > FIRST_DAY or not len(opened):
        # A new service gets its first ticket on its first day, and none is left without any.
        opened = np.append(opened, first + 9 * HOUR + 5 * 60)
    return np.sort(opened)
