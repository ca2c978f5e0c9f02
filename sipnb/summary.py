"""The account of an organisation's records on a terminal: every row read, where it went, and what the rules found."""

from __future__ import annotations

from sipnb.cycles import Cycle
from sipnb.records import prepare, quality, shapes
from sipnb.terminal import tell
from sipnb.workbook import Workbook


def show(book: Workbook, found: prepare.Prepared, cycle: Cycle | None) -> None:
    known = f"as known at the cut-off {cycle.cutoff_label}" if cycle else "as the exports stand"
    tell(f"{book.settings.organisation}: records {known}")
    print()
    for source in found.sources:
        tell(
            f"  {source['name']} ({source['file']}): {source['read']:,} rows read = {source['used']:,} used + "
            f"{source['set_aside']:,} set aside"
        )
        for reason, n in source["reasons"].items():
            first = found.first(source["name"], reason)
            tell(f"      {n:>9,}  {reason}{f' (first: {first})' if first else ''}")
        for one in source["emptied"]:
            share = f"of {one['filled']:,} values of {one['table']}.{one['column']} count as missing: {one['reason']}"
            tell(
                f"      {one['values']:>9,}  {share} (first: {one['file']} line {one['line']:,}, {shapes.written(one['value'])})"
            )
        for note in source["notes"]:
            tell(f"      {note}")
    print()
    for name, table in found.tables.items():
        tell(f"  {name}: {table['rows']:,} rows of {len(book.services)} services")
    _print_recorded(found)
    print()
    setting_aside = quality.row_rule_names()
    for finding in found.found():
        # What set rows aside stands in the account above; here it stands only where the organisation gave it a level.
        if finding.rule not in setting_aside or finding.level != "note":
            tell(f"  {finding.level}: {finding.sentence}")
    silent = sum(f.outcome == "ok" for f in found.findings)
    tell(f"  {silent} of {len({f.rule for f in found.findings})} rules found nothing.")


def _print_recorded(found: prepare.Prepared) -> None:
    r = found.recorded
    if not r:
        return
    events = f"{sum(s['read'] for s in found.sources):,} events → " if r["folded_from_events"] else ""
    print(f"\n  As the tool recorded them: {events}{r['tickets']:,} {'incidents' if events else 'tickets'}")
    if r["sla_known"]:
        tell(
            f"      SLA met {r['sla_met'] / r['sla_known']:.2%} ({r['sla_met']:,} of {r['sla_known']:,})".replace(
                "%", " %"
            )
        )
    if r["reopened"] is not None:
        tell(f"      reopened {r['reopened']:,}")
    if r["median_hours"] is not None:
        tell(
            f"      opened → resolved median {r['median_hours']:.2f} h, mean {r['mean_hours']:.2f} h on {r['resolved']:,}"
        )
