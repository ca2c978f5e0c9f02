"""An IPython kernel without sockets and threads: ipykernel's own, whose messages go through one pipe, in order.

Everything that decides what a cell's outputs are — the shell, display hooks, formatters, magics, configuration — is
ipykernel's. Only transport and streams are replaced: ipykernel sends streams from a thread whenever that wakes.
"""

from __future__ import annotations

import asyncio
import contextvars
import faulthandler
import io
import os
import sys
import tempfile
import threading
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.session import Session, extract_header
from traitlets import Instance, import_item

from sipnb.chain.warm import imports

#: The channels of the protocol that a message can come by.
SHELL, IOPUB = "shell", "iopub"

# As ipykernel's own streams: what is written appears after this many seconds, though the cell goes on.
_FLUSH_AFTER = 0.2


class _PipeSession(Session):
    """Packs messages as every session does, and puts them into a pipe. A "socket" here is a channel's name."""

    pipe = Instance(Connection)

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._turn = threading.Lock()

    def send(self, stream, msg_or_type, content=None, parent=None, ident=None, buffers=None, track=False,
             header=None, metadata=None):  # fmt: skip
        if isinstance(msg_or_type, str):
            msg = self.msg(msg_or_type, content=content, parent=parent, header=header, metadata=metadata)
        else:
            msg = msg_or_type
            buffers = buffers or msg.get("buffers")
        # A process that a notebook forked must not talk in between.
        if os.getpid() == self.pid:
            with self._turn:
                self.pipe.send((stream, self.pack(msg), [bytes(one) for one in buffers or ()]))
        return msg


class _Stream(io.TextIOBase):
    """Standard output or standard error of a notebook, with what other programs write to the same descriptor."""

    encoding = "UTF-8"

    def __init__(self, name: str, session: Session) -> None:
        self.name = name
        self._session = session
        self._parent: contextvars.ContextVar[dict[str, Any]] = contextvars.ContextVar(f"{name}_parent")
        self._latest: dict[str, Any] = {}
        self._waiting: list[tuple[dict[str, Any], str]] = []
        self._lock = threading.RLock()
        self._flushed = time.monotonic()
        self._pid = os.getpid()
        # Subprocesses and libraries write to the descriptor: into a file, read when it is this stream's turn.
        self._descriptor = {"stdout": 1, "stderr": 2}[name]
        self._beside = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  it is there as long as the kernel
        self._read = 0
        os.dup2(self._beside.fileno(), self._descriptor)

    def fileno(self) -> int:
        return self._descriptor

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def set_parent(self, parent: dict[str, Any]) -> None:
        """The request that what is written from now on belongs to."""
        self._latest = extract_header(parent)
        self._parent.set(self._latest)

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self._pid:
            os.write(self._descriptor, text.encode(errors="replace"))
            return len(text)
        with self._lock:
            self._take_beside()
            self._waiting.append((self._parent.get(self._latest), text))
        if time.monotonic() - self._flushed > _FLUSH_AFTER:
            self.flush()
        return len(text)

    def flush(self) -> None:
        if os.getpid() != self._pid:
            return
        with self._lock:
            self._take_beside()
            waiting, self._waiting = self._waiting, []
            self._flushed = time.monotonic()
        while waiting:
            parent = waiting[0][0]
            mine = [text for one, text in waiting if one is parent]
            waiting = [(one, text) for one, text in waiting if one is not parent]
            self._session.send(IOPUB, "stream", {"name": self.name, "text": "".join(mine)}, parent=parent)

    def _take_beside(self) -> None:
        if os.fstat(self._beside.fileno()).st_size > self._read:
            written = os.pread(self._beside.fileno(), 1 << 30, self._read)
            self._read += len(written)
            self._waiting.append((self._latest, written.decode(errors="replace")))


class _NoDebugger:
    """Debugging needs sockets, and nobody debugs a scheduled notebook."""

    def __init__(self, *given: Any) -> None:
        pass


class _Ending:
    """In the place of an event loop: a cell that calls exit() asks for the kernel's end."""

    asked = False

    def call_later(self, seconds: float, stop: Any) -> None:
        self.asked = True

    def stop(self) -> None:
        pass


class _Kernel(IPythonKernel):
    debugger_class = _NoDebugger
    io_loop = Instance(_Ending, ())

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing ever waits in a queue here."""


class _Application(IPKernelApp):
    """ipykernel's application — configuration, start-up files, extensions — without its sockets and threads."""

    def __init__(self, pipe: Connection, **given: Any) -> None:
        super().__init__(**given)
        self.session = _PipeSession(pipe=pipe, parent=self)
        # A history on disk starts a thread, and would outlive the run.
        self.config.HistoryManager.enabled = False

    def init_connection_file(self) -> None: ...

    def init_poller(self) -> None: ...

    def init_sockets(self) -> None: ...

    def init_heartbeat(self) -> None: ...

    def write_connection_file(self, **given: Any) -> None: ...

    def log_connection_info(self) -> None: ...

    def init_io(self) -> None:
        sys.stdout, sys.stderr = _Stream("stdout", self.session), _Stream("stderr", self.session)
        self.displayhook = import_item(str(self.displayhook_class))(self.session, IOPUB)
        sys.displayhook = self.displayhook
        self.patch_io()

    def init_kernel(self) -> None:
        self.kernel = _Kernel.instance(
            parent=self, session=self.session, iopub_socket=IOPUB, log=self.log, profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )  # fmt: skip
        # Interrupting a cell is not offered: who waits for too long ends the process.
        self.kernel.shell_channel_thread = SimpleNamespace(parent_thread=None)
        self.displayhook.get_execution_count = lambda: self.kernel.execution_count


def become(pipe: Connection, *, folder: str | None, environment: dict[str, str], arguments: list[str]) -> NoReturn:
    """Turn this process into a kernel that serves `pipe` until that is closed, and end it.

    `folder` is the working directory, `arguments` are those of ipykernel's command line. The first message tells that
    the kernel is ready, with its language.
    """
    code = 1
    trouble = os.fdopen(os.dup(2), "w")
    try:
        imports.refresh()
        asyncio._set_running_loop(None)
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        os.environ.update(environment)
        if folder:
            os.chdir(folder)
        # Neither the notebook nor what it starts may wait for somebody to type.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdin = Path(os.devnull).open()  # noqa: SIM115
        application = _Application.instance(pipe)
        application.initialize(arguments)
        faulthandler.enable(trouble)
        _point_matplotlib()
        kernel = application.kernel
        kernel.session.send(SHELL, "ready", {"language_info": kernel.language_info})
        loop.run_until_complete(_serve(kernel, pipe))
        code = 0
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # who started it has gone
    except BaseException:
        traceback.print_exc(file=trouble)
    finally:
        trouble.flush()
        # Without the clean-up of an interpreter, half of which belongs to the parent.
        os._exit(code)


async def _serve(kernel: _Kernel, pipe: Connection) -> None:
    while not kernel.io_loop.asked:
        request = kernel.session.unpack(pipe.recv())
        kernel.set_parent([], request)
        kernel._publish_status("busy", SHELL, parent=request)
        await kernel.execute_request(SHELL, [], request)
        sys.stdout.flush()
        sys.stderr.flush()
        kernel._publish_status("idle", SHELL, parent=request)


def _point_matplotlib() -> None:
    # It was imported before the kernel said which backend is to be used, and reads that only once.
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcParams["backend"] = os.environ["MPLBACKEND"]


def main() -> None:
    """A kernel in an interpreter of its own, where forking is not safe: `python -m … FD FOLDER ARGUMENT…`."""
    descriptor, folder, *arguments = sys.argv[1:]
    become(Connection(int(descriptor)), folder=folder or None, environment={}, arguments=arguments)


if __name__ == "__main__":
    main()
