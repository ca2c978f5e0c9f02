"""Roles of whom something is asked: a page, a mail and a calendar each, that say the same and lead to one another."""

from __future__ import annotations

import email
import re
from email import policy

import pytest

from sipnb.chapters.facts import ApprovalFact, SignatureFact
from sipnb.chapters.portfolio.rows import rows
from sipnb.places import CycleFolder
from sipnb.report import calendar, mail, roles
from tests import asked
from tests.accessibility import violations
from tests.report.reading import Read
from tests.report.samples import HOSTILE

ROLES = ["Board", "Head of Pay", "Head of Shop", "Support Lead"]


def publish(tmp_path, **more) -> CycleFolder:
    return asked.publish(CycleFolder(tmp_path / "org" / asked.CYCLE), asked.portfolio(**more))


def message(folder: CycleFolder, role: str):
    return email.message_from_bytes(mail.place_of_role(folder, role).read_bytes(), policy=policy.default)


def said(folder: CycleFolder, role: str, kind: str = "plain") -> str:
    return message(folder, role).get_body((kind,)).get_content().replace("\r\n", "\n")


def events(folder: CycleFolder, role: str) -> list[str]:
    text = mail.place_of_role(folder, role).with_suffix(".ics").read_bytes().decode().replace("\r\n ", "")
    return re.findall(r"SUMMARY:(.*)\r\n", text)


def test_everybody_who_is_asked_has_a_page_a_mail_and_a_calendar_that_belong_together(tmp_path):
    folder = publish(tmp_path)
    stems = {path.stem for path in folder.owners.iterdir()}
    assert roles.names(asked.portfolio()) == ROLES and stems == {roles.stem(role) for role in ROLES}
    for ending in ("eml", "ics"):
        assert {path.stem for path in (folder.downloads / "mail" / "roles").glob(f"*.{ending}")} == stems
    for role in ROLES:
        seen = Read(folder.root / f"owners/{roles.stem(role)}.html")
        assert (
            f"mail/roles/{roles.stem(role)}.eml" in seen.markup and f"mail/roles/{roles.stem(role)}.ics" in seen.markup
        )
        dead = [link for link in seen.dead() if "#" not in link and "/downloads/" not in link]
        assert [link for link in dead if "index.html" not in link] == []
        assert f"org/2026-10/owners/{roles.stem(role)}.html in the folder of reports" in said(folder, role)


def test_a_mail_says_what_is_asked_by_when_what_it_brings_and_costs_and_what_happens_without_it(tmp_path):
    folder = publish(tmp_path)
    assert message(folder, "Head of Pay")["Subject"] == (
        "Head of Pay, October 2026: 1 decision by 15 November 2026, 1 plan to sign, 1 action overdue"
    )
    for kind in ("plain", "html"):
        text = said(folder, "Head of Pay", kind)
        for part in (
            "Find the cause", "15 November 2026", "+9 points on resolved in time", "€ 9,000 once", "Pay, version 1",
            "Without it November will probably miss the target", "It takes longer than a year ago", "A rota", "Support Lead",
            "15 October 2026, overdue", "Pay misses its target.",
        ):  # fmt: skip
            assert part in text, (kind, part)
        assert "New date?" not in text and "A rehearsal" not in text
    assert message(folder, "Head of Shop")["Subject"] == "Head of Shop, October 2026: nothing is asked"
    assert message(folder, "Support Lead")["Subject"] == "Support Lead, October 2026: 1 action overdue"
    assert "1 decision is asked." in said(folder, "Board") and "0 action" not in said(folder, "Board")
    assert "Owner:" not in said(folder, "Support Lead").split("OVERDUE")[1]


def test_a_page_leads_to_the_sheet_of_every_action_and_says_which_plans_are_to_be_signed(tmp_path):
    signed = SignatureFact(role="Board", decision="approved", on="2026-11-05", version=2, content="a" * 12)
    approval = ApprovalFact(version=2, said="approved by Board on 5 November 2026; still to sign: Head of Pay",
                            waiting=["Head of Pay"], signatures=[signed])  # fmt: skip
    plans = [asked.plan("pay", "Head of Pay", asked.decision("New date?", "Board"), approval=approval),
             asked.plan("shop", "Head of Shop")]  # fmt: skip
    folder = publish(tmp_path, plans=plans)
    pay = Read(folder.root / f"owners/{roles.stem('Head of Pay')}.html")
    assert (
        "version 2: approved by Board on 5 November 2026; still to sign: Head of Pay. Your signature is asked."
        in pay.text
    )
    board = Read(folder.root / f"owners/{roles.stem('Board')}.html")
    assert "Your signature is asked" not in board.text and "New date?" in board.text
    assert "Approval of the plans" not in Read(folder.root / f"owners/{roles.stem('Head of Shop')}.html").text
    lead = Read(folder.root / f"owners/{roles.stem('Support Lead')}.html")
    assert 'href="../pay.html#sheet-A1"' in lead.markup.split('id="due"')[1].split("</section>")[0]
    assert "15 Oct 2026, overdue" in lead.text


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("https://reports.example.org/plans/", "https://reports.example.org/plans/"),
        ("http://intranet:8080", "http://intranet:8080/"),
        (
            "https://reports.example.org/Pläne%20der IT".replace(" ", "%20"),
            "https://reports.example.org/Pl%C3%A4ne%20der%20IT/",
        ),
    ],
)
def test_with_a_base_url_mails_have_addresses_that_can_be_opened(tmp_path, base, address):
    folder = asked.publish(CycleFolder(tmp_path / "Ö & Co" / ".2026-10.building"), asked.portfolio(base_url=base))
    wanted = f"{address}%C3%96%20%26%20Co/2026-10/owners/{roles.stem('Board')}.html"
    assert said(folder, "Board").rstrip().endswith(wanted)
    assert f'<a href="{wanted}"' in said(folder, "Board", "html")
    assert mail.link(folder, "pay.html", base).told == f"{address}%C3%96%20%26%20Co/2026-10/pay.html"


def test_a_calendar_tells_each_kind_of_day_apart_and_holds_what_concerns_its_role(tmp_path):
    folder = publish(tmp_path)
    review = "Review: Org: what is due"
    assert events(folder, "Head of Pay") == [
        "Decide: Pay: Find the cause", "Sign: Pay: plan of October 2026\\, version 1", "Due: Pay: A rota", "Step: Pay: Ask",
        review,
    ]  # fmt: skip
    assert events(folder, "Board") == ["Decide: Pay: New date?", "Sign: Pay: plan of October 2026\\, version 1", review]
    assert events(folder, "Support Lead") == ["Due: Pay: A rota", "Step: Pay: Ask", review]
    assert events(folder, "Head of Shop") == ["Due: Shop: A rehearsal", "Judge: Shop: did it work? A freeze", review]
    whole = list(calendar.events(asked.portfolio()))
    assert len({one.id for one in whole}) == len(whole) == 8
    assert {one.summary.split(":")[0]: one.day for one in whole if "Shop" in one.summary or one.summary == review} == {
        "Due": "2026-12-15", "Judge": "2027-01-01", "Review": "2026-11-30",
    }  # fmt: skip


def test_who_has_no_date_of_its_own_has_a_calendar_with_the_review(tmp_path):
    folder = publish(tmp_path, plans=[asked.plan("pay", "Head of Pay")], actions=[])
    assert events(folder, "Head of Pay") == ["Review: Org: what is due"]


def test_a_mail_to_a_role_of_hundreds_of_services_stays_small_and_says_what_it_leaves_out(tmp_path):
    title = "Ein Wort " + "W" * 111
    plans = [asked.plan(f"s{n}", "Head of All", asked.decision(f"{title} {n}", "Head of All")) for n in range(300)]
    actions = [asked.action(f"s{n}", "Head of All", f"{title} {n}", "2026-10-15") for n in range(300)]
    folder = publish(tmp_path, plans=plans, actions=actions)
    content = mail.place_of_role(folder, "Head of All").read_bytes()
    assert len(content) < 100_000 and max(map(len, content.splitlines())) < 998
    for kind in ("plain", "html"):
        assert said(folder, "Head of All", kind).count("275 more stand on your page.") == 4
    assert message(folder, "Head of All")["Subject"].endswith(
        "300 decisions by 15 November 2026, 300 plans to sign, 300 actions overdue"
    )


def test_names_with_line_breaks_and_markup_are_words_and_the_same_bytes_come_twice(tmp_path):
    name = f"Head\r\nBcc: all@example.org {HOSTILE}"
    folder = publish(
        tmp_path, plans=[asked.plan("pay", name, asked.decision(HOSTILE, name), sentence=HOSTILE)], actions=[]
    )
    first = {path.name: path.read_bytes() for path in (folder.downloads / "mail" / "roles").iterdir()}
    one = message(folder, name)
    assert sorted(one.keys()) == ["Content-Type", "MIME-Version", "Subject", "X-Unsent"] and not one.defects
    assert "<script>" not in said(folder, name, "html") and HOSTILE in said(folder, name)
    publish(tmp_path, plans=[asked.plan("pay", name, asked.decision(HOSTILE, name), sentence=HOSTILE)], actions=[])
    assert first == {path.name: path.read_bytes() for path in (folder.downloads / "mail" / "roles").iterdir()}


def test_mails_and_pages_fit_a_phone(open_page, cycle, tmp_path):
    """Longest names and hostile ones among them, at the width of the narrowest phone."""
    long = "W" * 120
    plans = [asked.plan("pay", long, asked.decision(long, long), name=long, sentence=f"{long} misses its target.")]
    folder = publish(tmp_path, plans=plans, actions=[asked.action("pay", long, long, "2026-10-15")])
    mails = [*cycle.downloads.rglob("*.eml"), *folder.downloads.rglob("*.eml")]
    for path in mails:
        page = tmp_path / "mail.html"
        page.write_text(
            email.message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("html",)).get_content()
        )
        tab = open_page(page, width=320)
        assert tab.evaluate("document.scrollingElement.scrollWidth") <= 320, path.name
        assert tab.evaluate("document.querySelectorAll('table').length") == 0
        assert violations(tab) == [], path.name
    tab = open_page(folder.root / f"owners/{roles.stem(long)}.html", width=320)
    assert tab.evaluate("document.scrollingElement.scrollWidth") <= 320 and violations(tab) == []


def test_roles_are_told_by_what_is_asked_of_them(tmp_path):
    facts = asked.portfolio()
    found = {one.name: one for one in roles.roles(facts, rows(publish(tmp_path), facts.plans, {}))}
    assert {name: roles.asked(one, facts.review) for name, one in found.items()} == {
        "Board": "1 decision by 15 November 2026, 1 plan to sign",
        "Head of Pay": "1 decision by 15 November 2026, 1 plan to sign, 1 action overdue",
        "Head of Shop": "nothing is asked",
        "Support Lead": "1 action overdue",
    }
