"""An organisation of hard cases: no ticket, one, 200,000, six weeks of them; names that are long, hostile, right to left."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

CYCLE = "2026-10"

HOSTILE = "<script>alert(1)</script> & \"quotes\" 'n' </title> =cmd|' /C calc'!A0 \U0001f600"
LONG = "Customer identity, consent and preference management for retail partners, wholesale and the public sector, northwest A–Z"
RIGHT_TO_LEFT = "שירות התשלומים \u202e בנקאות"

#: Service: name, owner, tickets a month.
SERVICES = {
    "nothing": ("Nothing at all", "Head of Nothing", 0),
    "single": ("One ticket", "Owner of one", 0),
    "huge": ("Two hundred thousand", "Head of Volume", 6667),
    "young": ("Six weeks old", "Head of Youth", 90),
    "long-name": (LONG, LONG, 60),
    "hostile": (HOSTILE, "A & B <b>owner</b>", 60),
    "right-to-left": (RIGHT_TO_LEFT, "מנהל השירות", 60),
}


def write(folder: Path) -> Path:
    """Write parameters and exports into `folder/hard` and give that folder."""
    params = folder / "hard"
    (params / "register").mkdir(parents=True)
    services = {name: {"name": title, "owner": owner} for name, (title, owner, _) in SERVICES.items()}
    files = {
        "workbook.yml": {
            "organisation": "Hard <b>cases</b>", "zone": "Europe/Berlin", "sources": [
                {"name": "tickets", "files": "tickets.parquet"}, {"name": "surveys", "files": "surveys.parquet"},
                {"name": "outages", "files": "outages.parquet"}],
        },
        "services.yml": {"services": services},
        "targets.yml": {"organisation": {"sla_attainment": 0.8, "restore_median": 12, "csat_top2": 0.75, "availability": 0.999,
                                         "reopen_rate": 0.05}},
        "objectives.yml": {"objectives": [{"id": "hostile", "title": HOSTILE, "weight": 1, "kpis": ["sla_attainment"]}]},
        "register/hostile.yml": {"actions": [
            {"id": "hostile-action", "title": HOSTILE, "owner": HOSTILE, "state": "approved", "raised": "2026-05-01",
             "due": "2026-10-10", "note": HOSTILE}]},
    }  # fmt: skip
    for name, content in files.items():
        # JSON is YAML.
        (params / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    tickets = pd.concat([_tickets(i, name, monthly) for i, (name, (*_, monthly)) in enumerate(SERVICES.items())])
    tickets.to_parquet(params / "tickets.parquet", index=False)
    _surveys(tickets).to_parquet(params / "surveys.parquet", index=False)
    _outages().to_parquet(params / "outages.parquet", index=False)
    return params


def _tickets(seed: int, service: str, monthly: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    end = pd.Timestamp("2026-11-01", tz="UTC")
    begin = end - pd.Timedelta(days=42) if service == "young" else pd.Timestamp("2024-05-01", tz="UTC")
    months = (end - begin).days / 30.44
    n = 1 if service == "single" else round(monthly * months)
    opened = (begin + pd.to_timedelta(np.sort(draw.uniform(0, (end - begin).total_seconds(), n)), unit="s")).floor("s")
    hours = draw.lognormal(1.9, 1.0, n)
    resolved = (opened + pd.to_timedelta(hours, unit="h")).floor("s")
    due = opened + pd.Timedelta(hours=16)
    strange = (
        ["Password", "Printer", "=cmd|' /C calc'!A0", HOSTILE]
        if service == "hostile"
        else ["Password", "Printer", "VPN"]
    )
    frame = pd.DataFrame(
        {
            "ticket": [f"{service}-{i}" for i in range(n)], "service": service,
            "kind": np.where(draw.random(n) < 0.7, "incident", "request"), "opened": opened,
            "resolved": pd.Series(resolved).where(resolved < end), "priority": draw.integers(1, 5, n),
            "category": draw.choice(strange, n), "group": draw.choice(["First line", "Second line"], n), "sla_due": due,
            "sla_met": pd.Series(resolved <= due).where(resolved < end).astype("boolean"),
            "reopened": (draw.random(n) < 0.04).astype(int), "reassigned": draw.poisson(0.6, n),
            "summary": HOSTILE if service == "hostile" else "words",
        }
    )  # fmt: skip
    return frame


def _surveys(tickets: pd.DataFrame) -> pd.DataFrame:
    draw = np.random.default_rng(99)
    answered = tickets[tickets["resolved"].notna()].sample(frac=0.02, random_state=1)
    return pd.DataFrame(
        {
            "service": answered["service"], "answered": answered["resolved"], "score": draw.integers(1, 6, len(answered)),
            "scale_max": 5, "ticket": answered["ticket"],
        }
    )  # fmt: skip


def _outages() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    services = [name for name in SERVICES if name not in ("nothing", "single", "young")]
    started = pd.Timestamp("2024-05-05", tz="UTC") + pd.to_timedelta(draw.uniform(0, 900 * 86400, 40), unit="s")
    return pd.DataFrame(
        {
            "service": draw.choice(services, 40), "started": started.floor("s"),
            "ended": (started + pd.to_timedelta(draw.exponential(2, 40), unit="h")).floor("s"), "kind": "unplanned",
            "cause": HOSTILE,
        }
    )  # fmt: skip
