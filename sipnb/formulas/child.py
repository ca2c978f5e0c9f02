"""The process in which formulas are tried on all records: it may be killed, and nothing else dies with it.

Run by its path, so that it starts with DuckDB alone. It reads plain data from its standard input, and writes a line of JSON
when it begins a formula and when it is done with it. Statements come ready: they were judged by whoever started it.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys

import duckdb


def _bound(memory: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows; DuckDB's own limit is there
        return
    with contextlib.suppress(ValueError, OSError):  # not every system knows this limit
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Try what standard input says."""
    told = json.load(sys.stdin)
    _bound(told["memory"])
    with duckdb.connect(config=told["config"]) as con:
        for sql in told["setup"]:
            con.execute(sql)
        for number, statements in enumerate(told["statements"]):
            print(json.dumps({"begun": number}), flush=True)
            if hasattr(signal, "setitimer"):
                # Its default action ends the process even in the middle of a function that never returns.
                signal.setitimer(signal.ITIMER_REAL, told["seconds"])
            try:
                rows, failing, always = con.execute(statements[0]).fetchone()
                rescued = con.execute(statements[1]).fetchone() if failing and len(statements) > 1 else ()
            except (MemoryError, duckdb.OutOfMemoryException):
                sys.exit(told["too_much"])
            except duckdb.Error as error:
                # Only of what kind it was: its words may quote a row.
                print(json.dumps({"done": number, "failed": type(error).__name__}), flush=True)
                continue
            done = {"rows": rows, "failing": failing, "always": always, "rescued": rescued}
            print(json.dumps({"done": number, **done}), flush=True)


if __name__ == "__main__":
    main()
