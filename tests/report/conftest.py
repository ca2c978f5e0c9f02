"""One cycle for all tests of the pages, and one of many services."""

from __future__ import annotations

import pytest
import samples

from benchmarks import portfolio as estates
from sipnb.places import CycleFolder


@pytest.fixture(scope="session")
def cycle(tmp_path_factory) -> CycleFolder:
    """A cycle with a usual, a hostile, a long-named and an empty service, one failed, and the portfolio."""
    return samples.render_cycle(tmp_path_factory.mktemp("reports") / "northfield")


@pytest.fixture(scope="session")
def large(once) -> CycleFolder:
    """The portfolio of 300 services."""
    folder = once("estate", lambda folder: estates.make(estates.write_estate(folder, 300)))
    return CycleFolder(folder / "estate" / estates.CYCLE)
