"""How the files of an organisation are read and checked: safely, every error with its place, its value and a way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from sipnb import yamls

#: How many errors are told at once: who has more has one cause for most of them.
MANY = 200


class WorkbookError(ValueError):
    """One or more errors in an organisation's parameters; `errors` holds a line for each."""

    #: Where they are.
    about = " in the parameters"

    def __init__(self, errors: list[str]):
        self.errors = errors
        count = "1 error" if len(errors) == 1 else f"{len(errors):,} errors"
        shown = errors if len(errors) <= MANY else [*errors[:MANY], f"… and {len(errors) - MANY:,} more"]
        super().__init__("\n".join([f"{count}{self.about}:", *(f"  {line}" for line in shown)]))


def nearest(name: str, valid: Iterable[str]) -> str:
    """A clause that names the valid name nearest to `name`, or the valid names where they are few."""
    names = sorted({str(v) for v in valid})
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    if close:
        return f"nearest valid name: {close[0]}"
    if 0 < len(names) <= 15:
        return f"valid names: {', '.join(names)}"
    return "no valid name is near" if names else "there are none"


VARIABLE, SPAN, SIZE = r"^[A-Za-z_][A-Za-z0-9_]*$", r"^[1-9][0-9]{0,2} months?$", r"^[1-9][0-9]{0,3} GB$"
CLAUSE, ADDRESS = r"^$|^[^{}]*\{value\}[^{}]*$", r"^https?://[^\s?#@/]+(/[^\s?#]*)?$"

#: What is told of a text that has not the form it needs, by the pattern of that form.
FORMS = {
    VARIABLE: "is not the name of an environment variable; put the address into one, and its name here",
    SPAN: "is no span of time; write a number of months, such as 13 months",
    SIZE: "is no size; write a number of gigabytes, such as 50 GB",
    CLAUSE: "needs {value} once, where the figure stands",
    ADDRESS: "is not the address of a folder on a web server; write one such as https://reports.example.org/plans, without "
    "user, password, ? and #",
}


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def read_yaml(path: Path, text: str | None = None) -> Any:
    """Read one YAML file safely, or the `text` that is to be in it; an empty one is an empty mapping.

    Raises WorkbookError with the line.
    """
    try:
        return yamls.read(path) if text is None else yamls.parse(text)
    except yamls.Unreadable as error:
        raise WorkbookError([f"{path.name}:{error}"]) from error


def validate(content: Any, model: type[Model], where: str, errors: list[str]) -> Any:
    """Read `content` into `model`; on failure append a line for every error and return None."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        errors += [_line(where, one, model) for one in error.errors()]
        return None


def _line(where: str, error: dict[str, Any], model: type[Model]) -> str:
    path = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        return f"{where}: {path}: unknown key {key!r}; {nearest(key, _keys_at(model, error['loc'][:-1]))}"
    if error["type"] == "missing":
        return f"{where}: {path}: is missing; add it"
    # An address holds a password, and may stand where its variable should.
    secret = {"connection", "notify"} & {*map(str, error["loc"])} or "://" in str(error["input"])
    value = f" {error['input']!r}" if not isinstance(error["input"], dict | list) and not secret else ""
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "literal_error":
        expected = [part.strip("' ") for part in error["ctx"]["expected"].replace(" or ", ",").split(",")]
        message = f"is not allowed; {nearest(str(error['input']), expected)}"
    elif error["type"] == "string_pattern_mismatch":
        pattern = error["ctx"]["pattern"]
        sign = "underscores" if "_" in pattern else "hyphens"
        message = FORMS.get(pattern, f"is not an identifier; use small letters, digits and {sign}")
    place = f"{where}: {path}" if path else where
    return f"{place}:{value} {message[0].lower()}{message[1:]}"


def _keys_at(model: Any, location: tuple[Any, ...]) -> list[str]:
    # Walk the annotations along the error's location to the model whose keys were meant.
    for part in location:
        fields = getattr(model, "model_fields", None)
        if fields is not None and part in fields:
            model = fields[part].annotation
            continue
        arguments = [a for a in getattr(model, "__args__", ()) if a is not type(None)]
        model = arguments[-1] if arguments else None
    while getattr(model, "__args__", None) and not hasattr(model, "model_fields"):
        model = [a for a in model.__args__ if a is not type(None)][-1]
    return list(getattr(model, "model_fields", {}))
