"""What rules there are: the page `RULES.md`, and whether the rules that an organisation names exist."""

from __future__ import annotations

from sipnb.params import Gate
from sipnb.records.quality.findings import SET_RULES
from sipnb.records.quality.rows import OUT_OF_SCOPE, row_rule_names
from sipnb.validation import WorkbookError, nearest

_INTRODUCTION = """\
# Rules of the quality gate

This page is made from the code (`sipnb/records/quality/`); change it there.

Every row read is used or set aside with a reason, and the account balances: `rows read = rows used + rows set aside`.
Row rules set single rows aside. Set rules look at all used rows together and tell what a plan must not claim.
`sipnb check` prints what they find, `quality.json` keeps it beside the frozen records.

## Levels

* `note`: it is told, nothing else happens.
* `warn`: it stands at the top of every plan.
* `stop`: nothing is published until the export is right or the level is changed.

An organisation sets the level of any rule by its name in `workbook.yml`, and the shares of a source's rows at which the
rule *set aside* warns and stops. A level that is set holds for every finding of the rule, however grave; a rule that is set to
`note` forbids no claim and withholds no figure, because the organisation vouches for its records:

```yaml
gate:
  warn_set_aside: 0.005
  stop_set_aside: 0.05
  levels:
    row cap: stop
    constant columns: note
```
"""


def names() -> list[str]:
    """The name of every rule, set rules first."""
    return [*(rule.name for rule in SET_RULES), *row_rule_names()]


def check_levels(gate: Gate) -> None:
    """Raise WorkbookError where `gate.levels` names a rule that there is none of, with the nearest that there is."""
    known = names()
    errors = [
        f"workbook.yml: gate.levels.{name}: is not a rule of the quality gate; {nearest(name, known)}"
        for name in gate.levels
        if name not in known
    ]
    if errors:
        raise WorkbookError(errors)


def catalogue() -> str:
    """The page `RULES.md`: every rule with its usual level, what it looks for, and what it does to the plan."""
    lines = [
        _INTRODUCTION,
        "## Set rules",
        "",
        "| rule | usual level | looks for | what it does to the plan |",
        "|---|---|---|---|",
    ]
    for rule in SET_RULES:
        level = f"{rule.level}; {rule.rises}" if rule.rises else rule.level
        lines.append(f"| {rule.name} | {level} | {rule.looks_for} | {rule.effect} |")
    lines += [
        "",
        "## Row rules",
        "",
        "All of them are of level *note*: what their rows add up to is judged by the set rule *set aside*.",
        "",
        "| rule | looks for | the row is set aside and |",
        "|---|---|---|",
    ]
    for name, looks_for in row_rule_names().items():
        effect = "is no fault of the source" if name in OUT_OF_SCOPE else "counts as wrong"
        lines.append(f"| {name} | {looks_for} | {effect} |")
    return "\n".join(lines) + "\n"
