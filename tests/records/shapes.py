"""Exports in the shapes that tools give them, made here, with the column that a person would take for each canonical one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_ISO = "%Y-%m-%d %H:%M:%S"
ROWS = 240


@dataclass(frozen=True)
class Shape:
    """One export: its columns by name with what they hold, and what a person reads off it."""

    columns: dict[str, Any]
    wanted: dict[str, str | None]
    table: str = "tickets"
    form: str = _ISO
    text: list[str] = field(default_factory=list)  # what the proposal has to say, word by word
    runs: bool = True  # whether it is accepted without an edit
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    system: str | None = None  # the shipped mapping that it is read by

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame({name: _column(said, self.form) for name, said in self.columns.items()})

    def write(self, path: Path) -> Path:
        self.frame().to_csv(path, index=False)
        return path


def times(after: int, every: float = 1.0) -> tuple[str, int, float]:
    """Times so many minutes after opening, filled in some of the rows."""
    return "times", after, every


def numbers(form: str) -> tuple[str, str]:
    """Identifiers by a format."""
    return "numbers", form


def _column(said: Any, form: str) -> list[str]:
    rng = np.random.default_rng(7)
    if isinstance(said, list):
        return [said[i % len(said)] for i in rng.permutation(ROWS)]
    if said[0] == "numbers":
        return [said[1].format(1000 + i) for i in range(ROWS)]
    opened = pd.Timestamp("2026-08-01 07:00") + pd.to_timedelta(np.arange(ROWS) * 353, unit="min")
    at = opened + pd.to_timedelta(said[1] + (np.arange(ROWS) % 7) * bool(said[1]), unit="min")
    texts = (
        at.strftime(form)
        if form != "serial"
        else [f"{d:.5f}" for d in (at - pd.Timestamp("1899-12-30")) / pd.Timedelta(days=1)]
    )
    return [text if i % 20 < 20 * said[2] else "" for i, text in enumerate(texts)]


_PEOPLE = ["A. Bell", "C. Dorn", "E. Fox"]
_TEXTS = ["cannot print at all", "mail does not arrive", "new laptop, please", "vpn is down again"]

SHAPES: dict[str, Shape] = {
    "topdesk nl": Shape(
        {
            "Meldingnummer": numbers("M2609 {:04d}"),
            "Aanmelder": _PEOPLE,
            "Korte omschrijving": _TEXTS,
            "Soort binnenkomst": ["Telefoon", "E-mail"],
            "Soort melding": ["Storing", "Aanvraag"],
            "Dienst": ["E-Mail", "Zahlungsverkehr"],
            "Categorie": ["Software", "Hardware"],
            "Prioriteit": ["Hoog", "Normaal", "Laag"],
            "Impact": ["Hoog", "Laag"],
            "Behandelaarsgroep": ["Servicedesk", "Netwerk"],
            "Behandelaar": _PEOPLE,
            "Status": ["Afgemeld", "Gereed", "In behandeling", "Geannuleerd"],
            "Aanmelddatum": times(0),
            "Streefdatum": times(480),
            "Datum gereed": times(90, 0.5),
            "Datum afgemeld": times(190, 0.5),
            "SLA gehaald": ["Ja", "Nee"],
        },
        {
            "ticket": "Meldingnummer",
            "requester": "Aanmelder",
            "summary": "Korte omschrijving",
            "channel": "Soort binnenkomst",
            "kind": "Soort melding",
            "service": "Dienst",
            "category": "Categorie",
            "priority": "Prioriteit",
            "impact": "Impact",
            "group": "Behandelaarsgroep",
            "state": "Status",
            "opened": "Aanmelddatum",
            "sla_due": "Streefdatum",
            "resolved": "Datum gereed",
            "closed": "Datum afgemeld",
            "sla_met": "SLA gehaald",
        },
        form="%d-%m-%Y %H:%M",
        entries={
            "state": {
                "map": {
                    "Afgemeld": "closed",
                    "Gereed": "resolved",
                    "In behandeling": "in progress",
                    "Geannuleerd": "cancelled",
                }
            },
            "kind": {"map": {"Storing": "incident", "Aanvraag": "request"}},
            "priority": {"map": {"Hoog": 2, "Normaal": 3, "Laag": 4}},
        },
    ),
    "freshservice en": Shape(
        {
            "Ticket Id": numbers("{}"),
            "Subject": _TEXTS,
            "Status": ["Open", "Pending", "Resolved", "Closed", "Awaiting vendor part"],
            "Priority": ["Low", "Medium", "High", "Urgent"],
            "Source": ["Portal", "Email"],
            "Type": ["Incident", "Service Request"],
            "Agent": _PEOPLE,
            "Group": ["Desk", "Net"],
            "Created Time": times(0),
            "Due by Time": times(900),
            "Resolved Time": times(60, 0.7),
            "Closed Time": times(80, 0.6),
            "Last Updated Time": times(85),
            "Initial Response Time": times(9, 0.9),
            "Resolution Status": ["Within SLA", "SLA Violated"],
            "Department": ["Sales", "Plant"],
            "Category": ["Software", "Access"],
            "Product": ["E-Mail", "Zahlungsverkehr"],
            "Impact": ["Low", "High"],
            "Urgency": ["Low", "Medium"],
        },
        {
            "ticket": "Ticket Id",
            "summary": "Subject",
            "state": "Status",
            "priority": "Priority",
            "channel": "Source",
            "kind": "Type",
            "group": "Group",
            "opened": "Created Time",
            "sla_due": "Due by Time",
            "resolved": "Resolved Time",
            "closed": "Closed Time",
            "acknowledged": "Initial Response Time",
            "sla_met": "Resolution Status",
            "category": "Category",
            "service": "Product",
            "impact": "Impact",
            "urgency": "Urgency",
        },
        text=['latest: "Last Updated Time"'],
    ),
    "halopsa en": Shape(
        {
            "Ticket ID": numbers("{:07d}"),
            "Summary": _TEXTS,
            "Ticket Type": ["Incident", "Service Request", "Change Request", "Problem"],
            "Status": ["New", "In Progress", "With User", "Closed"],
            "Team": ["1st Line", "2nd Line"],
            "Agent": _PEOPLE,
            "Client": ["Acme", "Beta"],
            "Date Logged": times(0),
            "Response Date": times(12),
            "Date Closed": times(300, 0.8),
            "Priority": ["P1", "P2", "P3"],
            "SLA State": ["Met", "Missed"],
            "Service": ["E-Mail", "Zahlungsverkehr"],
        },
        {
            "ticket": "Ticket ID",
            "summary": "Summary",
            "kind": "Ticket Type",
            "state": "Status",
            "group": "Team",
            "opened": "Date Logged",
            "acknowledged": "Response Date",
            "closed": "Date Closed",
            "resolved": "Date Closed",
            "priority": "Priority",
            "sla_met": "SLA State",
            "service": "Service",
        },
        form="%d/%m/%Y %H:%M",
        text=["only:", "are no tickets: left out by `only`"],
        entries={"priority": {"pattern": r"(\d)"}},
    ),
    "manageengine en": Shape(
        {
            "Request ID": numbers("{}"),
            "Requester": _PEOPLE,
            "Subject": _TEXTS,
            "Technician": _PEOPLE,
            "Group": ["Desk", "Net"],
            "Created Time": times(0),
            "DueBy Time": times(600),
            "Responded Time": times(10),
            "Resolved Time": times(90, 0.7),
            "Completed Time": times(95, 0.7),
            "Request Status": ["Open", "Onhold", "Resolved", "Closed", "Cancelled"],
            "Priority": ["High", "Medium", "Low", "Not Assigned"],
            "Request Type": ["Incident", "Request For Information"],
            "Mode": ["E-Mail", "Phone Call"],
            "Overdue Status": ["true", "false"],
            "Service Category": ["E-Mail", "Zahlungsverkehr"],
            "Site": ["Oslo", "Rome"],
        },
        {
            "ticket": "Request ID",
            "requester": "Requester",
            "summary": "Subject",
            "group": "Group",
            "opened": "Created Time",
            "sla_due": "DueBy Time",
            "acknowledged": "Responded Time",
            "resolved": "Resolved Time",
            "state": "Request Status",
            "priority": "Priority",
            "kind": "Request Type",
            "channel": "Mode",
            "sla_met": "Overdue Status",
            "category": "Service Category",
            "service": None,
        },
        form="%b %d, %Y %I:%M %p",
        runs=False,
        text=["name a column that may tell it: Site"],
        entries={"sla_met": {"map": {"true": False, "false": True}}},
    ),
    "otrs de": Shape(
        {
            "Ticket#": numbers("20260901{:06d}01"),
            "Alter": ["3 h", "2 d"],
            "Erstellt": times(0),
            "Geschlossen": times(200, 0.6),
            "Status": ["neu", "offen", "warten auf Erinnerung", "erfolgreich geschlossen", "zusammengeführt"],
            "Priorität": ["1 sehr niedrig", "3 normal", "5 sehr hoch"],
            "Queue": ["Desk", "Netz"],
            "Besitzer": _PEOPLE,
            "Betreff": _TEXTS,
            "Typ": ["Störung", "Service-Anfrage"],
            "Service": ["E-Mail", "Zahlungsverkehr"],
            "Geändert": times(201),
        },
        {
            "ticket": "Ticket#",
            "opened": "Erstellt",
            "closed": "Geschlossen",
            "resolved": "Geschlossen",
            "state": "Status",
            "priority": "Priorität",
            "group": "Queue",
            "summary": "Betreff",
            "kind": "Typ",
            "service": "Service",
        },
        form="%d.%m.%Y %H:%M:%S",
        text=['latest: "Geändert"'],
        entries={
            "priority": {"pattern": r"^\d\W*(.*)$", "map": {"sehr niedrig": 5, "normal": 3, "sehr hoch": 1}},
            "state": {
                "map": {
                    "neu": "new",
                    "offen": "new",
                    "warten auf Erinnerung": "on hold",
                    "erfolgreich geschlossen": "closed",
                    "zusammengeführt": "cancelled",
                }
            },
        },
    ),
    "ivanti en": Shape(
        {
            "IncidentNumber": numbers("{}"),
            "CreatedDateTime": times(0),
            "ResolvedDateTime": times(77, 0.8),
            "ClosedDateTime": times(99, 0.7),
            "LastModDateTime": times(100),
            "Status": ["Logged", "Active", "Waiting for 3rd Party", "Resolved", "Closed"],
            "Priority": ["1", "2", "3", "4"],
            "Service": ["E-Mail", "Zahlungsverkehr"],
            "Category": ["Mail", "Web"],
            "Subcategory": ["Send", "Read"],
            "OwnerTeam": ["Desk", "Net"],
            "Owner": _PEOPLE,
            "Source": ["Phone", "Chat"],
            "Subject": _TEXTS,
            "Urgency": ["Low", "High"],
            "Impact": ["Low", "Medium"],
        },
        {
            "ticket": "IncidentNumber",
            "opened": "CreatedDateTime",
            "resolved": "ResolvedDateTime",
            "closed": "ClosedDateTime",
            "state": "Status",
            "priority": "Priority",
            "service": "Service",
            "category": "Category",
            "subcategory": "Subcategory",
            "group": "OwnerTeam",
            "channel": "Source",
            "summary": "Subject",
            "urgency": "Urgency",
            "impact": "Impact",
        },
        form="%m/%d/%Y %I:%M:%S %p",
        text=['latest: "LastModDateTime"', '"%m/%d/%Y %I:%M:%S %p"'],
    ),
    "sysaid es": Shape(
        {
            "ID": numbers("{}"),
            "Título": _TEXTS,
            "Tipo de registro": ["Incidente", "Solicitud"],
            "Estado": ["Nuevo", "En curso", "Pendiente", "Resuelto", "Cerrado", "Fusionado"],
            "Prioridad": ["Alta", "Media", "Baja"],
            "Urgencia": ["Alta", "Baja"],
            "Impacto": ["Alto", "Bajo"],
            "Servicio": ["E-Mail", "Zahlungsverkehr"],
            "Grupo de asignación": ["Mesa", "Redes"],
            "Asignado a": _PEOPLE,
            "Fecha de apertura": times(0),
            "Fecha de resolución": times(70, 0.6),
            "Fecha de cierre": times(80, 0.6),
            "Fecha de vencimiento": times(800),
            "Fuera de SLA": ["Sí", "No"],
            "Última actualización": times(90),
            "Tiempo dedicado (horas)": ["0,5", "1,25", "1.234,5"],
        },
        {
            "ticket": "ID",
            "summary": "Título",
            "kind": "Tipo de registro",
            "state": "Estado",
            "priority": "Prioridad",
            "urgency": "Urgencia",
            "impact": "Impacto",
            "service": "Servicio",
            "group": "Grupo de asignación",
            "opened": "Fecha de apertura",
            "resolved": "Fecha de resolución",
            "closed": "Fecha de cierre",
            "sla_due": "Fecha de vencimiento",
            "sla_met": "Fuera de SLA",
            "effort": "Tiempo dedicado (horas)",
        },
        form="%d/%m/%Y %H:%M",
        text=['decimal: ","', 'latest: "Última actualización"'],
        entries={
            "sla_met": {"map": {"Sí": False, "No": True}},
            "effort": {"unit": "hours"},
            "priority": {"map": {"Alta": 2, "Media": 3, "Baja": 4}},
        },
    ),
    "spiceworks en": Shape(
        {
            "Ticket Number": numbers("{}"),
            "Summary": _TEXTS,
            "Status": ["open", "closed"],
            "Priority": ["High", "Med", "Low"],
            "Category": ["Mail", "Other"],
            "Assigned To": _PEOPLE,
            "Created On": times(0),
            "Due On": times(700),
            "Closed On": times(50, 0.8),
            "Time Spent": ["1h 30m", "45m", "1d 2h"],
        },
        {
            "ticket": "Ticket Number",
            "summary": "Summary",
            "state": "Status",
            "priority": "Priority",
            "category": "Category",
            "opened": "Created On",
            "sla_due": "Due On",
            "closed": "Closed On",
            "resolved": "Closed On",
            "effort": "Time Spent",
            "service": None,
        },
        form="%d %b %Y %H:%M",
        runs=False,
        text=["'Closed On' stands in for it"],
        entries={"resolved": {"given": {"state": ["closed"]}}, "priority": {"map": {"High": 2, "Med": 3, "Low": 4}}},
    ),
    "redmine fr": Shape(
        {
            "#": numbers("{}"),
            "Projet": ["Infra", "Poste"],
            "Tracker": ["Anomalie", "Demande"],
            "Statut": ["Nouveau", "En cours", "Résolu", "Fermé", "Rejeté"],
            "Priorité": ["Bas", "Normal", "Haut", "Urgent"],
            "Sujet": _TEXTS,
            "Auteur": _PEOPLE,
            "Créé le": times(0),
            "Mis à jour le": times(220),
            "Fermé le": times(210, 0.7),
            "Échéance": times(900),
            "Temps passé": ["0.5", "1.25"],
            "Catégorie": ["Mail", "Web"],
        },
        {
            "ticket": "#",
            "kind": "Tracker",
            "state": "Statut",
            "priority": "Priorité",
            "summary": "Sujet",
            "opened": "Créé le",
            "closed": "Fermé le",
            "resolved": "Fermé le",
            "sla_due": "Échéance",
            "effort": "Temps passé",
            "category": "Catégorie",
            "service": None,
        },
        form="%d/%m/%Y %H:%M",
        runs=False,
        text=['latest: "Mis à jour le"', "may tell it: Projet, Catégorie"],
    ),
    "osticket en": Shape(
        {
            "Ticket Number": numbers("{:06d}"),
            "Date Created": times(0),
            "Subject": _TEXTS,
            "From": _PEOPLE,
            "From Email": ["a@x.org", "b@x.org"],
            "Priority": ["Low", "Normal", "High", "Emergency"],
            "Department": ["Support", "Sales"],
            "Help Topic": ["Report a Problem", "Access"],
            "Source": ["Web", "Email"],
            "Current Status": ["Open", "Resolved", "Closed", "Deleted"],
            "Last Updated": times(330),
            "SLA Due Date": times(999),
            "Closed Date": times(300, 0.7),
            "Overdue": ["0", "1"],
            "Team Assigned": ["Desk", "Net"],
            "Thread Count": ["1", "2", "5"],
        },
        {
            "ticket": "Ticket Number",
            "opened": "Date Created",
            "summary": "Subject",
            "priority": "Priority",
            "group": "Department",
            "category": "Help Topic",
            "channel": "Source",
            "state": "Current Status",
            "sla_due": "SLA Due Date",
            "closed": "Closed Date",
            "resolved": "Closed Date",
            "sla_met": "Overdue",
            "service": None,
        },
        form="%m/%d/%y %I:%M %p",
        runs=False,
        text=["TO DO before it can be used: service", "Department"],
    ),
    "servicenow it": Shape(
        {
            "Numero": numbers("INC{:07d}"),
            "Aperto il": times(0),
            "Descrizione breve": _TEXTS,
            "Chiamante": _PEOPLE,
            "Priorità": ["1 - Critica", "2 - Alta", "3 - Media", "4 - Bassa"],
            "Stato": ["Nuovo", "In lavorazione", "In attesa", "Risolto", "Chiuso", "Annullato"],
            "Categoria": ["Rete", "Posta"],
            "Gruppo di assegnazione": ["Desk", "Rete"],
            "Assegnato a": _PEOPLE,
            "Aggiornato il": times(400),
            "Servizio": ["E-Mail", "Zahlungsverkehr"],
            "Risolto il": times(111, 0.6),
            "Chiuso il": times(222, 0.5),
            "Tipo richiesta": ["Guasto", "Richiesta"],
            "SLA rispettato": ["Sì", "No"],
        },
        {
            "ticket": "Numero",
            "requester": "Chiamante",
            "opened": "Aperto il",
            "summary": "Descrizione breve",
            "priority": "Priorità",
            "state": "Stato",
            "category": "Categoria",
            "group": "Gruppo di assegnazione",
            "service": "Servizio",
            "resolved": "Risolto il",
            "closed": "Chiuso il",
            "kind": "Tipo richiesta",
            "sla_met": "SLA rispettato",
        },
        form="%d/%m/%Y %H:%M:%S",
        text=['latest: "Aggiornato il"'],
        entries={"priority": {"pattern": r"^(\d)"}, "kind": {"map": {"Guasto": "incident", "Richiesta": "request"}}},
    ),
    "glpi pt": Shape(
        {
            "Número do chamado": numbers("{}"),
            "Título": _TEXTS,
            "Tipo": ["Incidente", "Requisição"],
            "Situação": ["Novo", "Em atendimento", "Pendente", "Solucionado", "Fechado", "Cancelado"],
            "Prioridade": ["Muito alta", "Alta", "Média", "Baixa"],
            "Serviço": ["E-Mail", "Zahlungsverkehr"],
            "Grupo de atendimento": ["Campo", "Rede"],
            "Data de abertura": times(0),
            "Data de solução": times(66, 0.6),
            "Data de fechamento": times(77, 0.5),
            "Prazo": times(900),
            "Última atualização": times(80),
            "Fora do prazo": ["Sim", "Não"],
            "Origem da solicitação": ["Telefone", "Portal"],
        },
        {
            "ticket": "Número do chamado",
            "summary": "Título",
            "kind": "Tipo",
            "state": "Situação",
            "priority": "Prioridade",
            "service": "Serviço",
            "group": "Grupo de atendimento",
            "opened": "Data de abertura",
            "resolved": "Data de solução",
            "closed": "Data de fechamento",
            "sla_due": "Prazo",
            "sla_met": "Fora do prazo",
        },
        form="%d-%m-%Y %H:%M",
        entries={
            "sla_met": {"map": {"Sim": False, "Não": True}},
            "priority": {"map": {"Muito alta": 1, "Alta": 2, "Média": 3, "Baixa": 4}},
        },
    ),
    "swedish list": Shape(
        {
            "Ärendenummer": numbers("A-{}"),
            "Skapad": times(0),
            "Löst": times(44, 0.6),
            "Stängd": times(55, 0.6),
            "Status": ["Ny", "Pågående", "Väntar", "Löst", "Stängd"],
            "Prioritet": ["Hög", "Normal", "Låg"],
            "Tjänst": ["E-Mail", "Zahlungsverkehr"],
            "Ärendetyp": ["Störning", "Beställning"],
            "Grupp": ["Desk", "Nät"],
            "Rubrik": _TEXTS,
        },
        {
            "ticket": "Ärendenummer",
            "opened": "Skapad",
            "resolved": "Löst",
            "closed": "Stängd",
            "state": "Status",
            "priority": "Prioritet",
            "service": "Tjänst",
            "kind": "Ärendetyp",
            "group": "Grupp",
            "summary": "Rubrik",
        },
    ),
    "polish list": Shape(
        {
            "Nr zgłoszenia": numbers("Z/{}"),
            "Data zgłoszenia": times(0),
            "Data rozwiązania": times(44, 0.6),
            "Status": ["Nowe", "W toku", "Rozwiązane", "Zamknięte", "Anulowane"],
            "Priorytet": ["Wysoki", "Średni", "Niski"],
            "Usługa": ["E-Mail", "Zahlungsverkehr"],
            "Rodzaj": ["Awaria", "Wniosek"],
            "Zespół": ["Desk", "Sieć"],
            "Temat": _TEXTS,
        },
        {
            "ticket": "Nr zgłoszenia",
            "opened": "Data zgłoszenia",
            "resolved": "Data rozwiązania",
            "state": "Status",
            "priority": "Priorytet",
            "service": "Usługa",
            "kind": "Rodzaj",
            "group": "Zespół",
            "summary": "Temat",
        },
        form="%Y.%m.%d %H:%M",
    ),
    "no identifier, serial dates": Shape(
        {
            "Service": ["E-Mail", "Zahlungsverkehr"],
            "Created": times(0),
            "Resolved": times(240),
            "Status": ["closed"],
            "Priority": ["High", "Low"],
            "Assignment count": ["1", "2", "4"],
        },
        {
            "ticket": "row",
            "service": "Service",
            "opened": "Created",
            "resolved": "Resolved",
            "state": "Status",
            "priority": "Priority",
            "reassigned": "Assignment count",
        },
        form="serial",
        text=['formats": ["serial"]', "each row counts as a ticket of its own", "one less is taken"],
    ),
    "resolution as a duration": Shape(
        {
            "Reference": numbers("R{}"),
            "System": ["E-Mail", "Zahlungsverkehr"],
            "Logged": times(0),
            "Resolution time (in hrs)": ["00:35:12", "26:10:00"],
            "Severity": ["Sev 1", "Sev 3"],
            "Level": ["1", "2", "3", "4", "5"],
        },
        {
            "ticket": "Reference",
            "service": "System",
            "opened": "Logged",
            "resolved": "Resolution time (in hrs)",
            "priority": "Severity",
        },
        entries={"resolved": {"unit": "h:mm", "after": "opened"}},
    ),
    "outages with durations": Shape(
        {
            "Monitor": ["E-Mail", "Zahlungsverkehr"],
            "Down since": times(0),
            "Duration (minutes)": ["12", "95"],
            "Severity": ["critical", "minor"],
            "Planned": ["no", "yes"],
            "Reason": _TEXTS,
        },
        {
            "service": "Monitor",
            "started": "Down since",
            "ended": "Duration (minutes)",
            "severity": "Severity",
            "kind": "Planned",
            "cause": "Reason",
        },
        table="outages",
        entries={"ended": {"unit": "minutes", "after": "started"}},
    ),
    "outages in french": Shape(
        {
            "Service": ["E-Mail", "Zahlungsverkehr"],
            "Début": times(0),
            "Fin": times(33),
            "Gravité": ["majeure", "mineure"],
            "Motif": _TEXTS,
        },
        {"service": "Service", "started": "Début", "ended": "Fin", "severity": "Gravité", "cause": "Motif"},
        table="outages",
        form="%d/%m/%Y %H:%M",
    ),
    "problems": Shape(
        {
            "Number": numbers("PRB{:07d}"),
            "Opened": times(0),
            "Resolved": times(999, 0.5),
            "Service": ["E-Mail", "Zahlungsverkehr"],
            "State": ["New", "Closed"],
            "Priority": ["3 - Moderate"],
            "Short description": _TEXTS,
        },
        {"problem": "Number", "opened": "Opened", "resolved": "Resolved", "state": "State", "service": "Service"},
        table="problems",
        system="servicenow_problems",
    ),
    "changes": Shape(
        {
            "Change Number": numbers("C{}"),
            "Type": ["Standard", "Normal", "Emergency"],
            "Application": ["E-Mail", "Zahlungsverkehr"],
            "Scheduled Start": times(0),
            "Scheduled End": times(60),
            "Actual Start": times(3),
            "Actual End": times(66),
            "Risk": ["Low", "High"],
            "Close Code": ["Successful", "Failed"],
            "State": ["Closed"],
        },
        {
            "change": "Change Number",
            "state": "State",
            "kind": "Type",
            "service": "Application",
            "planned_start": "Scheduled Start",
            "planned_end": "Scheduled End",
            "started": "Actual Start",
            "ended": "Actual End",
            "risk": "Risk",
            "outcome": "Close Code",
        },
        table="changes",
    ),
    "survey nl": Shape(
        {
            "Dienst": ["E-Mail", "Zahlungsverkehr"],
            "Ingevuld op": times(0),
            "Beoordeling": ["4", "5", "2"],
            "Meldingnummer": numbers("M{}"),
        },
        {"service": "Dienst", "answered": "Ingevuld op", "score": "Beoordeling", "ticket": "Meldingnummer"},
        table="surveys",
    ),
    "requests by their numbers": Shape(
        {
            "Number": ["INC0001", "RITM0002"],
            "Opened": times(0),
            "Service": ["E-Mail", "Zahlungsverkehr"],
            "State": ["Closed"],
            "Resolved": times(40),
        },
        {
            "ticket": "Number",
            "kind": "Number",
            "opened": "Opened",
            "service": "Service",
            "state": "State",
            "resolved": "Resolved",
        },
        entries={
            "kind": {"pattern": "(?i)^(inc|ritm)", "map": {"inc": "incident", "ritm": "request"}, "default": "incident"}
        },
    ),
}


def _mixed(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers of two sorts, each its own."""
    return frame.assign(Number=[f"{'INC' if i % 3 else 'RITM'}{i:07d}" for i in range(len(frame))])


def frame(name: str) -> pd.DataFrame:
    """The rows of one shape."""
    made = SHAPES[name].frame()
    return _mixed(made) if name.startswith("requests by") else made
