"""What the conformance suite runs on: every plug-in of a criterion alone on cross entropy, and every alias.

Those that fit both tasks are two cases; multi label stands on binary cross entropy.

A new plug-in joins by itself. What it says of itself (`lplcore.frame.part`) decides which checks apply to it; its loop
reference is a file in `references`.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import pytest
import torch
from torch import Tensor, nn

import lplcore
from lplcore.frame.part import CriterionPart
from lplcore.method.criterion import Criterion
from lplcore.plugin import get, plugins
from tests.grids import campaign, every
from tests.lplcore.references import REFERENCES, Key, Reference

FIELD_OF_KIND = {
    "loss": "loss",
    "perturbation": "perturbations",
    "weighting": "weighting",
    "target": "targets",
    "regularizer": "regularizers",
}
MULTI = "multi_label"
NO_REFERENCE = Reference()


class Batch(NamedTuple):
    """A batch whose logits come from features and a last layer. N examples, C classes, D features."""

    features: Tensor
    classifier: nn.Linear
    labels: Tensor

    @property
    def logits(self) -> Tensor:
        """[N, C], with graph."""
        return nn.functional.linear(self.features, self.classifier.weight, self.classifier.bias)

    def arguments(self) -> dict[str, Any]:
        """What a method may need beside logits and labels."""
        return {"features": self.features, "classifier": self.classifier, "progress": 0.6}


@dataclass(frozen=True)
class Case:
    """A method of the suite."""

    kind: str
    name: str
    task: str = "single_label"

    def __str__(self) -> str:
        return "-".join(self.key if self.multi_label else self.key[:2])

    @property
    def key(self) -> Key:
        """Where the references have it."""
        return (self.kind, self.name, self.task)

    @property
    def reference(self) -> Reference:
        """Its loop reference and the settings at which a small batch shows the mechanism."""
        return REFERENCES.get(self.key, NO_REFERENCE)

    @property
    def multi_label(self) -> bool:
        """Whether labels are multi-hot."""
        return self.task == MULTI

    def method(self, **options: Any) -> Any:
        """The method object, with the plug-in's parameters changed."""
        if self.kind == "method":
            return {"alias": self.name, **options}
        part = {"name": self.name, **self.reference.options, **options}
        field = FIELD_OF_KIND[self.kind]
        return {field: [part] if field.endswith("s") and field != "loss" else part}

    def criterion(self, counts: Any, **options: Any) -> Criterion:
        """Its criterion."""
        number = number_of(counts) if self.multi_label else None
        return lplcore.criterion(self.method(**options), class_counts=counts, task=self.task, num_examples=number)

    def losses_shape(self, examples: int, classes: int) -> tuple[int, ...]:
        """Shape of unreduced losses."""
        return (examples, classes) if self.multi_label else (examples,)

    def base_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Unreduced (binary) cross entropy."""
        if self.multi_label:
            truth = labels.to(logits.dtype)
            return nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
        return nn.functional.cross_entropy(logits, labels, reduction="none")

    @cached_property
    def parts(self) -> list[CriterionPart]:
        """The records of what makes up its criterion."""
        return [part for _, part in self.criterion([3, 2]).method.parts() if isinstance(part, CriterionPart)]

    @cached_property
    def names(self) -> set[str]:
        """Names of all parts of the method."""
        return {part.name for _, part in self.criterion([3, 2]).method.parts()}

    @property
    def random(self) -> bool:
        """Whether a part draws random numbers."""
        return any(part.random for part in self.parts)

    @property
    def stops_gradient(self) -> bool:
        """Whether a part adds something to the logits through which no gradient passes."""
        return any(part.stops_gradient(self.task) for part in self.parts)


def parts() -> list[Case]:
    """Every plug-in that makes up a criterion, per task it fits."""
    return [case for kind in FIELD_OF_KIND for case in by_task(kind)]


def aliases() -> list[Case]:
    """Every alias, per task it fits."""
    return by_task("method")


def by_task(kind: str) -> list[Case]:
    """All plug-ins of a kind, first those for single label."""
    tasks = ("single_label", MULTI)
    return [Case(kind, name, task) for task in tasks for name in plugins(kind) if task in get(kind, name).tasks]


Test = TypeVar("Test", bound=Callable[..., None])
CHECKS: dict[str, dict[str, str | None]] = {}
"""Check -> case -> why it does not apply, None where it does. `conformance_table` writes it down."""


def always(case: Case) -> str | None:
    """No reason: a check applies."""
    return None


def check(
    cases: Sequence[Case], unless: Callable[[Case], str | None] = always, *, kinds: Collection[str] = (), thin: int = 1
) -> Callable[[Test], Test]:
    """A test of the suite that runs on every case but those for which `unless` gives a reason.

    With `kinds`, `make test` has cases of these only; of them with `thin` every so many-th.
    """

    def registered(test: Test) -> Test:
        reasons = {str(case): unless(case) for case in cases}
        CHECKS[test.__name__] = reasons
        applicable = [case for case in cases if reasons[str(case)] is None]
        quick = every(thin, [case for case in applicable if not kinds or case.kind in kinds])
        grid = [*quick, *(campaign(case) for case in applicable if kinds and case.kind not in kinds)]
        marked: Test = pytest.mark.parametrize("case", grid, ids=str)(test)
        return marked

    return registered


def unless_random(reason: str) -> Callable[[Case], str | None]:
    """The reason for cases that draw random numbers."""
    return lambda case: reason if case.random else None


def batch_of(
    case: Case,
    *,
    examples: int = 12,
    classes: int = 5,
    width: int = 6,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> Batch:
    """A batch with a random last layer; gradients are wanted for features and weights.

    Multi label: each label with probability 0.4, the first example has none and the second all.
    """
    generator = torch.Generator().manual_seed(seed)
    layer = nn.Linear(width, classes, dtype=dtype)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    features = torch.randn(examples, width, generator=generator, dtype=torch.float64).to(dtype)
    if case.multi_label:
        labels = (torch.rand(examples, classes, generator=generator) < 0.4).long()
        labels[:1], labels[1:2] = 0, 1
    else:
        labels = torch.randint(classes, (examples,), generator=generator)
    return Batch(features.requires_grad_(), layer, labels)


def number_of(counts: Any) -> int:
    """Examples of a multi-label training set with these counts."""
    return int(max(counts)) + 30


def counts_of(classes: int) -> list[int]:
    """Long-tailed counts."""
    return [max(1, int(200 * 0.6**c)) for c in range(classes)]
