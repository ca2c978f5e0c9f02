"""YAML read safely: a file that is too large, too deep, or that unfolds into too much, is refused and not begun with."""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

#: What a file of parameters may hold at most: bytes, brackets and indents within each other, values with all references unfolded,
#: and characters of one value.
LARGEST, DEEPEST, MOST, LONGEST = 5_000_000, 40, 500_000, 20_000

#: Characters of a text whose content is kept: a change is tried on a copy of all files, of which one differs.
_KEPT = 200_000


class Unreadable(ValueError):
    """The file cannot be taken; the message says why, and where."""


def read(path: Path) -> Any:
    """The content of one YAML file as plain data; an empty file is an empty mapping. Raises Unreadable."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise Unreadable(f" is larger than {LARGEST / 1e6:g} MB: {size / 1e6:.1f} MB")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f" is not UTF-8 text: {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise Unreadable(f" cannot be read: {(error.strerror or 'unknown reason').lower()}") from error
    return parse(text)


def parse(text: str) -> Any:
    """The content of a YAML text as `read` gives that of a file. Raises Unreadable."""
    # Whoever gets it may change it.
    return deepcopy(_kept(text)) if len(text) <= _KEPT else _parsed(text)


@lru_cache(maxsize=64)
def _kept(text: str) -> Any:
    return _parsed(text)


def _parsed(text: str) -> Any:
    try:
        constructor, _ = YAML(typ="safe", pure=True).get_constructor_parser(text)
        node = constructor.composer.get_single_node()
        if node is None:
            return {}
        _bounded(node)  # before anything is unfolded
        return constructor.construct_document(node) or {}
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise Unreadable(f"{where} is not valid YAML: {error.problem}") from error
    except YAMLError as error:
        raise Unreadable(f" is not valid YAML: {_first(error)}") from error
    except RecursionError as error:
        raise Unreadable(f" is nested more than {DEEPEST} deep") from error
    except ValueError as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f" holds a value that cannot be: {_first(error)}") from error


def _bounded(root: Node) -> None:
    """Raises Unreadable where a file unfolds into more than it may hold; what is referred to twice counts twice."""
    sizes: dict[int, int] = {}

    def size(node: Node, depth: int) -> int:
        where = f" line {node.start_mark.line + 1}"
        if depth > DEEPEST:
            raise Unreadable(f"{where} is nested more than {DEEPEST} deep, or within itself")
        if id(node) in sizes:
            return sizes[id(node)]
        found = 1
        if isinstance(node, ScalarNode):
            if len(node.value) > LONGEST:
                raise Unreadable(f"{where} holds a value of {len(node.value):,} characters; {LONGEST:,} are the most")
            node.value = _joined(node.value, where)
        elif isinstance(node, SequenceNode):
            found += sum(size(one, depth + 1) for one in node.value)
        elif isinstance(node, MappingNode):
            found += sum(size(key, depth + 1) + size(value, depth + 1) for key, value in node.value)
        if found > MOST:
            raise Unreadable(f"{where} unfolds into more than {MOST:,} values by its references")
        sizes[id(node)] = found
        return found

    size(root, 0)


def _joined(text: str, where: str) -> str:
    """A text whose characters are whole: JSON may write one as two escapes. Raises Unreadable for half of one."""
    if not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{where} holds half of a character ({text[:60]!a}); write the whole one") from error


def _first(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
