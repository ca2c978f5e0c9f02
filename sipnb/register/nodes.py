"""A file of the register as YAML that keeps what people wrote into it: comments, order, quotes and style."""

from __future__ import annotations

import contextlib
import difflib
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, FoldedScalarString, LiteralScalarString
from ruamel.yaml.tokens import CommentToken

from sipnb import yamls

#: Where the comment after a value stands among those of its key, and among those of its place in a list.
_OF_KEY, _OF_ITEM = 2, 0


def load(text: str) -> tuple[YAML, CommentedMap]:
    """What reads and writes a text in its own style, and its content; of an empty one an empty mapping."""
    yaml = _reader(text)
    content = yaml.load(text)
    return yaml, CommentedMap() if content is None else content


def dump(yaml: YAML, content: CommentedMap, text: str) -> str:
    """The content as the text of a file that had this `text`: lines of which nothing was changed are as they were."""
    edited = _dumped(yaml, content)
    if not text.strip():
        return edited
    normal = _dumped(yaml, _reader(text).load(text))
    if normal == text:
        return edited
    found = _merged(text, normal, edited)
    try:
        return found if yamls.parse(found) == yamls.parse(edited) else edited
    except yamls.Unreadable:
        return edited


def _dumped(yaml: YAML, content: CommentedMap) -> str:
    out = io.StringIO()
    yaml.dump(content, out)
    return out.getvalue()


def _merged(text: str, normal: str, edited: str) -> str:
    """The edits between two texts made in a third that says the same as the first: who writes YAML anew folds lines otherwise."""
    own, before, after = (one.splitlines(keepends=True) for one in (text, normal, edited))
    in_own, in_after = _matches(before, own), _matches(before, after)
    lines: list[str] = []
    at, at_own, at_after = 0, 0, 0
    for line in [*(line for line in range(len(before)) if line in in_own and line in in_after), len(before)]:
        end_own, end_after = in_own.get(line, len(own)), in_after.get(line, len(after))
        was, is_, mine = before[at:line], after[at_after:end_after], own[at_own:end_own]
        if is_[: len(was)] == was:
            lines += mine + is_[len(was) :]
        elif is_[len(is_) - len(was) :] == was:
            lines += is_[: len(is_) - len(was)] + mine
        else:
            lines += is_
        lines += own[end_own : end_own + 1]
        at, at_own, at_after = line + 1, end_own + 1, end_after + 1
    below = list(itertools.takewhile(lambda line: line.lstrip().startswith("#") or not line.strip(), reversed(own)))[
        ::-1
    ]
    # Below a mapping in braces the reader does not see a comment.
    lost = [] if lines[len(lines) - len(below) :] == below or not any(line.strip() for line in below) else below
    return "".join([*lines, *lost])


def _matches(before: list[str], after: list[str]) -> dict[int, int]:
    """The lines of one text that stand in another, and where."""
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}


def _reader(text: str) -> YAML:
    """Reads and writes a text with its comments, its quotes, and its lists indented as they are; in a new one by two."""
    first = next((line for line in text.splitlines() if line.lstrip().startswith("- ")), "  - ")
    indent = len(first) - len(first.lstrip())
    yaml = YAML(typ="rt")
    yaml.preserve_quotes, yaml.width = True, 10_000
    yaml.indent(mapping=2, sequence=indent + 2, offset=indent)
    return yaml


def put(node: CommentedMap, key: str, value: Any, order: Sequence[str] = ()) -> None:
    """Set a key; a new one stands before those that come later in `order`. Comments stay where they are."""
    with _tail_kept(node):
        if key in node:
            _set(node, key, value)
            return
        later = set(order[order.index(key) + 1 :]) if key in order else set()
        at = next((place for place, name in enumerate(node) if name in later), len(node))
        node.insert(at, key, styled(value))


def _set(node: CommentedMap, key: str, value: Any) -> None:
    if isinstance(value, list) and isinstance(node[key], CommentedSeq):
        fill(node[key], value)
    elif isinstance(value, Mapping) and isinstance(node[key], CommentedMap):
        match(node[key], value)
    else:
        node[key] = styled(value)


def drop(node: CommentedMap, key: str) -> None:
    """Remove a key where it is there; what is written below it stays."""
    if key not in node:
        return
    if len(node) == 1:
        node.clear()
        return
    with _tail_kept(node):
        del node[key]
        node.ca.items.pop(key, None)


def append(node: CommentedSeq, value: Any) -> None:
    """Add to the end of a list, in the style of what stands there; a comment below the list stays below it."""
    with _tail_kept(node):
        node.append(styled(value, flow=not node or _in_flow(node[-1])))


def fill(node: CommentedSeq, values: Sequence[Any]) -> None:
    """Make a list hold these values: what is there and stays keeps its comments."""
    with _tail_kept(node):
        for at, value in enumerate(values[: len(node)]):
            if isinstance(value, Mapping) and isinstance(node[at], CommentedMap):
                match(node[at], value)
            elif node[at] != value:
                node[at] = styled(value)
        while len(node) > len(values):
            node.ca.items.pop(len(node) - 1, None)
            del node[-1]
        for value in values[len(node) :]:
            append(node, value)


def match(node: CommentedMap, values: Mapping[str, Any]) -> None:
    """Make a mapping hold these values and no others."""
    for key in [key for key in node if key not in values]:
        drop(node, key)
    for key, value in values.items():
        if key not in node or node[key] != value:
            put(node, key, value, list(values))


def styled(value: Any, flow: bool = True) -> Any:
    """Plain data as a new node: lists and what they hold on one line, unless `flow` says otherwise for the outermost."""
    if isinstance(value, (CommentedMap, CommentedSeq)):
        return value
    if isinstance(value, Mapping):
        node = CommentedMap({key: styled(one) for key, one in value.items()})
    elif isinstance(value, (list, tuple)):
        node = CommentedSeq([styled(one) for one in value])
    elif isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)  # as people write it
    elif isinstance(value, date):
        return date(value.year, value.month, value.day)  # one that stands twice would be written as a reference
    elif isinstance(value, str) and value.startswith(":"):
        return DoubleQuotedScalarString(value)  # the writer leaves some of them plain that no reader takes
    else:
        return value
    node.fa.set_flow_style() if flow else node.fa.set_block_style()
    return node


def _in_flow(node: Any) -> bool:
    return not isinstance(node, (CommentedMap, CommentedSeq)) or bool(node.fa.flow_style())


@contextlib.contextmanager
def _tail_kept(node: CommentedMap | CommentedSeq) -> Iterator[None]:
    """Keep the lines below a node below it: the reader has them as a comment of its last value, whatever comes after that."""
    tail = _taken(node)
    yield
    if tail:
        _given(node, tail)


def _path(node: Any) -> list[tuple[Any, Any]]:
    """The nodes at the end of a node, each within the one before it, with their last keys: the last holds what stands last."""
    key = next(reversed(node)) if isinstance(node, CommentedMap) else len(node) - 1
    value = node[key]
    deeper = isinstance(value, (CommentedMap, CommentedSeq)) and len(value) and not value.fa.flow_style()
    return [(node, key), *(_path(value) if deeper else [])]


def _taken(node: CommentedMap | CommentedSeq) -> str:
    """The lines below a node, removed from it."""
    if not len(node) or node.fa.flow_style():
        return ""
    path = _path(node)
    holder, key = path[-1]
    found, at = "", _OF_KEY if isinstance(holder, CommentedMap) else _OF_ITEM
    if (comments := holder.ca.items.get(key)) is not None and comments[at] is not None:
        beside, _, found = comments[at].value.partition("\n")
        if _ends_its_line(holder[key]):
            beside, found = "", " " * comments[at].start_mark.column * (beside != "") + comments[at].value
        if beside:
            comments[at].value = beside + "\n"
        else:
            comments[at] = None
    for holder, _ in reversed(path):
        found += "".join(" " * token.start_mark.column * (token.value != "\n") + token.value for token in holder.ca.end)
        del holder.ca.end[:]
    return found


def _given(node: CommentedMap | CommentedSeq, tail: str) -> None:
    if not len(node):
        return
    holder, key = _path(node)[-1]
    at = _OF_KEY if isinstance(holder, CommentedMap) else _OF_ITEM
    comments = holder.ca.items.setdefault(key, [None, None, None, None])
    beside = comments[at].value.partition("\n")[0] if comments[at] else ""
    column = comments[at].start_mark.column if comments[at] else 0
    text = tail if _ends_its_line(holder[key]) else f"{beside}\n{tail}"
    comments[at] = CommentToken(text, CommentMark(column), None)


def _ends_its_line(value: Any) -> bool:
    """A text in lines of its own ends with one: what is written below begins on the next."""
    return isinstance(value, (LiteralScalarString, FoldedScalarString))
