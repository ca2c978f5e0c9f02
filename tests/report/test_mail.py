"""The digest of a plan: a mail that any program opens, small, the same each time, with everything in plain text, too."""

from __future__ import annotations

import email
import html
import re
from email import policy

import pytest
from samples import HOSTILE

from sipnb.chapters import results
from sipnb.places import ALL_OPTIONS, ALL_RECORDS, ALL_SERVICES
from sipnb.report import mail

PLANS = ("payments", "hostile", "long", "empty")


def read(cycle, service):
    return email.message_from_bytes(mail.digest(cycle, service), policy=policy.default)


@pytest.mark.parametrize("service", PLANS)
def test_a_digest_is_small_the_same_each_time_and_has_two_parts(cycle, service):
    content = mail.digest(cycle, service)
    assert content == mail.digest(cycle, service) and len(content) < 100_000
    message = read(cycle, service)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["X-Unsent"] == "1" and message["From"] is None and message["Date"] is None
    assert message["Subject"].startswith("Service improvement plan: ")


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_both_parts_say_the_verdict_every_point_and_every_decision(cycle, kind):
    verdict = results.read(cycle, "payments", "6_plan").verdict
    said = read(cycle, "payments").get_body((kind,)).get_content()
    said = html.unescape(re.sub(r"<[^>]+>", "", said)) if kind == "html" else said
    for part in (
        verdict.sentence,
        verdict.caution,
        *(p.text for p in verdict.points),
        *(d.title for d in verdict.decisions),
    ):
        assert part in said, part
    for one in verdict.decisions:
        assert one.effect in said and one.cost in said and f"{one.owner}, by 15 November 2026" in said
    assert "Resolved in time" in said and "71.2 %" in said and "payments.html" in said


def test_nothing_is_asked_where_nothing_is_to_be_decided(cycle):
    said = read(cycle, "empty").get_body(("plain",)).get_content()
    said = said.replace("\r\n", "\n")
    assert "DECISIONS ASKED\n\nNone." in said and "Nothing stands out." in said


def test_hostile_words_are_words_in_the_mail_and_no_header_of_it(cycle):
    message = read(cycle, "hostile")
    assert "<script>alert" not in message.get_body(("html",)).get_content()
    assert HOSTILE in message.get_body(("plain",)).get_content()
    assert sorted(message.keys()) == ["Content-Type", "MIME-Version", "Subject", "X-Unsent"]


def test_a_published_cycle_holds_a_digest_of_each_plan(demo_published):
    services = {p.name for p in (demo_published.root / "results").iterdir()} - {ALL_OPTIONS, ALL_RECORDS, ALL_SERVICES}
    assert {p.stem for p in (demo_published.downloads / "mail").glob("*.eml")} == services


def test_without_a_base_url_a_digest_says_which_file_the_plan_is_and_with_one_its_address(cycle):
    assert (
        "northfield/2026-10/payments.html in the folder of reports"
        in read(cycle, "payments").get_body(("plain",)).get_content()
    )
    content = mail.digest(cycle, "payments", "https://reports.example.org/")
    message = email.message_from_bytes(content, policy=policy.default)
    address = "https://reports.example.org/northfield/2026-10/payments.html"
    assert message.get_body(("plain",)).get_content().rstrip().endswith(address)
    assert f'<a href="{address}"' in message.get_body(("html",)).get_content()
