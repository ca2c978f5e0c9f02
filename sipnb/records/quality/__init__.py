"""The quality gate: rules that set a row aside, rules about a whole set of rows, and what they say.

A row rule is a condition in SQL; a set rule is a small function over the tables of one run that returns typed findings,
each with a sentence that can be printed as it stands. An organisation sets the level of any rule in `workbook.yml`.
"""

from sipnb.records.quality.findings import SET_RULES, Finding, Level, SetRule, Sets, examine
from sipnb.records.quality.rows import (
    OUT_OF_SCOPE,
    ROW_RULES,
    RowRule,
    advice,
    bounds,
    expendable,
    row_findings,
    row_rule_names,
    row_rules,
    rule_of,
)

# They register their rules, in this order.
from sipnb.records.quality import extracts, volumes, sampling, values, hours, tickets  # isort: skip
from sipnb.records.quality.catalogue import catalogue, check_levels, names  # isort: skip

__all__ = [
    "OUT_OF_SCOPE", "ROW_RULES", "SET_RULES", "Finding", "Level", "RowRule", "SetRule", "Sets", "advice", "bounds", "catalogue",
    "check_levels", "examine", "expendable", "extracts", "hours", "names", "row_findings", "row_rule_names", "row_rules",
    "rule_of", "sampling", "tickets", "values", "volumes",
]  # fmt: skip
