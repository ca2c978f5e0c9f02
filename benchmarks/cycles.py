"""How long a cycle takes: against Papermill's and nbconvert's own commands, by number of services, and when little changed.

    python benchmarks/cycles.py [--sizes 10 100 1000] [--jobs 2] [--folder DIR] [--stock 10]

Everything is measured in this run, on copies of ten simulated services with all their records. CPU is that of all
processes. The stock commands are `papermill` and `jupyter nbconvert --to html`, one after the other for each chapter,
as many services at a time as there are jobs. A thousand services take about half an hour on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import estates
import nbformat
import psutil

from sipnb.chain import unit
from sipnb.chain.workers import LocalExecutor
from sipnb.places import CHAPTERS, NOTEBOOKS, CycleFolder, cycle_folder

BIN = Path(sys.executable).parent
#: One step of a warm and of a stock notebook that does nothing is repeated so often.
REPEATS = 10


@dataclass(frozen=True)
class Measured:
    """Wall and CPU seconds of a command, the peak memory of all its processes in bytes, and memory over time."""

    wall: float
    cpu: float
    peak: int
    memory: list[int]
    said: str


def measure(command: list[str], **given: object) -> Measured:
    """Run a command to its end, watching its processes. Raises CalledProcessError."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **given)
    memory: list[int] = []
    watcher = threading.Thread(target=_watch, args=(process.pid, memory), daemon=True)
    watcher.start()
    said, _ = process.communicate()
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, said)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(wall, cpu, max(memory, default=0), memory, said)


def _watch(pid: int, memory: list[int]) -> None:
    """Add up the memory of a process and all below it, what they share counted once, for as long as it lives."""
    while True:
        try:
            processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        total = 0
        for one in processes:
            try:
                total += getattr(one.memory_full_info(), "pss", 0)
            except psutil.Error:
                continue
        memory.append(total)
        time.sleep(min(10.0, 1.0 + len(memory) / 20))  # looking costs time, too


def run(organisation: Path, reports: Path, jobs: int, *more: str) -> Measured:
    """`sipnb run` of the cycle."""
    command = [
        str(BIN / "sipnb"),
        "run",
        str(organisation),
        "--cycle",
        estates.CYCLE,
        "--out",
        str(reports),
        "--jobs",
        str(jobs),
    ]
    return measure([*command, *more])


def stock(organisation: Path, reports: Path, services: list[str], jobs: int, folder: Path) -> tuple[float, float]:
    """Wall and CPU seconds for the same notebooks and services through the stock commands."""
    environment = {
        **os.environ,
        **unit.SETTLED,
        "SIPNB_REPORTS": str(reports),
        "SIPNB_PARAMS": str(organisation.parent),
    }

    def one(service: str) -> None:
        for chapter in CHAPTERS:
            done = folder / service / f"{chapter}.ipynb"
            done.parent.mkdir(parents=True, exist_ok=True)
            given = {"workbook": organisation.name, "service": service, "cycle": estates.CYCLE}
            parameters = [word for name, value in given.items() for word in ("-p", name, value)]
            papermill = [str(BIN / "papermill"), str(NOTEBOOKS / f"{chapter}.ipynb"), str(done), *parameters]
            subprocess.run([*papermill, "--no-progress-bar"], env=environment, check=True, capture_output=True)
            html = [str(BIN / "jupyter-nbconvert"), "--to", "html", "--log-level", "ERROR", str(done)]
            subprocess.run(html, env=environment, check=True, capture_output=True)

    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, services))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - started, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def overhead(folder: Path) -> tuple[float, float]:
    """Seconds a notebook takes that imports a chapter and does nothing: in a run, and by the command `papermill`."""
    new = nbformat.v4
    write = "import os, pathlib\nfolder = pathlib.Path(os.environ['SIPNB_CYCLE_FOLDER'], 'results', service)\n"
    write += "folder.mkdir(parents=True, exist_ok=True)\n[(folder / f'{n}.json').write_text('{}') for n in range(99)];"
    cells = [
        new.new_code_cell('service: str = "x"', id="parameters", metadata={"tags": ["parameters"]}),
        new.new_code_cell("from sipnb.chapters import baseline, context", id="imports"),
        new.new_code_cell(write, id="work"),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nothing = folder / "nothing.ipynb"
    nbformat.write(new.new_notebook(cells=cells, metadata={"kernelspec": kernel}), nothing)
    building = folder / "building"
    building.mkdir()
    papers = folder / "papers"
    papers.mkdir()
    environment = unit.environment(building, papers, folder, folder, folder)
    spec = unit.Spec(
        "x", estates.CYCLE, tuple(unit.Chapter(str(n), str(nothing), "", {}) for n in range(REPEATS)), {"service": "x"},
        str(building), str(folder / "published"), str(folder / "status.json"), 600, environment,
    )  # fmt: skip
    with LocalExecutor(1, "warm", papers) as executor:
        (outcome,) = executor.work([spec])
        assert executor.engine == "warm", "forking is not possible here"
    assert outcome.trouble is None, outcome.line(None)
    warm = statistics.median(chapter.seconds for chapter in outcome.chapters.values())
    times = []
    for _ in range(3):
        started = time.monotonic()
        command = [
            str(BIN / "papermill"),
            str(nothing),
            str(folder / "out.ipynb"),
            "-p",
            "service",
            "x",
            "--no-progress-bar",
        ]
        subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True)
        times.append(time.monotonic() - started)
    return warm, statistics.median(times)


def stages(folder: CycleFolder) -> dict[str, float]:
    """Where the time of a cycle went: seconds by chapter, added over all services, and those of the portfolio."""
    content = json.loads(folder.manifest.read_text(encoding="utf-8"))
    spent: Counter[str] = Counter()
    for entry in content["services"].values():
        for name, chapter in entry["chapters"].items():
            spent[name] += chapter["seconds"]
    spent["portfolio"] = sum(chapter["seconds"] for chapter in content["portfolio"]["chapters"].values())
    return dict(spent)


def row(what: str, measured: str, budget: str = "") -> None:
    """A line of the table, at once: the longest step takes half an hour."""
    print(f"{what:<58} {measured:<36} {budget}", flush=True)


def size(organisation: Path, reports: Path, services: int, jobs: int) -> float:
    """Measure one size: from nothing, unchanged, with one target changed. The seconds a service took."""
    shutil.rmtree(reports, ignore_errors=True)
    first = run(organisation, reports, jobs)
    folder = cycle_folder(reports, organisation.name, estates.CYCLE)
    assert len(list(folder.root.glob("*-*.html"))) >= services, "every service has its page"
    label = f"{services:,} services"
    budget = "≤ 50 min" if services == 1000 else ""
    row(f"{label}: whole cycle, {jobs} jobs", f"{first.wall / 60:.1f} min, CPU {first.cpu / 60:.1f} min", budget)
    row(f"{label}: each", f"{first.wall / services:.2f} s, CPU {first.cpu / services:.2f} s")
    tenth = max(1, len(first.memory) // 10)
    early, late = (
        statistics.median(part) / 1e9 for part in (first.memory[tenth : 3 * tenth], first.memory[-3 * tenth :])
    )
    told = f"peak {first.peak / 1e9:.2f} GB, early {early:.2f}, late {late:.2f}"
    row(f"{label}: memory of all processes", told, f"≤ {1.5 * jobs:.1f} GB, flat")
    for stage, seconds in stages(folder).items():
        row(f"{label}: {stage}", f"{seconds / services:.3f} s a service, {seconds:.0f} s")
    again = run(organisation, reports, jobs)
    assert "all up to date" in again.said, again.said
    row(f"{label}: unchanged", f"{again.wall:.1f} s, CPU {again.cpu:.1f} s", "≤ 10 s" if services == 1000 else "")
    targets = organisation / "targets.yml"
    before = targets.read_text(encoding="utf-8")
    changed = before.replace("backlog: 250", "backlog: 251", 1)
    assert changed != before
    targets.write_text(changed, encoding="utf-8")
    one = run(organisation, reports, jobs)
    assert f"{services - 1} of them up to date" in one.said, one.said
    row(f"{label}: one target changed", f"{one.wall:.1f} s, CPU {one.cpu:.1f} s")
    targets.write_text(before, encoding="utf-8")
    return first.cpu / services


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000], help="multiples of ten")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--stock", type=int, default=10, help="services to run through the stock commands")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sipnb-cycles-") as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch) as nothing:
            warm, cold = overhead(Path(nothing))
        row("a notebook that does nothing: in a run", f"{warm:.2f} s", "≤ 0.35 s")
        row("a notebook that does nothing: papermill", f"{cold:.2f} s, {cold / warm:.0f} times", "≥ 10 times")
        ten = estates.write(folder, 10)
        whole = run(ten, folder / "ten", given.jobs)
        services = [f"{kind}-000" for kind in estates.KINDS][: given.stock]
        wall, cpu = stock(ten, folder / "ten", services, given.jobs, folder / "stock")
        ratio = f"{wall / len(services) / (whole.wall / 10):.1f} times, CPU {cpu / len(services) / (whole.cpu / 10):.1f} times"
        row("a service by the stock commands", f"{wall / len(services):.1f} s, CPU {cpu / len(services):.1f} s")
        row(
            "a service by sipnb run, freezing and portfolio included",
            f"{whole.wall / 10:.1f} s, CPU {whole.cpu / 10:.1f} s",
        )
        row("stock ÷ sipnb", ratio, "≥ 8 times")
        alone = [run(ten, folder / "ten", given.jobs, "--service", name, "--force") for name in services]
        one = statistics.mean(measured.cpu for measured in alone)
        row("a service alone on frozen records, portfolio included", f"CPU {one:.1f} s")
        row("stock ÷ sipnb, a service alone", f"CPU {cpu / len(services) / one:.1f} times", "≥ 5 times")
        each = {n: size(estates.write(folder, n), folder / f"reports-{n}", n, given.jobs) for n in given.sizes}
        least, most = min(each), max(each)
        change = f"{each[most] / each[least] - 1:+.1%} CPU a service"
        row(f"{most:,} services against {least:,}", change, "within 10 %")


if __name__ == "__main__":
    main()
