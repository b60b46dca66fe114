"""Predictions of a run's network for the examples of a split."""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from lplcore.augmentations.crop import Crop
from lplcore.data.images.reading import Wanted
from lplcore.data.images.stream import ImageStream
from lplcore.data.splits import Split
from lplcore.device import autocast
from lplcore.models import ModelOutput
from lplcore.procedures import NetworkState
from lplcore.training.captured import Capture, CapturedPrediction
from lplcore.training.evaluation.fused import FusedNetwork, fusible

READ_AT_ONCE = 64
"""Images that a worker process reads at a time."""


class Predictions:
    """Logits of splits; on a CUDA device captured as CUDA graphs.

    Args:
        state: of the run.
        capture: makes a graph of work.
    """

    def __init__(self, state: NetworkState, capture: Capture) -> None:
        self.state, self.capture = state, capture
        self.double: FusedNetwork | None = None
        self.captured: dict[int, CapturedPrediction] = {}

    def __call__(self, split: Split, batches: Sequence[Tensor]) -> Iterator[Tensor]:
        """Logits [B, C] in float32 for batches of a split's examples, each by their indices [B].

        Raises:
            DatasetError: an image cannot be used.
        """
        predict = self._of(split)
        given = images_of(split.x, batches) if isinstance(split.x, ImageStream) else iter(batches)
        return (predict(each.to(self.state.device, non_blocking=True)) for each in given)

    def forget(self) -> None:
        """Drop all graphs: the network's next stage does other work."""
        self.captured.clear()

    def release(self) -> None:
        """Let go of all memory."""
        self.forget()
        if self.double is not None:
            self.double.release()

    def _of(self, split: Split) -> Callable[[Tensor], Tensor]:
        """Examples of a split to logits: by their indices where they are held, else by their images."""
        network, state, x = self._network(), self.state, split.x

        def predict(given: Tensor) -> Tensor:
            examples = given if isinstance(x, ImageStream) else x[given]
            with autocast(state.device, state.autocast_dtype):
                return network(state.data.network_input(examples)).logits.float()

        if state.device.type != "cuda":
            return predict
        return self.captured.setdefault(id(split), CapturedPrediction(predict, self.capture))

    def _network(self) -> Callable[[Tensor], ModelOutput]:
        """The network in evaluation mode, or its fused double."""
        model, dtype = self.state.model.eval(), self.state.autocast_dtype
        if self.state.on_features:
            return self.state.network
        if not fusible(model, self.state.device, dtype):
            return model
        self.double = self.double or FusedNetwork(model, dtype)
        self.double.refresh()
        return self.double


def images_of(stream: ImageStream, batches: Sequence[Tensor], *, crop: Crop | None = None) -> Iterator[Tensor]:
    """The images of batches, read a few at a time: what a crop that draws nothing takes of them, or the view."""
    pieces = [torch.split(indices.cpu(), READ_AT_ONCE) for indices in batches]
    flat = [piece for parts in pieces for piece in parts]
    wanted = [Wanted(piece.numpy(), None if crop is None else torch.empty(len(piece), 0)) for piece in flat]
    read = stream.batches(wanted, boxes=None if crop is None else crop.boxes)
    return (torch.cat([next(read) for _ in parts]) for parts in pieces)
