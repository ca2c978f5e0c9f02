"""What the tests of the chain share: their notebooks by scenario, and a tiny organisation."""

from __future__ import annotations

from pathlib import Path

import pytest
from estates import CHAPTERS, Estate, make_estate

from sipnb.chain import plans, services

FIXTURES = Path(__file__).parents[1] / "fixtures" / "notebooks"


@pytest.fixture(scope="session")
def fixtures() -> Path:
    return FIXTURES


@pytest.fixture
def estate(tmp_path: Path, two_chapters: None) -> Estate:
    return make_estate(tmp_path)


@pytest.fixture
def two_chapters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two chapters instead of five, and units that find the functions which write the pages."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(services, "CHAPTERS", CHAPTERS)
    monkeypatch.setattr(plans, "CHAPTERS", CHAPTERS)
