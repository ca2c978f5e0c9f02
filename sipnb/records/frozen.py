"""Frozen records: one cycle's validated input as Parquet, partitioned by service, with its hashes.

A chapter reads only its own service's partitions, and only after their bytes were compared with the hashes written
when they were frozen: a plan never rests on records that somebody changed afterwards. A damaged file fails its own service, not
the cycle.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from sipnb import tables
from sipnb.catalogue import Kpi
from sipnb.cycles import Cycle
from sipnb.places import WORDS, content_hash, state
from sipnb.records.sources import MissingInput

#: A figure that counts is withheld where more than this part of its cycle is silent.
SILENT = 0.2


#: The note that stands in the place of records that were removed because they had been kept for long enough.
PRUNED = "pruned.json"
_CLOSED = (
    "the frozen records at {folder} can be read by the user alone who froze them; run as that user, or freeze your own"
)


class DamagedRecords(ValueError):
    """Frozen records that are not what was frozen; the message names the file and says how to get them back."""


@dataclass(frozen=True)
class Records:
    """One service's frozen records of one cycle. `records.tickets`, `records.outages` … are DataFrames."""

    folder: Path
    service: str

    @cached_property
    def quality(self) -> dict[str, Any]:
        """The whole row account and the outcome of the quality rules, as written when the records were frozen."""
        return read_quality(self.folder)

    @cached_property
    def account(self) -> dict[str, Any]:
        """This service's part of the account: rows by table, and rows set aside by reason."""
        return self.quality["services"].get(self.service, {"rows": {}, "set_aside": {}})

    @cached_property
    def warnings(self) -> list[str]:
        """What the quality rules warn of, as sentences."""
        return warnings(self.quality, self.service)

    def refused(self, kpi: Kpi, cycle: Cycle) -> str:
        """Why no change of a KPI may be claimed in a cycle: the rule's name; empty where it may."""
        for rule in self._forbidding:
            own = kpi.own is not None and rule["table"] in kpi.tables and rule["refuses"]
            if (own or kpi.id in rule["refuses"]) and _overlap(rule, cycle.start, cycle.end) > 0:
                return rule["rule"]
        return ""

    def withheld(self, kpi: Kpi, cycle: Cycle) -> str:
        """Why there is no figure of a KPI in a cycle, because what it counts is silent then: the rule's name, or empty."""
        # What covers a year is wrong for a year.
        start = cycle.shift(1 - cycle.season).start if kpi.kind == "rolling" else cycle.start
        least = 0 if kpi.kind in ("rolling", "stock") else SILENT * (cycle.end - cycle.start).days
        for rule in self._forbidding:
            own = kpi.own is not None and rule["table"] in kpi.tables and kpi.unit == "count" and rule["withholds"]
            if (own or kpi.id in rule["withholds"]) and _overlap(rule, start, cycle.end) > least:
                return rule["rule"]
        return ""

    @cached_property
    def _forbidding(self) -> list[dict[str, Any]]:
        return [
            rule
            for rule in self.quality["rules"]
            if rule["outcome"] == "found"
            and (rule["refuses"] or rule["withholds"])
            and rule["service"] in (None, self.service)
        ]

    def has(self, name: str) -> bool:
        """Whether the organisation supplies this table at all; a service may still have no rows in it."""
        return name in self.quality["tables"]

    def supplies(self, table: str, column: str) -> bool:
        """Whether the organisation's exports carry a column, as far as its mapping could say."""
        return column in self.quality["tables"].get(table, {}).get("columns", ())

    def table(self, name: str) -> pd.DataFrame:
        """All rows of canonical table `name`, as they were frozen; columns that were not supplied are there and empty.

        Raises DamagedRecords where a file is missing or differs from its hash.
        """
        store = self.__dict__.setdefault("_tables", {})
        if name not in store:
            mine = {file: digest for file, digest in self._files.items() if _partition(file)[0] == name}
            store[name] = _frame(self.folder, name, mine)
        return store[name]

    @cached_property
    def words(self) -> pd.DataFrame:
        """The words of tickets' texts that name nobody: ticket, words (sorted, parted by blanks); no row without any.

        See `sipnb.records.texts`. Raises DamagedRecords like `table`.
        """
        found = [pd.DataFrame({"ticket": pd.Series([], dtype="str"), "words": pd.Series([], dtype="str")})]
        for file, digest in self._files.items():
            if _partition(file)[0] == WORDS:
                verify(self.folder / file, digest)
                found.append(pq.ParquetFile(self.folder / file).read().to_pandas().astype("str"))
        return pd.concat(found, ignore_index=True)

    @cached_property
    def _files(self) -> dict[str, str]:
        """The files of this service with their hashes."""
        return {f: h for f, h in self.quality["files"].items() if _partition(f)[1] == self.service}

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in tables.TABLES:
            return self.table(name)
        raise AttributeError(name)

    @cached_property
    def fingerprint(self) -> str:
        """A hash over this service's files: equal exactly when a plan would read the same records."""
        return hashlib.sha256(
            json.dumps([self._files, self.account, self.quality["cutoff"]], sort_keys=True).encode()
        ).hexdigest()[:16]


def of_all(folder: Path, name: str) -> pd.DataFrame:
    """All rows of canonical table `name`, of every service and of the estate; see `Records.table`."""
    files = {f: digest for f, digest in read_quality(folder)["files"].items() if _partition(f)[0] == name}
    return _frame(folder, name, files)


def _frame(folder: Path, name: str, files: dict[str, str]) -> pd.DataFrame:
    nothing = tables.empty(name)
    if not files:
        return nothing
    parts = []
    for file, digest in sorted(files.items()):
        verify(folder / file, digest)
        part = pq.ParquetFile(folder / file).read().to_pandas()
        part["service"] = _partition(file)[1]
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True).reindex(columns=nothing.columns)
    return frame.astype(nothing.dtypes.to_dict())


def warnings(quality: dict[str, Any], service: str | None = None) -> list[str]:
    """What the rules of a `quality.json` warn of, as sentences: of all services, or of one and what concerns all."""
    return [
        r["sentence"]
        for r in quality["rules"]
        if r["outcome"] == "found"
        and r["level"] in ("warn", "stop")
        and (service is None or r["service"] in (None, service))
    ]


def _overlap(rule: dict[str, Any], start: date, end: date) -> int:
    """How many days from `start` up to `end` lie in the span of a finding."""
    since = date.fromisoformat(rule["since"]) if rule["since"] else start
    until = date.fromisoformat(rule["until"]) if rule["until"] else end
    return max(0, (min(end, until) - max(start, since)).days)


def read_quality(folder: Path) -> dict[str, Any]:
    """`quality.json` of frozen records, not to be changed: it is read once. Raises MissingInput where there is none."""
    path = folder / "quality.json"
    check_pruned(folder)
    if not path.is_file():
        raise MissingInput(f"no frozen records at {folder}: looked for {path}; run `sipnb run` to write them")
    try:
        return _read_quality(path, state(path))
    except PermissionError as error:
        raise MissingInput(_CLOSED.format(folder=folder)) from error


def check_pruned(folder: Path) -> None:
    """Raise MissingInput where records were removed because they had been kept for long enough, or are not for this user."""
    try:
        told = json.loads((folder / PRUNED).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return
    except PermissionError as error:
        raise MissingInput(_CLOSED.format(folder=folder)) from error
    raise MissingInput(
        f"the frozen records of {told['cycle']} were removed by `sipnb prune` on {told['removed']}; what was published stays. "
        f"To make {told['cycle']} again from its sources, as far as these still hold it, add --refreeze to `sipnb run`"
    )


# Kept while the file is the same: with a thousand services, reading it costs more than a small chapter.
@lru_cache(maxsize=4)
def _read_quality(path: Path, state: tuple[int, int, int]) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def verify(path: Path, digest: str) -> None:
    """Compare a frozen file with its hash. Raises DamagedRecords."""
    path = path.resolve()
    if not path.is_file():
        raise DamagedRecords(f"frozen records are damaged: {path} is missing; restore it or freeze again (--refreeze)")
    if content_hash(path) != digest:
        raise DamagedRecords(
            f"frozen records are damaged: {path} is not the file that was frozen (its SHA-256 differs); "
            "restore it or freeze again (--refreeze)"
        )


def service_of(file: str) -> str:
    """The service that a frozen file belongs to."""
    return _partition(file)[1]


def _partition(file: str) -> tuple[str, str]:
    table, partition, *_ = file.split("/")
    return table, partition.removeprefix("service=")
