"""What the operating system can do with folders and Python does not offer: exchange two at once, and flush a file system."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from pathlib import Path

_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS
#: The file system, or the kernel, cannot exchange.
_CANNOT = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)


def exchange(one: Path, other: Path) -> bool:
    """Let two folders of one file system take each other's place in a single step; False where that is not possible.

    Whoever opens either name finds the one or the other folder, whole. Raises OSError where a folder is missing or may not
    be moved.
    """
    names = os.fsencode(one), os.fsencode(other)
    libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
    if sys.platform == "darwin" and hasattr(libc, "renamex_np"):
        failed = libc.renamex_np(*names, _EXCHANGE)
    elif hasattr(libc, "renameat2"):
        failed = libc.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE)
    else:
        return False
    if failed and (number := ctypes.get_errno()) not in _CANNOT:
        raise OSError(number, os.strerror(number), str(one), None, str(other))
    return not failed


def flush(folder: Path) -> None:
    """Return when all that was written to the folder's file system is on the disk."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(libc, "syncfs"):
        handle = os.open(folder, os.O_RDONLY)
        try:
            libc.syncfs(handle)
        finally:
            os.close(handle)
    elif hasattr(os, "sync"):
        os.sync()


def link(there: Path, here: Path) -> None:
    """Let a file stand in another place, too, without its content twice; as a copy where the file system has no links."""
    try:
        os.link(there, here)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EMLINK, *_CANNOT):
            raise
        shutil.copy2(there, here)
