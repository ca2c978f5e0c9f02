"""What an organisation decides: `params/<organisation>/` read into one validated Workbook.

`workbook.yml`, `services.yml`, `targets.yml`, `objectives.yml`, `calendars.yml`, `levers.yml`, `budget.yml`,
`register/<service>.yml` and `register/signed/<service>.yml`. Unknown keys are errors, and all errors of all files are reported
together, each with its file, key path, value and the nearest valid name.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from sipnb import budgets, cycles, formulas, own_kpis, own_levers, register
from sipnb.catalogue import KPIS, LEVERS, Kpi, Lever
from sipnb.cycles import Cycle
from sipnb.own_levers import LeverFile, LeversFile
from sipnb.params import (
    DEFAULT,
    Baseline,
    CalendarFile,
    CalendarsFile,
    Objective,
    ObjectivesFile,
    ServicesFile,
    TargetsFile,
    WorkbookFile,
)
from sipnb.places import state
from sipnb.register import signing
from sipnb.validation import Model, WorkbookError, nearest, read_yaml, validate

#: What an action says that no chapter and no page reads, and that has no date: it is in no fingerprint, so that a link makes no
#: plan out of date. A test holds chapters and pages to it.
UNREAD = {"links"}


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
    actions: tuple[register.Action, ...]
    match: tuple[str, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    monitored_since: date | None = None
    tier_id: str = ""
    signatures: tuple[signing.Signature, ...] = ()


@dataclass(frozen=True)
class Workbook:
    """An organisation's parameters, validated, with the place of everything that belongs to it."""

    folder: Path
    data: Path
    reports: Path
    settings: WorkbookFile
    services: dict[str, Service]
    objectives: tuple[Objective, ...]
    levers: dict[str, LeverFile] = field(default_factory=dict)
    kpis: dict[str, Kpi] = field(default_factory=lambda: dict(KPIS))
    budget: budgets.BudgetFile | None = None
    anywhere: bool = False  # sources may be files outside `data`

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

    @cached_property
    def effective_levers(self) -> dict[str, Lever]:
        """The levers of the catalogue as they hold here, and the organisation's own."""
        return own_levers.effective(self.levers)

    def delivered(self, until: date) -> tuple[int, int]:
        """Of the actions of all registers that had a verdict before a day: how many worked, and how many there were."""
        known = self.__dict__.setdefault("_delivered", {})  # every service's fingerprint asks for it
        if until not in known:
            every = [
                register.standing(action, until) for service in self.services.values() for action in service.actions
            ]
            verdicts = [stood.judged for stood in every if stood and stood.judged]
            known[until] = verdicts.count("worked"), len(verdicts)
        return known[until]

    def fingerprint(self, service: str | None = None, until: date | None = None) -> str:
        """A hash of what was decided: for everyone, or only what one service's plan can depend on; of the register what was
        written before the day `until` alone, so that what is decided later makes no earlier plan out of date."""
        content: dict[str, Any] = {
            # Where plans are sent and read changes none of them; mails, which the portfolio makes, have links.
            "settings": self.settings.model_dump(
                mode="json", exclude={"retention": True, "publish": True if service else {"notify"}}
            ),
            "objectives": [o.model_dump(mode="json") for o in self.objectives],
            # Of other services' registers a plan knows only how many actions worked.
            "delivered": self.delivered(until) if until else None,
            "levers": {k: v.model_dump(mode="json") for k, v in sorted(self.levers.items())},
            "services": {s.id: _plain(s, until) for s in self.services.values() if service is None or s.id == service},
        }
        if self.budget and service is None:  # it is spent across services: no chapter of one reads it
            content["budget"] = self.budget.model_dump(mode="json")
        text = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


_FILES: dict[str, type[Model]] = {
    "workbook.yml": WorkbookFile,
    "services.yml": ServicesFile,
    "targets.yml": TargetsFile,
    "objectives.yml": ObjectivesFile,
    "calendars.yml": CalendarsFile,
    "levers.yml": LeversFile,
    "budget.yml": budgets.BudgetFile,
}


def load(folder: Path, *, data: Path | None = None, reports: Path, anywhere: bool = False) -> Workbook:
    """Read and check `params/<organisation>/`.

    `data` is where relative source paths start (default: what `workbook.yml` says, relative to the folder; for a
    simulated organisation a folder among its reports);
    `reports` is the folder that holds `<organisation>/<cycle>/`. Sources must be files within their folder, and that one within
    the organisation's where `workbook.yml` names it, unless they may be `anywhere`.

    Read once by a process, and again when a file has changed. Raises FileNotFoundError where the folder or
    `workbook.yml` is missing, WorkbookError for everything else, all errors together.
    """
    folder = Path(folder).resolve()
    return _load(folder, data, Path(reports).resolve(), anywhere, tuple(state(path) for path in files(folder)))


def files(folder: Path) -> list[Path]:
    """The files of an organisation's parameters, its own mappings among them."""
    below = [
        path
        for name in ("register", f"register/{signing.FOLDER}", "mappings")
        for path in (folder / name).glob("*.y*ml")
    ]
    return sorted([*folder.glob("*.y*ml"), *below])


def errors_with(folder: Path, texts: Mapping[Path, str]) -> list[str]:
    """What would be wrong with an organisation's parameters if these texts stood in their files, found on a copy."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / folder.name
        for path in {*files(folder), *texts}:
            place = copy / path.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(texts[path].encode("utf-8") if path in texts else path.read_bytes())
        try:
            load(copy, data=copy, reports=copy)
        except WorkbookError as error:
            return error.errors
    return []


# Kept while the files are the same: with a thousand services, reading them costs more than a small chapter.
@lru_cache(maxsize=4)
def _load(
    folder: Path, data: Path | None, reports: Path, anywhere: bool, states: tuple[tuple[int, int, int], ...]
) -> Workbook:
    """The workbook; `states` are those of its files."""
    for needed in (folder, folder / "workbook.yml", folder / "services.yml"):
        if not needed.exists():
            raise FileNotFoundError(f"the organisation's parameters are missing: looked for {needed}")
    errors: list[str] = []
    files: dict[str, Any] = {}
    for name, model in _FILES.items():
        files[name] = _read(folder, folder / name, model, errors)
    known = [*_FILES, "README.md"]
    for path in sorted(folder.glob("*.y*ml")):
        if path.name not in _FILES:
            errors.append(f"{_shown(path, folder)}: is not a file of a workbook; {nearest(path.name, known)}")
    registers = {
        path.stem: (path, _read(folder, path, register.RegisterFile, errors))
        for path in sorted((folder / "register").glob("*.yml"))
    }
    signed = {
        path.stem: _read(folder, path, signing.SignedFile, errors)
        for path in sorted((folder / "register" / signing.FOLDER).glob("*.yml"))
    }
    if all(files.values()):
        errors += _cross_check(folder, files, registers, signed)
    if errors:
        raise WorkbookError(errors)
    settings: WorkbookFile = files["workbook.yml"]
    return Workbook(
        folder=folder,
        data=_data(folder, settings, data, reports, anywhere),
        reports=reports,
        settings=settings,
        services=_resolve(files, {name: file for name, (_, file) in registers.items()}, signed),
        objectives=tuple(files["objectives.yml"].objectives),
        levers=files["levers.yml"].levers,
        kpis=KPIS | {name: own_kpis.entry(name, kpi) for name, kpi in settings.kpis.items()},
        budget=files["budget.yml"] if (folder / "budget.yml").exists() else None,
        anywhere=anywhere,
    )


def _data(folder: Path, settings: WorkbookFile, told: Path | None, reports: Path, anywhere: bool) -> Path:
    if told is not None:
        return Path(told).resolve()
    # A simulated organisation's exports are made, like its reports: nothing is ever written among the parameters.
    if settings.simulated:
        return (reports / folder.name / "exports").resolve()
    found = (folder / settings.data).resolve()
    if not anywhere and not found.is_relative_to(folder):
        raise WorkbookError(
            [
                f"{folder.name}/workbook.yml: data: {settings.data!r} is outside the organisation's folder; name the folder with "
                "--data, or allow files from anywhere with --files-anywhere"
            ]
        )
    return found


def _read(folder: Path, path: Path, model: type[Model], errors: list[str]) -> Any:
    if not path.exists():
        return model()
    try:
        content = read_yaml(path)
    except WorkbookError as error:
        errors += error.errors
        return None
    return validate(content, model, _shown(path, folder), errors)


def _shown(path: Path, folder: Path) -> str:
    return f"{folder.name}/{path.relative_to(folder)}"


def _cross_check(
    folder: Path, files: dict[str, Any], registers: dict[str, tuple[Path, Any]], signed: dict[str, Any]
) -> list[str]:
    errors: list[str] = []

    def check(file: str, path: str, value: str | None, valid: Iterable[str], noun: str) -> None:
        if value is not None and value not in (names := list(valid)):
            article = "an" if noun[0] in "aeiou" else "a"
            errors.append(f"{folder.name}/{file}: {path}: {value!r} is not {article} {noun}; {nearest(value, names)}")

    settings = files["workbook.yml"]
    kpis = KPIS | own_kpis.checked(f"{folder.name}/workbook.yml: kpis", settings.kpis, errors)
    services, tiers = files["services.yml"].services, files["services.yml"].tiers
    calendars = files["calendars.yml"].calendars
    for name, tier in tiers.items():
        check("services.yml", f"tiers.{name}.calendar", tier.calendar, calendars, "calendar")
    for name, service in services.items():
        check("services.yml", f"services.{name}.tier", service.tier, tiers, "tier")
        check("services.yml", f"services.{name}.calendar", service.calendar, calendars, "calendar")
        if service.owner is None and (service.tier not in tiers or tiers[service.tier].owner is None):
            errors.append(f"{folder.name}/services.yml: services.{name}.owner: is missing; add it, or one to its tier")
        for index, baseline in enumerate(service.baselines):
            path = f"services.{name}.baselines.{index}"
            check("services.yml", f"{path}.kpi", baseline.kpi, kpis, "KPI")
            _check_cycle(f"{folder.name}/services.yml: {path}.from", baseline.start, settings, errors)
    targets = files["targets.yml"]
    errors += [
        f"{folder.name}/targets.yml: {kpi}: {kpis[kpi].title.lower()!r} is neither good nor bad and can have no target; "
        "remove it"
        for values in (targets.organisation, *targets.tiers.values(), *targets.services.values())
        for kpi in values
        if kpi in kpis and kpis[kpi].good == "neutral"
    ]
    for kpi in targets.organisation:
        check("targets.yml", f"organisation.{kpi}", kpi, kpis, "KPI")
    for level, valid in (("tiers", tiers), ("services", services)):
        for name, values in getattr(targets, level).items():
            check("targets.yml", f"{level}.{name}", name, valid, level.removesuffix("s"))
            for kpi in values:
                check("targets.yml", f"{level}.{name}.{kpi}", kpi, kpis, "KPI")
    for index, objective in enumerate(files["objectives.yml"].objectives):
        for kpi in objective.kpis:
            check("objectives.yml", f"objectives.{index}.kpis", kpi, kpis, "KPI")
        errors += [
            f"{folder.name}/objectives.yml: objectives.{index}.success{text}" for text in _unreachable(objective, kpis)
        ]
    for name, entry in files["levers.yml"].levers.items():
        errors += own_levers.mistakes(folder.name, name, entry, files["levers.yml"].levers, kpis)
    errors += budgets.objections(folder.name, files)
    objectives = [one.id for one in files["objectives.yml"].objectives]
    actions = [action.id for _, file in registers.values() if file for action in file.actions]
    for name, (path, file) in registers.items():
        shown = f"register/{path.name}"
        check(shown, "file name", name, services, "service")
        errors += [f"{folder.name}/{shown}: {at}: {text}" for at, text in register.contradictions(file)] if file else []
        for index, action in enumerate(file.actions if file else ()):
            at = f"actions.{index}"
            check(shown, f"{at}.lever", action.lever, {*LEVERS, *files["levers.yml"].levers}, "lever")
            check(shown, f"{at}.kpi", action.kpi, kpis, "KPI")
            for objective in action.objectives:
                check(shown, f"{at}.objectives", objective, objectives, "objective")
            for other in action.depends_on:
                check(shown, f"{at}.depends_on", other, actions, "action")
            if action.measure is not None:
                check(shown, f"{at}.measure.kpi", action.measure.kpi, kpis, "KPI")
                for kpi in action.measure.counter:
                    check(shown, f"{at}.measure.counter", kpi, kpis, "KPI")
            errors += _unclear(f"{folder.name}/{shown}: {at}", action, settings)
    for name, file in signed.items():
        shown = f"register/{signing.FOLDER}/{name}.yml"
        check(shown, "file name", name, services, "service")
        wrong = signing.contradictions(file, settings.zone) if file else []
        errors += [f"{folder.name}/{shown}: {at}: {text}" for at, text in wrong]
    known = _roles(files["services.yml"], [file for _, file in registers.values() if file])
    for name in settings.publish.notify:
        check("workbook.yml", f"publish.notify.{name}", name, {*known, DEFAULT}, "role of a service or an action")
    if settings.default_cycle != "last":
        _check_cycle(f"{folder.name}/workbook.yml: default_cycle", settings.default_cycle, settings, errors)
    return errors


def _roles(services: ServicesFile, registers: Iterable[register.RegisterFile]) -> set[str]:
    """Everybody who answers for a service or an action, or did at some time: of these something may be asked."""
    named = [one.owner for one in (*services.tiers.values(), *services.services.values())]
    actions = [action for file in registers for action in file.actions]
    named += [one.owner for action in actions for one in (action, *action.history)]
    return {name for name in named if name}


def _unclear(where: str, action: register.Action, settings: WorkbookFile) -> list[str]:
    """What is wrong with the cycles and the tickets that an action names."""
    errors: list[str] = []
    for name in action.measure.baseline.split("..") if action.measure and action.measure.baseline else ():
        _check_cycle(f"{where}.measure.baseline", name, settings, errors)
    if action.tickets:
        try:
            formulas.check("tickets", action.tickets.where, "condition")
        except formulas.FormulaError as error:
            errors.append(f"{where}.tickets.where: {formulas.shown(action.tickets.where)} {error}")
    return errors


def _unreachable(objective: Objective, kpis: Mapping[str, Kpi]) -> list[str]:
    """What is wrong with the success of an objective, as far as its KPIs are any."""
    success = objective.success
    if success is None or not set(objective.kpis) <= set(kpis):
        return []
    if success.kpi not in objective.kpis:
        return [f".kpi: {success.kpi!r} is none of its kpis; {nearest(success.kpi, objective.kpis)}"]
    if {"up": -1, "down": 1}.get(kpis[success.kpi].good, 0) * (success.to - success.start) > 0:
        worse = f"would get worse from {success.start:g} to {success.to:g}"
        return [f": {success.kpi} {worse}; turn from and to round"]
    return []


def _check_cycle(where: str, name: str, settings: WorkbookFile, errors: list[str]) -> None:
    try:
        cycles.parse(name, settings.zone)
    except cycles.CycleError as error:
        errors.append(f"{where}: {error}")


def _resolve(
    files: dict[str, Any], registers: dict[str, register.RegisterFile], signed: dict[str, signing.SignedFile]
) -> dict[str, Service]:
    services, targets = files["services.yml"], files["targets.yml"]
    calendars, zone = files["calendars.yml"].calendars, files["workbook.yml"].zone
    resolved = {}
    for name, service in services.services.items():
        tier = services.tiers.get(service.tier) if service.tier else None
        calendar = service.calendar or (tier.calendar if tier else None)
        resolved[name] = Service(
            id=name,
            name=service.name,
            owner=service.owner or tier.owner,
            tier=tier.title if tier else "",
            tier_id=service.tier or "",
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
            baselines=tuple(service.baselines),
            monitored_since=service.monitored_since,
            signatures=tuple(signed[name].signatures) if name in signed else (),
        )
    return resolved


def _plain(service: Service, until: date | None) -> dict[str, Any]:
    return {
        **{k: getattr(service, k) for k in ("id", "name", "owner", "tier", "zone", "calendar_title", "match")},
        "targets": dict(sorted(service.targets.items())),
        "calendar": service.calendar.model_dump(mode="json") if service.calendar else None,
        "actions": [a.model_dump(mode="json", exclude=UNREAD) for a in register.until(service.actions, until)],
        "baselines": [b.model_dump(mode="json") for b in service.baselines],
    }
