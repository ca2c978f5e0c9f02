"""Optional imports of other libraries that cost a second or more, and that nothing here uses."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

# jsonschema, below nbformat, compiles a grammar for the first; Papermill looks for places in the cloud by the others.
_SPARED = ("rfc3987_syntax", "gcsfs", "boto3", "github")


@contextlib.contextmanager
def spared() -> Iterator[None]:
    """Let them seem not to be installed while nbformat or Papermill is imported; afterwards they can be imported."""
    missing = [name for name in _SPARED if name not in sys.modules]
    for name in missing:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in missing:
            if sys.modules.get(name, ...) is None:
                del sys.modules[name]
