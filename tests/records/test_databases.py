"""A connection string is a secret: whatever is wrong with it, the message says what to do and holds no piece of it."""

import contextlib
import os
import random
import socket
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from sipnb import workbook
from sipnb.params import Source
from sipnb.records.sources import MissingInput, addresses, databases
from sipnb.validation import WorkbookError
from tests.records.test_prepare import GOOD, organisation
from tests.servers import postgres
from tests.test_cli import sipnb

#: With every sign that has to be encoded, in pieces that are in no other word.
PASSWORD = "qzx7:wvk/jyx?bfq#gkz@hqv"
PIECES = ["qzx7", "wvk", "jyx", "bfq", "gkz", "hqv"]
ROW = "SELECT 'T1' AS ticket, 'pay' AS service, 'incident' AS kind, TIMESTAMPTZ '2026-09-01 10:00+00' AS opened"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server that asks the role `reader` for its password: its host and port."""
    with postgres(tmp_path_factory.mktemp("locked") / "server") as address:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
            connection.execute("CREATE ROLE \"rea@der\" LOGIN PASSWORD '+%'")
            connection.execute(f"CREATE TABLE good AS {ROW}; GRANT SELECT ON good TO PUBLIC")
            connection.execute(f"CREATE TABLE hidden AS {ROW}")
            connection.execute('CREATE DATABASE "oth er"')
            (hba,) = connection.execute("SHOW hba_file").fetchone()
            asked = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
            Path(hba).write_text(asked, encoding="utf-8")
            connection.execute("SELECT pg_reload_conf()")
        yield address.partition("@")[2].partition("/")[0]


def told(monkeypatch, folder, address, **wanted):
    """What is said of a source with this connection string; nothing where it can be read."""
    monkeypatch.setenv("ITSM_DATABASE", address)
    monkeypatch.chdir(folder)
    source = Source(name="tickets", connection="ITSM_DATABASE", **(wanted or {"table": "good"}))
    try:
        databases.copy(source, folder)
    except MissingInput as error:
        assert error.__suppress_context__ or error.__context__ is None, "a traceback would show what the library said"
        return str(error)
    return ""


def silent(folder, *texts):
    """Assert that no three signs of the password stand in texts, and no piece of it in a name or the bytes of a file."""
    for piece in PIECES:
        for start in range(len(piece) - 2):
            assert not [text for text in texts if piece[start : start + 3] in text.lower()]
        for path in folder.rglob("*"):
            assert piece not in path.name
            assert not path.is_file() or piece.encode() not in path.read_bytes().lower()


def test_encoded_parts_are_decoded_and_read(tmp_path, server, monkeypatch):
    assert told(monkeypatch, tmp_path, f"postgres://reader:{quote(PASSWORD, safe='')}@{server}/postgres") == ""
    assert told(monkeypatch, tmp_path, f" postgresql://rea%40der:+%25@{server}/postgres?connect_timeout=5\n") == ""
    in_other = f"postgres://postgres@{server}/oth%20er"
    assert told(monkeypatch, tmp_path, in_other, query=ROW) == ""


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize(
    ("address", "wanted", "words"),
    [
        ("postgres://reader:{p}@nowhere.invalid/postgres", {}, "its host is not known by that name"),
        (
            "postgres://reader:{p}@127.0.0.1:{closed}/postgres",
            {},
            "at 127.0.0.1:{closed} for the database postgres: nothing",
        ),
        ("postgres://reader:{p}@{at}/nothing", {}, "at {at} for the database nothing: the server has no such database"),
        ("postgres://reader:{p}x@{at}/postgres", {}, "the server does not accept user and password"),
        ("postgres://nobody:{p}@{at}/postgres", {}, "the server does not accept user and password"),
        ("postgres://reader@{at}/postgres?password={p}x", {}, "the server does not accept user and password"),
        ("postgres://reader:{p}@{at}/postgres?sslmode=require", {}, "no encryption"),
        ("postgres://reader:{p}@{at}/postgres?pasword={p}", {}, "an option after its ? is not one of the server's"),
        ("postgres://reader:{p}@{at}/postgres", {"table": "goood"}, "there is no such table; nearest valid name: good"),
        ("postgres://reader:{p}@{at}/postgres", {"table": "nowhere.good"}, "there is no such table"),
        ("postgres://reader:{p}@{at}/postgres", {"table": "hidden"}, "the user may not read it"),
        (
            "postgres://reader:{p}@{at}/postgres",
            {"query": "SELECT nothing FROM good"},
            "a column that it names is not there",
        ),
        (
            "postgres://reader:{p}@{at}/postgres",
            {"query": "SELECT 1 FROM nothing"},
            "a table that it names is not there",
        ),
        ("postgres://reader:{p}@{at}/postgres", {"query": "SELEC 'qzx7'"}, "does not understand it"),
        (
            "postgres://reader:{p}@{at}/postgres",
            {"query": "SELECT ('qzx7' || ticket)::integer AS n FROM good"},
            "some value",
        ),
        ("postgres://reader:qzx7wvk", {}, "has no @ between user and host"),
        ("postgres://reader:qzx7/wvk@{at}/postgres", {}, "holds an @ after a / or a ?; write %3A"),
        ("postgres://reader:qzx7?wvk@{at}/postgres", {}, "holds an @ after a / or a ?; write %3A"),
        ("postgres://reader:qzx7#wvk@{at}/postgres", {}, "holds a #, which nothing in it needs; write %3A"),
        ("host=127.0.0.1 password=qzx7wvk", {}, "does not begin with a kind of database"),
        ("mysql://reader:{p}@{at}/postgres", {}, "its driver is missing; pip install 'ibis-framework[mysql]'"),
        ("sqlite:///nowhere/{p}.db", {}, "there is no file at its path"),
        ("duckdb:///nowhere/{p}.duckdb", {}, "there is no file at its path"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_without_the_secret(
    tmp_path, server, monkeypatch, capfd, address, wanted, words
):
    given = {"p": quote(PASSWORD, safe=""), "at": server, "closed": closed_port()}
    message = told(monkeypatch, tmp_path, address.format(**given), **wanted)
    assert (
        message.startswith(("ITSM_DATABASE: ", "the connection string in ITSM_DATABASE "))
        and words.format(**given) in message
        and "\n" not in message
    )
    silent(tmp_path, message, *capfd.readouterr())


def shapes(server):
    """Connection strings that people write: the parts left out, the signs not encoded, the whole of it in another form."""
    host, _, port = server.partition(":")
    for sign in "/#?@:[]%& \t\n\\'\"ü€\u00a0\u2028":
        for where in ("qzx7{}hqv", "{}qzx7hqv", "qzx7hqv{}", "qzx7{0}hqv{0}gkz"):
            yield f"postgres://reader:{where.format(sign)}@{server}/postgres"
            yield f"postgres://reader:{where.format(sign)}"
        yield f"postgres://re{sign}ader:qzx7@{server}/postgres"
    yield from (
        f"reader:qzx7@{server}/postgres", f"//reader:qzx7@{server}/postgres", "qzx7", "postgres:qzx7", f"postgres:/qzx7@{server}",
        f"qzx7://{server}/postgres", f"postgres//reader:qzx7@{server}", f"http://reader:qzx7@{server}/", f"file://reader:qzx7@{host}",
        "postgres://reader:qzx7", "postgres://reader:qzx7/postgres", f"postgres://reader:qzx7.{host}/postgres", "postgres://qzx7",
        f"postgres://reader:qzx7{server}/postgres", "postgres://reader@qzx7/postgres", "postgres://reader@qzx7:5432/postgres",
        "postgres://reader:wvk@qzx7/postgres", "postgres://:qzx7@/", "postgres://@qzx7", "postgres://qzx7@", "postgres:///qzx7",
        f"postgres://reader:{port}@qzx7:99999/postgres", f"postgres://reader:x@{host}:qzx7/postgres",
        f"postgres://reader:x@{server}:qzx7/postgres", f"postgres://reader:x@[qzx7]:{port}/postgres",
        f"postgres://{server}/postgres?user=reader&password=qzx7", f"postgres://{server}/postgres?password=qzx7",
        f"postgres://{server}/postgres?user=reader&password=qz%78x7&password=qzx7", f"postgres://{server}/postgres?qzx7",
        f"postgres://{server}/postgres?qzx7=1", f"postgres://{server}/qzx7?password=qzx7", f"postgres://{server}?password=qzx7",
        f"postgres://reader:wvk@{server}/postgrespassword=qzx7", f"postgres://reader:wvk@{server}/postgres&password=qzx7",
        f"postgres://reader:qzx7@{server}/qzx7", f"postgres://qzx7:qzx7@{server}/postgres?application_name=qzx7",
        f"host={host} port={port} user=reader password=qzx7 dbname=postgres", "password=qzx7", "password='qzx7 wvk' host=x",
        f"Server={host};Port={port};User Id=reader;Password=qzx7;", f"jdbc:postgresql://{server}/postgres?user=a&password=qzx7",
        f"postgresql+psycopg://reader:qzx7@{server}/postgres", f"POSTGRES://reader:qzx7@{server}/postgres",
        f"mysql://reader:qzx7@{server}/postgres", f"mssql://sa:qzx7@{server}/x?driver=qzx7", f"oracle://a:qzx7@{server}/x",
        "snowflake://a:qzx7@account/db?warehouse=qzx7", "bigquery://qzx7/x?credentials=qzx7", "quark://reader:qzx7@x/y",
        "sqlite://reader:qzx7@x/y.db", "sqlite:///qzx7.db", "sqlite://qzx7", "duckdb://reader:qzx7@x", "duckdb:///qzx7/x.duckdb",
        "duckdb://qzx7.duckdb", "qzx7.duckdb", "/tmp/qzx7.db", "qzx7.csv", "C:\\qzx7.duckdb", "duckdb:///x.duckdb?key=qzx7",
    )  # fmt: skip


def test_no_shape_of_a_connection_string_gives_its_password_away(tmp_path, server, monkeypatch, capfd, tried):
    addresses = list(dict.fromkeys(shapes(server)))
    assert len(addresses) > 200
    for address in addresses:
        message = told(monkeypatch, tmp_path, address)
        assert message and len(message.splitlines()) == 1, address
        silent(tmp_path, message)
        tried("a shape of a connection string", "told in one line, without the password")
    silent(tmp_path, *capfd.readouterr())


def test_no_slip_of_the_keyboard_gives_a_password_away(tmp_path, monkeypatch, tried):
    """1,000 connection strings with up to three signs left out, put in or changed; only numbers and localhost are known."""
    system = socket.getaddrinfo

    def known(host, *more, **options):
        if host is not None and not set(host if isinstance(host, str) else host.decode()) <= set("0123456789."):
            raise socket.gaierror("not known")
        return system(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", known)
    chance = random.Random(5)
    for _ in range(1_000):
        password = (
            f"{chance.choice(PIECES)}{chance.choice('/#?@:%&+;=!$ ') * chance.randint(0, 2)}{chance.choice(PIECES)}"
        )
        option = chance.choice(["", f"?password={password}", f"?sslpassword={password}", f"?x={password}"])
        signs = list(f"postgres://reader:{password}@127.0.0.1:1/postgres{option}")
        for _ in range(chance.randint(0, 3)):
            at, new = chance.randrange(len(signs)), chance.choice("/#?@:%&+ []\t\nü")
            signs[at : at + chance.randint(0, 1)] = chance.choice([[], [new]])
        message = told(monkeypatch, tmp_path, "".join(signs))
        assert message and len(message.splitlines()) == 1, signs
        silent(tmp_path, message)
        tried("a slip in a connection string", "told in one line, without the password")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgres://reader:a@b@h:1/d", "a@b"),
        ("postgres://reader:a%3A%2F%3F%23%40:b@h/d", "a:/?#@:b"),
        ("postgres://reader:a+b%zz@[::1]:5432/d/s", "a+b%zz"),
    ],
)
def test_a_password_is_what_stands_between_the_first_colon_and_the_last_at(address, words):
    assert addresses.read(address).password == words
    assert words not in repr(addresses.read(address))


def test_files_of_the_same_kinds_are_read(tmp_path, monkeypatch):
    import sqlite3

    import duckdb

    row = ROW.replace("TIMESTAMPTZ '2026-09-01 10:00+00'", "'2026-09-01 10:00'")
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute(f"CREATE TABLE good AS {row}")
        connection.commit()
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute(f"CREATE TABLE good AS {row}")
    for address in (f"sqlite://{tmp_path}/a.db", "sqlite://a.db", f"duckdb://{tmp_path}/a.duckdb", "duckdb://a.duckdb"):
        assert told(monkeypatch, tmp_path, address) == ""
        assert "nearest valid name: good" in told(monkeypatch, tmp_path, address, table="goood")
        assert "cannot be read" in told(monkeypatch, tmp_path, address, query="SELECT nothing FROM good")


def test_the_command_line_says_it_with_exit_7_and_leaves_nothing(tmp_path, server):
    organisation(tmp_path / "o", [GOOD.format(1)])
    text = (tmp_path / "o" / "workbook.yml").read_text(encoding="utf-8")
    text = text.replace("files: 't.csv'", "connection: ITSM_DATABASE, table: good")
    (tmp_path / "o" / "workbook.yml").write_text(text, encoding="utf-8")
    good = f"postgres://reader:{quote(PASSWORD, safe='')}@{server}/postgres"
    for address, command, exit_ in (
        (good, ["check", "o", "--out", "r"], 0),
        (good + "x", ["check", "o", "--out", "r"], 7),
        (f"postgres://reader:{PASSWORD}@{server}/postgres", ["run", "o", "--cycle", "2026-09", "--out", "r"], 7),
        (f"postgres://reader:{PASSWORD.replace('@', '')}", ["plan", "o", "--cycle", "last", "--out", "r"], 7),
    ):
        done = sipnb(*command, cwd=tmp_path, env={**os.environ, "ITSM_DATABASE": address})
        assert done.returncode == exit_, done.stderr
        assert len(done.stderr.splitlines()) == (exit_ != 0)
        silent(tmp_path, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "source",
    [
        "connection: 'postgres://reader:qzx7@h/d', table: good",
        "connection: '${ITSM_DATABASE} qzx7', table: good",
        "connection: [qzx7], table: good",
        "connection: 7, table: good",
        "files: 'postgres://reader:qzx7@h/d'",
        "connection: A, table: 'postgres://reader:qzx7@h/d'",
        "name: 'postgres://reader:qzx7@h/d', connection: A, table: good",
        "connektion: 'postgres://reader:qzx7@h/d', table: good",
        "connection: A, table: good, password: qzx7",
    ],
)
def test_an_address_that_stands_in_the_parameters_is_refused_and_not_repeated(tmp_path, source):
    organisation(tmp_path / "o", [GOOD.format(1)])
    text = (tmp_path / "o" / "workbook.yml").read_text(encoding="utf-8").replace("files: 't.csv'", source)
    (tmp_path / "o" / "workbook.yml").write_text(text.replace("name: tickets, name:", "name:"), encoding="utf-8")
    with pytest.raises(WorkbookError, match="o/workbook.yml: sources.0") as caught:
        workbook.load(tmp_path / "o", reports=tmp_path)
    assert "qzx7" not in str(caught.value)
