"""What an organisation decides: `params/<organisation>/` read into one validated Workbook.

Six kinds of YAML file — `workbook.yml`, `services.yml`, `targets.yml`, `objectives.yml`, `calendars.yml`, `levers.yml`
and `register/<service>.yml`. Unknown keys are errors, and all errors of all files are reported together, each with its
file, key path, value and the nearest valid name.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from sipnb import cycles
from sipnb.catalogue import KPIS, LEVERS
from sipnb.cycles import Cycle


class WorkbookError(ValueError):
    """One or more errors in an organisation's parameters; `errors` holds a line for each."""

    def __init__(self, errors: list[str]):
        self.errors = errors
        count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        super().__init__("\n".join([f"{count} in the parameters:", *(f"  {line}" for line in errors)]))


def nearest(name: str, valid: Iterable[str]) -> str:
    """A clause that names the valid name nearest to `name`, or the valid names where they are few."""
    names = sorted({str(v) for v in valid})
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    if close:
        return f"nearest valid name: {close[0]}"
    if 0 < len(names) <= 15:
        return f"valid names: {', '.join(names)}"
    return "no valid name is near" if names else "there are none"


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"is not an IANA time zone; {nearest(name, available_timezones())}")
    return name


Zone = Annotated[str, AfterValidator(_zone)]


def _not_reserved(name: str) -> str:
    if name in ("index", "workbench"):
        raise ValueError("is the name of a page or folder of its own; call the service otherwise")
    return name


Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$"), AfterValidator(_not_reserved)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Model):
    """A set of files read alike. `files` is a path or glob, relative to the data folder."""

    name: str
    files: str
    mapping: str = "canonical"


class Gate(Model):
    """When the quality gate stops a run: the largest share of a source's rows that may be set aside."""

    stop_set_aside: float = Field(0.05, ge=0, le=1)
    warn_set_aside: float = Field(0.005, ge=0, le=1)


class WorkbookFile(Model):
    """`workbook.yml`."""

    organisation: str
    zone: Zone
    currency: str = "EUR"
    cycle: Literal["month", "quarter", "week"] = "month"
    history: int = Field(30, ge=13, le=260, description="cycles of history used for limits and models")
    default_cycle: str | None = None
    simulated: bool = False
    data: str = "."
    outage_severities: list[str] | None = None
    sources: list[Source] = Field(min_length=1)
    gate: Gate = Gate()


class Tier(Model):
    """A class of service: the defaults of the services in it."""

    title: str
    calendar: str | None = None


class ServiceFile(Model):
    """One service in `services.yml`."""

    name: str
    owner: str
    tier: str | None = None
    calendar: str | None = None
    zone: Zone | None = None
    match: list[str] = Field(default_factory=list, description="other names of it in the exports")


class ServicesFile(Model):
    tiers: dict[str, Tier] = Field(default_factory=dict)
    services: dict[Id, ServiceFile] = Field(min_length=1)


class TargetsFile(Model):
    """`targets.yml`: KPI → target, for the organisation, by tier and by service; the nearest one holds."""

    organisation: dict[str, float] = Field(default_factory=dict)
    tiers: dict[str, dict[str, float]] = Field(default_factory=dict)
    services: dict[str, dict[str, float]] = Field(default_factory=dict)


class Objective(Model):
    """A business objective, its weight, and the KPIs by which it is seen."""

    id: Id
    title: str
    weight: float = Field(gt=0)
    kpis: list[str] = Field(min_length=1)


class ObjectivesFile(Model):
    objectives: list[Objective] = Field(default_factory=list)


class Holidays(Model):
    country: str | None = None
    subdivision: str | None = None
    own: list[date] = Field(default_factory=list)


class CalendarFile(Model):
    """Agreed hours: shifts by weekday (`mon`…`sun`), and the days without any."""

    title: str
    week: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], list[str]]
    holidays: Holidays = Holidays()


class CalendarsFile(Model):
    calendars: dict[str, CalendarFile] = Field(default_factory=dict)


class LeverCost(Model):
    """What one use of a lever costs here, in the organisation's currency, and how many days it takes."""

    cost: float | None = Field(None, ge=0)
    effort_days: float | None = Field(None, ge=0)
    weeks: int | None = Field(None, ge=1)


class LeversFile(Model):
    levers: dict[str, LeverCost] = Field(default_factory=dict)


class Action(Model):
    """One entry of a service's improvement register."""

    id: Id
    title: str
    lever: str | None = None
    kpi: str | None = None
    owner: str | None = None
    state: Literal[
        "proposed", "accepted", "approved", "in progress", "implemented", "verified", "failed", "inconclusive",
        "rejected", "withdrawn",
    ]  # fmt: skip
    raised: date
    due: date | None = None
    implemented: date | None = None
    note: str = ""


class RegisterFile(Model):
    actions: list[Action] = Field(default_factory=list)


@dataclass(frozen=True)
class Service:
    """A service with its defaults resolved: service → tier → organisation."""

    id: str
    name: str
    owner: str
    tier: str
    zone: str
    calendar: CalendarFile | None
    calendar_title: str
    targets: dict[str, float]
    actions: tuple[Action, ...]
    match: tuple[str, ...] = ()


@dataclass(frozen=True)
class Workbook:
    """An organisation's parameters, validated, with the place of everything that belongs to it."""

    folder: Path
    data: Path
    reports: Path
    settings: WorkbookFile
    services: dict[str, Service]
    objectives: tuple[Objective, ...]
    levers: dict[str, LeverCost] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The organisation's identifier: the name of its folder."""
        return self.folder.name

    def cycle(self, name: str) -> Cycle:
        """Read a cycle's name in the organisation's zone. Raises cycles.CycleError."""
        return cycles.parse(name, self.settings.zone)

    def service(self, name: str) -> Service:
        """The service called `name`. Raises WorkbookError that names the nearest valid one."""
        if name not in self.services:
            raise WorkbookError([f"service {name!r} is not in services.yml; {nearest(name, self.services)}"])
        return self.services[name]

    def fingerprint(self, service: str | None = None) -> str:
        """A hash of what was decided: for everyone, or only what one service's plan can depend on."""
        content: dict[str, Any] = {
            "settings": self.settings.model_dump(mode="json"),
            "objectives": [o.model_dump(mode="json") for o in self.objectives],
            "levers": {k: v.model_dump(mode="json") for k, v in sorted(self.levers.items())},
            "services": {s.id: _plain(s) for s in self.services.values() if service is None or s.id == service},
        }
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


_FILES: dict[str, type[Model]] = {
    "workbook.yml": WorkbookFile,
    "services.yml": ServicesFile,
    "targets.yml": TargetsFile,
    "objectives.yml": ObjectivesFile,
    "calendars.yml": CalendarsFile,
    "levers.yml": LeversFile,
}


def load(folder: Path, *, data: Path | None = None, reports: Path) -> Workbook:
    """Read and check `params/<organisation>/`.

    `data` is where relative source paths start (default: what `workbook.yml` says, relative to the folder);
    `reports` is the folder that holds `<organisation>/<cycle>/`.

    Raises FileNotFoundError where the folder or `workbook.yml` is missing, WorkbookError for everything else, all
    errors together.
    """
    folder = Path(folder).resolve()
    for needed in (folder, folder / "workbook.yml", folder / "services.yml"):
        if not needed.exists():
            raise FileNotFoundError(f"the organisation's parameters are missing: looked for {needed}")
    errors: list[str] = []
    files: dict[str, Any] = {}
    for name, model in _FILES.items():
        files[name] = _read(folder / name, model, errors)
    known = [*_FILES, "README.md"]
    for path in sorted(folder.glob("*.y*ml")):
        if path.name not in _FILES:
            errors.append(f"{_shown(path, folder)}: is not a file of a workbook; {nearest(path.name, known)}")
    registers = {
        path.stem: (path, _read(path, RegisterFile, errors)) for path in sorted((folder / "register").glob("*.yml"))
    }
    if all(files.values()):
        errors += _cross_check(folder, files, registers)
    if errors:
        raise WorkbookError(errors)
    settings: WorkbookFile = files["workbook.yml"]
    return Workbook(
        folder=folder,
        data=Path(data).resolve() if data is not None else (folder / settings.data).resolve(),
        reports=Path(reports).resolve(),
        settings=settings,
        services=_resolve(files, {name: file for name, (_, file) in registers.items()}),
        objectives=tuple(files["objectives.yml"].objectives),
        levers=files["levers.yml"].levers,
    )


def read_yaml(path: Path) -> Any:
    """Read one YAML file safely; an empty file is an empty mapping. Raises WorkbookError with the line."""
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")) or {}
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise WorkbookError([f"{path.name}:{where} is not valid YAML: {error.problem}"]) from error
    except UnicodeDecodeError as error:
        raise WorkbookError([f"{path.name}: is not UTF-8 text: {error.reason} at byte {error.start}"]) from error


def validate(content: Any, model: type[Model], where: str, errors: list[str]) -> Any:
    """Read `content` into `model`; on failure append a line for every error and return None."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        errors += [_line(where, one, model) for one in error.errors()]
        return None


def _read(path: Path, model: type[Model], errors: list[str]) -> Any:
    if not path.exists():
        return model()
    try:
        content = read_yaml(path)
    except WorkbookError as error:
        errors += error.errors
        return None
    return validate(content, model, _shown(path, path.parents[1 if path.parent.name == "register" else 0]), errors)


def _shown(path: Path, folder: Path) -> str:
    return f"{folder.name}/{path.relative_to(folder)}"


def _line(where: str, error: dict[str, Any], model: type[Model]) -> str:
    path = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        return f"{where}: {path}: unknown key {key!r}; {nearest(key, _keys_at(model, error['loc'][:-1]))}"
    if error["type"] == "missing":
        return f"{where}: {path}: is missing; add it"
    value = f" {error['input']!r}" if not isinstance(error["input"], dict | list) else ""
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "literal_error":
        expected = [part.strip("' ") for part in error["ctx"]["expected"].replace(" or ", ",").split(",")]
        message = f"is not allowed; {nearest(str(error['input']), expected)}"
    if error["type"] == "string_pattern_mismatch":
        message = "is not an identifier; use small letters, digits and hyphens"
    return f"{where}: {path}:{value} {message[0].lower()}{message[1:]}"


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


def _cross_check(folder: Path, files: dict[str, Any], registers: dict[str, tuple[Path, Any]]) -> list[str]:
    errors: list[str] = []

    def check(file: str, path: str, value: str | None, valid: Iterable[str], noun: str) -> None:
        if value is not None and value not in (names := list(valid)):
            errors.append(f"{folder.name}/{file}: {path}: {value!r} is not a {noun}; {nearest(value, names)}")

    services, tiers = files["services.yml"].services, files["services.yml"].tiers
    calendars = files["calendars.yml"].calendars
    for name, tier in tiers.items():
        check("services.yml", f"tiers.{name}.calendar", tier.calendar, calendars, "calendar")
    for name, service in services.items():
        check("services.yml", f"services.{name}.tier", service.tier, tiers, "tier")
        check("services.yml", f"services.{name}.calendar", service.calendar, calendars, "calendar")
    targets = files["targets.yml"]
    for kpi in targets.organisation:
        check("targets.yml", f"organisation.{kpi}", kpi, KPIS, "KPI")
    for level, valid in (("tiers", tiers), ("services", services)):
        for name, values in getattr(targets, level).items():
            check("targets.yml", f"{level}.{name}", name, valid, level.removesuffix("s"))
            for kpi in values:
                check("targets.yml", f"{level}.{name}.{kpi}", kpi, KPIS, "KPI")
    for index, objective in enumerate(files["objectives.yml"].objectives):
        for kpi in objective.kpis:
            check("objectives.yml", f"objectives.{index}.kpis", kpi, KPIS, "KPI")
    for lever in files["levers.yml"].levers:
        check("levers.yml", f"levers.{lever}", lever, LEVERS, "lever")
    for name, (path, register) in registers.items():
        shown = f"register/{path.name}"
        check(shown, "file name", name, services, "service")
        for index, action in enumerate(register.actions if register else ()):
            check(shown, f"actions.{index}.lever", action.lever, LEVERS, "lever")
            check(shown, f"actions.{index}.kpi", action.kpi, KPIS, "KPI")
    settings = files["workbook.yml"]
    if settings.default_cycle is not None:
        try:
            cycles.parse(settings.default_cycle, settings.zone)
        except cycles.CycleError as error:
            errors.append(f"{folder.name}/workbook.yml: default_cycle: {error}")
    return errors


def _resolve(files: dict[str, Any], registers: dict[str, RegisterFile]) -> dict[str, Service]:
    services, targets = files["services.yml"], files["targets.yml"]
    calendars, zone = files["calendars.yml"].calendars, files["workbook.yml"].zone
    resolved = {}
    for name, service in services.services.items():
        tier = services.tiers.get(service.tier) if service.tier else None
        calendar = service.calendar or (tier.calendar if tier else None)
        resolved[name] = Service(
            id=name,
            name=service.name,
            owner=service.owner,
            tier=tier.title if tier else "",
            zone=service.zone or zone,
            calendar=calendars[calendar] if calendar else None,
            calendar_title=calendars[calendar].title if calendar else "around the clock",
            targets={
                **targets.organisation,
                **targets.tiers.get(service.tier or "", {}),
                **targets.services.get(name, {}),
            },
            actions=tuple(registers[name].actions) if name in registers else (),
            match=tuple(service.match),
        )
    return resolved


def _plain(service: Service) -> dict[str, Any]:
    return {
        **{k: getattr(service, k) for k in ("id", "name", "owner", "tier", "zone", "calendar_title", "match")},
        "targets": dict(sorted(service.targets.items())),
        "calendar": service.calendar.model_dump(mode="json") if service.calendar else None,
        "actions": [a.model_dump(mode="json") for a in service.actions],
    }
