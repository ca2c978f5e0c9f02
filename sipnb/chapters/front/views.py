"""The front page, as it is shown: the verdict, what matters, the decisions asked, and what changed."""

from __future__ import annotations

from collections.abc import Sequence

from sipnb.chapters.facts import DecisionFact, NewsFact, PointFact, ReviewFacts
from sipnb.chapters.vocabulary import NEWS
from sipnb.places import chapter_title
from sipnb.show import words
from sipnb.show.display import Shown, macros

#: News in sight before the others are folded away.
IN_SIGHT = 5


def verdict(sentence: str, tone: str, caution: str) -> Shown:
    """The plan in a sentence, and the warning of the records that alters it, if there is one."""
    text = f"{sentence}\nCaution. {caution}" if caution else sentence
    return Shown(str(macros("front").verdict(sentence, tone, caution)), text)


def matters(points: Sequence[PointFact], period: str) -> Shown:
    """The main points, each with the way to what shows it."""
    linked = [(point, point.section, chapter_title(point.chapter)) for point in points]
    text = "\n".join(f"{at}. {point.lead} {point.text}" for at, point in enumerate(points, start=1))
    return Shown(str(macros("front").matters(linked, period)), text or f"Nothing stands out this {period}.")


def decisions(asked: Sequence[DecisionFact], period: str) -> Shown:
    """The decisions, each with what it would bring, what it costs, whose it is and by when; it leads to the option or action."""
    text = "\n".join(
        f"{at}. {one.title} ({one.owner}, by {words.day(one.due)})" for at, one in enumerate(asked, start=1)
    )
    return Shown(str(macros("front").decisions(asked, period)), text or f"None this {period}.")


def news(found: Sequence[NewsFact], review: ReviewFacts) -> Shown:
    """What changed since the cycle before, and where the actions agreed before stand."""
    told = [(NEWS[one.kind], one.text) for one in found]
    text = "\n".join(f"{kind.title}. {text}" for kind, text in told)
    return Shown(str(macros("front").news(told, IN_SIGHT, _actions(review))), text or "Nothing changed.")


def _actions(review: ReviewFacts) -> str:
    """Where the actions agreed before stand: `1 approved, 2 in progress; 1 overdue`."""
    states = ", ".join(f"{n:,} {state}" for state, n in review.states.items())
    return f"{states}; {review.overdue:,} overdue" if review.overdue else states
