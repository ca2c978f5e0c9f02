"""Imports that wait until somebody asks for them, and optional ones of other libraries that nothing here uses."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

# jsonschema, below nbformat, compiles grammars for the first two, and imports a library of times for the third; Papermill looks
# for places in the cloud by the others.
_SPARED = ("rfc3987_syntax", "rfc3986_validator", "isoduration", "gcsfs", "boto3", "github")


def lazily(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package whose names are imported when they are first asked for; `modules` has the module of each.

    __getattr__ = lazily(__name__, {"render_plan": "plan"})
    """

    def found(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{modules[name]}"), name)

    return found


@contextlib.contextmanager
def spared(*more: str) -> Iterator[None]:
    """Let them, and what else is named, seem not to be installed while nbformat or Papermill is imported; afterwards they can be
    imported."""
    missing = [name for name in (*_SPARED, *more) if name not in sys.modules]
    for name in missing:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in missing:
            if sys.modules.get(name, ...) is None:
                del sys.modules[name]
