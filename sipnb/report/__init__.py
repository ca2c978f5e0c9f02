"""From results and executed notebooks to pages: one self-contained plan a service, the portfolio, the data's quality."""

from sipnb.report.page import failure_of, quality_page, render_failure, render_index, render_plan, render_quality

__all__ = ["failure_of", "quality_page", "render_failure", "render_index", "render_plan", "render_quality"]
