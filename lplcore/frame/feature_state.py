"""Running state whose size depends on the number of features, which a criterion may learn from its first batch."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn


class FeatureState(nn.Module):
    """A module with buffers that exist from the first batch on, which shows the number of features D.

    Class attribute `feature_buffer`: a buffer whose last dimension is D; a state dict that has it allocates the others.
    """

    feature_buffer: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.num_features: int | None = None

    @abstractmethod
    def make_buffers(self, num_features: int) -> Mapping[str, Tensor]:
        """The buffers at the start, by name, on the CPU."""

    def allocate(self, num_features: int, device: torch.device | None = None) -> None:
        """Make the buffers, unless they are there; those of a checkpoint follow to the device.

        Raises:
            ValueError: they are for another number of features.
        """
        if self.num_features is None:
            # A first batch under inference mode must not leave tensors that training cannot change.
            with torch.inference_mode(False):
                for name, buffer in self.make_buffers(num_features).items():
                    self.register_buffer(name, buffer.to(device))
            self.num_features = num_features
        elif self.num_features != num_features:
            raise ValueError(f"features: expected [N, {self.num_features}] as in the first batch, got D={num_features}")
        elif device is not None and self.get_buffer(self.feature_buffer).device != device:
            self.to(device)

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *args: Any, **options: Any) -> None:
        saved = state_dict.get(f"{prefix}{self.feature_buffer}")
        if self.num_features is None and saved is not None:
            self.allocate(saved.shape[-1], saved.device)
        super()._load_from_state_dict(state_dict, prefix, *args, **options)


def refuse_state(criterion: nn.Module) -> None:
    """Refuse a second pass over a batch, in the backward pass, where it would count twice.

    Raises:
        RuntimeError: the criterion keeps state.
    """
    kept = {
        name.rsplit(".", 1)[0] for name in criterion.state_dict().keys() - dict(criterion.named_parameters()).keys()
    }
    if kept:
        parts = ", ".join(sorted(type(criterion.get_submodule(name)).__name__ for name in kept))
        raise RuntimeError(
            f"the criterion keeps state of the batches it sees ({parts}), and torch.utils.checkpoint calls it once "
            "more in the backward pass: leave it outside the checkpointed part"
        )
