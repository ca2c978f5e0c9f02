"""What a warm process imports, once, before it forks, and how a forked one comes to look like a fresh interpreter."""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import logging
import os
import random
import signal
import sys
import types
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from sipnb.chain import parameters
from sipnb.imports import spared

#: Libraries whose import starts a thread read these when they are loaded: set before the process begins.
QUIET = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}

# What every kernel imports comes first: the filters of warnings that stand then are those a kernel begins with.
# The backend of inline figures must not be here: it sets itself up for the shell that is there when it is imported.
_KERNEL = ("IPython", "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger", "storemagic")
#: What this package opens by name when a notebook asks for it.
CONTEXT = "sipnb.chapters.context"
#: Of what notebooks import, this is imported before them: it starts no thread, opens no file and takes its time.
_AHEAD = {"sipnb", "numpy", "pandas", "pyarrow", "duckdb", "matplotlib", "seaborn", "scipy", "statsmodels"}
#: What pandas imports when a frame is shown or read.
_LATER = (
    *(f"pandas.io.formats.{name}" for name in ("format", "html", "string", "csvs")), "pandas.io.parquet",
    "pandas.core.arrays.arrow.extension_types", "pyarrow.parquet", "pyarrow.dataset",
)  # fmt: skip
#: What this package imports only when it looks for clusters of texts, by the module with which a notebook asks for them. The
#: parts named here start no thread, neither when they are imported nor when they are used with one thread a library.
_WITH = {
    "sipnb.chapters.gap_analysis.recurring": ("sklearn.decomposition", "sklearn.preprocessing", "sklearn.exceptions")
}
_RUNNER = ("nbclient", "nbformat.v4", "sipnb.chain.unit", "sipnb.chain.execution")

_filters: list[Any] | None = None


def load(notebooks: Iterable[Path] = (), texts: bool = True) -> None:
    """Import what kernels, runner and these notebooks need, once; what is not installed is left out.

    Where there are no `texts` to look at, what only looks at these costs half a second for nothing.
    """
    global _filters
    if _filters is not None:
        return
    wanted = [name for notebook in notebooks for name in imported(notebook) if name.partition(".")[0] in _AHEAD]
    wanted += [more for name in wanted for more in _WITH.get(name, ()) if texts]
    if wanted:
        wanted += _LATER
    with spared("debugpy"):  # nobody debugs a scheduled notebook
        for name in (*_KERNEL, *dict.fromkeys(wanted)):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        _as_in_a_kernel()
        _filters = list(warnings.filters)
        with spared("pyarrow"):  # Papermill looks for Hadoop by it; where notebooks use it, it is there already
            importlib.import_module("papermill")
        for name in _RUNNER:
            importlib.import_module(name)
    _close_duckdb()


def imported(notebook: Path) -> list[str]:
    """The modules that a notebook's cells import, as far as they are plain Python, in their order.

    Of `from a import b` both `a` and `a.b` are named, which may be no module. None where it is no notebook.
    """
    found: list[str] = []
    try:
        sources = ["".join(cell["source"]) for cell in parameters.cells(notebook) if cell["cell_type"] == "code"]
    except (parameters.ParameterError, OSError, KeyError, TypeError):
        return found
    for source in sources:
        with contextlib.suppress(SyntaxError):  # a magic, or an error that is for the notebook to tell
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Import):
                    found += [one.name for one in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found += [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
    return [*found, CONTEXT] if "sipnb" in found else found


def _as_in_a_kernel() -> None:
    """Set what pandas decides when it is imported: here there is no kernel yet, and it takes the process for a terminal."""
    if "pandas" in sys.modules:
        sys.modules["pandas"].set_option("display.max_columns", 20)


def settle() -> None:
    """Leave nothing open, and keep what is there from being copied whenever a fork collects its garbage; which it seldom does:
    it lives for seconds, and would look through what matplotlib and pandas make hundreds of times."""
    _close_duckdb()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _close_duckdb() -> None:
    if "duckdb" in sys.modules:  # its import opens a connection, with a thread; it opens again when it is used
        sys.modules["duckdb"].default_connection().close()


def alone() -> bool:
    """Whether this process may be forked: it can, and no other thread of it holds anything."""
    return hasattr(os, "fork") and psutil.Process().num_threads() == 1


def refresh() -> None:
    """Make a forked process like one that has just started: nothing of its parent's doings is left in it."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    if _filters is not None:
        warnings.filters[:] = _filters
    for module in list(sys.modules.values()):
        if isinstance(module, types.ModuleType):
            vars(module).pop("__warningregistry__", None)
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    root = logging.getLogger()
    root.handlers.clear()
    root.setLevel(logging.WARNING)
    logging.disable(logging.NOTSET)
    sys.argv[:] = [sys.argv[0]]
    sys.path[:] = [place for place in sys.path if place]  # the kernel puts its working directory where it belongs
    end_with_parent()


def end_with_parent() -> None:
    """On Linux the kernel ends this process when its parent dies, even while a cell is running."""
    if sys.platform != "linux":
        return
    import ctypes

    parent = os.getppid()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)
