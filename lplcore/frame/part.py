"""What is true of a part of a criterion, as the part itself says; the conformance suite checks each by it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from lplcore.plugin import Plugin


class CriterionPart(Plugin):
    """A loss, perturbation, weighting, target transform or regulariser. N examples, C classes, D features.

    What a part says of itself decides which checks apply to it. The defaults are the strictest: a part that is not what
    they say fails the suite.

    Class attributes:
        neutral: parameters at which the method is plain (binary) cross entropy, bit for bit; None where there are none.
        random: whether it draws random numbers, which follow neither a renumbering of classes nor a size of the batch.
        detached_features: whether the features [N, D] that a criterion is called with enter without their gradient.
        hard_entries: multi label: whether labels must be 0 or 1, and not shares between.
        maskable: whether the loss stays finite where a wrong class that has training examples has the logit -inf.
    """

    neutral: ClassVar[Mapping[str, Any] | None] = None
    random: ClassVar[bool] = False
    detached_features: ClassVar[bool] = False
    hard_entries: ClassVar[bool] = False
    maskable: ClassVar[bool] = True

    def shift_invariant(self) -> bool:
        """Whether a constant on all C logits of an example changes nothing (single label)."""
        return True

    def stops_gradient(self, task: str) -> bool:
        """Whether what it adds to the logits depends on them and passes no gradient to them, by design."""
        return False
