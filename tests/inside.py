"""The command line in this process: where nothing rests on a process of its own, it need not import everything again."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest import mock

from sipnb import cli

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def sipnb(*arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """What `sipnb` with these arguments prints in the folder `cwd` and in this environment, and its exit code."""
    out, err = io.StringIO(), io.StringIO()
    command = ["sipnb", *map(str, arguments)]
    # A run puts other streams in their place, and hears signals.
    streams = mock.patch.multiple(sys, argv=command, stdout=out, stderr=err)
    environment = mock.patch.dict(os.environ, env or {}, clear=env is not None)
    with contextlib.chdir(cwd), _kept_signals(), environment, streams:
        try:
            cli.main()
            code = 0
        except SystemExit as left:
            code = left.code or 0
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _kept_signals() -> Iterator[None]:
    before = {one: signal.getsignal(one) for one in _SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
