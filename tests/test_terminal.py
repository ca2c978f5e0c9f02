"""What is printed is text that no terminal obeys, and nobody has to read it to its end."""

import io
import json
import os

import rich.console

from sipnb.chain.progress import Event
from sipnb.terminal import Printed, Progress, tell


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_control_and_turning_characters_are_shown_and_not_obeyed():
    stream = io.StringIO()
    print("state \x1b[2J\x07 \x9b5A \u202eevil\u202c\rover\ttab", "\x1b[1mbold\x1b[0m", file=Printed(stream))
    assert stream.getvalue() == (
        "state \\x1b[2J\\x07 \\u009b5A \\u202eevil\\u202c\\rover\ttab \\x1b[1mbold\\x1b[0m\n"
    )  # fmt: skip


def test_json_stays_json():
    stream, value = io.StringIO(), {"\x00\x1b\x7f\x9b\u202e": "\x85\n"}
    print(json.dumps(value, ensure_ascii=False), file=Printed(stream))
    assert json.loads(stream.getvalue()) == value and not set(stream.getvalue()) & set("\x7f\x9b\x85\u202e")


def test_only_rich_colours_what_it_writes():
    stream = Terminal()
    rich.console.Console(file=Printed(stream), force_terminal=True, no_color=False, color_system="standard").print(
        "[bold]help[/bold]"
    )
    assert stream.getvalue() == "\x1b[1mhelp\x1b[0m\n"


def test_a_line_end_in_what_is_told_ends_no_line():
    stream = Terminal()
    tell("state 'a\n[1/2] pay: published'", Printed(stream))
    assert stream.getvalue() == "state 'a\\n[1/2] pay: published'\n"


def test_a_line_that_renews_itself_still_does():
    stream = Terminal()
    progress = Progress(Printed(stream))
    progress(Event("service", "published", "pay\x1b[2J", 1, 3, 1.0, 60.0))
    assert stream.getvalue() == "\r\x1b[K[1/3] pay\\x1b[2J: published · about 60 s left"


def test_a_reader_that_stops_stops_no_work():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", buffering=1) as stream:
        printed = Printed(stream)
        for _ in range(3):
            print("a line", file=printed, flush=True)
