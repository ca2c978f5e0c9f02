"""The exports of a simulated organisation, where it is asked for them and they are missing."""

from __future__ import annotations

from sipnb.records import sources
from sipnb.workbook import Workbook


def supply(book: Workbook) -> bool:
    """Write the exports of a simulated organisation where they are missing; whether it did."""
    if not book.settings.simulated:
        return False
    try:
        sources.require(book.settings.sources, book.data, book.anywhere)
    except sources.MissingInput:
        from sipnb.demo.exports import write  # only where something is to be written

        write(book.data)
        return True
    return False
