"""The Papermill engine `warm`: the stock engine on kernels that are forked instead of started.

Papermill and nbclient run the notebook as ever — cells, outputs, errors, limits; only the kernel's manager and client
are others. So outputs are those of the stock engine, but for the moments at which streams are cut into pieces.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import signal
import subprocess
import sys
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session
from papermill.engines import NBClientEngine
from traitlets import Dict

from sipnb.chain.warm import imports


class WarmEngine(NBClientEngine):
    """Papermill's engine for notebooks in Python: `papermill --engine warm`, or `engine_name="warm"`.

    How warm the kernels are is up to the process that runs them: see `imports.load`.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **given):
        """Run a notebook as the stock engine does, in a forked kernel. Takes what the stock engine takes."""
        return super().execute_managed_notebook(nb_man, kernel_name, **{**given, "kernel_manager_class": ForkedKernel})


class ForkedKernel(AsyncKernelManager):
    """A kernel that is a fork of this process, or where that is not safe an interpreter of its own, behind a pipe."""

    environment = Dict(help="environment variables added to the kernel's").tag(config=True)

    _pid: int | None = None
    _status: int | None = None
    _pipe: Connection | None = None
    _client: PipeClient | None = None

    @property
    def has_kernel(self) -> bool:
        return self._pid is not None

    async def start_kernel(self, *, cwd: str | None = None, extra_arguments: list[str] | None = None, **_: Any) -> None:
        """Start it; it tells by the pipe when it is ready."""
        sys.stdout.flush()
        sys.stderr.flush()
        ours, theirs = Pipe()
        arguments = list(extra_arguments or [])
        if imports.alone():
            self._pid = os.fork()
            if self._pid == 0:
                from sipnb.chain.warm import kernel

                ours.close()
                kernel.become(theirs, folder=cwd, environment=dict(self.environment), arguments=arguments)
        else:
            command = [
                sys.executable,
                "-P",
                "-m",
                "sipnb.chain.warm.kernel",
                str(theirs.fileno()),
                cwd or "",
                *arguments,
            ]
            self._pid = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL
            ).pid
        theirs.close()
        self._pipe = ours

    def client(self, **_: Any) -> PipeClient:
        assert self._pipe is not None
        self._client = PipeClient(self, self._pipe)
        return self._client

    async def is_alive(self) -> bool:
        if self._pid is None or self._status is not None:
            return False
        with contextlib.suppress(ChildProcessError):
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid == 0:
                return True
            self._status = status
        return False

    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """End it, and all that it started, at once: nothing in a kernel is worth waiting for once its cells ran."""
        if self._pid is None or self._status is not None:
            return
        for end in (os.killpg, os.kill):  # the first fails where it had no time to lead a group
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(self._pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            self._status = os.waitpid(self._pid, 0)[1]

    async def cleanup_resources(self, restart: bool = False) -> None:
        if self._client is not None:
            self._client.stop_reading()
        if self._pipe is not None:
            self._pipe.close()
        self._client = self._pipe = None


class _Channel:
    """The messages that came by one channel, in order."""

    def __init__(self) -> None:
        self.waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next message. Raises queue.Empty after `timeout` seconds."""
        try:
            return await asyncio.wait_for(self.waiting.get(), timeout)
        except TimeoutError as error:
            raise queue.Empty from error


class PipeClient:
    """What nbclient asks of a kernel's client, over a pipe."""

    allow_stdin = False

    def __init__(self, manager: ForkedKernel, pipe: Connection) -> None:
        self.manager, self.pipe = manager, pipe
        self.session = Session()
        self.shell_channel, self.iopub_channel = _Channel(), _Channel()
        self._language: dict[str, Any] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start_channels(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self.pipe.fileno(), self._receive)

    async def stop_channels(self) -> None:
        self.stop_reading()

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Raises RuntimeError where the kernel does not come up within `timeout` seconds."""
        waiting = asyncio.ensure_future(self.shell_channel.get_msg(timeout))
        while not waiting.done():
            await asyncio.wait([waiting], timeout=0.5)
            if not waiting.done() and not await self.is_alive():
                waiting.cancel()
                raise RuntimeError("Kernel died before replying to kernel_info")
        try:
            self._language = waiting.result()["content"]["language_info"]
        except queue.Empty as error:
            raise RuntimeError(f"Kernel didn't respond in {timeout:g} seconds") from error

    async def is_alive(self) -> bool:
        return await self.manager.is_alive()

    def execute(self, code: str, silent: bool = False, store_history: bool = True, stop_on_error: bool = True) -> str:
        content = {
            "code": code, "silent": silent, "store_history": store_history, "user_expressions": {},
            "allow_stdin": False, "stop_on_error": stop_on_error,
        }  # fmt: skip
        request = self.session.msg("execute_request", content)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a dead kernel is told by its not being alive
            self.pipe.send(self.session.pack(request))
        return request["header"]["msg_id"]

    def kernel_info(self) -> str:
        reply = self.session.msg("kernel_info_reply", {"language_info": self._language})
        reply["parent_header"] = {"msg_id": reply["header"]["msg_id"]}
        self.shell_channel.waiting.put_nowait(reply)
        return reply["header"]["msg_id"]

    def _receive(self) -> None:
        try:
            channel, packed, buffers = self.pipe.recv()
        except (EOFError, OSError):
            self.stop_reading()
            return
        message = self.session.unpack(packed)
        message["buffers"] = buffers
        (self.shell_channel if channel == "shell" else self.iopub_channel).waiting.put_nowait(message)

    def stop_reading(self) -> None:
        """Before the pipe is closed: the loop must not watch a descriptor that belongs to something else later."""
        if self._loop is not None:
            self._loop.remove_reader(self.pipe.fileno())
        self._loop = None
