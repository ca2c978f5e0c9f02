"""What of this process's environment units and kernels are given: what they need to run, and no secret.

A notebook shows what it likes on a page, and a page is sent round. So passwords, tokens and connection strings stay with the
process that leads the run, which alone reads databases and runs no notebook.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

#: Where programs, libraries, fonts and folders of a person are; language and time; the interpreter's own.
_NAMES = frozenset(
    (
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR", "TMP", "TEMP", "VIRTUAL_ENV",
        "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
        "FONTCONFIG_FILE", "FONTCONFIG_PATH", "FONTCONFIG_SYSROOT", "MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR",
        "JUPYTER_CONFIG_PATH", "JUPYTER_DATA_DIR", "JUPYTER_NO_CONFIG", "JUPYTER_PATH", "JUPYTER_PLATFORM_DIRS",
        "JUPYTER_PREFER_ENV_PATH", "JUPYTER_RUNTIME_DIR",
        # Windows
        "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "USERNAME", "HOMEDRIVE", "HOMEPATH",
        "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "NUMBER_OF_PROCESSORS",
        "PROCESSOR_ARCHITECTURE", "OS",
    )
)  # fmt: skip
_BEGINNINGS = ("LC_", "PYTHON", "SIPNB_", "XDG_")
#: An address with a name and a password in it, whatever the variable is called.
_SECRET = re.compile(r"://[^/\s]*@")


def inherited(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of an environment (default: that of this process) that units and kernels are given.

    inherited({"PATH": "/bin", "ITSM_DATABASE": "postgres://me:secret@host/db"})  # {"PATH": "/bin"}
    """
    given = os.environ if environment is None else environment
    return {
        name: value
        for name, value in given.items()
        if (name.upper() in _NAMES or name.upper().startswith(_BEGINNINGS)) and not _SECRET.search(value)
    }
