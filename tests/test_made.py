"""What is made once is made once, whole, of the code as it is, and left as it was made."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import made
from tests.made import Made


def write(folder: Path) -> None:
    (folder / "part").mkdir()
    (folder / "part" / "a.txt").write_text("one", encoding="utf-8")
    (folder / "b.txt").write_text("two", encoding="utf-8")


def refused(folder: Path) -> None:
    raise AssertionError("it is there already")


def test_it_is_made_once_for_all_that_have_the_same_key(tmp_path):
    first = Made(tmp_path, "key").folder("demo", write)
    assert Made(tmp_path, "key").folder("demo", refused) == first
    assert (first / "part" / "a.txt").read_text(encoding="utf-8") == "one"
    assert Made(tmp_path, "key").folder("hard", write) != first


def test_it_is_known_once_it_is_made_and_as_long_as_it_is_whole(tmp_path):
    cache = Made(tmp_path, "key")
    assert cache.known("demo") is None
    folder = cache.folder("demo", write)
    assert Made(tmp_path, "key").known("demo") == folder
    (folder / "b.txt").write_text("own", encoding="utf-8")
    assert Made(tmp_path, "key").known("demo") is None


def test_another_key_makes_it_anew_and_removes_what_nobody_uses(tmp_path):
    old, kept = Made(tmp_path, "old"), Made(tmp_path, "kept")
    first, used = old.folder("demo", write), kept.folder("demo", write)
    del old
    new = Made(tmp_path, "new").folder("demo", write)
    assert new.is_dir() and used.is_dir() and not first.exists()
    assert kept.folder("demo", refused) == used


def test_what_failed_half_way_is_never_seen(tmp_path):
    def half(folder: Path) -> None:
        (folder / "half.txt").touch()
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        Made(tmp_path, "key").folder("demo", half)
    folder = Made(tmp_path, "key").folder("demo", write)
    assert sorted(made.content(folder)) == ["b.txt", "part/a.txt"]


def test_of_two_at_once_one_makes_it_and_the_other_waits(tmp_path):
    times, both = [], threading.Barrier(2)

    def counted(folder: Path) -> None:
        times.append(folder)
        write(folder)

    def ask(_: int) -> Path:
        mine = Made(tmp_path, "key")
        both.wait(10)
        return mine.folder("demo", counted)

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(ask, range(2)))
    assert found == [times[0]] * 2 and len(times) == 1


@pytest.mark.parametrize("change", ["other", "more", "gone"])
def test_who_changes_it_is_found_and_it_is_made_anew(tmp_path, change):
    cache = Made(tmp_path, "key")
    folder = cache.folder("demo", write)
    assert cache.changed() == []
    if change == "other":
        (folder / "part" / "a.txt").write_text("own", encoding="utf-8")
    elif change == "more":
        (folder / "part" / "c.txt").touch()
    else:
        (folder / "part" / "a.txt").unlink()
    name = "c" if change == "more" else "a"
    assert cache.changed() == [f"demo: part/{name}.txt"]
    assert Made(tmp_path, "key").folder("demo", write) != folder


def test_what_was_changed_between_two_sessions_is_not_used(tmp_path):
    folder = Made(tmp_path, "key").folder("demo", write)
    (folder / "b.txt").write_text("own", encoding="utf-8")
    again = Made(tmp_path, "key").folder("demo", write)
    assert again != folder and (again / "b.txt").read_text(encoding="utf-8") == "two"


def test_what_was_made_while_its_code_was_edited_is_not_kept(tmp_path):
    folder = Made(tmp_path, "key").folder("demo", write, lambda: "another key")
    assert folder.is_dir()
    assert Made(tmp_path, "key").folder("demo", write, lambda: "key") != folder


def test_a_key_tells_every_change_of_a_file_that_counts(tmp_path):
    package, lock = tmp_path / "package", tmp_path / "requirements.lock"
    (package / "__pycache__").mkdir(parents=True)
    (package / "a.py").write_text("1", encoding="utf-8")
    lock.write_text("one==1", encoding="utf-8")

    def key() -> str:
        return made.key_of([package, lock])

    keys = [key()]
    (package / "__pycache__" / "a.pyc").touch()
    assert key() == keys[0]
    (package / "a.py").write_text("2", encoding="utf-8")
    keys.append(key())
    (package / "a.py").rename(package / "b.py")
    keys.append(key())
    lock.write_text("one==2", encoding="utf-8")
    keys.append(key())
    assert len(set(keys)) == 4


def test_a_key_tells_the_commit_that_pages_name(tmp_path):
    assert made.key_of([tmp_path], "a1b2c3") == made.key_of([tmp_path], "a1b2c3") != made.key_of([tmp_path], "d4e5f6")
