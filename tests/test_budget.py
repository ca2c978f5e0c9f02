"""What may be spent: read from `budget.yml`, and every contradiction told with its file, key and the way out."""

import shutil

import pytest

from sipnb import places, workbook
from sipnb.workbook import WorkbookError
from tests import inside


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(places.PARAMS / "demo", tmp_path / "demo")


def load(folder, text=None):
    if text is not None:
        (folder / "budget.yml").write_text(text, encoding="utf-8")
    return workbook.load(folder, reports=folder.parent / "reports")


def errors(folder, text):
    with pytest.raises(WorkbookError) as told:
        load(folder, text)
    return [line.removeprefix("demo/budget.yml: ") for line in told.value.errors]


def test_the_demo_says_what_may_be_spent_and_what_is_bound(folder):
    budget = load(folder).budget
    assert (budget.period.start.isoformat(), budget.period.to.isoformat()) == ("2026-11-01", "2027-04-30")
    assert budget.money_left == 210_000 and budget.days_left["service team"] == 185
    assert budget.days_left["process manager"] == 60 and budget.at_least == {"gold": 1}
    (one,) = budget.depends
    assert one.place == ("web-shop", "resilience") and one.needed == ("web-shop", "change_control")


def test_without_the_file_there_is_no_budget_and_an_empty_one_limits_nothing(folder):
    (folder / "budget.yml").unlink()
    assert load(folder).budget is None
    budget = load(folder, "").budget
    assert budget.money_left is None and budget.days_left == {} and not budget.must


def test_what_may_not_be_chosen_is_one_option_or_all_of_a_service_or_of_a_lever(folder):
    text = "never: [{service: email}, {lever: capacity}, {service: erp, lever: resilience}]"
    service, lever, one = load(folder, text).budget.never
    assert service.holds("email", "capacity") and not service.holds("erp", "capacity")
    assert lever.holds("erp", "capacity") and not lever.holds("erp", "resilience")
    assert one.holds("erp", "resilience") and not one.holds("email", "resilience") and not one.holds("erp", "capacity")


def test_a_dependency_may_lead_to_another_service_and_two_may_meet(folder):
    a, b = (
        "{service: email, lever: capacity, on: resilience}",
        "{service: erp, lever: capacity, on: resilience, of: email}",
    )
    found = load(folder, f"depends: [{a}, {b}]").budget.depends
    assert [one.needed for one in found] == [("email", "resilience")] * 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("must: [{service: payment, lever: resilience}]",
         "must.0.service: 'payment' is not a service; nearest valid name: payments"),
        ("must: [{service: payments, lever: resiliance}]",
         "must.0.lever: 'resiliance' is not a lever; nearest valid name: resilience"),
        ("never: [{lever: capacty}]", "never.0.lever: 'capacty' is not a lever; nearest valid name: capacity"),
        ("at_least: {golden: 1}", "at_least.golden: 'golden' is not a tier; nearest valid name: gold"),
        ("effort_days: {servce team: 3}",
         "effort_days.servce team: 'servce team' is not a role that a lever takes days of; nearest valid name: service team"),
        ("effort_days: {service team: 3}\ncommitted: {effort_days: {servise team: 1}}",
         "committed.effort_days.servise team: 'servise team' is not a role of effort_days; nearest valid name: service team"),
        ("depends: [{service: email, lever: capacity, on: resiliance}]",
         "depends.0.on: 'resiliance' is not a lever; nearest valid name: resilience"),
        ("depends: [{service: email, lever: capacity, on: resilience, of: erb}]",
         "depends.0.of: 'erb' is not a service; nearest valid name: erp"),
        ("money: 100\ncommitted: {money: 120}", "committed.money: 120 is more than money (100); commit less, or give more"),
        ("effort_days: {developers: 10}\ncommitted: {effort_days: {developers: 12}}",
         "committed.effort_days.developers: 12 is more than effort_days.developers (10); commit less, or give more"),
        ("must: [{service: email, lever: capacity}]\nnever: [{service: erp}, {service: email}]",
         "must.0: capacity for email must be chosen, but it is left out by never.1; remove one"),
        ("must: [{service: email, lever: capacity}]\nnever: [{lever: resilience}]\n"
         "depends: [{service: email, lever: capacity, on: change_control},\n"
         "  {service: email, lever: change_control, on: resilience}]",
         "must.0: capacity for email must be chosen, but resilience for email, on which it depends, is left out by never.0; "
         "remove one"),
        ("depends: [{service: email, lever: capacity, on: capacity}]",
         "depends.0: runs in a circle: capacity for email → capacity for email; remove one of these"),
        ("depends: [{service: email, lever: capacity, on: resilience}, {service: email, lever: resilience, on: change_control},\n"
         "  {service: email, lever: change_control, on: process_drift, of: erp},\n"
         "  {service: erp, lever: process_drift, on: capacity, of: email}]",
         "depends.3: runs in a circle: process_drift for erp → capacity for email → resilience for email → "
         "change_control for email → process_drift for erp; remove one of these"),
        ("money: -1", "money: -1 input should be greater than or equal to 0"),
        ("money: much", "money: 'much' input should be a valid number"),
        ("effort_days: {developers: -2}", "effort_days.developers: -2 input should be greater than or equal to 0"),
        ("committed: {money: -5}", "committed.money: -5 input should be greater than or equal to 0"),
        ("at_least: {gold: 0}", "at_least.gold: 0 input should be greater than or equal to 1"),
        ("at_least: {gold: 1.5}", "at_least.gold: 1.5 input should be a valid integer"),
        ("period: {from: 2026-11-01, to: 2026-10-31}",
         "period: ends on 2026-10-31, before it begins on 2026-11-01; turn from and to round"),
        ("period: {from: 2026-11-01}", "period.to: is missing; add it"),
        ("never: [{}]", "never.0: names nothing; give a service, a lever or both"),
        ("must: [{service: email}]", "must.0.lever: is missing; add it"),
        ("mony: 3", "mony: unknown key 'mony'; nearest valid name: money"),
        ("must: [{service: email, lever: capacity, off: erp}]", "must.0.off: unknown key 'off'; valid names: lever, service"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_an_error_with_its_place_and_a_way_out(folder, text, said):
    assert errors(folder, text) == [said]


def test_everything_that_is_wrong_is_told_at_once(folder):
    text = "money: 1\ncommitted: {money: 2}\nmust: [{service: no, lever: capacity}]\nat_least: {gould: 1}\n"
    assert len(errors(folder, text.replace("no,", "'no',"))) == 3


@pytest.mark.parametrize("command", [("check",), ("run", "--cycle", "2026-10")])
def test_it_ends_with_2_on_the_command_line(folder, tmp_path, command):
    (folder / "budget.yml").write_text("money: 100\ncommitted: {money: 120}\n", encoding="utf-8")
    name, *options = command
    done = inside.sipnb(name, folder, *options, cwd=tmp_path)
    assert done.returncode == 2
    assert "demo/budget.yml: committed.money: 120 is more than money (100); commit less" in " ".join(
        done.stderr.split()
    )


def test_another_budget_is_news_to_the_portfolio_and_to_no_chapter_of_a_service(folder):
    before = load(folder)
    after = load(folder, (folder / "budget.yml").read_text(encoding="utf-8").replace("230000", "240000"))
    assert after.budget.money == 240_000
    assert before.fingerprint() != after.fingerprint()
    assert all(before.fingerprint(name) == after.fingerprint(name) for name in before.services)
