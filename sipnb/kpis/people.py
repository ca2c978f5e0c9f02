"""Users and money: satisfaction with who was silent, and what a ticket and the service cost."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sipnb.kpis.scope import Scope, figures, shares
from sipnb.methods import proportions


def _answers(scope: Scope) -> tuple[pd.DataFrame, np.ndarray]:
    answers = scope.records.surveys
    known = answers["score"].notna() & answers["scale_max"].notna()
    return answers, np.where(known, scope.place(answers["answered"]), -1)


#: Who answers in the top quarter of a scale is satisfied: 4 and 5 of 5, 6 and 7 of 7, 8 to 10 of 10, and 3 of 3 …
SATISFIED = 0.75
#: … but of four grades, which have no middle, the upper two.
SATISFIED_OF_FOUR = 2 / 3


def position(answers: pd.DataFrame) -> pd.DataFrame:
    """Where each answer lies on its scale (`at`, from 0 for the lowest grade to 1 for the highest), and of how many grades.

    A scale begins at 1, or at 0 where anybody answered 0 on it.
    """
    ends = answers["scale_max"]
    lowest = 1.0 - ends.isin(ends[answers["score"] == 0]).astype(float)
    span = (ends - lowest).where(ends > lowest)
    return pd.DataFrame({"at": (answers["score"] - lowest) / span, "grades": span + 1})


def liked(answers: pd.DataFrame, satisfied: Mapping[int, float]) -> pd.Series:
    """Which answers say that somebody is satisfied, by the convention of their scale or by the organisation's own."""
    found = position(answers)
    # A hair below, because grades are divided.
    usual = found["at"] >= found["grades"].eq(4).map({True: SATISFIED_OF_FOUR, False: SATISFIED}) - 1e-9
    own = answers["scale_max"].map(dict(satisfied))
    return usual.where(own.isna(), answers["score"] >= own)


def csat_top2(scope: Scope) -> pd.DataFrame:
    """Share of answers that say satisfied."""
    answers, where = _answers(scope)
    return scope.share(where, liked(answers, scope.satisfied))


def csat_mean(scope: Scope) -> pd.DataFrame:
    """Mean answer, from 0 for the lowest to 1 for the highest of the scale."""
    answers, where = _answers(scope)
    score = position(answers)["at"].to_numpy()
    where = np.where(np.isnan(score), -1, where)
    # A few answers that are all alike do not say that nobody will ever answer otherwise.
    return proportions.ratio_of_sums_series(score, np.ones(len(score)), where, len(scope.cycles), share=True, drawn=1.0)


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
    return proportions.bounded_by_silence(int(liked(answers, scope.satisfied)[last].sum()), given, sent)


def _spent(scope: Scope) -> tuple[np.ndarray, np.ndarray]:
    costs = scope.records.costs
    where = scope.place_days(costs["period"])
    return scope.total(where, costs["amount"]), scope.count(where)


def cost_per_ticket(scope: Scope) -> pd.DataFrame:
    """Costs of each cycle ÷ tickets opened in it."""
    amount, entries = _spent(scope)
    tickets = np.where(entries > 0, scope.count(scope.opened), 0)
    # Both are counted, not sampled: that other tickets might have come says nothing of what these cost.
    with np.errstate(divide="ignore", invalid="ignore"):
        return figures(amount / tickets, np.nan, np.nan, tickets, amount, tickets)


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
