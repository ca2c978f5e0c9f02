"""What an organisation decides: `params/<organisation>/` read into one validated Workbook.

Six kinds of YAML file — `workbook.yml`, `services.yml`, `targets.yml`, `objectives.yml`, `calendars.yml`, `levers.yml`
and `register/<service>.yml`. Unknown keys are errors, and all errors of all files are reported together, each with its
file, key path, value and the nearest valid name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sipnb import cycles
from sipnb.catalogue import KPIS, LEVERS
from sipnb.cycles import Cycle
from sipnb.params import (
    Action,
    CalendarFile,
    CalendarsFile,
    LeverCost,
    LeversFile,
    Model,
    Objective,
    ObjectivesFile,
    RegisterFile,
    ServicesFile,
    TargetsFile,
    WorkbookError,
    WorkbookFile,
    nearest,
    read_yaml,
    validate,
)  # fmt: skip


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

    `data` is where relative source paths start (default: what `workbook.yml` says, relative to the folder; for a
    simulated organisation a folder among its reports);
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
        data=_data(folder, settings, data, reports),
        reports=Path(reports).resolve(),
        settings=settings,
        services=_resolve(files, {name: file for name, (_, file) in registers.items()}),
        objectives=tuple(files["objectives.yml"].objectives),
        levers=files["levers.yml"].levers,
    )


def _data(folder: Path, settings: WorkbookFile, told: Path | None, reports: Path) -> Path:
    if told is not None:
        return Path(told).resolve()
    # A simulated organisation's exports are made, like its reports: nothing is ever written among the parameters.
    return (reports / folder.name / "exports" if settings.simulated else folder / settings.data).resolve()


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
    errors += [
        f"{folder.name}/targets.yml: {kpi}: {KPIS[kpi].title.lower()!r} is neither good nor bad and can have no target; "
        "remove it"
        for values in (targets.organisation, *targets.tiers.values(), *targets.services.values())
        for kpi in values
        if kpi in KPIS and KPIS[kpi].good == "neutral"
    ]
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
