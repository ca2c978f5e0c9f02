"""From results and executed notebooks to pages: one self-contained plan a service, and the portfolio."""

from sipnb.report.page import failure_of, render_failure, render_index, render_plan

__all__ = ["failure_of", "render_failure", "render_index", "render_plan"]
