"""What all facts share: no field beyond the schema, and NaN as None, so that JSON can hold them; and the head of a plan."""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from sipnb.cycles import noun


class Facts(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _no_number_is_none(cls, value: Any) -> Any:
        # JSON has no NaN: facts in memory are the same as facts read back.
        return None if isinstance(value, float) and not math.isfinite(value) else value


class About(Facts):
    """What the plan is about, as every page's head says it."""

    organisation: str
    service: str
    name: str
    owner: str
    tier: str
    calendar: str
    cycle: str
    cycle_label: str
    opens: str
    cutoff_label: str
    currency: str
    simulated: bool

    @property
    def period(self) -> str:
        """What a cycle is: month, quarter or week."""
        return noun(self.cycle)
