"""A chapter's notebook as a computation: its cells run in this process, without a kernel.

The notebook is the one place that says how a chapter's results come about. Where another chapter is opened by hand, where a page
is wanted at once, or where a test asks, its code is run here.
"""

from __future__ import annotations

import ast
import json
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from sipnb.chapters.results import ResultError
from sipnb.places import NOTEBOOKS

#: The variable in which a chapter's notebook leaves what it hands over.
FACTS = "facts"
#: Cells whose code is kept once it was read: several times those of all chapters.
_CELLS = 1024


def variables(notebook: Path, context: Any) -> dict[str, Any]:
    """The variables that a chapter's notebook leaves when it works on a context that is open already.

    What only shows or writes something is left out: statements that are nothing but an expression. Raises ResultError where it
    is no notebook, and whatever its cells raise.
    """
    left = _start(notebook, context)
    for cell in _code(_read(notebook)):
        exec(_computing(*_source(cell, notebook)), left)
    return left


def executed(notebook: Path, context: Any) -> dict[str, Any]:
    """A notebook with the outputs that its cells leave when they work on a context that is open already.

    An output is what a cell's last line shows, as HTML and as text. Raises like `variables`.
    """
    left, content = _start(notebook, context), _read(notebook)
    for number, cell in enumerate(_code(content), start=1):
        source, name = _source(cell, notebook)
        body = list(_statements(source, name))
        last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
        exec(_compiled(body, name), left)
        shown = None if last is None else eval(compile(ast.Expression(last.value), name, "eval"), left)
        cell |= {"execution_count": number, "outputs": [] if shown is None else [_output(shown, number)]}
    return content


def left_by(chapter: str, context: Any) -> dict[str, Any]:
    """The variables of a chapter, by the notebook of its name in the working directory, else by the project's own.

    JupyterLab works in the folder of the notebook that is open: chapters of one's own are found beside each other.
    """
    own = Path.cwd() / f"{chapter}.ipynb"
    return variables(own if own.is_file() else NOTEBOOKS / own.name, context)


def facts_of(chapter: str, context: Any) -> Any:
    """The facts of a chapter, computed by its notebook as `left_by`. Raises ResultError where it leaves none."""
    return of(left_by(chapter, context), chapter, FACTS)


def of(left: dict[str, Any], chapter: str, name: str) -> Any:
    """One of the variables that a chapter's notebook left. Raises ResultError where there is none of that name."""
    if name not in left:
        raise ResultError(f"{chapter}.ipynb leaves no variable `{name}`; end it with what the chapter hands over")
    return left[name]


def _read(notebook: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(notebook.read_text(encoding="utf-8"))
        _code(content)
        return content
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultError(f"{notebook} is not a notebook: {error}") from error


def _code(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in content["cells"] if cell["cell_type"] == "code"]


def _start(notebook: Path, context: Any) -> dict[str, Any]:
    return {"__name__": notebook.stem, "context": context}


def _source(cell: dict[str, Any], notebook: Path) -> tuple[str, str]:
    """What stands in a cell, and a name for it."""
    return "".join(cell["source"]), f"{notebook.name}, cell {cell.get('id', '')}"


@lru_cache(maxsize=_CELLS)
def _statements(source: str, name: str) -> tuple[ast.stmt, ...]:
    """The statements of a cell but the one that opens the context. A notebook is run for one service after the other."""
    from IPython.core.inputtransformer2 import TransformerManager  # a kernel has it already, and nobody else needs it

    tree = ast.parse(TransformerManager().transform_cell(source), name)
    return tuple(statement for statement in tree.body if not _opens(statement))


@lru_cache(maxsize=_CELLS)
def _computing(source: str, name: str) -> CodeType:
    """What of a cell does more than show something."""
    return _compiled([one for one in _statements(source, name) if not isinstance(one, ast.Expr)], name)


def _compiled(body: list[ast.stmt], name: str) -> CodeType:
    return compile(ast.Module(body, type_ignores=[]), name, "exec")


def _opens(statement: ast.stmt) -> bool:
    """Whether a statement opens the context, which is there already."""
    return isinstance(statement, ast.Assign) and [getattr(t, "id", "") for t in statement.targets] == ["context"]


def _output(shown: Any, number: int) -> dict[str, Any]:
    data = {"text/plain": repr(shown)}
    if markup := getattr(shown, "_repr_html_", lambda: None)():
        data = {"text/html": markup, **data}
    return {"output_type": "execute_result", "execution_count": number, "data": data, "metadata": {}}
