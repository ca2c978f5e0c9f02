"""What a process does in which formulas are tried on all records (`apart`): it starts with DuckDB alone.

It prints a line when it begins a formula and when it is done with it. Statements come ready: they were judged by whoever
started it.
"""

from __future__ import annotations

import json
import signal
from typing import Any

import duckdb


def main(told: dict[str, Any]) -> None:
    """Try what is told."""
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
            except duckdb.OutOfMemoryException:
                raise MemoryError from None
            except duckdb.Error as error:
                # Only of what kind it was: its words may quote a row.
                print(json.dumps({"done": number, "failed": type(error).__name__}), flush=True)
                continue
            done = {"rows": rows, "failing": failing, "always": always, "rescued": rescued}
            print(json.dumps({"done": number, **done}), flush=True)
