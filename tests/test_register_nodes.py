"""A file of the register that is written anew is as people wrote it, but for what was changed."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from sipnb import yamls
from sipnb.register import nodes
from tests.test_register_exchange import NASTY

#: What an action may end with, and what may stand below it.
ENDS = [
    "note: x", "note: x   # beside", "note: 'x'", "note: |\n      x\n      y", "note: >\n      x\n      y", "note: 'x\n      y'",
    "h: {a:  1}", "h: {a: 1}  # beside", "h: [a, b]", "h:\n      - a", "h:\n      - a   # beside", "h:\n      - {a: b}",
    "h:\n      - {a: b} # beside", "h:\n      - a: b\n        c: d", "h:\n      - a: b\n        c: d   # beside",
    "h:\n      - {a: [x, 'y']}", "h:\n    - a",
]  # fmt: skip
BELOW = ["", "\n", "  # below\n", "\n  # below\n", "\n\n# far\n\n  # below\n"]


@pytest.mark.parametrize("end", ENDS)
def test_a_new_key_stands_right_below_and_all_else_stays(end):
    head = f"# Above.\nactions:\n  - id:   a\n    {end}\n"
    for below, after in itertools.product(BELOW, ("", "  - id: b\n")):
        text = head + below + after
        yaml, content = nodes.load(text)
        nodes.put(content["actions"][0], "links", ["x"])
        assert nodes.dump(yaml, content, text) == f"{head}    links: [x]\n{below}{after}"


@pytest.mark.parametrize("end", [end for end in ENDS if end.startswith("h:\n      -")])
def test_a_new_entry_of_a_list_stands_right_below_the_last_and_all_else_stays(end):
    head = f"actions:\n  - id: a\n    {end}\n"
    for below, after in itertools.product(BELOW, ("", "  - id: b\n")):
        text = head + below + after
        yaml, content = nodes.load(text)
        nodes.append(content["actions"][0]["h"], "new")
        assert nodes.dump(yaml, content, text) == f"{head}      - new\n{below}{after}"


def test_a_key_that_is_removed_leaves_what_is_written_below_it():
    text = "actions:\n  - id: a\n    note: x   # beside\n\n  # below\n  - id: b\n"
    yaml, content = nodes.load(text)
    nodes.drop(content["actions"][0], "note")
    assert nodes.dump(yaml, content, text) == "actions:\n  - id: a\n\n  # below\n  - id: b\n"


def test_a_comment_below_braces_stays():
    text = "{actions: [{id: a}]}\n# below\n"
    yaml, content = nodes.load(text)
    nodes.put(content["actions"][0], "title", "A")
    assert nodes.dump(yaml, content, text) == "{actions: [{id: a, title: A}]}\n# below\n"


@pytest.mark.parametrize("text", ["a: {}\n", "{a: {}}\n", "a:\n  k: 1\n"])
def test_every_text_can_be_written_and_read_again(text):
    for first in NASTY:
        yaml, content = nodes.load(text)
        meant = {"k": 1}
        for number, said in enumerate(first + second for second in NASTY):
            meant |= {f"one {number}": said, f"more {number}": [said, {"by": said}]}
            nodes.put(content["a"], f"one {number}", said)
            nodes.put(content["a"], f"more {number}", [said, {"by": said}])
        assert yamls.parse(nodes.dump(yaml, content, text))["a"] | {"k": 1} == meant


def test_a_day_that_stands_twice_is_written_twice():
    yaml, content = nodes.load("a: {}\n")
    day = date(2026, 1, 2)
    nodes.put(content["a"], "since", day)
    nodes.put(content["a"], "implemented", day)
    assert nodes.dump(yaml, content, "a: {}\n") == "a:\n  since: 2026-01-02\n  implemented: 2026-01-02\n"
