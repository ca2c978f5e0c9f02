"""Signatures: what a role decided on the plan of a cycle, and which plan that was, by the hash of its content.

One file a service, `register/signed/<service>.yml`. A signature belongs to the plan of its cycle, however late it is made; the
plan of the next cycle tells of those that were made before its own cut-off.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from sipnb import cycles
from sipnb.cycles import Cycle
from sipnb.params import Said
from sipnb.register import nodes
from sipnb.validation import Model, WorkbookError, read_yaml, validate

APPROVED, CHANGES, REJECTED = "approved", "changes", "rejected"
Decision = Literal["approved", "changes", "rejected"]

#: Where the files are, within the folder of the register.
FOLDER = "signed"


def _hash(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{12}", text):
        raise ValueError("is no plan's content; the section Approval of the plan names it, in twelve characters")
    return text


class CannotSign(WorkbookError):
    """What is wrong with a signature that is to be made, by the options of the command."""

    about = ""


class Signature(Model):
    """A role's decision on the published plan of a cycle; `content` is the hash of what it was about."""

    cycle: str
    on: date
    role: Said
    decision: Decision
    content: Annotated[str, AfterValidator(_hash)]
    note: str = ""


class SignedFile(Model):
    signatures: list[Signature] = Field(default_factory=list)


def contradictions(file: SignedFile, zone: str) -> list[tuple[str, str]]:
    """The place within a file of each thing that cannot be, and what would be right."""
    found = []
    for number, one in enumerate(file.signatures):
        at = f"signatures.{number}"
        try:
            end = cycles.parse(one.cycle, zone).end
        except cycles.CycleError as error:
            found.append((f"{at}.cycle", str(error)))
            continue
        if one.on < end:
            found.append((f"{at}.on", f"{one.on} is before {end}; the plan of {one.cycle} is signed after its end"))
        if one.decision != APPROVED and not one.note.strip():
            wanted = "what is to change" if one.decision == CHANGES else "why it was rejected"
            found.append((f"{at}.note", f"is missing; say {wanted}"))
    return found


def check(given: Mapping[str, Any], zone: str) -> None:
    """Raises CannotSign where a signature cannot be made, whatever plan it is of."""
    errors: list[str] = []
    one: Signature | None = validate({**given, "content": "0" * 12}, Signature, "sign", errors)
    found = contradictions(SignedFile(signatures=[one]), zone) if one else []
    errors = [line.replace("sign: role:", "--as:") for line in errors]
    errors += [f"--{place.rpartition('.')[2]} {told}" for place, told in found]
    if errors:
        raise CannotSign(errors)


def of(signatures: Iterable[Signature], cycle: Cycle) -> list[Signature]:
    """The signatures of a cycle's plan in the order in which they were made."""
    return sorted((one for one in signatures if one.cycle == cycle.name), key=lambda one: one.on)


def before(signatures: Iterable[Signature], cycle: Cycle) -> list[Signature]:
    """Those of the plan of the cycle before, as far as they were made before this cycle's cut-off."""
    return [one for one in of(signatures, cycle.shift(-1)) if one.on < cycle.end]


def versions(signatures: Iterable[Any]) -> list[str]:
    """The contents of a plan that were signed, the first one first: each is a version of it. A signature needs only `content`."""
    return list(dict.fromkeys(one.content for one in signatures))


def fingerprint(signatures: Sequence[Signature], cycle: Cycle) -> str:
    """A hash of the signatures that the plan of a cycle tells of; empty where there are none.

    It is no part of a workbook's: a signature changes the plan alone, and no chapter before it.
    """
    told = [one.model_dump(mode="json") for one in (*of(signatures, cycle), *before(signatures, cycle))]
    text = json.dumps(told, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16] if told else ""


def same(role: str) -> str:
    """A role as it is compared: however it is written in capitals and spaces."""
    return " ".join(role.casefold().split())


def asked(owner: str, deciders: Sequence[str]) -> list[str]:
    """The roles that are asked to sign a plan: its service's owner and who is to decide something; nobody where nothing is."""
    return list({same(role): role for role in reversed([owner, *deciders])}.values())[::-1] if deciders else []


def spelt(role: str, known: Iterable[str]) -> str:
    """A role as it is written where it is known."""
    return next((one for one in known if same(one) == same(role)), role.strip())


def added(path: Path, text: str, signature: Mapping[str, Any], zone: str) -> str:
    """The text of a file with one signature more at its end; the same text where it is the last one of that role already.

    Raises WorkbookError where the file cannot be read, or could not then.
    """
    known = _checked(path, text, zone)
    new = {key: signature[key] for key in Signature.model_fields if signature[key]}
    mine = [one for one in known.signatures if (one.cycle, same(one.role)) == (new["cycle"], same(new["role"]))]
    if mine and sorted(mine, key=lambda one: one.on)[-1].model_dump(exclude_defaults=True) == new:
        return text
    yaml, content = nodes.load(text)
    if not content.get("signatures"):  # there is none yet, or it is written as `[]`
        content["signatures"] = nodes.styled([], flow=False)
    nodes.append(content["signatures"], new)
    after = nodes.dump(yaml, content, text)
    _checked(path, after, zone)
    return after


def _checked(path: Path, text: str, zone: str) -> SignedFile:
    errors: list[str] = []
    where = f"register/{FOLDER}/{path.name}"
    file: SignedFile | None = validate(read_yaml(path, text), SignedFile, where, errors)
    errors += [f"{where}: {at}: {told}" for at, told in contradictions(file, zone)] if file else []
    if file is None or errors:
        raise WorkbookError(errors)
    return file
