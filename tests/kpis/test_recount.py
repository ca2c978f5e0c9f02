"""The figures of the simulated services, recounted from the frozen tickets in plain SQL that shares nothing with `sipnb.kpis`."""

import math

import duckdb
import pytest

SERVICES = (
    "payments", "web-shop", "network", "identity", "email", "erp", "workplace", "service-desk", "hr-portal", "payroll",
    "archive",
)  # fmt: skip
#: Agreed around the clock: here an hour lost is an hour, and availability can be recounted without a calendar.
ALWAYS = ("payments", "web-shop", "network", "identity")
#: One in the middle of the history, one of 31 days less an hour, and the last, of 31 days and an hour.
CYCLES = ("2025-07", "2026-03", "2026-10")
TABLES = ("tickets", "changes", "problems", "outages", "surveys", "costs", "usage")

#: What the questions below are asked of: the tickets opened in the cycle, resolved in it, and left open at its end. Of a
#: ticket that was reopened after the cut-off the tool tells no more whether its first resolution was in time; its due time does.
VIEWS = """
CREATE VIEW cycle AS SELECT '{cycle}-01'::DATE AS first, (first + INTERVAL 1 MONTH)::DATE AS next,
  first::TIMESTAMPTZ AS opens, next::TIMESTAMPTZ AS ends, '2026-11-01'::TIMESTAMPTZ AS known_until;
CREATE VIEW fresh AS SELECT * FROM tickets, cycle WHERE opened >= opens AND opened < ends;
CREATE VIEW done AS SELECT *, coalesce(sla_met, resolved <= sla_due) AS kept FROM tickets, cycle
  WHERE resolved >= opens AND resolved < ends;
CREATE VIEW unresolved AS SELECT * FROM tickets, cycle WHERE opened < ends AND (resolved IS NULL OR resolved >= ends);
CREATE VIEW decided AS SELECT opens, ends, resolved IS NOT NULL AND kept AS kept, CASE WHEN resolved IS NULL THEN
    greatest(sla_due, opened) WHEN kept THEN resolved ELSE least(resolved, greatest(sla_due, opened)) END AS moment
  FROM (SELECT *, coalesce(sla_met, resolved <= sla_due) AS kept FROM tickets, cycle)
  WHERE CASE WHEN resolved IS NULL THEN sla_due < known_until ELSE kept IS NOT NULL END;
CREATE VIEW begun AS SELECT * FROM changes, cycle WHERE started >= opens AND started < ends;
CREATE VIEW answers AS SELECT * FROM surveys, cycle WHERE answered >= opens AND answered < ends;
CREATE VIEW spent AS SELECT * FROM costs, cycle WHERE period >= first AND period < next;
CREATE VIEW size AS SELECT * FROM usage, cycle WHERE period >= first AND period < next;
CREATE VIEW unfixed AS SELECT * FROM problems, cycle WHERE opened < ends AND (resolved IS NULL OR resolved >= ends);
CREATE VIEW waits AS SELECT epoch(coalesce(resolved, known_until)) - epoch(opened) AS seconds, resolved IS NOT NULL AS restored
  FROM fresh WHERE kind = 'incident';
"""

#: Numerator and denominator of the shares.
SHARES = {
    "sla_reported": "SELECT count(*) FILTER (kept), count(kept) FROM done",
    "sla_attainment": "SELECT count(*) FILTER (kept), count(*) FROM decided WHERE moment >= opens AND moment < ends",
    "aged_backlog": "SELECT count(*) FILTER (epoch(ends) - epoch(opened) > 30 * 86400), count(*) FROM unresolved",
    "reopen_rate": "SELECT count(*) FILTER (reopened >= 1), count(reopened) FROM done",
    "repeat_contact_rate": """
        SELECT count(*) FILTER (EXISTS (FROM tickets t WHERE t.requester = done.requester AND t.category = done.category
          AND t.opened > done.resolved AND t.opened <= done.resolved + INTERVAL 7 DAY)), count(*)
        FROM done WHERE requester IS NOT NULL AND resolved + INTERVAL 7 DAY <= known_until""",
    "first_contact_rate": "SELECT count(*) FILTER (first_contact AND reopened = 0), count(first_contact) FROM done",
    "first_assignment_rate": "SELECT count(*) FILTER (reassigned = 0), count(reassigned) FROM done",
    "multi_hop_share": "SELECT count(*) FILTER (reassigned > 1), count(reassigned) FROM done",
    "on_hold_share": """
        SELECT coalesce(sum(least(on_hold, gross)), 0), coalesce(sum(gross), 0)
        FROM (SELECT on_hold, epoch(resolved) - epoch(opened) AS gross FROM done WHERE on_hold IS NOT NULL)""",
    "change_failure_rate": """
        SELECT count(*) FILTER (EXISTS (FROM tickets WHERE tickets.change = begun.change)), count(*) FROM begun""",
    "emergency_changes": "SELECT count(*) FILTER (kind = 'emergency'), count(kind) FROM begun",
    "known_problem_share": "SELECT count(problem), count(*) FROM done WHERE kind = 'incident'",
    "recurrence": """
        SELECT count(*) FILTER (epoch(t.opened) - epoch(p.resolved) BETWEEN 0 AND 30 * 86400), count(*)
        FROM fresh t LEFT JOIN problems p ON p.problem = t.problem WHERE t.kind = 'incident' AND t.problem IS NOT NULL""",
    "csat_top2": "SELECT count(*) FILTER (score IN (4, 5) AND scale_max = 5), count(score) FROM answers",
    "response_rate": "SELECT (SELECT count(*) FROM answers), coalesce(sum(invited), 0) FROM size",
}

#: Counts: there is a number, 0 among them, in every cycle.
COUNTS = {
    "volume": "SELECT count(*) FROM fresh",
    "backlog": "SELECT count(*) FROM unresolved",
    "outage_count": """
        SELECT count(*) FROM outages, cycle WHERE kind = 'unplanned' AND started >= opens AND started < ends""",
    "major_incidents": "SELECT count(*) FROM fresh WHERE major",
    "open_problems": "SELECT count(*) FROM unfixed",
}

#: Other figures; NULL where there is no data.
VALUES = {
    # Kaplan and Meier: of those still waiting when some are restored, the share that is left is multiplied up.
    "restore_median": """
        WITH steps AS (SELECT seconds, count(*) FILTER (restored) AS ended, count(*) AS gone FROM waits GROUP BY seconds),
          at_risk AS (SELECT *, sum(gone) OVER (ORDER BY seconds DESC) AS waiting FROM steps),
          curve AS (SELECT *, product(1 - ended / waiting) OVER (ORDER BY seconds) AS still FROM at_risk WHERE ended > 0)
        SELECT (min(seconds) FILTER (still < 0.5 + 1e-9) + min(seconds) FILTER (still < 0.5 - 1e-9)) / 2 / 3600 FROM curve""",
    "cost_per_ticket": """
        SELECT (SELECT sum(amount::DECIMAL(18, 2)) FROM spent) / nullif((SELECT count(*) FROM fresh), 0)""",
    "service_cost": "SELECT sum(amount::DECIMAL(18, 2)) FROM spent",
    "volume_per_user": "SELECT 100 * nullif((SELECT count(*) FROM fresh), 0) / avg(users) FROM size",
    "csat_mean": "SELECT avg((score - 1) / (scale_max - 1)) FROM answers",
    "problem_age": "SELECT median(epoch(ends) - epoch(opened)) / 86400 FROM unfixed",
}

#: Between any two instants at which something starts or ends, the service is as it was: the sum over these spans.
UPTIME = """
WITH down AS (SELECT greatest(started, opens) AS a, least(coalesce(ended, ends), ends) AS b, share,
      kind = 'maintenance' AS planned FROM outages, cycle WHERE started < ends AND coalesce(ended, ends) > opens),
  boundaries AS (SELECT a AS moment FROM down UNION SELECT b FROM down UNION SELECT opens FROM cycle
    UNION SELECT ends FROM cycle),
  spans AS (SELECT moment AS a, lead(moment) OVER (ORDER BY moment) AS b FROM boundaries),
  states AS (SELECT epoch(s.b) - epoch(s.a) AS seconds, coalesce(bool_or(d.planned), false) AS planned,
      coalesce(max(d.share) FILTER (NOT d.planned), 0) AS lost
    FROM spans s LEFT JOIN down d ON d.a < s.b AND d.b > s.a WHERE s.b IS NOT NULL GROUP BY s.a, s.b)
SELECT sum(seconds * (1 - lost)) FILTER (NOT planned), sum(seconds) FILTER (NOT planned),
  sum(seconds * (1 - CASE WHEN planned THEN 1 ELSE lost END)), sum(seconds) FROM states
"""


@pytest.fixture
def asked(demo_records):
    """A connection to the records of a service, cut for a cycle; its zone is the organisation's."""

    def connect(service: str, cycle: str) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect()
        con.execute("SET TimeZone = 'Europe/Berlin'")
        for table in TABLES:
            files = f"read_parquet('{demo_records}/{table}/*/*.parquet', hive_partitioning = true)"
            con.execute(f"CREATE VIEW {table} AS SELECT * FROM {files} WHERE service = '{service}'")
        con.execute(VIEWS.format(cycle=cycle))
        return con

    return connect


@pytest.mark.parametrize("cycle", CYCLES)
@pytest.mark.parametrize("service", SERVICES)
def test_shares_and_counts_equal_a_recount_in_plain_sql(service, cycle, asked, demo_context):
    con, plan = asked(service, cycle), demo_context(service)
    found, recounted = {}, {}
    for kpi, sql in SHARES.items():
        row = plan.series(kpi).loc[cycle]
        recounted[kpi] = con.execute(sql).fetchone()
        found[kpi] = (row["numerator"], row["denominator"])
        top, bottom = recounted[kpi]
        assert row["value"] == pytest.approx(top / bottom if bottom else math.nan, abs=1e-12, nan_ok=True), kpi
    for kpi, sql in COUNTS.items():
        (recounted[kpi],) = con.execute(sql).fetchone()
        found[kpi] = plan.series(kpi).loc[cycle, "value"]
    assert found == recounted


@pytest.mark.parametrize("cycle", CYCLES)
@pytest.mark.parametrize("service", SERVICES)
def test_medians_means_and_money_equal_a_recount_in_plain_sql(service, cycle, asked, demo_context):
    con, plan = asked(service, cycle), demo_context(service)
    for kpi, sql in VALUES.items():
        (recounted,) = con.execute(sql).fetchone()
        value = plan.series(kpi).loc[cycle, "value"]
        assert value == pytest.approx(math.nan if recounted is None else float(recounted), abs=1e-9, nan_ok=True), kpi


@pytest.mark.parametrize("cycle", CYCLES)
@pytest.mark.parametrize("service", ALWAYS)
def test_availability_equals_a_sweep_over_the_boundaries_of_outages(service, cycle, asked, demo_context):
    plan = demo_context(service)
    up, agreed, up_all, all_time = asked(service, cycle).execute(UPTIME).fetchone()
    hours = {"2025-07": 31 * 24, "2026-03": 31 * 24 - 1, "2026-10": 31 * 24 + 1}
    assert all_time == hours[cycle] * 3600
    for kpi, good, total in (("availability", up, agreed), ("availability_all", up_all, all_time)):
        row = plan.series(kpi).loc[cycle]
        assert row["denominator"] == total, kpi
        assert row["numerator"] == pytest.approx(good, abs=1e-6), kpi
        assert row["value"] == pytest.approx(good / total, abs=1e-12), kpi
    allowed = 1 - plan.service.targets["availability"]
    assert plan.series("error_budget").loc[cycle, "value"] == pytest.approx((1 - up / agreed) / allowed, abs=1e-9)


@pytest.mark.parametrize("service", ("network", "web-shop"))
def test_time_between_outages_equals_a_recount_over_the_year(service, asked, demo_context):
    year = "kind = 'unplanned' AND started >= '2025-11-01'::TIMESTAMPTZ AND started < ends"
    (outages,) = asked(service, "2026-10").execute(f"SELECT count(*) FROM outages, cycle WHERE {year}").fetchone()
    row = demo_context(service).series("mtbf").iloc[-1]
    assert row["n"] == outages
    assert row["value"] == pytest.approx(365 / outages, rel=1e-12)


def test_the_recount_is_of_services_and_cycles_where_something_happened(asked):
    con = asked("service-desk", "2026-10")
    assert con.execute(COUNTS["backlog"]).fetchone()[0] >= 100
    assert con.execute("SELECT count(*) FROM done WHERE sla_met IS NULL").fetchone()[0] >= 1
    assert con.execute("SELECT count(*) FROM waits WHERE NOT restored").fetchone()[0] >= 10
    for table in ("fresh", "done", "begun", "answers", "spent", "size", "unfixed"):
        assert asked("web-shop", "2026-10").execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= 1, table
    up, agreed, up_all, all_time = asked("network", "2025-07").execute(UPTIME).fetchone()
    assert up < agreed < all_time and up_all < all_time
