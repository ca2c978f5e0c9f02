"""The sentences of all pages agree with each other, and say nothing that cannot be."""

from __future__ import annotations

import agreement
import numerals
import pytest

from sipnb.places import CycleFolder


@pytest.mark.parametrize("organisation", ["demo", "hard", "uci_servicenow", "github_status"])
def test_no_page_contradicts_itself(organisation, root):
    pages = sorted(CycleFolder(root(organisation)).root.rglob("*.html"))
    counted = 0
    for page in pages:
        markup = numerals.document(page)
        counted += len(agreement.sentences(markup))
        assert agreement.faults(markup) == [], page.name
    assert counted > 3000


@pytest.mark.parametrize(
    "text",
    [
        "Usual range 98.9–100.52 %.",
        "Usual range −1–12 h.",
        "It took 56.4 h–4.08 d.",
        "A changed mix explains −0.0 points of that.",
        "about nan expected",
        "between 12–8 h",
        "9 of 8 targets are met",
        "once the 0 open ones are counted",
    ],
)
def test_what_cannot_be_is_found(text):
    assert list(agreement.impossible(text))


@pytest.mark.parametrize(
    "text",
    [
        "From 1–5 October 2026 and 2025–26.",
        "565 % of that was used (0–1,593 %), of what the target allows.",
        "None this month.",
        "95 % interval 66.9–73.2 %, n 800",
        "−0.5 points (−1.6 to +1.7)",
        "8 of 8 targets are met",
    ],
)
def test_what_can_be_is_left_alone(text):
    assert not list(agreement.impossible(text))
