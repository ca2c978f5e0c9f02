"""The portfolio for other programs: CSV, JSON, a workbook for spreadsheets and a calendar of what is due.

Text that a spreadsheet would take for a formula is neutralised in CSV, and written as text into the workbook. Bytes
repeat: nothing here knows what time it is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.util import find_spec
from typing import Any

from sipnb.chapters import kpi_columns
from sipnb.chapters.facts import BaselineFacts, KpiFact, PortfolioFacts
from sipnb.places import CycleFolder, write_whole
from sipnb.report import mail
from sipnb.report.calendar import calendar
from sipnb.show import words
from sipnb.show.display import harmless

#: Columns that hold days, shares whatever their row is about, and counts of cases whatever its unit is.
DATES = {"due", "decide_by", "by", "begin", "done"}
SHARES = {"risk_of_a_miss", "way_to_its_target"}
COUNTS = {"n"}
#: What tells a spreadsheet that a file is UTF-8.
MARK = "\ufeff"

#: One row of a download; all rows of one have the same keys.
Record = dict[str, Any]


def write_downloads(
    folder: CycleFolder, facts: PortfolioFacts, measured: Sequence[BaselineFacts]
) -> list[tuple[str, str]]:
    """Write all downloads, and each plan's digest as a mail; gives the name of each of the former with what it holds.

    Without the extra `excel` there is no workbook.
    """
    services, actions, decisions = service_records(facts), action_records(facts), decision_records(facts)
    measures = [record for one in measured for record in measure_records(one)]
    written = {
        "portfolio.csv": ("services, one a row", to_csv(services)),
        "kpis.csv": ("measures of all services, one a row", to_csv(measures)),
        "actions.csv": ("actions, one a row", to_csv(actions)),
        "decisions.csv": ("decisions that are asked, one a row", to_csv(decisions)),
        "actions.ics": ("calendar: decisions, signatures, actions and steps due, verdicts, review", calendar(facts)),
        "portfolio.json": (
            "everything this page is made of",
            words.turning_escaped(facts.model_dump_json(indent=1)) + "\n",
        ),
    }
    if find_spec("xlsxwriter"):
        sheets = {
            "Services": services, "Decisions": decisions, "Measures": measures, "Actions": actions,
            "Definitions": definition_records(measured),
        }  # fmt: skip
        written["portfolio.xlsx"] = ("all of it as a workbook", workbook(sheets, datetime.fromisoformat(facts.cutoff)))
    for name, (_, content) in written.items():
        write_whole(folder.downloads / name, content)
    for one in measured:
        write_whole(mail.place(folder, one.about.service), mail.digest(folder, one.about.service, facts.base_url))
    return [(name, title) for name, (title, _) in written.items()]


def service_records(facts: PortfolioFacts) -> list[Record]:
    """A row a service, in order of need."""
    return [
        {
            "service": p.service, "name": p.name, "owner": p.owner, "tier": p.tier, "cycle": facts.cycle,
            "status": p.status, "reason": p.reason, "out_of_date_by": "; ".join(p.stale),
            "need": p.need if p.status == "published" else None, "tone": p.tone if p.status == "published" else None,
            "finding": p.sentence,
            "targets_missed": _of_plan(p.status, p.fails), "targets_unclear": _of_plan(p.status, p.inconclusive),
            "targets_met": _of_plan(p.status, p.meets), "risk_of_a_miss": kpi_columns.rounded(p.miss),
            "worse": "; ".join(p.worse), "better": "; ".join(p.better), "proposed": "; ".join(p.options),
            "version": p.approval.version if p.approval else None, "approval": p.approval.said if p.approval else "",
            "to_sign": "; ".join(p.approval.waiting) if p.approval else "",
        }
        for p in facts.plans
    ]  # fmt: skip


def measure_records(measured: BaselineFacts) -> list[Record]:
    """A row a measure of one service, with what is needed to judge it."""
    about = measured.about
    return [
        {"service": about.service, "name": about.name, "owner": about.owner, "cycle": about.cycle}
        | kpi_columns.record(one, about.currency)
        for one in measured.measures
    ]


def action_records(facts: PortfolioFacts) -> list[Record]:
    """A row an action, agreed or proposed."""
    names = {p.service: p.name for p in facts.plans}
    return [
        {
            "service": one.service, "name": names[one.service], "action": one.id, "kind": one.kind, "title": one.title,
            "owner": one.owner, "state": one.state, "open": one.open, "due": one.due or "", "decide_by": one.decide or "",
            "overdue": one.overdue,
            "number": one.number, "begin": one.begin or "", "done": one.done or "", "effect": one.effect,
            "standing": one.standing,
            "way_to_its_target": kpi_columns.rounded(one.closes), "cost_once": one.money, "spent": one.spent,
            "effort_days": one.effort_days, "currency": facts.currency,
        }
        for one in facts.actions
    ]  # fmt: skip


def decision_records(facts: PortfolioFacts) -> list[Record]:
    """A row a decision that is asked, the services in order of need."""
    return [
        {
            "service": plan.service, "name": plan.name, "decision": one.title, "of": one.owner, "by": one.due, "why": one.why,
            "effect": one.effect, "cost": one.cost, "without_it": one.otherwise, "action": one.number, "id": one.id,
        }
        for plan in facts.plans
        for one in plan.decisions
    ]  # fmt: skip


def definition_records(measured: Iterable[BaselineFacts]) -> list[Record]:
    """A row a definition: services of other parameters may count one measure in several ways."""
    found: dict[tuple[str, str], KpiFact] = {}
    for one in measured:
        for fact in one.measures:
            found.setdefault((fact.kpi, fact.definition), fact)
    return [
        {
            "kpi": one.kpi, "title": one.title, "formula": one.formula, "cohort": one.cohort, "clock": one.clock,
            "least_n": one.minimum_n, "definition": one.definition,
        }
        for _, one in sorted(found.items())
    ]  # fmt: skip


def to_csv(records: Sequence[Record]) -> str:
    """Rows as RFC 4180 has them, after a mark that says they are UTF-8; "" where there are none."""
    text = io.StringIO()
    if records:
        text.write(MARK)
        writer = csv.writer(text)
        writer.writerow(records[0])
        writer.writerows([neutral(value) for value in record.values()] for record in records)
    return text.getvalue()


def neutral(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula: text that begins like one gets an apostrophe before it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return harmless(value) if isinstance(value, str) else value


def workbook(sheets: dict[str, list[Record]], created: datetime) -> bytes:
    """A workbook of tables, a sheet each, with its header in sight; all text is text, whatever it begins with."""
    import xlsxwriter  # an extra

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    # The workbook's own clock would differ each time.
    book.set_properties({"title": "Service improvement plans", "created": created.replace(tzinfo=None)})
    formats = {
        "share": book.add_format({"num_format": "0.0%"}),
        "number": book.add_format({"num_format": "#,##0.###"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    for name, records in sheets.items():
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        if not records:
            sheet.write_string(0, 0, "No data")
            continue
        columns = list(records[0])
        sheet.add_table(
            0, 0, len(records), len(columns) - 1, {"name": name, "columns": [{"header": c} for c in columns]}
        )
        for at, column in enumerate(columns):
            longest = max(len(str(record[column])) for record in records)
            sheet.set_column(at, at, min(max(len(column) + 4, longest + 1), 48))
        for row, record in enumerate(records, start=1):
            for at, (column, value) in enumerate(record.items()):
                _write(sheet, row, at, value, formats, _kind(column, value, record.get("unit")))
    book.close()
    return target.getvalue()


def _kind(column: str, value: Any, unit: str | None) -> str:
    """What a cell is: a date, a share, a number or text; empty where there is nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "share" if column in SHARES or (unit == "share" and column not in COUNTS) else "number"
    return "date" if column in DATES else "text"


def _write(sheet: Any, row: int, at: int, value: Any, formats: dict[str, Any], kind: str) -> None:
    if kind in ("share", "number"):
        sheet.write_number(row, at, value, formats[kind])
    elif kind == "date":
        sheet.write_datetime(row, at, datetime.fromisoformat(value), formats[kind])
    elif kind:
        text = neutral(value) if isinstance(value, bool) else words.unturned(value)
        sheet.write_string(row, at, text[:32_767], formats["text"])


def _of_plan(status: str, number: int) -> int | None:
    # Of a service without a plan nothing is known: that is not none.
    return number if status == "published" else None
