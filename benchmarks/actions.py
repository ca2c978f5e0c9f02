"""Whether the actions of the simulated organisation get the verdict that is right, over many simulations: `make simulate`.

    python benchmarks/actions.py [--seeds 30] [--jobs 2]

What is true of each action is in `sipnb.demo.services`: one worked on a kind of ticket, one did nothing, one was raised after a
bad month that passed by itself. Every simulation is frozen and judged as in a plan, with the other services beside it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from sipnb import demo, places
from sipnb import workbook as workbooks
from sipnb.chapters.context import RecordsContext, ServiceContext
from sipnb.chapters.review import analysis, measuring, recurrence
from sipnb.demo.services import DEEDS, Deed
from sipnb.places import CycleFolder
from sipnb.records import frozen, prepare
from sipnb.records.frozen import Records

CYCLE = "2026-10"
#: Right verdicts at least, and *worked* at most of what only looks as if.
RIGHT, SEEMED = 0.9, 0.05


def verdicts(seed: int) -> tuple[dict[str, str], list[str]]:
    """The verdict on each action in one simulation, and what is said of each fix of a problem, none of which did anything."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = CycleFolder(Path(scratch) / "cycle")
        demo.write(Path(scratch) / "exports", seed=seed)
        book = workbooks.load(places.PARAMS / "demo", data=Path(scratch) / "exports", reports=Path(scratch) / "reports")
        cycle = book.cycle(CYCLE)
        prepare.freeze(book, cycle, folder.records)
        table = measuring.untouched(RecordsContext(book, cycle, frozen.read_quality(folder.records), folder))
        found: dict[str, str] = {}
        fixes: list[str] = []
        for name in dict.fromkeys(deed.service for deed in DEEDS):
            records = Records(folder.records, name)
            context = ServiceContext(book, book.service(name), cycle, folder, records)
            mine = tuple(a for a in context.service.actions if any(deed.action == a.id for deed in DEEDS))
            context = replace(context, service=replace(context.service, actions=mine))
            # Once for all services, as the notebook over the records hands it over.
            context.scope.once("controls", lambda: table)
            found |= {action: one.fact.status for action, one in analysis.judged(context).items()}
            fixes += [one.found for one in recurrence.fixes(context)[0] if one.of == "problem"]
        return found, fixes


def right(deed: Deed, said: str) -> bool:
    """Whether a verdict is the right one."""
    return said != "worked" if deed.verdict == "not worked" else said == deed.verdict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    with multiprocessing.get_context("spawn").Pool(given.jobs, maxtasksperchild=4) as pool:
        made = pool.map(verdicts, range(1, given.seeds + 1), chunksize=1)
    found, fixes = [one for one, _ in made], [said for _, all_of in made for said in all_of]
    print(f"{'action':<32}{'right verdict':<16}{'right':<10}said in {given.seeds} simulations")
    for deed in DEEDS:
        said = Counter(one[deed.action] for one in found)
        share = sum(n for verdict, n in said.items() if right(deed, verdict)) / len(found)
        seemed = said["worked"] / len(found) if deed.verdict == "not worked" else 0.0
        bad = " !" if share < RIGHT or seemed > SEEMED else ""
        told = ", ".join(f"{verdict} {n}" for verdict, n in said.most_common())
        print(f"{deed.action:<32}{deed.verdict:<16}{share:<10.0%}{told}{bad}")
    claimed = Counter(fixes)
    wrong = sum(n for said, n in claimed.items() if said != "no change found") / len(fixes)
    print(
        f"fixes of problems that did nothing: {len(fixes)}, "
        + ", ".join(f"{said} {n}" for said, n in claimed.most_common())
        + (" !" if wrong > SEEMED else "")
    )


if __name__ == "__main__":
    main()
