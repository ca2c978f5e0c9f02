"""Sources behind a connection string: a table or query, read by Ibis (the `warehouse` extra).

What is read is first copied to a Parquet file in batches, so that everything after it is like any other source, and the
server is asked once. The connection string is a secret: it comes from an environment variable, and no message holds it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq

from sipnb.params import Source
from sipnb.records.sources.parts import MissingInput

_BATCH = 100_000


def what(source: Source) -> str:
    """How the source's table or query is named to people."""
    return f"table {source.table}" if source.table else "query"


def copy(source: Source, scratch: Path) -> Path:
    """Copy the source's table or query to a Parquet file in `scratch`.

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
        _copy(records, path)
    except Exception as error:
        raise MissingInput(_told(f"{source.connection}: {what(source)} cannot be read", error, address)) from error
    finally:
        connection.disconnect()
    return path


def _copy(records, path: Path) -> None:
    reader = records.to_pyarrow_batches(chunk_size=_BATCH)
    with pq.ParquetWriter(path, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)


def _told(begin: str, error: Exception, address: str) -> str:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return f"{begin}: {first.replace(address, '…')}"
