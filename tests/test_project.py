"""The project keeps its own promises: one set of dependencies, floors that only look down, files that stay short."""

import ast
import re
import tomllib

import pytest
from ruamel.yaml import YAML

from tests.conftest import REPOSITORY

PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
#: Where conda-forge calls a package by another name.
CONDA = {
    "duckdb": "python-duckdb",
    "ibis-framework": "ibis-postgres",
    "matplotlib": "matplotlib-base",
    "playwright": "playwright-python",
}
#: Lowest floor first; a module may import from its own floor's folder and from those below.
FLOORS = (
    ("yamls", "apart"),
    ("validation",),
    ("cycles", "catalogue", "tables", "places", "params", "imports"),
    ("formulas", "other_cycles", "register"),
    ("own_kpis", "own_levers"),
    ("budgets",),
    ("workbook",),
    ("records", "methods"),
    ("demo",),
    ("kpis",),
    ("drivers",),
    ("levers",),
    ("show",),
    ("chapters",),
    ("chain", "report"),
    ("terminal", "sheets", "notify"),
    ("doctor", "summary", "cli_register", "cli_notify"),
    ("cli",),
)
MODULES = sorted((REPOSITORY / "sipnb").rglob("*.py"))


def requirement(text):
    name, bounds = re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[a-z,]+\])?\s*(.*)", text).groups()
    return name.lower(), bounds.replace(" ", "")


def test_conda_users_get_the_same_packages():
    wanted = {}
    for group in (PYPROJECT["project"]["dependencies"], *PYPROJECT["project"]["optional-dependencies"].values()):
        for name, bounds in map(requirement, group):
            # An extra may bound what the core needs more narrowly: conda users get both.
            both = dict(re.findall(r"(>=|<)([^,]+)", f"{wanted.get(name, '')},{bounds}"))
            wanted[name] = ",".join(sign + bound for sign, bound in both.items())
    environment = YAML(typ="safe").load(REPOSITORY / "environment.yml")
    given = {}
    for entry in environment["dependencies"]:
        for text in entry["pip"] if isinstance(entry, dict) else [entry]:
            if text not in ("-e .", "pip"):
                name, bounds = requirement(text)
                given[name] = bounds
    assert given.pop("python") == PYPROJECT["project"]["requires-python"]
    assert given == {CONDA.get(name, name): bounds for name, bounds in wanted.items()}


def locked(name):
    """The packages of a lock with their versions, each with a hash, and no host named."""
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    assert "://" not in text and "index" not in text
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=[a-z])", text))
    return {
        one.replace("-", "."): version for one, version in re.findall(r"^([a-z0-9_.-]+)==(\S+)", text, re.MULTILINE)
    }


def test_the_lock_holds_every_dependency_with_hashes_and_names_no_host():
    extras = PYPROJECT["project"]["optional-dependencies"]
    for group in (PYPROJECT["project"]["dependencies"], *extras.values()):
        assert {requirement(r)[0].replace("-", ".") for r in group} <= set(locked("requirements.lock"))


def test_the_installer_and_what_builds_the_package_are_pinned_with_hashes():
    pinned, group = locked("requirements-build.lock"), PYPROJECT["dependency-groups"]["build"]
    assert set(PYPROJECT["build-system"]["requires"]) < set(group)
    assert {requirement(r)[0] for r in group} >= {"uv", "hatchling"} and {requirement(r)[0] for r in group} <= set(
        pinned
    )
    others = locked("requirements.lock")
    assert all(others.get(name, version) == version for name, version in pinned.items()), "one would undo the other"


def test_nothing_is_installed_without_a_hash():
    recipe = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in recipe.splitlines() if "pip install" in line]
    editable = [line for line in installs if "--editable" in line]
    assert len(installs) == 3 and len(editable) == 1
    assert all("--require-hashes" in line for line in installs if line not in editable)
    assert "--no-deps" in editable[0] and "--no-build-isolation" in editable[0]


def _floor(module):
    top = module.split(".")[1] if module.count(".") else ""
    return next((level for level, names in enumerate(FLOORS) if top in names), None)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_a_module_imports_only_from_its_own_floor_and_those_below(path):
    name = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
    own = _floor(name)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{a.name}" if node.module == "sipnb" else node.module for a in node.names]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        else:
            continue
        for imported in {n for n in names if n and n.startswith("sipnb.")} - {"sipnb.__version__"}:
            level = _floor(imported)
            assert level is not None, f"{imported} stands on no floor; give it one"
            assert level <= own, f"{name} (floor {own}) imports {imported} (floor {level})"
            same = imported.split(".")[1] == name.split(".")[1]
            assert level < own or same, (name, imported)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_a_module_stays_short_enough_to_be_read_at_once(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450


def test_every_command_is_in_the_readme():
    from sipnb.cli import app

    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        assert f"`sipnb {name}" in readme, f"the README does not mention `sipnb {name}`"


def test_every_command_of_the_register_is_in_the_readme():
    from sipnb.cli_register import commands

    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    rows = "".join(line for line in readme.splitlines() if line.startswith("| `sipnb register "))
    for command in commands.registered_commands:
        name = command.name or command.callback.__name__
        assert f"`sipnb register {name} " in rows or f"`{name}" in rows, (
            f"the README does not mention `register {name}`"
        )
