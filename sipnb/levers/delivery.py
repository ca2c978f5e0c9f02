"""How often an organisation's actions work: what an estimated effect is to be discounted by.

An effect is estimated as if a lever worked wholly. Of what organisations try, most does not move its measure: of the ideas that
Microsoft tested in controlled experiments about one third did (Kohavi and others 2009, "Online experimentation at Microsoft").
That is what is believed before an organisation's own register says anything, with the weight of `WEIGHT` judged actions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

#: The share of actions that work where nothing is known, and how many judged actions of one's own weigh as much.
USUAL, WEIGHT = 1 / 3, 6.0


@dataclass(frozen=True)
class Delivery:
    """Of so many `judged` actions of an organisation so many `worked`; `share` is how likely the next one does."""

    worked: int = 0
    judged: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.worked <= self.judged:
            raise ValueError(f"{self.worked} of {self.judged} actions cannot have worked")

    @property
    def share(self) -> float:
        """The mean of what is believed after the judged ones.

        >>> round(Delivery(0, 0).share, 3), round(Delivery(6, 6).share, 3)
        (0.333, 0.667)
        """
        return (USUAL * WEIGHT + self.worked) / (WEIGHT + self.judged)

    def draws(self, uniform: np.ndarray) -> np.ndarray:
        """Shares that are as likely as what is believed says, one for each number between 0 and 1."""
        worked = USUAL * WEIGHT + self.worked
        return stats.beta.ppf(uniform, worked, WEIGHT + self.judged - worked)
