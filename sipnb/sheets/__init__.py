"""Tables that people edit in spreadsheets: written as CSV or XLSX, and read back as they were, or as a spreadsheet left them."""

from sipnb.sheets.reading import Table, Unreadable, read
from sipnb.sheets.writing import Unwritable, write

__all__ = ["Table", "Unreadable", "Unwritable", "read", "write"]
