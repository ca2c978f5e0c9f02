"""From results and executed notebooks to pages: one self-contained plan a service, the portfolio, the data's quality.

The report makes the frame: contents, navigation, styles, definitions and origin, downloads. What a page says of a service or of
the organisation is what cells of notebooks leave, in their order, or in the place of the frame that the tag of a cell
names (`chapter`).
"""

from sipnb.report.cycles import render_cycles
from sipnb.report.failure import failure_of, render_failure
from sipnb.report.pdf import NoBrowser, browser, print_pages, unprinted
from sipnb.report.plan import render_plan
from sipnb.report.portfolio import render_index
from sipnb.report.records import quality_page, render_check, render_quality

__all__ = [
    "NoBrowser",
    "browser",
    "failure_of",
    "print_pages",
    "quality_page",
    "render_check",
    "render_cycles",
    "render_failure",
    "render_index",
    "render_plan",
    "render_quality",
    "unprinted",
]
