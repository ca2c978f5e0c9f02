"""One cycle for all tests of the pages."""

from __future__ import annotations

import pytest
import samples

from sipnb.places import CycleFolder


@pytest.fixture(scope="session")
def cycle(tmp_path_factory) -> CycleFolder:
    """A cycle with a usual, a hostile, a long-named and an empty service, one failed, and the portfolio."""
    return samples.render_cycle(tmp_path_factory.mktemp("reports") / "northfield")
