"""How a search stands and what it does next, as values: who stores and trains them is no matter here."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

TrialState = Literal["open", "at_rung", "succeeded", "failed", "cancelled", "pruned"]
"""open: waits for a worker or is being trained; at_rung: has a value there and waits to go on."""


@dataclass(frozen=True)
class Trial:
    """A trial as it stands.

    Attributes:
        number: from 0, in the order of proposals.
        values: rung (from 0; the last is the end of the training) -> the metric there; None where it is undefined.
            A trial at a rung has an entry for it, one that succeeded for the last.
    """

    number: int
    point: Mapping[str, Any]
    state: TrialState
    values: Mapping[int, float | None] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether it will have no more values."""
        return self.state not in ("open", "at_rung")

    def told(self, rung: int) -> bool:
        """Whether it is known what becomes of it at a rung."""
        return self.ended or rung in self.values

    def value(self, rung: int) -> float | None:
        """Its metric at a rung, None where it has none."""
        value = self.values.get(rung)
        return value if value is not None and math.isfinite(value) else None

    def waits_at(self, rung: int) -> bool:
        """Whether it waits at this rung to go on."""
        return self.state == "at_rung" and rung == max(self.values, default=0)


@dataclass(frozen=True)
class Decision:
    """What a search does next; the same from the same values, whenever and however often it is asked.

    Attributes:
        ask: (number, point) of new trials.
        promote: numbers of trials at a rung that go on to the next.
        prune: numbers of trials at a rung that end there.
        finalists: the points that get `then_seeds`, best first, once that is decided.
        over: whether nothing is left to be decided.
    """

    ask: tuple[tuple[int, Mapping[str, Any]], ...] = ()
    promote: tuple[int, ...] = ()
    prune: tuple[int, ...] = ()
    finalists: tuple[Mapping[str, Any], ...] | None = None
    over: bool = False
