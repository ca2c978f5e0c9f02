"""The encoding of a text export: by its byte-order mark, by the name given, or by the likeliest reading."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sipnb.records.sources.byte_scan import Scan
from sipnb.records.sources.relation import MissingInput

_BOMS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
# What exports come in, besides UTF-8; a guess among all of Python's encodings goes astray on short texts.
_LIKELY = [f"cp{page}" for page in (1250, 1251, 1252, 1253, 1254, 1257, 932, 949)] + ["gb18030", "big5", "koi8_r"]
# The letters of a language and the encoding that has them; the first of equals wins.
_LATIN = {
    "äöüß": "cp1252",
    "àâçéèêëîïôùûœ": "cp1252",
    "áéíñóúü¿¡": "cp1252",
    "àáâãçéêíóôõú": "cp1252",
    "àèéìòù": "cp1252",
    "åäæéöø": "cp1252",
    "ąćęłńóśźż": "cp1250",
    "áčďéěíňóřšťúůýž": "cp1250",
    "áéíóöőúüű": "cp1250",
    "čćđšž": "cp1250",
    "ăâîşţ": "cp1250",
    "çğıöşü": "cp1254",
    "ąčęėįšųūž": "cp1257",
    "āčēģīķļņšūž": "cp1257",
}
_NAMES = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32-le": "UTF-32",
    "utf-32-be": "UTF-32",
    "cp932": "Shift-JIS",
    "shift_jis": "Shift-JIS",
    "gb18030": "GB18030",
    "big5": "Big5",
    "cp949": "Korean (CP949)",
    "koi8-r": "KOI8-R",
}


@dataclass
class Encoding:
    """How bytes become text: a Python codec, its name for people, the byte-order mark's length, and a note if any."""

    codec: str
    label: str
    mark: int = 0
    note: str = ""


def encoding(found: Scan, given: str | None = None) -> Encoding:
    """The encoding of a scanned file; a byte-order mark outweighs the name given, which outweighs the guess.

    Raises MissingInput for a name that is no encoding, and for bytes that are no text.
    """
    head, name = found.head(), found.path.name
    given = _codec(found.path, given) if given else None
    for mark, codec in _BOMS:
        if head.startswith(mark):
            note = f"{name} is read as {_label(codec)}" if codec != "utf-8" and not given else ""
            if given and given != codec and not given.startswith(codec[:6]):
                note = f"{name} is read as {_label(codec)}, as its first bytes say, not as {_label(given)}"
            return Encoding(codec, _label(codec), len(mark), note)
    if given:
        return Encoding(given, _label(given))
    sample = np.frombuffer(head[: 1 << 16], np.uint8)
    if found.zeros and len(sample) > 1:
        even, odd = float((sample[0::2] == 0).mean()), float((sample[1::2] == 0).mean())
        if max(even, odd) > 0.4 and min(even, odd) < 0.05:
            codec = "utf-16-be" if even > odd else "utf-16-le"
            return Encoding(codec, "UTF-16", 0, f"{name} is read as UTF-16")
    control = (sample < 32) & ~np.isin(sample, [9, 10, 11, 12, 13, 26, 27])
    if control.mean() > 0.05 and control.sum() > 16:
        raise MissingInput(f"{found.path} is no text: its bytes are those of a binary file; export it as CSV")
    if not found.broken or found.sound >= found.broken:
        return Encoding("utf-8", "UTF-8")
    codec = _guess(found.high)
    note = f"{name} is read as {_label(codec)}; name another encoding in the mapping if names look wrong"
    return Encoding(codec, _label(codec), 0, note)


def _codec(path: Path, given: str) -> str:
    try:
        info = codecs.lookup(given)
        if not info._is_text_encoding or info.name in ("idna", "punycode", "undefined"):
            raise LookupError
        codecs.getincrementaldecoder(info.name)
    except (LookupError, TypeError):
        raise MissingInput(
            f"{path}: no encoding is called {given!r}; use one such as utf-8, utf-16, windows-1252 or shift_jis"
        ) from None
    return "utf-8" if info.name in ("utf-8", "utf-8-sig", "ascii") else info.name


def _label(codec: str) -> str:
    windows = codec[:4] == "cp12" and f"Windows-{codec[2:]}"
    return _NAMES.get(codec) or windows or codec.upper()


def _guess(high: bytes) -> str:
    """The likeliest encoding of lines that are not UTF-8. Letters between ASCII ones speak for a Latin alphabet, in
    which the letters of each language decide; other scripts are told apart by charset_normalizer."""
    from charset_normalizer import from_bytes  # comes with requests, which JupyterLab needs

    if max(map(len, re.findall(rb"[\x80-\xff]+", high)), default=0) > 2:
        best = from_bytes(high, cp_isolation=_LIKELY).best()
        if best and best.encoding not in _LATIN.values():
            return codecs.lookup(best.encoding).name
    bytes_beyond = bytes(byte for byte in high if byte >= 0x80)

    def share(letters: str) -> float:
        text = bytes_beyond.decode(_LATIN[letters], "replace").lower()
        return sum(sign in letters for sign in text) / max(len(text), 1)

    return _LATIN[max(_LATIN, key=share)]
