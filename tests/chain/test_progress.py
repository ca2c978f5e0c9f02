"""The order of units and the time that is left."""

from __future__ import annotations

import psutil
import pytest

from sipnb.chain import progress, workers
from sipnb.chain.progress import Pace
from sipnb.chain.unit import name_of


def test_the_longest_come_first_by_what_they_took_and_else_by_their_records() -> None:
    rows = {"small": 10, "large": 10_000, "slow": 5, "quick": 7}
    assert Pace({"slow": 9.0, "quick": 1.0}, rows).order == ["large", "slow", "small", "quick"]
    assert Pace({}, {"b": 5, "a": 5, "c": 50}).order == ["c", "a", "b"]
    assert Pace({}, {}).order == []
    assert Pace({}, {"empty": 0}).order == ["empty"]


def test_the_time_left_follows_the_pace_and_the_expected_work(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    pace = Pace({"long": 6.0, "short": 2.0, "last": 2.0}, dict.fromkeys(("long", "short", "last"), 1))
    now[0] = 130.0  # the wait for the first one to start counts for nothing
    assert pace.done("long", 12.0) == pytest.approx(12.0 * 4 / 6)
    now[0] = 134.0
    assert pace.done("short", 4.0) == pytest.approx(16.0 * 2 / 8)
    assert pace.done("last", 4.0) == 0


def test_jobs_follow_cores_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    for free, jobs in ((64e9, 8), (5e9, 3), (0.5e9, 1)):
        memory = psutil.virtual_memory()._replace(available=free)
        monkeypatch.setattr(workers.psutil, "virtual_memory", lambda memory=memory: memory)
        assert workers.default_jobs() == jobs


def test_a_page_is_written_by_a_function_that_other_processes_can_import() -> None:
    assert name_of(name_of) == "sipnb.chain.unit:name_of"
    with pytest.raises(ValueError, match="another process cannot import it"):
        name_of(lambda folder, service: None)
