"""What belongs to a portfolio is published with it and removed with it; a plan that is no longer true says so."""

from __future__ import annotations

import json
from dataclasses import replace

from estates import PAGES, Estate
from test_run import snapshot

from sipnb.chain import publication
from sipnb.chain.progress import Event
from sipnb.places import CycleFolder, cycle_folder

GOOD = ["identity", "payments"]


def index_of(folder: CycleFolder, *owners: str) -> None:
    """The index, a page for each of these owners, and a download."""
    PAGES.index(folder, "_portfolio")
    for place, names in ((folder.owners, [f"{one}.html" for one in owners]), (folder.downloads, ["kpis.csv"])):
        place.mkdir(exist_ok=True)
        for name in names:
            (place / name).write_text(name)


def of_ann(folder: CycleFolder, service: str) -> None:
    index_of(folder, "ann")


def of_both(folder: CycleFolder, service: str) -> None:
    index_of(folder, "ann", "bob")


def half(folder: CycleFolder, service: str) -> None:
    index_of(folder, "ann")
    raise ValueError("no template")


ANN, BOTH, HALF = (replace(PAGES, index=render) for render in (of_ann, of_both, half))


def below(estate: Estate) -> set[str]:
    return {file for file in snapshot(estate.folder.root) if file.startswith(("owners/", "downloads/"))}


def test_pages_of_owners_and_downloads_are_published_hashed_and_removed_when_they_are_gone(estate: Estate) -> None:
    assert estate.run(GOOD, pages=BOTH).exit_code == 0
    assert below(estate) == {"owners/ann.html", "owners/bob.html", "downloads/kpis.csv"}
    assert below(estate) <= set(estate.manifest()["portfolio"]["hashes"])
    before = snapshot(estate.folder.root)
    assert estate.run(GOOD, pages=BOTH).portfolio == "up to date"
    assert snapshot(estate.folder.root) == before

    (estate.folder.owners / "bob.html").write_text("edited by hand")
    assert estate.run(GOOD, pages=BOTH).portfolio == "published"
    assert (estate.folder.owners / "bob.html").read_text() == "bob.html"

    estate.run(GOOD, pages=ANN, force=True)
    assert below(estate) == {"owners/ann.html", "downloads/kpis.csv"}


def test_a_failed_portfolio_leaves_neither_pages_of_owners_nor_downloads(estate: Estate) -> None:
    estate.run(GOOD, pages=ANN)
    assert estate.run(GOOD, pages=HALF, force=True).portfolio == "failed"
    assert below(estate) == set()
    assert "failed" in estate.folder.index.read_text()


def test_a_plan_that_was_not_asked_for_says_what_changed_since_it_was_made(estate: Estate) -> None:
    estate.run(GOOD)
    services = estate.root / "tiny" / "services.yml"
    services.write_text(services.read_text().replace("name: Identity, owner: Ann", "name: Identity, owner: Bob"))
    assert estate.run(["payments"]).portfolio == "published"
    stale = {name: entry["stale"] for name, entry in estate.manifest()["services"].items()}
    assert stale == {"identity": ["parameters"], "payments": []}

    (estate.notebooks / "4_forecast.ipynb").write_text(
        (estate.notebooks / "4_forecast.ipynb").read_text().replace("# A chapter", "# Another title")
    )
    estate.run(["payments"])
    assert estate.manifest()["services"]["identity"]["stale"] == ["parameters", "notebook 4_forecast"]
    estate.run(GOOD)
    assert {entry["status"] for entry in estate.manifest()["services"].values()} == {"published", "up to date"}
    assert [entry["stale"] for entry in estate.manifest()["services"].values()] == [[], []]


def test_a_service_that_was_killed_once_is_published_and_the_manifest_says_that_it_was_tried_again(
    estate: Estate,
) -> None:
    estate.trouble(
        "import os, time\nfrom pathlib import Path\n"
        f"seen = Path({str(estate.root / 'seen')!r})\n"
        "if not seen.exists():\n    seen.touch()\n    os.kill(os.getppid(), 9)\n    time.sleep(60)"
    )
    assert estate.run(["broken", "payments"]).exit_code == 0
    assert {name: e["attempts"] for name, e in estate.manifest()["services"].items()} == {"broken": 2, "payments": 1}


def test_the_page_of_cycles_is_written_when_everything_else_is_in_its_place(estate: Estate) -> None:
    seen: list[tuple[CycleFolder, bool]] = []

    def render(folder: CycleFolder) -> None:
        seen.append((folder, folder.index.is_file() and not folder.building.index.exists()))
        folder.cycles.write_text("all cycles")

    pages = replace(PAGES, cycles=render)
    assert estate.run(["payments"], pages=pages).exit_code == 0
    assert seen == [(estate.folder, False), (estate.folder, True)], "there before the plans that lead to it, too"
    estate.run(["payments"], pages=pages)
    assert len(seen) == 2, "nothing was published"
    estate.folder.cycles.unlink()
    estate.run(["payments"], pages=pages)
    assert estate.folder.cycles.read_text() == "all cycles"


def test_a_page_of_cycles_that_fails_is_an_error_and_stops_nothing(estate: Estate) -> None:
    def render(folder: CycleFolder) -> None:
        raise ValueError("no template")

    done = estate.run(["payments"], pages=replace(PAGES, cycles=render))
    assert done.errors == ("all cycles: ValueError: no template",) and done.statuses == {"payments": "published"}


def test_the_portfolio_is_made_again_when_that_of_the_cycle_before_is_another(estate: Estate) -> None:
    estate.run(["payments"])
    before = cycle_folder(estate.root / "reports", "tiny", "2026-09")
    result = before.result("_portfolio", "portfolio")
    result.parent.mkdir(parents=True)
    result.write_text(json.dumps({"facts": {}}))
    done = estate.run(["payments"])
    assert (done.portfolio, dict(done.statuses)) == ("published", {"payments": "up to date"})
    assert estate.manifest()["portfolio"]["changed"] == ["cycle before"]
    before.index.write_text("another cycle to link to")
    assert estate.run(["payments"]).portfolio == "published"
    assert estate.run(["payments"]).portfolio == "up to date"


def test_a_service_that_failed_once_runs_again_when_the_cause_is_gone(estate: Estate) -> None:
    marker = estate.root / "full"
    marker.touch()
    estate.trouble(f"import os\nif os.path.exists({str(marker)!r}):\n    raise OSError('no space left')")
    assert estate.run().exit_code == 3
    record = estate.manifest()["services"]["broken"]
    assert not estate.folder.result("broken", "1_review").exists()
    assert "results/broken/1_review.json" not in record["hashes"]
    marker.unlink()
    assert [(one.service, one.why) for one in estate.plan() if one.runs] == [("broken", ("failed last time",))]
    assert estate.run().exit_code == 0
    assert estate.folder.result("broken", "1_review").exists() and estate.folder.result("broken", "4_forecast").exists()


def test_parameters_and_notebooks_edited_while_a_run_works_are_for_the_next_one(estate: Estate) -> None:
    targets = estate.root / "tiny" / "targets.yml"
    targets.write_text("organisation: {sla_attainment: 0.8}\n")
    estate.write("1_review", _READS_TARGET)

    def edit(event: Event) -> None:
        if event.kind == "frozen":
            targets.write_text("organisation: {sla_attainment: 0.123}\n")
            estate.write("4_forecast", "raise ValueError('half written')")

    assert estate.run(GOOD, progress=edit).exit_code == 0
    assert json.loads(estate.folder.result("payments", "1_review").read_text()) == {"sla_attainment": 0.8}
    assert {one.why for one in estate.plan(GOOD)} == {("parameters", "notebook 4_forecast")}
    targets.write_text("organisation: {sla_attainment: 0.8}\n")
    assert {one.why for one in estate.plan(GOOD)} == {("notebook 4_forecast",)}


_READS_TARGET = """
import json
from sipnb.chapters import context

plan = context.open_service(workbook, service, cycle)
path = plan.folder.result(service, "1_review")
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(plan.service.targets))
"""


def test_the_results_of_others_stay_whatever_a_service_is_called(tmp_path) -> None:
    """Of two services one is made anew; its id is a word that code may use itself."""
    published = CycleFolder(tmp_path / "2026-10")
    for folder, names in ((published, ("any", "pay")), (published.building, ("any",))):
        for name in names:
            folder.result(name, "1_review").parent.mkdir(parents=True)
            folder.result(name, "1_review").write_text(folder.root.name)
            folder.page(name).write_text(folder.root.name)
        folder.manifest.write_text("{}")
    publication.publish(published.building, published, ["any"], [], portfolio=False)
    assert published.result("pay", "1_review").read_text() == published.page("pay").read_text() == "2026-10"
    assert published.result("any", "1_review").read_text() == ".2026-10.building"
