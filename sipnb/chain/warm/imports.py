"""What a warm process imports, once, before it forks, and how a forked one comes to look like a fresh interpreter."""

from __future__ import annotations

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
from typing import Any

import psutil

from sipnb.imports import spared

#: Libraries whose import starts a thread read these when they are loaded: set before the process begins.
QUIET = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}

# What every kernel imports comes first: the filters of warnings that stand then are those a kernel begins with.
# The backend of inline figures must not be here: it sets itself up for the shell that is there when it is imported.
_KERNEL = ("IPython", "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger", "storemagic")
_NOTEBOOK = (
    "numpy", "pandas", "pandas.io.formats.format", "pandas.io.formats.html", "pyarrow.parquet", "tzdata",
    "matplotlib.pyplot", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "PIL.features",
    "seaborn", "scipy.stats", "duckdb",
    "IPython.core.inputtransformer2", "sipnb.chapters.context", "sipnb.chapters.review.views", "sipnb.chapters.review.analysis",
    *(f"sipnb.chapters.baseline.{name}" for name in (
        "background", "control_charts", "scorecard", "flow", "sla_attainment", "time_to_restore", "mix", "availability",
        "users_and_costs",
    )),
    "sipnb.chapters.gap_analysis.views", "sipnb.chapters.gap_analysis.misses", "sipnb.chapters.gap_analysis.analysis",
    "sipnb.chapters.forecast.views", "sipnb.chapters.recommendations.views", "sipnb.chapters.recommendations.analysis",
    "sipnb.chapters.front.views", "sipnb.chapters.front.headline", "sipnb.chapters.front.main_points", "sipnb.levers",
    "sipnb.chapters.portfolio.views", "sipnb.chapters.portfolio.estate",
)  # fmt: skip
_RUNNER = ("papermill", "nbclient", "nbformat.v4", "sipnb.chain.unit", "sipnb.chain.execution")

_filters: list[Any] | None = None


def load() -> None:
    """Import everything, once; what is not installed is left out."""
    global _filters
    if _filters is not None:
        return
    with spared():
        for name in _KERNEL + _NOTEBOOK:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        _as_in_a_kernel()
        _filters = list(warnings.filters)
        for name in _RUNNER:
            importlib.import_module(name)


def _as_in_a_kernel() -> None:
    """Set what pandas decides when it is imported: here there is no kernel yet, and it takes the process for a terminal."""
    import pandas as pd

    pd.set_option("display.max_columns", 20)


def settle() -> None:
    """Leave nothing open, and keep what is there from being copied whenever a fork collects its garbage."""
    import duckdb

    duckdb.default_connection().close()  # its import opens one, with a thread; it opens again when it is used
    gc.collect()
    gc.freeze()


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
