"""What chance alone does: how many points of a stable series a chart flags, and how often any at all.

The tables come from 100,000 series of normal values for each length (numpy's ``default_rng(0)``; the values of a
series with autocorrelation r follow x[t] = r x[t-1] + noise); a test repeats the simulation in small. They depend on
how the limits were found: "screened" from moving ranges with the extreme ones left out, "ranges" from all of them,
"counted" from the counts' own distribution.

They hold beyond normal values where the rules see a near-normal scale: log XmR exactly, t and g charts from 24 points
on within a fifth, p′ and u′ charts with at least 20 expected events (and non-events) a point within a
twentieth. Fewer events come in steps, and the lower side is more likely than the upper: with 5 a point a quarter
more points are flagged than the table says, with 2 three quarters more. Charts of counts allow for that.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_LENGTHS = (3, 5, 7, 10, 13, 18, 24, 36, 48, 60, 90, 120)
_AUTOCORRELATIONS = (0.0, 0.15, 0.3, 0.45, 0.6)

#: For each set of rules: mean number of flagged points, share of series with any; a row an autocorrelation.
_SCREENED = {
    "nhs": (
        (
            (0.0, 0.0172, 0.0557, 0.1202, 0.2428, 0.5165, 0.9021, 1.682, 2.508, 3.349, 5.397, 7.556),
            (0.0, 0.0223, 0.0782, 0.1932, 0.4194, 0.8885, 1.56, 2.94, 4.31, 5.735, 9.277, 12.79),
            (0.0, 0.0241, 0.1174, 0.319, 0.7192, 1.571, 2.689, 4.997, 7.273, 9.632, 15.45, 21.23),
            (0.0, 0.0289, 0.1806, 0.5237, 1.222, 2.657, 4.485, 8.151, 11.85, 15.43, 24.65, 33.81),
            (0.0, 0.0336, 0.2667, 0.8676, 2.042, 4.372, 7.184, 12.7, 18.1, 23.54, 37.04, 50.45),
        ),
        (
            (0.0, 0.0064, 0.0264, 0.0544, 0.0808, 0.1297, 0.1885, 0.2908, 0.3873, 0.4706, 0.6304, 0.7442),
            (0.0, 0.0083, 0.0357, 0.0769, 0.1259, 0.2037, 0.2988, 0.4561, 0.58, 0.6784, 0.8327, 0.912),
            (0.0, 0.009, 0.0502, 0.1183, 0.1979, 0.3247, 0.4587, 0.6564, 0.781, 0.8634, 0.9577, 0.9868),
            (0.0, 0.0112, 0.0766, 0.1807, 0.2999, 0.4791, 0.6445, 0.8362, 0.926, 0.9649, 0.9954, 0.9993),
            (0.0, 0.0129, 0.1099, 0.2719, 0.4384, 0.655, 0.8115, 0.9453, 0.9841, 0.9959, 0.9998, 1),
        ),
    ),
    "wheeler": (
        (
            (0.0, 0.0179, 0.0512, 0.0859, 0.1375, 0.2706, 0.4723, 0.9151, 1.378, 1.871, 3.057, 4.34),
            (0.0, 0.0228, 0.0714, 0.1375, 0.2517, 0.5172, 0.9349, 1.845, 2.735, 3.697, 6.072, 8.422),
            (0.0, 0.0247, 0.1022, 0.2334, 0.474, 1.051, 1.861, 3.577, 5.311, 7.081, 11.54, 15.91),
            (0.0, 0.0291, 0.1496, 0.4152, 0.8902, 2.005, 3.503, 6.558, 9.69, 12.72, 20.49, 28.24),
            (0.0, 0.0338, 0.2154, 0.7262, 1.622, 3.637, 6.178, 11.16, 16.08, 20.99, 33.27, 45.46),
        ),
        (
            (0.0, 0.0062, 0.0242, 0.0477, 0.0652, 0.0965, 0.1342, 0.2063, 0.2744, 0.3373, 0.4697, 0.5813),
            (0.0, 0.008, 0.0317, 0.0645, 0.0999, 0.1545, 0.2248, 0.3528, 0.4568, 0.5483, 0.7148, 0.8177),
            (0.0, 0.0086, 0.0431, 0.0973, 0.157, 0.2581, 0.3728, 0.5556, 0.6875, 0.7798, 0.9108, 0.9638),
            (0.0, 0.0106, 0.0647, 0.1493, 0.2483, 0.407, 0.5644, 0.7692, 0.8786, 0.9345, 0.9879, 0.9973),
            (0.0, 0.0122, 0.0908, 0.2309, 0.3793, 0.5902, 0.7566, 0.9165, 0.9722, 0.9906, 0.9994, 1),
        ),
    ),
    "servicenow": (
        (
            (0.0, 0.0175, 0.0426, 0.0874, 0.1978, 0.4455, 0.7987, 1.532, 2.303, 3.099, 5.011, 7.045),
            (0.0, 0.0223, 0.0588, 0.1334, 0.3287, 0.7463, 1.358, 2.631, 3.884, 5.205, 8.454, 11.7),
            (0.0, 0.0242, 0.0834, 0.2079, 0.5484, 1.315, 2.338, 4.44, 6.523, 8.682, 14.01, 19.31),
            (0.0, 0.0286, 0.1178, 0.3418, 0.9514, 2.26, 3.948, 7.349, 10.78, 14.12, 22.69, 31.17),
            (0.0, 0.0331, 0.164, 0.5747, 1.649, 3.868, 6.541, 11.79, 16.92, 22.09, 34.89, 47.66),
        ),
        (
            (0.0, 0.0062, 0.0237, 0.0464, 0.0694, 0.1126, 0.1645, 0.2615, 0.3513, 0.432, 0.589, 0.7057),
            (0.0, 0.008, 0.0311, 0.0611, 0.1023, 0.1684, 0.2538, 0.3999, 0.5171, 0.6165, 0.7799, 0.8739),
            (0.0, 0.0086, 0.042, 0.0888, 0.1528, 0.2626, 0.386, 0.5776, 0.7089, 0.8025, 0.9249, 0.9723),
            (0.0, 0.0106, 0.0621, 0.1318, 0.2312, 0.3936, 0.5542, 0.7642, 0.8767, 0.9338, 0.9877, 0.9971),
            (0.0, 0.0122, 0.0868, 0.2001, 0.3476, 0.5643, 0.7352, 0.9055, 0.9677, 0.9889, 0.9991, 1),
        ),
    ),
}

#: The same without autocorrelation, for limits that were found in another way.
_OTHERWISE = {
    "ranges": {
        "nhs": (
            (0.0, 0.0049, 0.0276, 0.0805, 0.1986, 0.4646, 0.8399, 1.607, 2.416, 3.244, 5.258, 7.383),
            (0.0, 0.0047, 0.0177, 0.0329, 0.0541, 0.1002, 0.1567, 0.2579, 0.3531, 0.4374, 0.6004, 0.7189),
        ),
        "wheeler": (
            (0.0, 0.0045, 0.0204, 0.043, 0.0899, 0.2144, 0.4072, 0.8348, 1.282, 1.757, 2.911, 4.154),
            (0.0, 0.0045, 0.0152, 0.0255, 0.0375, 0.0651, 0.0997, 0.1681, 0.233, 0.295, 0.4266, 0.5393),
        ),
        "servicenow": (
            (0.0, 0.0045, 0.0162, 0.0518, 0.1589, 0.4012, 0.7487, 1.474, 2.234, 3.021, 4.912, 6.923),
            (0.0, 0.0045, 0.0146, 0.0243, 0.0427, 0.0833, 0.1338, 0.2298, 0.3185, 0.4008, 0.5598, 0.6808),
        ),
    },
    "counted": {
        "nhs": (
            (0.0007, 0.0042, 0.012, 0.0565, 0.1724, 0.4344, 0.8064, 1.575, 2.386, 3.215, 5.23, 7.351),
            (0.0007, 0.0041, 0.009, 0.0223, 0.0452, 0.0915, 0.149, 0.2578, 0.3566, 0.4449, 0.6126, 0.7336),
        ),
        "wheeler": (
            (0.0007, 0.0042, 0.0085, 0.0188, 0.0573, 0.1732, 0.3606, 0.7844, 1.238, 1.707, 2.866, 4.099),
            (0.0007, 0.0041, 0.0083, 0.0162, 0.0277, 0.054, 0.0882, 0.1604, 0.23, 0.2932, 0.432, 0.5485),
        ),
        "servicenow": (
            (0.0007, 0.0042, 0.0085, 0.0428, 0.1494, 0.3912, 0.7393, 1.465, 2.226, 3.012, 4.905, 6.914),
            (0.0007, 0.0041, 0.0083, 0.0192, 0.0398, 0.0811, 0.1333, 0.2333, 0.3255, 0.4094, 0.5713, 0.6937),
        ),
    },
}

#: With m expected events a point the flagged points are 1 + a / m times as many, and no signal at all is as rare
#: as in a series 1 + b / m times as long: (a, b), from simulated Poisson and binomial counts with m of 2 to 20.
_FEW = {"nhs": (1.4, 1.9), "wheeler": (2.6, 2.9), "servicenow": (1.75, 2.35)}


def expected_false(n: int, rules: str = "nhs", autocorrelation: float = 0.0) -> float:
    """How many of ``n`` points an XmR chart of a stable series flags by chance, on average.

    ``autocorrelation``: of each point with the one before; below 0 it counts as 0, above 0.6 as 0.6. What is
    estimated from a series is no more than a hint: at 24 points it is within 0.4 of the truth. Raises KeyError for
    an unknown set of rules.
    """
    return float(_at(_by_autocorrelation(_SCREENED[rules][0], autocorrelation), n))


def chance_of_any(n: int, rules: str = "nhs", autocorrelation: float = 0.0) -> float:
    """How often an XmR chart of a stable series of ``n`` points flags at least one; as :func:`expected_false`."""
    return float(1 - np.exp(-_rate(_by_autocorrelation(_SCREENED[rules][1], autocorrelation), n)))


def over_groups(groups: Iterable[tuple[int, float]], rules: str, limits: str) -> tuple[float, float]:
    """Expected flagged points, and the chance of any, over groups that are charted apart.

    ``groups``: number of points, and the expected number of events (or non-events, if rarer) a point, infinite
    where nothing is counted. ``limits``: "screened", "ranges" or "counted".
    """
    flagged, any_flagged = _OTHERWISE[limits][rules] if limits in _OTHERWISE else (t[0] for t in _SCREENED[rules])
    expected = rate = 0.0
    for n, events in groups:
        more, longer = (1 + extra / max(events, 1.0) for extra in _FEW[rules])
        expected += min(_at(flagged, n) * more, n)
        rate += _rate(any_flagged, n) * longer
    return float(expected), float(1 - np.exp(-rate))


def _at(row, n: int) -> float:
    """The row at ``n`` points; past the table it grows with the number of points."""
    return np.interp(n, _LENGTHS, row) * max(1.0, n / _LENGTHS[-1])


def _rate(row, n: int) -> float:
    """The chance of any as a rate, which adds up over groups."""
    return -np.log1p(-min(np.interp(n, _LENGTHS, row), 1 - 1e-6)) * max(1.0, n / _LENGTHS[-1])


def _by_autocorrelation(rows, autocorrelation: float) -> list[float]:
    return [np.interp(autocorrelation, _AUTOCORRELATIONS, column) for column in zip(*rows, strict=True)]
