"""Sources behind a connection string: a table or query, read by Ibis (the `warehouse` extra).

What is read is first copied to a Parquet file in batches, so that everything after it is like any other source, and the
server is asked once. The connection string is a secret: it comes from an environment variable, and no message holds it.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from sipnb.params import Source
from sipnb.records.sources.parts import MissingInput, Part
from sipnb.records.sql import located

_BATCH = 100_000


def open_table(source: Source, scratch: Path) -> Part:
    """Copy the source's table or query to `scratch` and open the copy. Places are positions in the result.

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
    what = f"table {source.table}" if source.table else "query"
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
        raise MissingInput(_told(f"{source.connection}: {what} cannot be read", error, address)) from error
    finally:
        connection.disconnect()
    relation = f"read_parquet({located(path)})"
    with duckdb.connect() as con:
        types = {column: kind for column, kind, *_ in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}
    return Part(what, relation, types)


def _copy(records, path: Path) -> None:
    reader = records.to_pyarrow_batches(chunk_size=_BATCH)
    with pq.ParquetWriter(path, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)


def _told(what: str, error: Exception, address: str) -> str:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return f"{what}: {first.replace(address, '…')}"
