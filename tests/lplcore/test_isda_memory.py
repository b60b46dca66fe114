"""ISDA's memory: no tensor of a step is larger than the state."""

from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import lplcore


class Largest(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Remembers the largest tensor that is allocated inside."""

    numel: int = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        tensors = result if isinstance(result, tuple | list) else [result]
        self.numel = max([self.numel, *(part.numel() for part in tensors if isinstance(part, torch.Tensor))])
        return result


def largest(classes: int, examples: int, width: int) -> int:
    """Entries of the largest tensor of a training step."""
    criterion = lplcore.criterion("isda", class_counts=[10] * classes, num_features=width)
    features, layer = torch.randn(examples, width, requires_grad=True), nn.Linear(width, classes)
    labels = torch.arange(examples) % classes
    with Largest() as seen:  # type: ignore[no-untyped-call]
        loss = criterion(layer(features), labels, features=features, classifier=layer, progress=0.5)
        torch.autograd.backward(loss)
    return int(seen.numel)


def test_many_examples_of_few_classes_take_no_more_than_the_state() -> None:
    assert largest(classes=4, examples=96, width=128) <= 4 * 128 * 128


def test_few_examples_of_many_classes_take_no_more_than_the_state() -> None:
    assert largest(classes=300, examples=24, width=32) <= 300 * 32 * 32
