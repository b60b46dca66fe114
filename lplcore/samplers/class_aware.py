"""Class-aware sampling: every class is drawn equally often."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from lplcore.samplers import Sampler, class_counts, drawn_by_class


class ClassAware(Sampler):
    """Classes in turn, in a fresh random order each round; of each, `samples_per_class` examples in shuffled order.

    An epoch is as long as the training set, or, as in the official code of distribution-balanced loss, max_c n_c * C /
    4 draws, C the classes with examples: 3,875 on VOC-MLT, 22,560 on COCO-MLT. Multi label: an example is one of each
    of its classes, and one without any label is never drawn.
    """

    title: ClassVar[str] = "Class-aware sampling"
    citation: ClassVar[str] = "Shen et al., Relay backpropagation for effective learning, ECCV 2016, Section 3.3"
    formula: ClassVar[str] = r"P(c) = \frac{1}{C}, \quad P(i \mid c) = \frac{1}{n_c}"
    effect: ClassVar[str] = (
        "Every class is drawn equally often: the tail's examples are repeated, many of the head's are left out "
        "of an epoch."
    )
    advice: ClassVar[str] = (
        "With re-balanced weights on multi-label data, or from a later stage on: from half of the training on "
        "it lowers few-shot error on long-tailed digits."
    )

    name: Literal["class_aware"] = "class_aware"
    samples_per_class: int = Field(1, ge=1, le=10_000, description="examples of a class drawn one after another")
    epoch_length: Literal["training_set", "largest_class"] = Field(
        "training_set", description="largest_class: max_c n_c * C / 4 draws, as in distribution-balanced loss's code"
    )

    def order(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        counts = class_counts(labels)
        classes = counts.nonzero().squeeze(1)
        number = labels.shape[0]
        if self.epoch_length == "largest_class":
            number = max(2, int(counts.max()) * classes.shape[0] // 4)
        rounds = -(-number // (classes.shape[0] * self.samples_per_class))
        turns = [classes[torch.randperm(classes.shape[0], generator=generator)] for _ in range(rounds)]
        sequence = torch.cat(turns).repeat_interleave(self.samples_per_class)[:number]
        return drawn_by_class(sequence, labels, generator)
