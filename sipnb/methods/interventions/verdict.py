"""Did it work: the verdict on an action, from its effect, a second opinion, and what was promised.

*Worked*: the effect is certainly to the good, and at least the least that is worth it. *Did not*: it is certainly less than
that. All else is *inconclusive*, and so is a *worked* that hangs on the model: where by the second opinion the effect is not
certainly to the good.
"""

from __future__ import annotations

from sipnb.methods.interventions.averaged import Mixture
from sipnb.methods.interventions.step import Effect

WORKED, DID_NOT, INCONCLUSIVE = "worked", "did not", "inconclusive"
HELD, WORSE = "held", "worse"


def verdict(effect: Effect, minimum: float, good: str, second: Mixture | None = None, sure: float = 0.95) -> str:
    """Worked, did not, or inconclusive.

    ``minimum``: the least effect that is worth it, in the measure's unit, 0 or more whatever the better direction ``good`` ("up"
    or "down"); ``second``: another estimate of ``effect.step``; ``sure``: with which probability an effect has to lie on its side
    of 0, more than .95 where somebody looks for the second time. Raises ValueError for a negative minimum or another direction.
    """
    if good not in ("up", "down") or minimum < 0:
        raise ValueError(f"good is {good!r} and minimum {minimum}; they are 'up' or 'down', and 0 or more")
    sign = 1 if good == "up" else -1
    value = sign * effect.value
    low, high = sorted((sign * effect.low, sign * effect.high))
    found = WORKED if low > 0 and value >= minimum else DID_NOT if high < minimum else INCONCLUSIVE
    opinions = [effect.step.interval(sure), *([second.interval()] if second else [])]
    surely = all(min(sign * bound for bound in opinion) > 0 for opinion in opinions)
    return INCONCLUSIVE if found == WORKED and not surely else found


def not_worse(effect: Effect, margin: float, good: str) -> str:
    """Whether a measure that may not suffer held: certainly not worse by ``margin`` or more.

    "held", "worse" where it certainly is, else "inconclusive".
    """
    sign = 1 if good == "up" else -1
    low, high = sorted((sign * effect.low, sign * effect.high))
    return HELD if low > -margin else WORSE if high < 0 else INCONCLUSIVE
