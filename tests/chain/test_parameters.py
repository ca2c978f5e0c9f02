from __future__ import annotations

from pathlib import Path

import pytest
from estates import write_notebook

from sipnb.chain import parameters
from sipnb.chain.parameters import ParameterError

GIVEN = ("workbook", "service", "cycle")


def test_reads_names_and_defaults(fixtures: Path) -> None:
    assert parameters.read(fixtures / "prints.ipynb") == {
        "workbook": "demo",
        "service": "payments",
        "cycle": "2026-10",
    }
    parameters.check(fixtures / "prints.ipynb", GIVEN)


def test_an_unknown_parameter_names_the_notebook_and_the_nearest_one(fixtures: Path) -> None:
    with pytest.raises(ParameterError) as error:
        parameters.check(fixtures / "unknown_parameter.ipynb", GIVEN)
    assert "unknown_parameter.ipynb: takes no parameter 'service'; nearest valid name: servce" in str(error.value)
    assert "its parameter 'servce' is given no value by a run; nearest valid name: service" in str(error.value)


def test_two_parameter_cells_are_an_error(fixtures: Path) -> None:
    with pytest.raises(ParameterError, match=r"two_parameter_cells.ipynb: cells 2 and 3 are all tagged"):
        parameters.read(fixtures / "two_parameter_cells.ipynb")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import os", "line 1: 'import os' is not of the form"),
        ("top: int = 3", "is not of the form"),
        ("top = 'a' + 'b'", "is not of the form"),
        ("%matplotlib inline", "is not Python"),
        ("a = 'x'\na = 'y'", "'a' is set twice"),
    ],
)
def test_anything_but_text_defaults_is_an_error(tmp_path: Path, source: str, told: str) -> None:
    path = tmp_path / "odd.ipynb"
    write_notebook(path, ["placeholder"], "1")
    path.write_text(path.read_text().replace('placeholder: str = \\"none\\"', source.replace("\n", "\\n")))
    with pytest.raises(ParameterError, match=r"odd.ipynb: cell 2 \(parameters\)") as error:
        parameters.read(path)
    assert told in str(error.value)


def test_docstring_comments_and_plain_assignment_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "plain.ipynb"
    write_notebook(path, ["placeholder"], "1")
    source = "'what to read'\\n# a comment\\na = 'x'"
    path.write_text(path.read_text().replace('placeholder: str = \\"none\\"', source))
    assert parameters.read(path) == {"a": "x"}


def test_a_missing_notebook_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"gone\.ipynb: there is no such notebook"):
        parameters.read(tmp_path / "gone.ipynb")
