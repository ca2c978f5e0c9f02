"""The canonical tables as pandera's schemas: an independent reading of `sipnb/tables.py`, for what is written and frozen."""

from __future__ import annotations

from functools import cache

import pandera.pandas as pa

from sipnb import tables


@cache
def schema(name: str) -> pa.DataFrameSchema:
    """The schema of canonical table `name`: optional columns may be absent, unknown ones may not be there."""
    kinds = tables.empty(name).dtypes
    return pa.DataFrameSchema(
        {
            column: pa.Column(
                kinds[column], checks=_checks(one), nullable=not one.required, required=one.required, coerce=True
            )
            for column, one in tables.TABLES[name].columns.items()
        },
        name=name,
        strict=True,
    )


def _checks(column: tables.Column) -> list[pa.Check]:
    checks = [] if column.values is None else [pa.Check.isin(column.values)]
    checks += [] if column.low is None else [pa.Check.ge(column.low)]
    return checks + ([] if column.high is None else [pa.Check.le(column.high)])
