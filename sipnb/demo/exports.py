"""The exports of the simulated organisation: one canonical table a file, and the truth that tests compare with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from ruamel.yaml import YAML

from sipnb.demo import simulation
from sipnb.demo.services import SERVICES, cause, service
from sipnb.demo.truth import truth
from sipnb.tables import TABLES, empty

#: The tables that are written: all canonical ones but `measurements`, which no simulated tool supplies.
NAMES = tuple(name for name in TABLES if name != "measurements")


def generate(
    *, seed: int = 1, services: Sequence[str] | None = None, scale: float = 1.0, without: Sequence[str] = ()
) -> dict[str, pd.DataFrame]:
    """The canonical tables of the simulated organisation by name, in the order of `SERVICES`, then of time.

    `services`: ids to make (default all); `scale`: factor on the number of tickets; `without`: ids of located causes
    (`services.CAUSES`) that do not act. What these do not touch stays the same. Times are UTC, to the second.
    Raises `ValueError` for an unknown service or cause, or a scale that is not positive.
    """
    if not scale > 0:
        raise ValueError(f"scale must be positive, not {scale!r}")
    removed = {cause(one).id for one in without}
    wanted = {service(one).id for one in services} if services is not None else {one.id for one in SERVICES}
    made = [
        simulation.tables_of(one, number, seed, scale, removed)
        for number, one in enumerate(SERVICES)
        if one.id in wanted
    ]
    return {name: _canonical(name, [tables[name] for tables in made]) for name in NAMES}


def write(
    folder: Path,
    *,
    seed: int = 1,
    services: Sequence[str] | None = None,
    scale: float = 1.0,
    without: Sequence[str] = (),
) -> dict[str, int]:
    """Write `<table>.parquet` for each table of `generate` and `truth.yml` into `folder`; the rows of each table.

    The same arguments give the same bytes. Each file is written under a temporary name and renamed when complete.
    """
    folder = Path(folder)
    tables = generate(seed=seed, services=services, scale=scale, without=without)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        table = pa.Table.from_pandas(frame, preserve_index=False)
        fields = [
            field.with_type(pa.date32()) if TABLES[name].columns[field.name].kind == "date" else field
            for field in table.schema
        ]
        # Without the metadata of pandas the bytes depend on the records alone.
        table = table.cast(pa.schema(fields)).replace_schema_metadata(None)
        draft = folder / f".{name}.parquet.part"
        pq.write_table(table, draft, compression="zstd")
        draft.replace(folder / f"{name}.parquet")
    draft = folder / ".truth.yml.part"
    with draft.open("w", encoding="utf-8") as file:
        yaml = YAML()
        yaml.width = 110
        yaml.representer.ignore_aliases = lambda *_: True  # dates are written out where they stand
        yaml.dump(
            truth([one for one in SERVICES if services is None or one.id in services], seed, scale, without), file
        )
    draft.replace(folder / "truth.yml")
    return {name: len(frame) for name, frame in tables.items()}


def _canonical(name: str, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The parts as one table with the canonical columns that are simulated, in their order and types."""
    types = empty(name).dtypes
    types = types[[c for c in types.index if any(c in part for part in parts)] or TABLES[name].supplied]
    parts = [part.reindex(columns=types.index).astype(types) for part in parts]
    return pd.concat(parts, ignore_index=True) if parts else empty(name)
