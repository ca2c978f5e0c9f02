"""Runs that are started at the same moment: one makes the cycle, the other says so; other cycles are made beside it."""

from __future__ import annotations

import os
from pathlib import Path

from estates import make_estate
from test_kills import content, dead_links
from test_random_kills import Trial, variant, watched

ROUNDS = 10 if os.environ.get("SIPNB_FAULTS") else 2


def test_of_two_runs_of_a_cycle_one_makes_it_and_the_other_says_so(tmp_path: Path, tried) -> None:
    trial = Trial(make_estate(tmp_path), f"{os.getpid()} twice")
    made = {}
    for number in range(ROUNDS):
        variant(trial.estate, number % 2)
        with watched(tmp_path / "reports") as dead:
            told = [(run, run.communicate(timeout=300)[1]) for run in (trial.start(), trial.start())]
        assert dead == dead_links(tmp_path / "reports") == []
        codes = sorted(run.returncode for run, _ in told)
        assert codes in ([0, 6], [0, 0]), told
        for run, errors in told:
            assert run.returncode == 0 or ("another run" in errors and "wait until it ends" in errors), errors
        found = content(tmp_path / "reports" / "tiny")
        assert made.setdefault(number % 2, found) == found
        assert trial.left() == trial.alive() == []
        tried(
            "two runs of one cycle at once", "one made it, the other said so" if 6 in codes else "one after the other"
        )


def test_two_cycles_at_once_are_both_made_and_both_named(tmp_path: Path, tried) -> None:
    for number in range(ROUNDS // 2):
        root = tmp_path / str(number)
        root.mkdir()
        trial = Trial(make_estate(root), f"{os.getpid()} cycles {number}")
        reports = root / "reports"
        with watched(reports) as dead:
            runs = [trial.start(cycle=cycle) for cycle in ("2026-09", "2026-10")]
            told = [(run.communicate(timeout=300)[1], run.returncode) for run in runs]
        assert [code for _, code in told] == [0, 0], told
        assert dead == dead_links(reports) == []
        listed = (reports / "tiny" / "index.html").read_text()
        assert "2026-09/index.html" in listed
        assert "2026-10/index.html" in listed
        assert trial.alive() == []
        tried("two cycles of one organisation at once", "both made, both named")
