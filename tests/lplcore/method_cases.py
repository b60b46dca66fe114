"""What the conformance suite runs on: every plug-in of a criterion alone on cross entropy, and every alias.

Those that fit both tasks are two cases; multi label stands on binary cross entropy.

A new plug-in is found by itself. It fails the suite until it has a loop reference (`method_references`) and a line in
NEUTRAL; what does not apply to it is said here with the reason.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import pytest
import torch
from torch import Tensor, nn

import lplcore
from lplcore.method.criterion import Criterion
from lplcore.plugin import get, plugins
from tests.grids import campaign

FIELD_OF_KIND = {
    "loss": "loss",
    "perturbation": "perturbations",
    "weighting": "weighting",
    "target": "targets",
    "regularizer": "regularizers",
}
Key = tuple[str, ...]
"""Kind and name; `multi_label` third for that task."""
MULTI = "multi_label"
OPTIONS: dict[Key, dict[str, Any]] = {
    ("perturbation", "lpl"): {"num_steps": 3},
    ("perturbation", "ldam"): {"scale": 4.0},
    ("perturbation", "gcl"): {"scale": 4.0},
    ("perturbation", "large_margin"): {"annealing": 2.0},
    ("regularizer", "center"): {"weight": 0.3},
    ("weighting", "class_balanced"): {"beta": 0.9},
    ("loss", "binary_cross_entropy", MULTI): {"negative_scale": 2.0},
    ("loss", "focal", MULTI): {"negative_scale": 3.0},
    ("loss", "asymmetric", MULTI): {"gamma_negative": 2.0, "shift": 0.2},
    ("perturbation", "ldam", MULTI): {"scale": 4.0},
    ("perturbation", "lpl", MULTI): {"form": "pgd", "epsilon": 0.13, "delta_epsilon": 0.5},
    ("perturbation", "negative_tolerant", MULTI): {"kappa": 0.7, "negative_scale": 2.0},
}
"""Settings at which a small batch shows the mechanism."""
NEUTRAL: dict[Key, dict[str, Any] | str] = {
    ("loss", "cross_entropy"): {},
    ("loss", "focal"): {"gamma": 0.0},
    ("loss", "generalized_cross_entropy"): "q = 0 is a limit, tested to 1e-5",
    ("perturbation", "balanced_softmax"): "no parameter; equal counts are tested to 1e-6",
    ("perturbation", "gcl"): {"amplitude": 0.0},
    ("perturbation", "isda"): {"strength": 0.0},
    ("perturbation", "large_margin"): {"multiple": 1},
    ("perturbation", "ldam"): {"max_margin": 0.0},
    ("perturbation", "logit_adjustment"): {"strength": 0.0},
    ("perturbation", "lpl"): {"epsilon": 0.0, "delta_epsilon": 0.0},
    ("perturbation", "seesaw"): {"p": 0.0, "q": 0.0},
    ("perturbation", "vs"): {"gamma": 0.0, "tau": 0.0},
    ("weighting", "class_balanced"): {"beta": 0.0},
    ("weighting", "influence_balanced"): "weights depend on the example at every setting",
    ("weighting", "inverse_frequency"): {"power": 0.0},
    ("target", "disturb_label"): {"noise": 0.0},
    ("target", "label_aware_smoothing"): {"smooth_head": 0.0, "smooth_tail": 0.0},
    ("target", "label_smoothing"): {"smoothing": 0.0},
    ("target", "mixup"): "the ratio 1 has probability zero",
    ("regularizer", "center"): {"weight": 0.0},
    ("regularizer", "lade"): {"weight": 0.0},
    ("loss", "asymmetric", MULTI): {"gamma_negative": 0.0, "gamma_positive": 0.0, "shift": 0.0},
    ("loss", "binary_cross_entropy", MULTI): {"negative_scale": 1.0},
    ("loss", "focal", MULTI): {"gamma": 0.0, "factor": 1.0, "negative_scale": 1.0},
    ("loss", "two_way", MULTI): "a loss of whole rows and columns at every setting",
    ("perturbation", "ldam", MULTI): {"max_margin": 0.0},
    ("perturbation", "logit_compensation", MULTI): {"scale_bound": 0.0, "shift_bound": 0.0},
    ("perturbation", "lpl", MULTI): {"epsilon": 0.0, "delta_epsilon": 0.0},
    ("perturbation", "negative_tolerant", MULTI): {"kappa": 0.0},
    ("weighting", "class_balanced", MULTI): {"beta": 0.0},
    ("weighting", "inverse_frequency", MULTI): {"power": 0.0},
    ("weighting", "rebalanced", MULTI): {"alpha": 0.5, "beta": 0.0},
}
"""Parameters at which a plug-in is (binary) cross entropy, or why there are none."""
RANDOM = {"gcl", "disturb_label", "mixup"}
"""They draw random numbers: the draws do not follow a relabelling."""
STOPPED = {"lpl", "seesaw"}
"""Their gradient stops at the perturbation, so that it is that of the base loss at fixed perturbation."""
NOT_SHIFT_INVARIANT = {"vs", "lade"}
"""Multiplicative, or an estimate of a density by the logits themselves."""


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
        return "-".join(self.key)

    @property
    def key(self) -> Key:
        """Where the tables of this suite have it."""
        return (self.kind, self.name, MULTI) if self.multi_label else (self.kind, self.name)

    @property
    def multi_label(self) -> bool:
        """Whether labels are multi-hot."""
        return self.task == MULTI

    def method(self, **options: Any) -> Any:
        """The method object, with the plug-in's parameters changed."""
        if self.kind == "method":
            return {"alias": self.name, **options}
        part = {"name": self.name, **OPTIONS.get(self.key, {}), **options}
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

    def has(self, names: set[str]) -> bool:
        """Whether a part has one of these names, which speak of single-label data."""
        return not self.multi_label and bool(self.names & names)

    @cached_property
    def names(self) -> set[str]:
        """Names of all parts of the method."""
        return {part.name for _, part in self.criterion([3, 2]).method.parts()}


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
    cases: Sequence[Case], unless: Callable[[Case], str | None] = always, *, kinds: Collection[str] = ()
) -> Callable[[Test], Test]:
    """A test of the suite that runs on every case but those for which `unless` gives a reason.

    Where kinds are given, `make test` has cases of these only.
    """

    def registered(test: Test) -> Test:
        reasons = {str(case): unless(case) for case in cases}
        CHECKS[test.__name__] = reasons
        applicable = [case for case in cases if reasons[str(case)] is None]
        grid = [case if not kinds or case.kind in kinds else campaign(case) for case in applicable]
        marked: Test = pytest.mark.parametrize("case", grid, ids=str)(test)
        return marked

    return registered


def why_not(reason: str, names: set[str]) -> Callable[[Case], str | None]:
    """The reason for cases that have a part of these names."""
    return lambda case: reason if case.has(names) else None


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
