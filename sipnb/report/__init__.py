"""From results and executed notebooks to pages: one self-contained plan a service, the portfolio, the data's quality.

The report makes the frame: contents, navigation, styles, definitions and origin, downloads. What a page says of a service or of
the organisation is what cells of notebooks leave, in their order, or in the place of the frame that the tag of a cell
names (`chapter`).
"""

from sipnb.imports import lazily

#: What is found in the package itself, imported when it is first asked for: who leads a run renders next to nothing.
_PUBLIC = {
    "render_customers": "customer",
    "render_cycles": "cycles",
    **dict.fromkeys(("failure_of", "render_failure"), "failure"),
    **dict.fromkeys(("methods_of", "render_methods"), "methods"),
    **dict.fromkeys(("NoBrowser", "browser", "print_pages", "unprinted"), "pdf"),
    "render_plan": "plan",
    "render_index": "portfolio",
    **dict.fromkeys(("render_check", "render_quality", "render_records"), "records"),
}

__all__ = list(_PUBLIC)

__getattr__ = lazily(__name__, _PUBLIC)
