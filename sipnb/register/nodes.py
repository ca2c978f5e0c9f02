"""A file of the register as YAML that keeps what people wrote into it: comments, order, quotes and style."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.tokens import CommentToken

#: Where the comment after a value stands among those of its key, and among those of its place in a list.
_OF_KEY, _OF_ITEM = 2, 0


def load(text: str) -> tuple[YAML, CommentedMap]:
    """What reads and writes a text in its own style, and its content; of an empty one an empty mapping."""
    yaml = _reader(text)
    content = yaml.load(text)
    return yaml, CommentedMap() if content is None else content


def dump(yaml: YAML, content: CommentedMap) -> str:
    """The content as the text of a file."""
    out = io.StringIO()
    yaml.dump(content, out)
    return out.getvalue()


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


def _last(node: Any) -> tuple[Any, Any, int]:
    """The innermost place at the end of a node: its holder, its key there, and where the comment after it stands."""
    key = next(reversed(node)) if isinstance(node, CommentedMap) else len(node) - 1
    value = node[key]
    if isinstance(value, (CommentedMap, CommentedSeq)) and len(value) and not value.fa.flow_style():
        return _last(value)
    return node, key, _OF_KEY if isinstance(node, CommentedMap) else _OF_ITEM


def _taken(node: CommentedMap | CommentedSeq) -> str:
    """The lines below a node, removed from it."""
    if not len(node) or node.fa.flow_style():
        return ""
    holder, key, at = _last(node)
    if (comments := holder.ca.items.get(key)) is None or comments[at] is None:
        return ""
    beside, _, below = comments[at].value.partition("\n")
    if beside:
        comments[at].value = beside + "\n"
    else:
        comments[at] = None
    return below


def _given(node: CommentedMap | CommentedSeq, tail: str) -> None:
    if not len(node):
        return
    holder, key, at = _last(node)
    comments = holder.ca.items.setdefault(key, [None, None, None, None])
    beside = comments[at].value.partition("\n")[0] if comments[at] else ""
    column = comments[at].start_mark.column if comments[at] else 0
    comments[at] = CommentToken(f"{beside}\n{tail}", CommentMark(column), None)
