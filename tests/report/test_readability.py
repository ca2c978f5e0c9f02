"""A plan is written for who decides: short sentences, words of the field, one name a measure."""

from __future__ import annotations

import pytest
import readability

from sipnb.places import CycleFolder

PAGE = '<main id="main"><p>{}</p></main>'


@pytest.mark.parametrize("organisation", ["demo", "hard", "uci_servicenow", "github_status"])
def test_plans_are_readable(organisation, root):
    folder = CycleFolder(root(organisation))
    plans = [page.with_name(page.name.replace("-evidence", "")) for page in folder.root.glob("*-evidence.html")]
    assert len(plans) > 2
    for page in plans:
        assert list(readability.faults(page.read_text(encoding="utf-8"))) == [], page.name


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The difference is no chance (log-rank 90.6).", "log-rank belongs into the evidence"),
        ("The last 3 cycles were worse.", "a cycle is a month"),
        ("word " * 46, "46 words"),
        ("Attainment: 70 % of attainment.", "another name for “Resolved in time”: attainment"),
        ("Two words. " * 800, "1,600 words beside the sheets"),
    ],
)
def test_what_a_director_would_stumble_over_is_found(text, why):
    assert why in [one for one, _ in readability.faults(PAGE.format(text))]


def test_sheets_and_data_behind_figures_do_not_count():
    hidden = f'<section class="sheet"><p>{"word " * 40}</p></section><details><p>{"word " * 2000}</p></details>'
    assert list(readability.faults(f'<main id="main"><p>Short.</p>{hidden}</main>')) == []
