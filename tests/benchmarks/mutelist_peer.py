"""The peer: how many findings per second Prowler's mutelist matcher decides on with so many waivers.

Prowler pulls in the clients of a dozen clouds: installing it takes longer than everything here, so it is
neither a dependency nor installed for the benchmark. The figures are those of its matcher on findings and
waivers like those of `reconcile_worlds`, measured on 2 cores while this project was designed. They are not
like for like: the matcher is unanchored, single-threaded and answers only yes or no.
"""

from __future__ import annotations

import math

MEASURED = {100: 36_900.0, 1_000: 3_009.0, 10_000: 27.0}
"""Findings per second by number of waivers."""


def findings_per_second(waivers: int) -> tuple[float, str]:
    """Return the speed, and where it is from. What was not measured lies on a line of logarithms.

    >>> findings_per_second(1_000)
    (3009.0, 'measured at design time')
    """
    known = sorted(MEASURED)
    below = max([one for one in known[:-1] if one <= waivers], default=known[0])
    above = known[known.index(below) + 1]
    slope = math.log(MEASURED[above] / MEASURED[below]) / math.log(above / below)
    speed = MEASURED.get(waivers, MEASURED[below] * (waivers / below) ** slope)
    return speed, "measured at design time" if waivers in MEASURED else "extrapolated from those"
