"""Pages are written for who decides: short sentences, words of the field, months and not cycles, one name a measure."""

from __future__ import annotations

from collections import Counter

import pytest
import readability

from sipnb import cycles

PAGE = '<main id="main"><p>{}</p></main>'


@pytest.mark.parametrize("organisation", ["demo", "hard", "uci_servicenow", "github_status"])
def test_pages_are_readable(organisation, root):
    folder = root(organisation)
    seen = Counter()
    for page in readability.pages(folder):
        kind = readability.kind(page)
        seen[kind] += 1
        found = readability.faults(page.read_text(encoding="utf-8"), cycles.noun(folder.name), kind)
        assert list(found) == [], page.name
    assert seen["plan"] == seen["evidence"] > 2
    assert {"index", "executive", "review", "methods", "compare"} <= seen.keys()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The difference is no chance (log-rank 90.6).", "log-rank belongs into the evidence"),
        ("The last 3 cycles were worse.", "a cycle is a month"),
        ("<svg><text>Cycle</text></svg>", "a cycle is a month"),
        ("word " * 46, "46 words"),
        ("Attainment: 70 % of attainment.", "another name for “Resolved in time”: attainment"),
        ("The MTTR rose.", "another name for “Time to restore, median”: MTTR"),
        ("Two words. " * 800, "1,600 words beside the sheets"),
        (f'<section aria-labelledby="reading">{"word. " * 121}</section>', "121 words of help"),
    ],
)
def test_what_a_director_would_stumble_over_is_found(text, why):
    assert why in [one for one, _ in readability.faults(PAGE.format(text))]


def test_sheets_and_data_behind_figures_do_not_count():
    hidden = f'<section class="sheet"><p>{"word " * 40}</p></section><details><p>{"word " * 2000}</p></details>'
    assert list(readability.faults(f'<main id="main"><p>Short.</p>{hidden}</main>')) == []


def test_methods_have_their_place_in_the_evidence_and_definitions_hold_for_every_cycle():
    told = '<p>Laney limits of attainment.</p><details class="definitions">tickets opened in the cycle</details>'
    assert list(readability.faults(f'<main id="main">{told}</main>', "week", "evidence")) == []
    assert [why for why, _ in readability.faults(f'<main id="main">{told}</main>', "week", "executive")] == [
        "Laney belongs into the evidence",
        "another name for “Resolved in time”: attainment",
    ]
