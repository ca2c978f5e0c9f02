"""What axe finds wrong on a page: all of its rules for levels A and AA and its best practices, the size of targets among them."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe

#: It names violations alone: to name everything it looked at takes longer than to look.
_OPTIONS = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}


def violations(tab) -> list[tuple[str, str, int, str]]:
    """Each rule that is violated: its name, impact, number of places, and the first place."""
    found = Axe().run(tab, options=_OPTIONS).response["violations"]
    return [(v["id"], v["impact"], len(v["nodes"]), v["nodes"][0]["html"][:200]) for v in found]
