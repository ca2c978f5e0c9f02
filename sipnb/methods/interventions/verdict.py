"""Did it work: the verdict on an action, from its effect, other opinions, and what was promised.

*Worked*: the effect is certainly to the good, and at least the least that is worth it. *Did not*: it is certainly less than
that. All else is *inconclusive*, and so is a *worked* that hangs on how it is estimated: where by another opinion the effect is
not certainly to the good.
"""

from __future__ import annotations

from collections.abc import Iterable

from sipnb.methods.interventions.averaged import Mixture
from sipnb.methods.interventions.step import Effect

WORKED, DID_NOT, INCONCLUSIVE = "worked", "did not", "inconclusive"
HELD, WORSE = "held", "worse"


def verdict(effect: Effect, minimum: float, good: str, opinions: Iterable[Mixture] = (), sure: float = 0.95) -> str:
    """Worked, did not, or inconclusive.

    ``minimum``: the least effect that is worth it, in the measure's unit, 0 or more whatever the better direction ``good`` ("up"
    or "down"); ``opinions``: other estimates of ``effect.step``; ``sure``: with which probability an effect has to lie on its
    side of 0, more than .95 where somebody looks for the second time. Raises ValueError for a negative minimum or another
    direction.
    """
    if good not in ("up", "down") or minimum < 0:
        raise ValueError(f"good is {good!r} and minimum {minimum}; they are 'up' or 'down', and 0 or more")
    sign = 1 if good == "up" else -1
    value = sign * effect.value
    low, high = sorted((sign * effect.low, sign * effect.high))
    found = WORKED if low > 0 and value >= minimum else DID_NOT if high < minimum else INCONCLUSIVE
    if found != WORKED:
        return found
    bounds = [effect.step.interval(sure), *(opinion.interval() for opinion in opinions)]
    return WORKED if all(min(sign * bound for bound in one) > 0 for one in bounds) else INCONCLUSIVE


def not_worse(effect: Effect, margin: float, good: str) -> str:
    """Whether a measure that may not suffer held: certainly not worse by ``margin`` or more.

    "held", "worse" where it certainly is, else "inconclusive".
    """
    sign = 1 if good == "up" else -1
    low, high = sorted((sign * effect.low, sign * effect.high))
    return HELD if low > -margin else WORSE if high < 0 else INCONCLUSIVE
