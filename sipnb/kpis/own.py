"""What the organisation brings itself: KPIs by its own formulas, and figures that another tool already computed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from sipnb import formulas
from sipnb.catalogue import Kpi
from sipnb.kpis.scope import Scope, counts, figures, nothing, shares
from sipnb.methods import proportions
from sipnb.tables import TABLES


def by_formula(scope: Scope, kpi: Kpi) -> pd.DataFrame:
    """A KPI that the organisation defined over the columns of one table.

    A row in which its formula has no value does not count. Raises FormulaError, naming the KPI, where a formula takes more
    memory or time than it is given.
    """
    own = kpi.own
    frame = scope.records.table(own.table)
    wanted = {name: text for name, text in (("counts", own.where), ("answer", own.expression)) if text}
    if frame.empty:
        return nothing(len(scope.cycles))
    try:
        found = formulas.evaluate(frame, own.table, wanted, scope.cycle.zone)
    except formulas.FormulaError as error:
        # What DuckDB said may quote a row, and would stand in the notebook that fails.
        raise formulas.FormulaError(f"the formula of kpis.{kpi.id} in workbook.yml {error}") from None
    at = frame[own.at]
    where = scope.place_days(at) if TABLES[own.table].columns[own.at].kind == "date" else scope.place(at)
    if own.where:
        where = np.where(found["counts"].fillna(False), where, -1)
    answer = found["answer"] if own.expression else pd.Series(True, index=frame.index, dtype="boolean")
    where = np.where(answer.notna(), where, -1)
    if own.statistic in ("share", "count"):
        found = scope.share(where, answer)
        return found if own.statistic == "share" else counts(found["numerator"])
    values = answer.to_numpy("float64")
    if own.statistic == "sum":
        return figures(scope.total(where, values), np.nan, np.nan, scope.count(where))
    each = [values[where == cycle] for cycle in range(len(scope.cycles))]
    of = _median if own.statistic == "median" else _mean
    found = [of(one) for one in each]
    return figures(*zip(*found, strict=True), [len(one) for one in each])


def _mean(values: np.ndarray) -> tuple[float, float, float]:
    found = proportions.mean_interval(values)
    return found.value, found.low, found.high


def _median(values: np.ndarray) -> tuple[float, float, float]:
    """The median with its order-statistic interval (David and Nagaraja 2003, 7.1); exact whatever the distribution."""
    n = len(values)
    if n == 0:
        return np.nan, np.nan, np.nan
    ordered = np.sort(values)
    low = int(stats.binom.ppf(0.025, n, 0.5)) - 1
    bounds = (ordered[low], ordered[n - 1 - low]) if low >= 0 and n >= 6 else (np.nan, np.nan)
    return float(np.median(ordered)), *map(float, bounds)


def measured(scope: Scope, names: tuple[str, ...], unit: str) -> pd.DataFrame:
    """A KPI that another tool computed: numerators and denominators added up, or its value where that is all there is.

    Several values of one cycle without a denominator are weighted by their n; where one of them has none, there is no
    figure: a mean of ratios says nothing.
    """
    rows = scope.records.measurements
    rows = rows[rows["kpi"].isin(names)]
    where = scope.place_days(rows["period"])
    ratio = (rows["numerator"].notna() & (rows["denominator"] > 0)).to_numpy()
    whole = scope.count(where) == scope.count(np.where(ratio, where, -1))
    top, bottom = scope.total(where, rows["numerator"].fillna(0)), scope.total(where, rows["denominator"].fillna(0))
    counted = unit == "share" and bool((rows["numerator"] <= rows["denominator"])[ratio].all())
    if counted:
        known = np.where(whole, bottom, 0)
        frame = shares(np.where(whole, np.rint(top), 0), np.rint(known))
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            frame = figures(
                top / bottom, np.nan, np.nan, np.where(whole & (bottom > 0), np.rint(bottom), 0), top, bottom
            )
    return frame.where(whole & (frame["n"] > 0), _by_value(scope, rows, where))


def _by_value(scope: Scope, rows: pd.DataFrame, where: np.ndarray) -> pd.DataFrame:
    where = np.where(rows["value"].notna() & rows["numerator"].isna(), where, -1)
    alone = scope.count(where)
    weighted = np.where(rows["n"] > 0, where, -1)
    n = scope.total(weighted, rows["n"])
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = scope.total(weighted, rows["value"] * rows["n"]) / n
    single = alone == 1
    value = np.where(single, scope.total(where, rows["value"].fillna(0)), mean)
    there = single | ((alone > 1) & (scope.count(weighted) == alone))
    return figures(value, np.nan, np.nan, np.where(there, np.maximum(np.rint(n), 1), 0))
