"""How long it takes to freeze tickets, against what DuckDB needs merely to copy them, and to run their SLA clocks.

    python benchmarks/records.py [--rows 10000000] [--services 1000] [--folder DIR]

Every figure is measured in this run, each in a process of its own: seconds of wall time and the peak of memory. The limit
is a bare `COPY (FROM file) TO … (FORMAT parquet, PARTITION_BY (service))`, which parses and writes the same rows into the
same partitions, and judges, sorts and accounts for nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from sipnb import workbook
from sipnb.records import clocks, prepare

CYCLE = "2026-10"


def generate(folder: Path, rows: int, services: int) -> None:
    """Write `rows` tickets of `services` services as tickets.csv and tickets.parquet, with an organisation to read them."""
    seconds = 1000 * 86400 / rows
    with duckdb.connect() as con:
        con.execute(
            f"""COPY (
            SELECT 'INC' || lpad(i::VARCHAR, 8, '0') AS ticket,
              'svc-' || lpad((hash(i) % {services})::VARCHAR, 4, '0') AS service,
              CASE WHEN hash(i + 1) % 3 = 0 THEN 'request' ELSE 'incident' END AS kind, opened,
              opened + to_seconds((600 + hash(i + 3) % 40000)::BIGINT) AS acknowledged,
              CASE WHEN hash(i + 5) % 20 > 0 THEN opened + to_seconds((40600 + hash(i + 4) % 400000)::BIGINT) END AS resolved,
              CASE WHEN hash(i + 5) % 20 > 0 THEN 'closed' ELSE 'open' END AS state, 1 + hash(i + 6) % 4 AS priority,
              'category ' || (hash(i + 7) % 20) AS category, 'group ' || (hash(i + 8) % 60) AS "group",
              hash(i + 9) % 3 AS reassigned, (hash(i + 9) % 30 = 0)::INTEGER AS reopened, hash(i + 10) % 2000 AS on_hold,
              hash(i + 11) % 9 > 0 AS sla_met
            FROM (SELECT i, TIMESTAMP '2024-01-01' + to_seconds((i * {seconds})::BIGINT) AS opened FROM range({rows}) r(i))
            ) TO '{folder / "tickets.parquet"}' (FORMAT parquet, COMPRESSION zstd)"""
        )
        con.execute(f"COPY (FROM '{folder / 'tickets.parquet'}') TO '{folder / 'tickets.csv'}' (HEADER)")
    listed = "".join(f"  svc-{i:04d}: {{name: Service {i}, owner: Lead}}\n" for i in range(services))
    for kind in ("csv", "parquet"):
        organisation = folder / kind
        organisation.mkdir()
        (organisation / "workbook.yml").write_text(
            f"organisation: Large\nzone: Etc/UTC\ndata: ..\nsources:\n  - {{name: tickets, files: tickets.{kind}}}\n"
        )
        (organisation / "services.yml").write_text(f"services:\n{listed}")


def bare(folder: Path, kind: str) -> dict:
    """DuckDB's own copy into the same partitions."""
    target = folder / f"bare-{kind}"
    with duckdb.connect() as con:
        con.execute(
            f"COPY (FROM '{folder / f'tickets.{kind}'}') TO '{target}' (FORMAT parquet, PARTITION_BY (service))"
        )
    return {}


def freeze(folder: Path, kind: str) -> dict:
    """The whole way from the export to frozen records."""
    book = workbook.load(folder / kind, reports=folder)
    quality = prepare.freeze(book, book.cycle(CYCLE), folder / f"frozen-{kind}")
    (source,) = quality["sources"]
    return {
        "read": source["read"],
        "used": source["used"],
        "set_aside": source["set_aside"],
        "files": len(quality["files"]),
    }


def run_clocks(folder: Path, kind: str) -> dict:
    """The net clock of a million tickets: office hours in Berlin with holidays, one pause each."""
    count, rng = 1_000_000, np.random.default_rng(1)
    off = clocks.holiday_dates("DE", None, range(2023, 2028))
    office = clocks.calendar({day: ["08:00-12:00", "13:00-18:00"] for day in clocks.DAYS[:5]}, "Europe/Berlin", off)
    opened = pd.to_datetime(1_704_067_200 + rng.integers(0, 80_000_000, count), unit="s", utc=True)
    resolved = opened + pd.to_timedelta(rng.integers(60, 1_000_000, count), unit="s")
    start = opened + pd.to_timedelta(rng.integers(0, 100_000, count), unit="s")
    pauses = pd.DataFrame({"row": np.arange(count), "start": start, "end": start + pd.Timedelta(hours=3)})
    began = time.perf_counter()
    net = clocks.elapsed(office, opened, resolved, pauses)
    return {"seconds": time.perf_counter() - began, "mean_hours": float(net.mean() / 3600)}


STEPS = {"bare": bare, "freeze": freeze, "clocks": run_clocks}


def measured(step: str, folder: Path, kind: str) -> dict:
    """Run one step in a process of its own: its seconds, its peak memory in GB, and what it returned."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, __file__, "--step", step, "--kind", kind, "--folder", str(folder)],
                               stdout=subprocess.PIPE, text=True)  # fmt: skip
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{step} of {kind} failed with status {status}")
    seconds = time.perf_counter() - began
    for target in (folder / f"bare-{kind}", folder / f"frozen-{kind}"):
        shutil.rmtree(target, ignore_errors=True)
    return {"seconds": seconds, "gigabytes": used.ru_maxrss / 2**20} | json.loads(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--services", type=int, default=1_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--kind", default="csv", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.step:
        print(json.dumps(STEPS[told.step](told.folder, told.kind)))
        return
    with tempfile.TemporaryDirectory(prefix="bench-", dir=told.folder) as scratch:
        folder = Path(scratch)
        generate(folder, told.rows, told.services)
        print(f"{told.rows:,} tickets of {told.services:,} services, {os.cpu_count()} cores\n")
        print(f"{'from':<10}{'bare copy':>12}{'freeze':>12}{'ratio':>8}{'limit':>8}{'peak memory':>14}{'limit':>8}")
        for kind in ("csv", "parquet"):
            limit, ours = measured("bare", folder, kind), measured("freeze", folder, kind)
            assert ours["read"] == told.rows == ours["used"] + ours["set_aside"]
            ratio = ours["seconds"] / limit["seconds"]
            print(f"{kind:<10}{limit['seconds']:>10.1f} s{ours['seconds']:>10.1f} s{ratio:>8.2f}{2.5:>8}"
                  f"{ours['gigabytes']:>11.2f} GB{'2 GB':>8}")  # fmt: skip
        clock = measured("clocks", folder, "csv")
        print(f"\n1,000,000 SLA clocks with calendar and one pause each: {clock['seconds']:.2f} s (limit 1 s)")


if __name__ == "__main__":
    main()
