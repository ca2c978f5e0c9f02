"""What a process does that reads a workbook (`apart`): one cell far away makes the reader ask for memory for all in between.

It prints a line a row that holds anything, with its number and its cells; a day as {"day": …}.
What is wrong it prints as `refused`.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import python_calamine as calamine


def main(told: dict[str, Any]) -> None:
    """Print the rows of the sheet that is told, or of the first where there is no such one."""
    try:
        book = calamine.CalamineWorkbook.from_path(told["path"])
        name = told["sheet"] if told["sheet"] in book.sheet_names else book.sheet_names[0]
        sheet = book.get_sheet_by_name(name)
        left = [None] * sheet.start[1] if sheet.start else []
        for number, row in enumerate(sheet.iter_rows(), start=1):
            filled = left + [_plain(cell) for cell in row]
            while filled and filled[-1] in (None, ""):
                filled.pop()
            if len(filled) > told["columns"]:
                print(
                    json.dumps(
                        {"refused": f"has {len(filled):,} columns in row {number}, and {told['columns']} are the most"}
                    )
                )
                return
            if filled:
                print(json.dumps({"row": number, "cells": filled}))
    except calamine.PasswordError:
        print(json.dumps({"refused": "is protected by a password; save it without"}))
    except (calamine.CalamineError, OSError, IndexError, ValueError) as error:
        print(json.dumps({"refused": f"cannot be read as a workbook ({error}); save it as .xlsx again, or as .csv"}))


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return {"day": cell.date().isoformat()}
    if isinstance(cell, date):
        return {"day": cell.isoformat()}
    return cell if isinstance(cell, (str, int, float, bool)) else str(cell)
