"""What is known of words in short texts (`texts.toml` beside this file): closings, titles, stop words, plain nouns."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Words in small letters: `signatures` behind which comes who wrote a text, `titles` behind which may come a name,
    `before_names` which are often followed by whom something is for, `stop` words that tell no text from another, and `plain`
    nouns that no person is called by."""

    signatures: tuple[str, ...]
    titles: tuple[str, ...]
    before_names: tuple[str, ...]
    stop: tuple[str, ...]
    plain: tuple[str, ...]


TEXTS: Texts = Texts(
    **{
        key: tuple(words)
        for key, words in tomllib.loads((Path(__file__).parent / "texts.toml").read_text(encoding="utf-8")).items()
    }
)
