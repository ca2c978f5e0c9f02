"""Connection strings, read by us before any library sees them: they hold secrets, and what libraries say may quote them.

A part of a connection string is named to people only where it cannot be a piece of a password: a host that resolves, its port,
a database of a server that was found. The end of a password with an `@` in it stands where the host does.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

#: Kinds of databases behind a server, and those that are a file, as Ibis calls them.
SERVERS = (
    "postgres", "mysql", "mssql", "oracle", "clickhouse", "trino", "snowflake", "risingwave", "materialize", "singlestoredb",
    "exasol", "druid", "impala", "databricks", "bigquery",
)  # fmt: skip
FILES = ("duckdb", "sqlite")
#: What a password must not hold as it is.
ENCODE = "write %3A for a :, %2F for a /, %3F for a ?, %23 for a # and %40 for an @ in the user or password"
_SECRET = re.compile(r"pass|pwd|token|secret|key|cred|auth", re.IGNORECASE)


class AddressError(ValueError):
    """A connection string that cannot be used; the message says why and holds no part of it."""


@dataclass(frozen=True)
class Address:
    """A connection string in its parts, decoded. `text` is all of it as it was given; `schema` comes after the database."""

    kind: str
    text: str = field(repr=False)
    host: str = field(default="", repr=False)
    port: int | None = field(default=None, repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    database: str = field(default="", repr=False)
    schema: str = field(default="", repr=False)
    options: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def path(self) -> str:
        """The file of a database that is one; empty where it is in memory or elsewhere."""
        inner = self.text.partition("://")[2].partition("?")[0]
        return "" if self.kind not in FILES or inner in ("", ":memory:", "/:memory:") or _hosted(inner) else inner

    def place(self) -> str:
        """Where the server is, for a sentence; empty where that may be a piece of a secret."""
        host = self.options.get("host", self.host)
        if not host or not resolves(host):
            return ""
        if not re.fullmatch(r"[\w.:-]*", host) or not re.fullmatch(r"[\w.-]*", self.database):
            return ""
        where = f"{host}{f':{self.port}' if self.port else ''}" if host == self.host else ""
        told = " ".join(filter(None, (where and f"at {where}", self.database and f"for the database {self.database}")))
        secrets = {self.password, *(v for k, v in self.options.items() if _SECRET.search(k))} - {""}
        return "" if any(secret in told for secret in secrets) else told


def read(text: str) -> Address:
    """A connection string in its parts.

    Example: `read("postgres://user:p%40ss@host:5432/database").password` is `p@ss`. Raises AddressError.
    """
    text = text.strip()
    scheme, separator, rest = text.partition("://")
    kind = {"postgresql": "postgres"}.get(scheme.lower(), scheme.lower())
    if not separator or kind not in (*SERVERS, *FILES):
        raise AddressError(
            f"does not begin with a kind of database that is known ({', '.join((*SERVERS[:3], *FILES))} …) and ://; "
            "write it as postgres://user:password@host:port/database"
        )
    if any(sign.isspace() or not sign.isprintable() for sign in rest):
        raise AddressError("holds a blank or a sign that cannot be printed; write %20 for a blank")
    if "#" in rest:
        raise AddressError(f"holds a #, which nothing in it needs; {ENCODE}")
    authority, path, query = re.fullmatch(r"([^/?]*)([^?]*)\??(.*)", rest).groups()
    if kind in FILES:
        if not _hosted(rest) and ("@" in rest or ":" in authority.removeprefix(":memory:")):
            raise AddressError(f"holds a user or a port, which a file has not; write it as {kind}:///folder/file")
        return Address(kind, text, options=_options(query))
    if "@" in path + query:
        raise AddressError(f"holds an @ after a / or a ?; {ENCODE}")
    if re.search("[=&;]", path):
        raise AddressError("has options that do not begin with a ?, or a = in its database; write %3D for that")
    user, _, place = authority.rpartition("@")
    user, _, password = user.partition(":")
    host, port = _host(place, "@" in authority)
    database, _, schema = path[1:].partition("/")
    return Address(
        kind, text, host, port, unquote(user), unquote(password), unquote(database), unquote(schema), _options(query)
    )


def resolves(host: str) -> bool:
    """Whether a host is known by its name or number: a piece of a password hardly ever is."""
    if host.isalnum() and re.fullmatch(r"(0x[0-9a-f]+|\d+)", host, re.IGNORECASE):
        return False  # taken for an address by the system, and meant as one by nobody
    try:
        return bool(socket.getaddrinfo(host, None))
    except (OSError, UnicodeError):
        return False


def _host(place: str, separator: bool) -> tuple[str, int | None]:
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]*)(?::(\d*))?", place)
    if found is None or (found[2] and not 0 < int(found[2][:6]) < 65_536):
        if not separator:
            raise AddressError(
                "has no @ between user and host; write it as postgres://user:password@host:port/database"
            )
        raise AddressError(f"has no port that is a number from 1 to 65535 after its host; {ENCODE}")
    return unquote(found[1].strip("[]")), int(found[2]) if found[2] else None


def _hosted(inner: str) -> bool:
    # A DuckDB that is kept by a service has a name and no path.
    return inner.startswith(("md:", "motherduck:"))


def _options(query: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    except ValueError:
        raise AddressError("has options after its ? that are not name=value, parted by &") from None
