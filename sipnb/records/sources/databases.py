"""Sources behind a connection string: a table or query, read by Ibis (the `warehouse` extra).

What is read is first copied to a Parquet file in batches, so that everything after it is like any other source, and the
server is asked once. The connection string is a secret: it comes from an environment variable, and no message holds it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sipnb.params import Source
from sipnb.records.sources.parts import MissingInput, taken

_BATCH = 100_000


def what(source: Source) -> str:
    """How the source's table or query is named to people."""
    return f"table {source.table}" if source.table else "query"


def copy(source: Source, scratch: Path, needed: set[str] | None = None) -> Path:
    """Copy the source's table or query to a Parquet file in `scratch`; columns that are not `needed` (None: all) stay empty.

    Raises MissingInput where the extra, the variable, the server or the table is missing; it says which.
    """
    try:
        import ibis
    except ImportError as error:
        raise MissingInput("databases need the extra `warehouse`: pip install 'sipnb[warehouse]'") from error
    address = os.environ.get(source.connection or "")
    if not address:
        raise MissingInput(
            f"the environment variable {source.connection} is not set; set it to a connection string such as "
            "postgres://user:password@host/database"
        )
    try:
        connection = ibis.connect(address)
    except Exception as error:  # every back end raises errors of its own
        raise MissingInput(_told(f"{source.connection}: no connection", error, address)) from error
    try:
        if source.table:
            schema, _, table = source.table.rpartition(".")
            records = connection.table(table, database=schema or None)
        else:
            records = connection.sql(source.query)
        path = scratch / f"{source.name}.parquet"
        _copy(records, path, needed)
    except Exception as error:
        raise MissingInput(_told(f"{source.connection}: {what(source)} cannot be read", error, address)) from error
    finally:
        connection.disconnect()
    return path


def _copy(records, path: Path, needed: set[str] | None) -> None:
    reader = records.to_pyarrow_batches(chunk_size=_BATCH)
    kept = [taken(field.name, position, needed) for position, field in enumerate(reader.schema)]
    schema = pa.schema(
        [field if keep else field.with_nullable(True) for field, keep in zip(reader.schema, kept, strict=True)]
    )
    with pq.ParquetWriter(path, schema) as writer:
        for batch in reader:
            columns = [
                one if keep else pa.nulls(len(one), one.type) for one, keep in zip(batch.columns, kept, strict=True)
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _told(begin: str, error: Exception, address: str) -> str:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return f"{begin}: {first.replace(address, '…')}"
