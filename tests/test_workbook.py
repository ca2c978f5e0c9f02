"""Parameters are checked as a whole: every error, with its file, key path, value and the nearest valid name."""

import shutil

import pytest

from sipnb import places, workbook
from sipnb.catalogue import LEVERS
from sipnb.workbook import WorkbookError
from tests import inside


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(places.PARAMS / "demo", tmp_path / "demo")


def load(folder):
    return workbook.load(folder, reports=folder.parent / "reports")


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text, "the test's own premise"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("organisation", ["demo", "uci_servicenow", "github_status", "nhs_ae"])
def test_the_organisations_that_ship_are_valid(organisation, tmp_path):
    book = workbook.load(places.PARAMS / organisation, reports=tmp_path)
    assert len(book.services) >= 10
    named = book.settings.default_cycle
    assert named == "last" if organisation == "demo" else book.cycle(named).name == named


def test_targets_resolve_from_service_to_tier_to_organisation(folder):
    book = load(folder)
    assert book.service("payments").targets["sla_attainment"] == 0.85
    assert book.service("email").targets["sla_attainment"] == 0.80
    assert book.service("payroll").targets["restore_median"] == 60
    assert book.service("archive").targets["restore_median"] == 48


def test_a_service_takes_the_calendar_of_its_tier(folder):
    book = load(folder)
    assert book.service("payments").calendar_title == "around the clock"
    assert book.service("erp").calendar_title == "Monday to Friday 08:00–18:00"


def test_a_service_without_an_owner_has_that_of_its_tier_or_is_an_error(folder):
    replace(folder / "services.yml", "    owner: Head of Payments Operations\n", "")
    with pytest.raises(WorkbookError, match=r"services.payments.owner: is missing; add it, or one to its tier"):
        load(folder)
    replace(folder / "services.yml", "gold: {title: Gold,", "gold: {title: Gold, owner: Head of Gold,")
    assert load(folder).service("payments").owner == "Head of Gold"


def test_a_baseline_is_set_anew_only_with_a_reason_a_known_measure_and_a_cycle(folder):
    reset = "    baselines:\n      - {kpi: %s, from: %s, reason: %s}\n"
    replace(
        folder / "services.yml",
        "    tier: gold\n",
        "    tier: gold\n" + reset % ("sla_attainment", "2026-03", "moved to the new tool"),
    )
    (one,) = load(folder).service("payments").baselines
    assert (one.kpi, one.start, one.reason) == ("sla_attainment", "2026-03", "moved to the new tool")
    replace(folder / "services.yml", "moved to the new tool", "so")
    with pytest.raises(WorkbookError, match="baselines.0.reason"):
        load(folder)
    replace(
        folder / "services.yml", "sla_attainment, from: 2026-03, reason: so", "sla, from: March, reason: because we can"
    )
    with pytest.raises(WorkbookError) as told:
        load(folder)
    assert "'sla' is not a KPI" in str(told.value) and "cycle 'March' cannot be read" in str(told.value)


def test_all_errors_of_all_files_are_reported_together(folder):
    replace(folder / "workbook.yml", "zone: Europe/Berlin", "zone: Europe/Berlln\ncurency: EUR")
    replace(folder / "services.yml", "tier: gold", "tier: golden")
    replace(folder / "targets.yml", "csat_top2: 0.75", "csat_top: 0.75")
    replace(folder / "objectives.yml", "weight: 3", "weight: none")
    replace(folder / "register" / "payments.yml", "state: approved", "state: aproved")
    with pytest.raises(WorkbookError) as caught:
        load(folder)
    text = str(caught.value)
    for expected in (
        "demo/workbook.yml: zone: 'Europe/Berlln'",
        "nearest valid name: Europe/Berlin",
        "demo/workbook.yml: curency: unknown key 'curency'; nearest valid name: currency",
        "demo/objectives.yml: objectives.0.weight: 'none'",
        "demo/register/payments.yml: actions.0.state: 'aproved' is not allowed; nearest valid name: approved",
    ):
        assert expected in text, f"missing {expected!r} in\n{text}"


def test_references_between_files_name_the_nearest_valid_name(folder):
    replace(folder / "services.yml", "tier: gold", "tier: golden")
    replace(folder / "targets.yml", "csat_top2: 0.75", "csat_top: 0.75")
    replace(folder / "levers.yml", "capacity:", "capacitiy:")
    replace(folder / "objectives.yml", "kpis: [availability", "kpis: [availabilty")
    shutil.copy(folder / "register" / "payments.yml", folder / "register" / "paiments.yml")
    with pytest.raises(WorkbookError) as caught:
        load(folder)
    assert len(caught.value.errors) == 5, caught.value.errors
    for expected in ("golden", "nearest valid name: gold", "csat_top2", "capacity", "availability", "payments"):
        assert expected in str(caught.value)


def test_a_nested_unknown_key_is_compared_with_the_keys_of_its_own_level(folder):
    replace(folder / "services.yml", "owner: Head of Payments Operations", "ownr: Head of Payments Operations")
    with pytest.raises(WorkbookError) as caught:
        load(folder)
    assert any(
        "services.payments.ownr: unknown key 'ownr'; nearest valid name: owner" in e for e in caught.value.errors
    )


def test_yaml_that_cannot_be_read_is_an_error_with_its_line(folder):
    (folder / "levers.yml").write_text("levers:\n  capacity: {cost: 1\n", encoding="utf-8")
    with pytest.raises(WorkbookError, match=r"levers\.yml: line \d+"):
        load(folder)


def test_a_key_given_twice_is_an_error(folder):
    with (folder / "workbook.yml").open("a", encoding="utf-8") as file:
        file.write("currency: USD\n")
    with pytest.raises(WorkbookError, match="workbook.yml"):
        load(folder)


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf"])
def test_a_target_is_a_number_that_can_be_reached(folder, value):
    replace(folder / "targets.yml", "csat_top2: 0.75", f"csat_top2: {value}")
    with pytest.raises(
        WorkbookError, match=r"targets.yml: organisation.csat_top2: \S+ input should be a finite number"
    ):
        load(folder)


def test_what_is_neither_good_nor_bad_can_have_no_target(folder):
    replace(folder / "targets.yml", "csat_top2: 0.75", "volume: 100")
    with pytest.raises(WorkbookError, match="can have no target"):
        load(folder)


def test_an_unknown_file_is_not_ignored(folder):
    (folder / "target.yml").write_text("organisation: {}\n", encoding="utf-8")
    with pytest.raises(WorkbookError, match="nearest valid name: targets.yml"):
        load(folder)


def test_a_missing_folder_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        workbook.load(tmp_path / "nowhere", reports=tmp_path)


def test_an_unknown_service_names_the_nearest(folder):
    with pytest.raises(WorkbookError, match="nearest valid name: payments"):
        load(folder).service("payment")


#: How the entry of a lever begins.
OWNING = "one_owning_group: {"


def test_limits_of_levers_are_overridden_and_make_plans_anew(folder):
    before = load(folder)
    replace(folder / "levers.yml", OWNING, OWNING + "limits: {multi_hop_share: 0.15, fewest_tickets: 60}, ")
    after = load(folder)
    lever = after.effective_levers["one_owning_group"]
    assert (lever.limit("multi_hop_share"), lever.limit("fewest_tickets"), lever.limit("first_hours")) == (0.15, 60, 8)
    assert isinstance(lever.limit("fewest_tickets"), int)
    assert {id: one.limits for id, one in before.effective_levers.items()} == {
        id: one.limits for id, one in LEVERS.items()
    }
    assert before.fingerprint("payments") != after.fingerprint("payments")


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("multi_hop_shar: 0.2", "multi_hop_shar: 'multi_hop_shar' is not a limit of this lever; nearest valid name: "
         "multi_hop_share; valid names: days, fewest_passed, fewest_tickets, first_hours, latest_days, multi_hop_share"),
        ("zzz: 1", "zzz: 'zzz' is not a limit of this lever; valid names: days, fewest_passed, fewest_tickets, first_hours, "
         "latest_days, multi_hop_share"),
        ("multi_hop_share: 15", "multi_hop_share: 15 must be a share between 0 and 1"),
        ("multi_hop_share: many", "multi_hop_share: 'many' input should be a valid number"),
        ("multi_hop_share: true", "multi_hop_share: True input should be a valid number"),
        ("fewest_tickets: 0", "fewest_tickets: 0 must be a whole number, at least 1"),
        ("fewest_tickets: 2.5", "fewest_tickets: 2.5 must be a whole number, at least 1"),
        ("days: 7", "days: 7 must be a whole number of days, at least 28"),
        ("first_hours: 0", "first_hours: 0 must be more than 0 hours"),
        ("latest_days: 100", "latest_days: 100 is more than days (91); it must lie within"),
        ("days: 28", "latest_days: 30 is more than days (28); it must lie within"),
    ],
)  # fmt: skip
def test_a_limit_that_cannot_be_is_an_error_with_its_place(folder, limits, said):
    replace(folder / "levers.yml", OWNING, OWNING + f"limits: {{{limits}}}, ")
    with pytest.raises(WorkbookError) as caught:
        load(folder)
    assert caught.value.errors == [f"demo/levers.yml: levers.one_owning_group.limits.{said}"]


MONEY = "is no amount of money; give one above 0, or the low, the likely and the high one: [30, 38, 50]"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("user_hour: -3", f"user_hour: -3 {MONEY}"), ("user_hour: 0", f"user_hour: 0 {MONEY}"),
        ("ticket: thirty", f"ticket: 'thirty' {MONEY}"), ("user_hour: true", f"user_hour: True {MONEY}"),
        ("downtime_hour: '30'", f"downtime_hour: '30' {MONEY}"), ("user_hour: .nan", f"user_hour: nan {MONEY}"),
        ("user_hour: .inf", f"user_hour: inf {MONEY}"), ("user_hour: [30, 40]", f"user_hour: [30, 40] {MONEY}"),
        ("user_hour: [50, 40, 30]", f"user_hour: [50, 40, 30] {MONEY}"),
        ("user_hour: [10, true, 30]", f"user_hour: [10, True, 30] {MONEY}"),
        ("late_ticket: {9: 10}", "late_ticket.9: 9 is no priority; give numbers from 1 to 5"),
        ("late_ticket: {high: 10}", "late_ticket.high: 'high' is no priority; give numbers from 1 to 5"),
        ("late_ticket: {true: 10}", "late_ticket.1: True is no priority; give numbers from 1 to 5"),
        ("late_ticket: {1: -5}", f"late_ticket.1: -5 {MONEY}"),
        ("late_ticket: 30", "late_ticket: 30 is no amount by priority; give one for each that costs something: {1: 60, 2: 40}"),
        ("user_houre: 3", "user_houre: unknown key 'user_houre'; nearest valid name: user_hour"),
        ("affected: 0", "affected: 0 input should be greater than 0"),
        ("affected: 1.5", "affected: 1.5 input should be less than or equal to 1"),
        ("affected: true", "affected: True input should be a valid number"),
    ],
)  # fmt: skip
def test_a_rate_that_is_no_money_is_an_error_with_its_place(folder, value, said):
    replace(folder / "workbook.yml", "value: {user_hour: [2, 4, 8], affected: 0.25}", f"value: {{{value}}}")
    with pytest.raises(WorkbookError) as caught:
        load(folder)
    assert caught.value.errors == [f"demo/workbook.yml: value.{said}"]


def test_a_rate_that_is_no_money_ends_with_2_on_the_command_line(folder, tmp_path):
    replace(folder / "workbook.yml", "user_hour: [2, 4, 8]", "user_hour: -30")
    done = inside.sipnb("check", folder, cwd=tmp_path)
    assert done.returncode == 2
    assert f"demo/workbook.yml: value.user_hour: -30 {MONEY}" in " ".join(done.stderr.split())


def test_rates_are_one_amount_or_three_and_have_an_older_name(folder):
    given = "{user_hour: 40, late_ticket: {1: [10, 20, 20], 5: 1}, affected: 1}"
    replace(folder / "workbook.yml", "value: {user_hour: [2, 4, 8], affected: 0.25}", f"unit_costs: {given}")
    value = load(folder).settings.value
    assert value.user_hour == (40, 40, 40) and value.late_ticket == {1: (10, 20, 20), 5: (1, 1, 1)} and value.told
    with (folder / "workbook.yml").open("a", encoding="utf-8") as file:
        file.write("value: {user_hour: 40}\n")
    with pytest.raises(
        WorkbookError, match="value and its older name unit_costs cannot stand side by side; keep value"
    ):
        load(folder)


@pytest.mark.parametrize(
    ("success", "said"),
    [
        ("{kpi: reopen_rat, from: 0.1, to: 0.05, by: 2026-12-31}",
         "success.kpi: 'reopen_rat' is none of its kpis; nearest valid name: reopen_rate"),
        ("{kpi: reopen_rate, from: 0.1, to: 0.1, by: 2026-12-31}",
         "success: goes from a value to the same; give what it is to become"),
        ("{kpi: reopen_rate, from: 0.05, to: 0.1, by: 2026-12-31}",
         "success: reopen_rate would get worse from 0.05 to 0.1; turn from and to round"),
        ("{kpi: csat_top2, from: 0.8, to: 0.7, by: 2026-12-31}",
         "success: csat_top2 would get worse from 0.8 to 0.7; turn from and to round"),
        ("{kpi: reopen_rate, from: 0.1, to: 0.05, by: soon}", "success.by: 'soon'"),
        ("{kpi: reopen_rate, from: 0.1, to: 0.05}", "success.by: is missing"),
    ],
)  # fmt: skip
def test_a_success_that_cannot_be_is_an_error_with_its_place(folder, success, said):
    shutil.rmtree(folder / "register")
    objective = "{id: trust, title: Trust, weight: 1, owner: Head of IT, kpis: [csat_top2, reopen_rate]"
    (folder / "objectives.yml").write_text(f"objectives:\n  - {objective}}}\n", encoding="utf-8")
    assert load(folder).objectives[0].owner == "Head of IT" and load(folder).objectives[0].success is None
    (folder / "objectives.yml").write_text(f"objectives:\n  - {objective}, success: {success}}}\n", encoding="utf-8")
    with pytest.raises(WorkbookError) as caught:
        load(folder)
    (error,) = caught.value.errors
    assert error.startswith("demo/objectives.yml: objectives.0") and said in error


def test_the_fingerprint_of_a_service_ignores_the_others(folder):
    before = load(folder)
    replace(folder / "targets.yml", "payroll: {restore_median: 60}", "payroll: {restore_median: 61}")
    after = load(folder)
    assert before.fingerprint("payments") == after.fingerprint("payments")
    assert before.fingerprint("payroll") != after.fingerprint("payroll")
    assert before.fingerprint() != after.fingerprint()


def test_very_many_errors_are_told_in_part(tmp_path):
    errors = [f"workbook.yml: k{i}: unknown key" for i in range(5000)]
    lines = str(WorkbookError(errors)).splitlines()
    assert (
        lines[0] == "5,000 errors in the parameters:" and len(lines) == 202 and lines[-1].strip() == "… and 4,800 more"
    )
