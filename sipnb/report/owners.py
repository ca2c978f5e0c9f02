"""A page for everybody of whom something is asked, beside it the mail that says so and a calendar of its own."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sipnb import __version__
from sipnb.chapters.facts import PortfolioFacts
from sipnb.chapters.portfolio import actions as plan_actions
from sipnb.chapters.portfolio import views
from sipnb.chapters.portfolio.rows import Row
from sipnb.other_cycles import editions
from sipnb.places import CycleFolder, write_whole
from sipnb.report import calendar, mail
from sipnb.report.page import environment, quality_link, write
from sipnb.report.roles import Role, roles, sentence


def render_owners(
    folder: CycleFolder, facts: PortfolioFacts, rows: Sequence[Row], downloads: Sequence[tuple[str, str]]
) -> None:
    """Write the page, the mail and the calendar of every role."""
    template = environment().get_template("owner.html.j2")
    found = roles(facts, rows)
    dates = calendar.by_role(facts, [one.name for one in found])
    for one in found:
        content = template.render(
            title=f"Service improvement plans: {one.name}, {facts.cycle_label}",
            facts=facts,
            role=one,
            finding=sentence(one),
            listed=Markup(views.services(one.rows, "../", owners=False).markup),
            actions=_actions(one, rows, facts.currency),
            names={plan.service: plan.name for plan in facts.plans},
            downloads=downloads,
            editions=[(name, label, f"../{link}") for name, label, link in editions(folder, one.page)],
            quality=quality_link(folder),
            version=__version__,
        )  # fmt: skip
        write(folder.root / one.page, content)
        place = mail.place_of_role(folder, one.name)
        write_whole(place, mail.asking(folder, facts, one))
        write_whole(place.with_suffix(".ics"), calendar.written(dates[one.name], facts.cutoff))


def _actions(role: Role, rows: Sequence[Row], currency: str) -> Markup:
    """The role's own actions and those of its services, as the portfolio shows all of them."""
    mine = role.actions
    shown = views.actions(mine, plan_actions.totals(mine), rows, currency, up="../", longest=len(mine))
    return Markup(shown.markup)
