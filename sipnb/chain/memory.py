"""Whether it was memory: how many processes the operating system has ended because it had none left."""

from __future__ import annotations

from pathlib import Path

_COUNTS = Path("/proc/vmstat")


def killed() -> int:
    """How many processes were ended for want of memory since the machine started; 0 where the system does not tell."""
    try:
        lines = _COUNTS.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def told(before: int) -> str:
    """What to add to the news of a process that died, where others or this one were `killed` since `before`; else nothing."""
    if killed() <= before:
        return ""
    return " while the system ended processes for want of memory; let fewer work at a time by --jobs, or give it more memory"
