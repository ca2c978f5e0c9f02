"""The reference data as a fixture."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

#: Beside the repository, never in it.
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def reference():
    """Reads a reference table by its name; the test is skipped, and says so, where it is absent."""

    def read(name: str, **options) -> pd.DataFrame:
        path = DATA / name
        if not path.exists():
            pytest.skip(f"reference data absent: {path}")
        return pd.read_csv(path, **options)

    return read
