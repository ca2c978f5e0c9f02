"""Writing frozen records: each canonical table as one Parquet file a service, always the same bytes.

The rows are sorted once and written as they come, a service at a time, so that memory does not grow with the table. Only
their owner can read them, whatever the umask.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sipnb.places import private, private_file
from sipnb.records.sql import name
from sipnb.tables import TABLES

#: Services are written by this many threads; each holds one service in memory.
_WRITERS = 2
BATCH = 65_536
#: Rows sorted at a time: more of them would not fit the memory that DuckDB may use, and sorting on disk is slow.
_SORTED = 1_250_000


def write(
    con: duckdb.DuckDBPyConnection, table: str, columns: list[str], rows: dict[int, int], ids: list[str], folder: Path
) -> dict[str, str]:
    """Write the view `table` to `folder/<table>/service=<id>/data_0.parquet`; the SHA-256 of each file by its path.

    `rows`: how many each service has, by its position in `ids`.
    """
    columns = [c for c in columns if c != "service"]
    known = TABLES[table]
    first = [c for c in (known.at, *known.key) if c in columns]
    # A key makes the order total; rows without one are sorted by all they hold, so that equal ones are interchangeable.
    order = first if known.key and set(known.key) <= set(columns) else first + [c for c in columns if c not in first]
    listed = ", ".join(
        f"timezone('UTC', {name(c)}) AS {name(c)}" if known.columns[c].kind == "time" else name(c) for c in columns
    )
    con.execute("SET TimeZone='UTC'")
    digests: dict[str, str] = {}
    for low, high in _portions(rows):
        reader = con.execute(
            f"SELECT _service, {listed} FROM {table} WHERE _service BETWEEN {low} AND {high} "
            f"ORDER BY _service, {', '.join(map(name, order))}"
        ).to_arrow_reader(BATCH)
        digests |= written(reader, table, ids, folder)
    return digests


def written(reader: pa.RecordBatchReader, table: str, ids: list[str], folder: Path) -> dict[str, str]:
    """Write rows, sorted by the service that is their first column, to `folder/<table>/service=<id>/data_0.parquet`; the SHA-256
    of each file by its path. `ids` are the services by position."""
    digests: dict[str, str] = {}
    with ThreadPoolExecutor(_WRITERS) as pool:
        waiting: list[Future[tuple[str, str]]] = []
        for service, found in _by_service(reader):
            file = f"{table}/service={ids[service]}/data_0.parquet"
            waiting.append(pool.submit(_write, found, folder, file))
            while len(waiting) > 2 * _WRITERS:
                digests.update([waiting.pop(0).result()])
        digests.update(one.result() for one in waiting)
    return digests


def _portions(rows: dict[int, int]) -> Iterator[tuple[int, int]]:
    """Runs of services, first and last, that are sorted together."""
    run: list[int] = []
    held = 0
    for service in sorted(rows):
        if run and held + rows[service] > _SORTED:
            yield run[0], run[-1]
            run, held = [], 0
        run.append(service)
        held += rows[service]
    if run:
        yield run[0], run[-1]


def _by_service(reader: pa.RecordBatchReader) -> Iterator[tuple[int, pa.Table]]:
    current, held = None, []
    for batch in reader:
        services = batch.column(0).to_numpy(zero_copy_only=False)
        batch = batch.drop_columns(["_service"])
        edges = np.r_[0, np.flatnonzero(services[1:] != services[:-1]) + 1, len(services)]
        for start, end in zip(edges[:-1], edges[1:], strict=True):
            if start == end:
                continue
            if services[start] != current and held:
                yield current, pa.Table.from_batches(held)
                held = []
            current = int(services[start])
            held.append(batch.slice(start, end - start))
    if held:
        yield current, pa.Table.from_batches(held)


def _write(rows: pa.Table, folder: Path, file: str) -> tuple[str, str]:
    sink = pa.BufferOutputStream()
    # Batches end where the sort happens to; joined, the same rows are the same bytes.
    pq.write_table(rows.combine_chunks(), sink, compression="zstd", store_schema=False)
    content = sink.getvalue()
    path = folder / file
    for place in (path.parent.parent, path.parent):
        private(place)
    private_file(path).write_bytes(content)
    return file, hashlib.sha256(content).hexdigest()
