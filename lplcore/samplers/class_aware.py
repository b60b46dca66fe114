"""Class-aware sampling: every class is drawn equally often."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from lplcore.samplers import Sampler, class_counts, drawn_by_class


class ClassAware(Sampler):
    """Classes in turn, in a fresh random order each round; of each, `samples_per_class` examples in shuffled order.

    An epoch is as long as the training set. Multi label: an example is one of each of its classes, and one without any
    label is never drawn.
    """

    title: ClassVar[str] = "Class-aware sampling"
    citation: ClassVar[str] = "Shen et al., Relay backpropagation for effective learning, ECCV 2016, Section 3.3"

    name: Literal["class_aware"] = "class_aware"
    samples_per_class: int = Field(1, ge=1, le=10_000, description="examples of a class drawn one after another")

    def order(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        number = labels.shape[0]
        classes = class_counts(labels).nonzero().squeeze(1)
        rounds = -(-number // (classes.shape[0] * self.samples_per_class))
        turns = [classes[torch.randperm(classes.shape[0], generator=generator)] for _ in range(rounds)]
        sequence = torch.cat(turns).repeat_interleave(self.samples_per_class)[:number]
        return drawn_by_class(sequence, labels, generator)
