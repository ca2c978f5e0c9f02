"""The parameters of a notebook: what its one cell tagged `parameters` declares.

The cell is read as Python, so that a run with a wrong parameter stops before any kernel starts.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Mapping
from pathlib import Path

from sipnb.validation import nearest


class ParameterError(ValueError):
    """A notebook whose parameters cannot be read, or do not fit what it would be given; the message names both."""


def read(notebook: Path) -> dict[str, str]:
    """The parameters that a notebook declares, name → default.

    Raises ParameterError where there is no notebook, not exactly one cell tagged `parameters`, or a line in it that
    is not `name: str = "default"` or `name = "default"`.
    """
    tagged = [
        (number, "".join(cell["source"]))
        for number, cell in enumerate(cells(notebook), start=1)
        if cell.get("cell_type") == "code" and "parameters" in cell.get("metadata", {}).get("tags", [])
    ]
    if not tagged:
        raise ParameterError(f'{notebook}: has no code cell tagged "parameters"; tag the one that sets them')
    if len(tagged) > 1:
        numbers = " and ".join(str(number) for number, _ in tagged)
        raise ParameterError(f'{notebook}: cells {numbers} are all tagged "parameters"; keep one')
    number, source = tagged[0]
    where = f"{notebook}: cell {number} (parameters)"
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise ParameterError(f"{where} line {error.lineno}: is not Python: {error.msg}") from error
    found: dict[str, str] = {}
    for statement in statements:
        if isinstance(statement, ast.Expr) and _text(statement.value) is not None:
            continue  # a docstring
        name, value = _assigned(statement)
        if name is None or value is None:
            raise ParameterError(
                f'{where} line {statement.lineno}: {ast.unparse(statement)!r} is not of the form name: str = "default"'
            )
        if name in found:
            raise ParameterError(f"{where} line {statement.lineno}: {name!r} is set twice; keep one")
        found[name] = value
    return found


def check(notebook: Path, given: Collection[str]) -> None:
    """Compare what a notebook declares with what it would be given.

    Raises ParameterError, all differences in one message, each with the nearest valid name. A declared parameter that
    is not given is an error too: the notebook would quietly run on its default.
    """
    declared = read(notebook)
    errors = [
        f"{notebook}: takes no parameter {name!r}; {nearest(name, declared)}" for name in given if name not in declared
    ]
    errors += [
        f"{notebook}: its parameter {name!r} is given no value by a run; {nearest(name, given)}"
        for name in declared
        if name not in given
    ]
    if errors:
        raise ParameterError("\n".join(errors))


def cells(notebook: Path) -> list[dict]:
    """The cells of a notebook as they stand in its file. Raises ParameterError where there is none."""
    try:
        return json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except FileNotFoundError as error:
        raise ParameterError(f"{notebook}: there is no such notebook") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ParameterError(f"{notebook}: is not a notebook: {error}") from error


def _assigned(statement: ast.stmt) -> tuple[str | None, str | None]:
    """The name and the text that a statement assigns; None for each that it does not."""
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        annotated = isinstance(statement.annotation, ast.Name) and statement.annotation.id == "str"
        return statement.target.id, _text(statement.value) if annotated else None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id, _text(statement.value)
    return None, None


def _text(value: ast.expr | None) -> str | None:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def copy(notebook: Path, target: Path, given: Mapping[str, str]) -> Path:
    """A copy of a notebook whose parameters cell holds other defaults, for working on by hand. Raises ParameterError."""
    check(notebook, given)
    content = json.loads(notebook.read_text(encoding="utf-8"))
    cell = next(c for c in content["cells"] if "parameters" in c.get("metadata", {}).get("tags", []))
    cell["source"] = "\n".join(f"{name}: str = {value!r}" for name, value in given.items())
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return target
