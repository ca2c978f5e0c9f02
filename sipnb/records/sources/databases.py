"""Sources behind a connection string: a table or query, read by Ibis (the `warehouse` extra).

What is read is first copied to a Parquet file in batches, so that everything after it is like any other source, and the
server is asked once. It is not asked again for a cycle that is frozen: its rows change every minute, a cycle's must not.

The connection string is a secret: it comes from an environment variable, and no message holds it. What libraries and servers
say may quote it, or a row: it is looked at, and told in sentences of our own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sipnb.params import Source
from sipnb.records.sources.addresses import ENCODE, Address, AddressError, read, resolves
from sipnb.records.sources.headings import taken
from sipnb.records.sources.relation import MissingInput
from sipnb.validation import nearest

_BATCH = 100_000
#: Seconds after which a server that does not answer is given up, where the address does not say otherwise.
_ANSWER = "30"

#: What is looked for in what a library says where a connection fails, and the sentence it stands for.
_REFUSED = (
    (r"connection refused|can't connect|could not connect", "nothing answers there; see host and port"),
    (r"timeout|timed out", "nothing answers there in time; see host and port, and whether this machine may reach it"),
    (r"pg_hba", "the server does not let this user in from this machine; ask whoever runs it"),
    (r"password|access denied|authentication|login failed", "the server does not accept user and password; {encode}"),
    (r"role .*does not exist", "the server does not know the user"),
    (r"database .*does not exist|unknown database", "the server has no such database"),
    (
        r"invalid .*option|invalid value|unexpected keyword|multiple values",
        "an option after its ? is not one of the server's",
    ),
    (r"\bssl\b", "the server and this machine agree on no encryption; say how after the database: ?sslmode=require"),
)
#: What is wrong with a table or query by the first signs of an SQLSTATE.
_STATES = {
    "42P01": "a table that it names is not there",
    "3F": "a schema that it names is not there",
    "42703": "a column that it names is not there",
    "42883": "a function that it calls is not there, or not for such values",
    "42501": "the user may not read it",
    "42601": "the server does not understand it as SQL",
    "42": "the server does not understand it",
    "22": "the server cannot work it out for some value: a cast, a date or a division",
    "57014": "the server cancelled it, maybe because it took too long",
    "57": "the server ended the connection",
    "53": "the server has no room for it",
    "08": "the connection broke off",
}


def what(source: Source) -> str:
    """How the source's table or query is named to people."""
    return f"table {source.table}" if source.table else "query"


def copy(source: Source, scratch: Path, needed: set[str] | None = None) -> Path:
    """Copy the source's table or query to a Parquet file in `scratch`; columns that are not `needed` (None: all) stay empty.

    Raises MissingInput where the extra, the variable, the server or the table is missing, or the connection string cannot
    be read; it says which, and holds no user, no password and no word of a library.
    """
    try:
        import ibis
    except ImportError as error:
        raise MissingInput("databases need the extra `warehouse`: pip install 'sipnb[warehouse]'") from error
    text = os.environ.get(source.connection or "")
    if not text:
        raise MissingInput(
            f"the environment variable {source.connection} is not set; set it to a connection string such as "
            "postgres://user:password@host/database"
        )
    # `from None`, here and below: a traceback would show what the library said.
    try:
        address = read(text)
    except AddressError as error:
        raise MissingInput(f"the connection string in {source.connection} {error}") from None
    if address.path and not Path(address.path).is_file():
        raise MissingInput(f"{source.connection}: no connection to {address.kind}: there is no file at its path")
    try:
        connection = _connect(ibis, address)
    except ImportError:
        raise MissingInput(
            f"{source.connection}: no connection to {address.kind}: its driver is missing; "
            f"pip install 'ibis-framework[{address.kind}]'"
        ) from None
    except Exception as error:  # every back end raises errors of its own
        raise MissingInput(f"{source.connection}: no connection to {_no_connection(address, error)}") from None
    try:
        if source.table:
            schema, _, table = source.table.rpartition(".")
            records = connection.table(table, database=schema or None)
        else:
            records = connection.sql(source.query)
        path = scratch / f"{source.name}.parquet"
        _copy(records, path, needed)
    except Exception as error:
        reason = _unread(error, source, connection)
        raise MissingInput(f"{source.connection}: {what(source)} cannot be read: {reason}") from None
    finally:
        connection.disconnect()
    return path


def _connect(ibis: Any, address: Address) -> Any:
    if address.kind != "postgres":
        connection = ibis.connect(address.text)
        if address.kind == "duckdb" and address.path:
            # A query could name any file, and the parameters may not.
            connection.con.execute("SET enable_external_access = false")
        return connection
    # Ibis would decode only the password, and take its + for a blank.
    named = {"host": address.host, "port": address.port, "user": address.user, "password": address.password}
    options = {{"dbname": "database"}.get(key, key): value for key, value in address.options.items()}
    given = {**named, "database": address.database, "schema": address.schema, "connect_timeout": _ANSWER, **options}
    return ibis.postgres.connect(**{key: value for key, value in given.items() if value})


def _copy(records: Any, path: Path, needed: set[str] | None) -> None:
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


def _no_connection(address: Address, error: Exception) -> str:
    """A database and why there is no connection to it."""
    host, place = address.options.get("host", address.host), address.place()
    where = f"{address.kind} {place}".strip()
    if host and not host.startswith("/") and not resolves(host):
        return f"{where}: its host is not known by that name; see what stands after the @, and {ENCODE}"
    said = str(error).lower()
    for pattern, sentence in _REFUSED:
        if re.search(pattern, said):
            return f"{where}: {sentence.format(encode=ENCODE)}"
    return f"{where}: it does not let us in; try the same connection string with the database's own client"


def _unread(error: Exception, source: Source, connection: Any) -> str:
    """Why a table or query cannot be read."""
    state = next((s for e in _chain(error) if re.fullmatch(r"[0-9A-Z]{5}", s := str(getattr(e, "sqlstate", "")))), "")
    kinds = {type(e).__name__ for e in _chain(error)}
    if source.table and (state in ("", "42P01") or state.startswith("3F")):
        schema, _, table = source.table.rpartition(".")
        try:
            there = connection.list_tables(database=schema or None)
        except Exception:  # then it cannot be said which there are
            there = []
        if table not in there:
            return (
                f"there is no such table; {nearest(table, there)}"
                if there
                else "there is no such table that it may see"
            )
    if kinds & {"ParseError", "ParserException", "SqlglotError"}:
        state = "42601"
    told = next((_STATES[state[:n]] for n in (5, 2) if state[:n] in _STATES), "")
    return f"{told or 'the database refuses it'}; try it with the database's own client{f' (SQLSTATE {state})' if state else ''}"


def _chain(error: BaseException | None) -> Iterable[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
