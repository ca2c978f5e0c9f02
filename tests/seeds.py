"""Frozen records where a run looks for them: to freeze the demo takes ten seconds, about which most tests ask nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

from sipnb.places import CycleFolder

#: What a run says that takes them.
TAKEN = "frozen records are up to date"


def seeded(reports: Path, published: CycleFolder) -> CycleFolder:
    """The folder among `reports` for the cycle that is `published` elsewhere, with its frozen records and nothing else."""
    folder = CycleFolder(reports / published.root.parent.name / published.root.name)
    shutil.copytree(published.records, folder.records)
    return folder
