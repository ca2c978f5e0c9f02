"""Users and money: satisfaction with who was silent, and what a ticket and the service cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from sipnb.kpis.scope import Scope, figures, shares
from sipnb.methods import proportions


def _answers(scope: Scope) -> tuple[pd.DataFrame, np.ndarray]:
    answers = scope.records.surveys
    known = answers["score"].notna() & answers["scale_max"].notna()
    return answers, np.where(known, scope.place(answers["answered"]), -1)


def liked(answers: pd.DataFrame) -> pd.Series:
    """Which answers lie in the top two fifths of their scale."""
    return answers["score"] > 0.6 * answers["scale_max"]


def csat_top2(scope: Scope) -> pd.DataFrame:
    """Share of answers in the top two fifths of the scale."""
    answers, where = _answers(scope)
    return scope.share(where, liked(answers))


def csat_mean(scope: Scope) -> pd.DataFrame:
    """Mean answer, from 0 for the lowest to 1 for the highest of the scale."""
    answers, where = _answers(scope)
    lowest = 0.0 if (answers["score"] == 0).any() else 1.0
    score = ((answers["score"] - lowest) / (answers["scale_max"] - lowest)).to_numpy()
    n = scope.count(where)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = scope.total(where, score) / n
        spread = np.sqrt(np.maximum(scope.total(where, score**2) / n - mean**2, 0) * n / (n - 1))
        half = stats.t.ppf(0.975, np.maximum(n - 1, 1)) * spread / np.sqrt(n)
    half = np.where(n > 1, half, np.nan)
    return figures(mean, np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1), n, scope.total(where, score), n)


def invited(scope: Scope) -> np.ndarray:
    """Survey invitations sent in each cycle; 0 where none are recorded."""
    usage = scope.records.usage
    return scope.total(np.where(usage["invited"].notna(), scope.place_days(usage["period"]), -1), usage["invited"])


def response_rate(scope: Scope) -> pd.DataFrame:
    """Answers ÷ invitations."""
    sent = invited(scope)
    given = scope.count(scope.place(scope.records.surveys["answered"]))
    # More answers than invitations: the invitations are of another period, and no rate can be told.
    sent = np.where(sent >= given, sent, 0)
    return shares(np.where(sent > 0, given, 0), sent)


def silence(scope: Scope) -> proportions.Bounds | None:
    """The share of satisfied users in the last cycle had everybody who was silent been dissatisfied, or satisfied."""
    answers, where = _answers(scope)
    last = where == len(scope.cycles) - 1
    sent = int(invited(scope)[-1])
    given = int(last.sum())
    if not 0 < given <= sent:
        return None
    return proportions.bounded_by_silence(int(liked(answers)[last].sum()), given, sent)


def _spent(scope: Scope) -> tuple[np.ndarray, np.ndarray]:
    costs = scope.records.costs
    where = scope.place_days(costs["period"])
    return scope.total(where, costs["amount"]), scope.count(where)


def cost_per_ticket(scope: Scope) -> pd.DataFrame:
    """Costs of each cycle ÷ tickets opened in it."""
    amount, entries = _spent(scope)
    tickets = np.where(entries > 0, scope.count(scope.opened), 0)
    low, high = (stats.chi2.ppf(p, 2 * tickets + more) / 2 for p, more in ((0.025, 0), (0.975, 2)))
    with np.errstate(divide="ignore", invalid="ignore"):
        return figures(amount / tickets, amount / high, amount / low, tickets, amount, tickets)


def service_cost(scope: Scope) -> pd.DataFrame:
    """All costs of each cycle."""
    amount, entries = _spent(scope)
    return figures(amount, np.nan, np.nan, entries, amount)


def spent_by_category(scope: Scope) -> pd.DataFrame:
    """Costs of the last cycle by category, the largest first: columns category, amount, share."""
    costs = scope.records.costs
    mine = costs[scope.place_days(costs["period"]) == len(scope.cycles) - 1]
    by = mine.groupby(mine["category"].fillna("not recorded"))["amount"].sum().rename("amount").reset_index()
    by["share"] = by["amount"] / by["amount"].sum() if by["amount"].sum() else np.nan
    return by.sort_values(["amount", "category"], ascending=[False, True], ignore_index=True)
