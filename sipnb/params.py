"""The files of `params/<organisation>/`: what each may hold."""

from __future__ import annotations

import math
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sipnb.validation import ADDRESS, CLAUSE, SIZE, SPAN, VARIABLE, Model, nearest

#: Looked for on the disk once a process.
_zones = cache(available_timezones)


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"is not an IANA time zone; {nearest(name, _zones())}")
    return name


Zone = Annotated[str, AfterValidator(_zone)]


def _not_reserved(name: str) -> str:
    if name in ("index", "workbench", "data-quality", "methods", "executive", "review") or name.endswith(
        ("-evidence", "-customer")
    ):
        raise ValueError("is the name of a page or folder of its own; call the service otherwise")
    return name


#: A service's id is the name of its page and of its folders: file systems take 255 bytes, with what is added to it.
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=100), AfterValidator(_not_reserved)]


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; write a role or a name, or leave the key out")
    return text


#: A text that somebody reads: not empty, and no longer than fits a page.
Said = Annotated[str, Field(max_length=300), AfterValidator(_said)]


#: The name of an environment variable: what holds a password stands in one, and never in a file.
Variable = Annotated[str, Field(pattern=VARIABLE)]

#: Stands for every role that is not named: its channel in `publish.notify`, its rate in `value`.
DEFAULT = "default"


def _switch(value: Any) -> Any:
    # What is written `off` without quotes is a truth value to readers of older YAML.
    return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value


class Source(Model):
    """A set of files read alike, or a table or query of a database.

    `files` is a path or glob, relative to the data folder; `sheet` names a sheet of a workbook (default: the first).
    `skip` is how many lines, or rows of a sheet, stand above the header; where it is not said, the header is looked for.
    `unpacked` is how much a compressed file or workbook may unfold to, where that is more than usual.
    `connection` is the name of an environment variable that holds a connection string. Where several sources give
    the same record, the one listed first takes precedence.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    files: str | None = None
    sheet: str | None = None
    connection: Variable | None = None
    table: str | None = None
    query: str | None = None
    mapping: str = "canonical"
    delimiter: str | None = None
    encoding: str | None = None
    skip: int | None = Field(None, ge=0)
    #: A limit decides nothing about the records, so they are not frozen anew where it is another one.
    unpacked: str | None = Field(None, pattern=SIZE, exclude=True)

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if (self.files is None) == (self.connection is None):
            raise ValueError("give either files, or connection with table or query")
        if self.connection and (self.table is None) == (self.query is None):
            raise ValueError("a connection needs either table or query")
        if any(told and "://" in told for told in (self.files, self.table, self.sheet)):
            raise ValueError(
                "files, sheet and table are no addresses; put the address into an environment variable and name that one by "
                "connection"
            )
        return self


class Gate(Model):
    """When the quality gate stops a run: the largest share of a source's rows that may be set aside, and for any rule
    by its name the level at which its finding counts here."""

    stop_set_aside: float = Field(0.05, ge=0, le=1)
    warn_set_aside: float = Field(0.005, ge=0, le=1)
    levels: dict[str, Literal["note", "warn", "stop"]] = Field(default_factory=dict)


Span = Annotated[str, Field(pattern=SPAN)]


class Retention(Model):
    """How long a cycle keeps what is of single people after it has ended, such as `13 months`; None: for ever.

    `records` are its frozen records with the quarantine, `notebooks` its executed notebooks. `sipnb prune` removes what is
    older; pages and results stay.
    """

    records: Span | None = None
    notebooks: Span | None = None


class Publish(Model):
    """For whom else plans are made, where they are read, and how roles are told.

    `editions` are made besides the owner's; `base_url` is the address under which the folder of reports is served, for links in
    mails; `notify` maps a role, or `default`, to the environment variable that holds the address of its channel.
    """

    editions: list[Literal["customer"]] = Field(default_factory=list)
    base_url: str | None = Field(None, pattern=ADDRESS)
    notify: dict[Said, Variable] = Field(default_factory=dict)


def _rate(given: Any) -> tuple[float, ...]:
    several = isinstance(given, list | tuple)
    amounts = list(given) if several else [given] * 3
    money = [isinstance(one, int | float) and not isinstance(one, bool) and 0 < one < math.inf for one in amounts]
    if len(amounts) != 3 or not all(money) or amounts != sorted(amounts):
        # Only a single value is shown by who reports the error.
        shown = f"{amounts} " if several else ""
        raise ValueError(
            f"{shown}is no amount of money; give one above 0, or the low, the likely and the high one: [30, 38, 50]"
        )
    return tuple(map(float, amounts))


#: What a unit costs, in the organisation's currency: the low, the likely and the high amount, or one for all three.
Rate = Annotated[tuple[float, float, float], BeforeValidator(_rate)]


def _by_role(given: Any) -> Any:
    return given if isinstance(given, dict) else {DEFAULT: given}


def _priority(given: Any) -> Any:
    if isinstance(given, bool) or given not in range(1, 6):
        raise ValueError("is no priority; give numbers from 1 to 5")
    return given


def _by_priority(given: Any) -> Any:
    if not isinstance(given, dict):
        raise ValueError("is no amount by priority; give one for each that costs something: {1: 60, 2: 40}")
    return given


#: A priority as a key.
Priority = Annotated[int, BeforeValidator(_priority)]


class Value(Model):
    """What it is worth to an organisation that less goes wrong; without a rate nothing is said in money.

    `user_hour`: an hour of a user; `ticket`: the work on a ticket; `late_ticket`: a ticket that misses its target, by priority;
    `downtime_hour`: an hour in which a service is down for everybody. Where the last is given, downtime is not counted in
    hours of users as well. `affected` is the part of the users who need a service in any hour of an outage. `day`: a day of work
    on an improvement, by role, `default` for those not named; or one rate for all.
    """

    user_hour: Rate | None = None
    ticket: Rate | None = None
    late_ticket: Annotated[dict[Priority, Rate], BeforeValidator(_by_priority)] = Field(default_factory=dict)
    downtime_hour: Rate | None = None
    day: Annotated[dict[str, Rate], BeforeValidator(_by_role)] = Field(default_factory=dict)
    affected: float = Field(1.0, gt=0, le=1, strict=True)

    @property
    def told(self) -> bool:
        """Whether anything can be put in money."""
        return bool(self.user_hour or self.ticket or self.late_ticket or self.downtime_hour)


class OwnKpi(Model):
    """A KPI that the organisation defines itself.

    Either `measured`: names under which the `measurements` table holds it, added up as numerators and denominators; or
    exactly one statistic of an SQL expression over the columns of a canonical `table` (see `sipnb.formulas`): `share` and
    `count` of a condition, `mean`, `median` and `sum` of a number. `where` says which rows count at all, and `at` which time
    column places a row in a cycle (default: the table's own, `opened` of tickets). `noun` and `clause` are its words in
    sentences: "the share of urgent incidents", "{value} of incidents were urgent".
    """

    title: str
    short: str = ""
    noun: str = ""
    clause: str = Field("", pattern=CLAUSE)
    unit: Literal["share", "hours", "days", "count", "money", "number"] | None = None
    good: Literal["up", "down", "neutral"] = "neutral"
    minimum_n: int = Field(20, ge=0)
    table: str = "tickets"
    at: str | None = None
    where: str = ""
    share: str | None = None
    count: str | None = None
    mean: str | None = None
    median: str | None = None
    sum: str | None = None
    measured: list[str] = Field(default_factory=list)

    @property
    def statistic(self) -> str:
        """Which statistic it is."""
        return next(
            (s for s in ("share", "count", "mean", "median", "sum") if getattr(self, s) is not None), "measured"
        )

    @property
    def formulas(self) -> dict[str, str]:
        """Its formulas by their keys: that of its statistic, and of the rows that count; none where it is `measured`."""
        given = {} if self.measured else {self.statistic: getattr(self, self.statistic), "where": self.where}
        return {key: text for key, text in given.items() if text}

    @model_validator(mode="after")
    def _one_way(self) -> OwnKpi:
        given = [s for s in ("share", "count", "mean", "median", "sum") if getattr(self, s) is not None]
        if len(given) + bool(self.measured) != 1:
            raise ValueError("give exactly one of share, count, mean, median, sum and measured")
        if self.measured and (self.where or self.at or self.table != "tickets"):
            raise ValueError("a measured KPI has no table, where and at: its figures are there already")
        return self


class WorkbookFile(Model):
    """`workbook.yml`."""

    organisation: Said
    zone: Zone
    currency: str = "EUR"
    cycle: Literal["month", "quarter", "week"] = "month"
    history: int = Field(30, ge=13, le=260, description="cycles of history used for limits and models")
    default_cycle: str = "last"
    simulated: bool = False
    data: str = "."
    outage_severities: list[str] | None = None
    satisfied: dict[int, float] = Field(
        default_factory=dict,
        description="from which grade on an answer is satisfied, by the end of its scale: `{10: 9}`",
    )
    sources: list[Source] = Field(min_length=1)
    gate: Gate = Gate()
    show_values: bool = Field(False, description="examples of what is wrong show what they say, not only their shape")
    retention: Retention = Retention()
    publish: Publish = Publish()
    value: Value = Value()
    decide_within: int = Field(14, ge=1, le=180, description="days from the cut-off to the day decisions are wanted")
    kpis: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], OwnKpi] = Field(default_factory=dict)
    text: Annotated[Literal["on", "off"], BeforeValidator(_switch)] = Field(
        "on",
        description="whether words of the tickets' texts are kept, to find what recurs; the texts themselves never are",
    )

    @model_validator(mode="before")
    @classmethod
    def _rates_by_their_older_name(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "unit_costs" not in given:
            return given
        if "value" in given:
            raise ValueError("value and its older name unit_costs cannot stand side by side; keep value")
        return {**{k: v for k, v in given.items() if k != "unit_costs"}, "value": given["unit_costs"]}


class Tier(Model):
    """A class of service: the defaults of the services in it."""

    title: str
    owner: Said | None = None
    calendar: str | None = None


class Baseline(Model):
    """From a cycle on, a KPI is judged by limits of its own: something is known to have changed, and `reason` says what."""

    kpi: str
    start: str = Field(alias="from")
    reason: str = Field(min_length=10)


class ServiceFile(Model):
    """One service in `services.yml`."""

    name: Said
    owner: Said | None = None
    tier: str | None = None
    calendar: str | None = None
    zone: Zone | None = None
    match: list[str] = Field(default_factory=list, description="other names of it in the exports")
    monitored_since: date | None = Field(None, description="from this day on its outages would have been recorded")
    baselines: list[Baseline] = Field(default_factory=list)


class ServicesFile(Model):
    tiers: dict[str, Tier] = Field(default_factory=dict)
    services: dict[Id, ServiceFile] = Field(min_length=1)


class TargetsFile(Model):
    """`targets.yml`: KPI → target, for the organisation, by tier and by service; the nearest one holds."""

    organisation: dict[str, float] = Field(default_factory=dict)
    tiers: dict[str, dict[str, float]] = Field(default_factory=dict)
    services: dict[str, dict[str, float]] = Field(default_factory=dict)


class Success(Model):
    """By which figure an objective is reached: a KPI from one value to another by a day."""

    kpi: str
    start: float = Field(alias="from")
    to: float
    by: date

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Success:
        if self.start == self.to:
            raise ValueError("goes from a value to the same; give what it is to become")
        return self


class Objective(Model):
    """A business objective: its weight, who answers for it, the KPIs by which it is seen, and when it is reached."""

    id: Id
    title: str
    weight: float = Field(gt=0)
    owner: Said | None = None
    kpis: list[str] = Field(min_length=1)
    success: Success | None = None


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
