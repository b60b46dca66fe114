"""Linear probe: what the frozen part of a network makes of examples, computed once. N examples, P features."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor

from lplcore.augmentations import Augmentation
from lplcore.augmentations.none import NoAugmentation
from lplcore.data.images.stream import ImageStream
from lplcore.data.splits import Split
from lplcore.device import autocast
from lplcore.procedures import NetworkState
from lplcore.training.evaluation.predicting import images_of

AS_THEY_ARE = NoAugmentation()
State = TypeVar("State", bound=NetworkState)


@torch.no_grad()
def features_of(
    split: Split, *, state: NetworkState, batch_size: int, augmentation: Augmentation = AS_THEY_ARE
) -> Split:
    """A split whose examples are the features [N, P] of its images, float32 on the device.

    The network is in evaluation mode and computes in the run's precision.

    Args:
        split: images, held or read as they are needed.
        state: of the run.
        batch_size: images at a time.
        augmentation: one that draws nothing.

    Raises:
        DatasetError: an image cannot be used.
    """
    model, number, first = state.model.eval(), len(split.y), 0
    features: Tensor | None = None
    batches = torch.split(torch.arange(number), batch_size)
    for images in augmented(split, batches, augmentation, state.device):
        with autocast(state.device, state.autocast_dtype):
            pooled = model.pooled(state.data.network_input(images))
        if features is None:
            features = pooled.new_empty((number, pooled.shape[1]), dtype=torch.float32)
        features[first : first + len(images)] = pooled
        first += len(images)
    assert features is not None
    return Split(features, split.y)


def augmented(
    split: Split, batches: Sequence[Tensor], augmentation: Augmentation, device: torch.device
) -> Iterator[Tensor]:
    """Images of batches of places, on the device, changed by an augmentation that draws nothing."""
    streamed = isinstance(split.x, ImageStream)
    change = augmentation.after_crop if streamed else augmentation
    given = images_of(split.x, batches, crop=augmentation.crop) if isinstance(split.x, ImageStream) else batches
    for each in given:
        there = each.to(device)
        images = there if isinstance(split.x, ImageStream) else split.x[there]
        yield change.apply(images, torch.empty(len(images), 0, device=device))


def unchanged(features: Tensor) -> Tensor:
    """Features as the last part of the network takes them: as they are."""
    return features


def on_features(state: State, train: Split) -> State:
    """The state of a run whose examples are features from now on."""
    data = replace(state.data, train=train, network_input=unchanged, augmentation=AS_THEY_ARE)
    return replace(state, on_features=True, data=data)
