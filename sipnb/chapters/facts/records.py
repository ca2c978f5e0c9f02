"""What the notebook over the records hands over: the verdict on them, and what became of every row."""

from __future__ import annotations

from sipnb.chapters.facts.base import Facts


class RecordsFacts(Facts):
    """`read` = `used` + `others` (not for these plans) + `wrong` (something is wrong with them)."""

    sentence: str
    tone: str
    read: int
    used: int
    others: int
    wrong: int
