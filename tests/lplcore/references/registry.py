"""What a reference reads, and which plug-in it is for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Row = list[float]
Key = tuple[str, str, str]
"""Kind, name and task of a plug-in."""


@dataclass
class Situation:
    """One batch in plain numbers, with what a method remembers from earlier batches."""

    logits: list[Row]
    labels: list[Any]
    """Class indices, or multi-hot rows."""
    features: list[Row]
    weight: list[Row]
    progress: float
    counts: list[int]
    number: int
    """Training examples, for multi label."""
    options: dict[str, Any]
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def classes(self) -> int:
        return len(self.counts)


Losses = Callable[[Situation], Any]
"""Losses of the examples, or of the examples' entries for multi label."""


class Reference(NamedTuple):
    """How the suite looks at a plug-in: its reference, and settings at which a batch shows the mechanism."""

    losses: Losses | None = None
    options: Mapping[str, Any] = {}
    instead: str = "no reference yet"
    """Without a reference: why, and what stands for it."""
    not_neutral: str = "it has no neutral setting"
    """Without a neutral setting: why."""


REFERENCES: dict[Key, Reference] = {}


def reference(
    kind: str, name: str, *, task: str = "single_label", options: Mapping[str, Any] | None = None, not_neutral: str = ""
) -> Callable[[Losses], Losses]:
    """A function that computes the losses of a plug-in once more."""

    def registered(losses: Losses) -> Losses:
        entry = Reference(losses, options or {})
        REFERENCES[kind, name, task] = entry._replace(not_neutral=not_neutral) if not_neutral else entry
        return losses

    return registered


def no_reference(kind: str, name: str, *, task: str = "single_label", instead: str, **rest: Any) -> None:
    """Say why a plug-in has no reference, and what stands for it; `rest` are further fields of `Reference`."""
    REFERENCES[kind, name, task] = Reference(instead=instead, **rest)
