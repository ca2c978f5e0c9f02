"""The simulated Northfield Group: twelve services, thirty months, about 150,000 tickets, and the truth about them.

Everything is invented and follows from the seed. A service's records do not depend on which others are made. Located causes
(`CAUSES`) can be left out, which changes nothing but what they touch; `effect` says what that is.
"""

from sipnb.imports import lazily

#: What is found in the package itself, imported when it is first asked for: most runs simulate nothing.
_PUBLIC = {
    **dict.fromkeys(("generate", "write"), "exports"),
    **dict.fromkeys(
        (
            "CAUSES",
            "CUT_OFF",
            "EXPORT_END",
            "FIRST_DAY",
            "GOAL_HOURS",
            "ORGANISATION",
            "SERVICES",
            "ZONE",
            "Cause",
            "Service",
            "cause",
        ),
        "services",
    ),
    **dict.fromkeys(("Effect", "effect"), "effects"),
}

__getattr__ = lazily(__name__, _PUBLIC)
