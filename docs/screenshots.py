"""Screenshots of a plan and of the portfolio for the README, of the simulated organisation: run `make screenshots`."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from sipnb import places
from sipnb.report import browser

CYCLE = places.cycle_folder(places.reports(), "demo", "2026-10")

#: File, page, width and height in CSS pixels.
SHOTS = [("plan.png", CYCLE.page("payments"), 1280, 1010), ("portfolio.png", CYCLE.index, 1280, 1010)]


def main() -> None:
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser(), args=["--no-sandbox", "--disable-gpu"])
        for name, page, width, height in SHOTS:
            tab = chromium.new_page(viewport={"width": width, "height": height}, color_scheme="light")
            tab.goto(page.as_uri())
            shot = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
            # Flat colours need no more than a palette of 64: a third of the size.
            target = Path(__file__).with_name(name)
            shot.quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(target, optimize=True)
            print(f"{target}: {target.stat().st_size // 1000} kB")
        chromium.close()


if __name__ == "__main__":
    main()
