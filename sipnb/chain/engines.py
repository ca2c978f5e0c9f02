"""The engines that run notebooks: kernels forked from a warm process, or started as Papermill does."""

from __future__ import annotations

import sys

WARM, STOCK = "warm", "stock"


def default() -> str:
    """Forked kernels where forking is safe."""
    return WARM if sys.platform in ("linux", "darwin") else STOCK
