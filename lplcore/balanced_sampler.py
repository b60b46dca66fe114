"""The project's samplers for a DataLoader of one's own. N examples, C classes, M draws of an epoch, W processes."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import torch
from torch import Tensor

from lplcore.errors import plain, validated
from lplcore.frame.labels import IGNORE_INDEX, UNKNOWN
from lplcore.plugin import PluginOf, Record
from lplcore.randomness import generator
from lplcore.samplers import Sampler, class_counts


class Drawing(Record):
    """How examples are drawn."""

    sampler: Annotated[Sampler, PluginOf("sampler")]


class BalancedSampler(torch.utils.data.Sampler[int]):
    """Indices of an epoch's training examples in the order in which the trainer draws them.

    With several processes each takes every W-th of one and the same order: rank r its places r, r + W, r + 2 W, and so
    on. All have equally many: the order's first entries are repeated at its end, or its last ones dropped.

    Args:
        labels: class indices [N], or multi-hot rows [N, C]; -100, and -1 in rows, are unknown.
        sampler: a sampler's name (`class_aware`, `square_root`, `uniform`), or an object with its parameters.
        epoch_length: M; None: what the sampler gives, which for most is N. Beyond that it draws again.
        seed: of the run whose draws these are; the same one in all processes.
        rank: of this process.
        world_size: W.
        drop_last: drop what does not divide by W.

    Raises:
        SpecError: an unknown sampler or parameter.
        ValueError: labels or numbers that make no sense.
    """

    def __init__(
        self,
        labels: Any,
        sampler: str | Mapping[str, Any] = "class_aware",
        *,
        epoch_length: int | None = None,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        drop_last: bool = False,
    ) -> None:
        if world_size < 1 or not 0 <= rank < world_size:
            raise ValueError(f"rank: from 0 to world_size - 1, got {rank} of {world_size}")
        if epoch_length is not None and epoch_length < 1:
            raise ValueError(f"epoch_length: must be at least 1, got {epoch_length}")
        self.labels = checked_labels(labels)
        self.sampler = validated(Drawing, plain({"sampler": sampler})).sampler
        self.epoch_length, self.seed, self.drop_last = epoch_length, seed, drop_last
        self.rank, self.world_size = rank, world_size
        self.set_epoch(0)
        if len(self) == 0:
            raise ValueError(f"world_size: {len(self.order)} draws are fewer than {world_size} processes")

    def set_epoch(self, epoch: int) -> None:
        """Draw an epoch, from 0; call it before each, in all processes."""
        draw = generator(self.seed, "order", epoch)
        order = self.sampler.order(self.labels, draw)
        while len(order) < (self.epoch_length or 0):
            order = torch.cat([order, self.sampler.order(self.labels, draw)])
        self.epoch, self.order = epoch, order[: self.epoch_length]

    def __len__(self) -> int:
        whole, rest = divmod(len(self.order), self.world_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[int]:
        places = self.rank + self.world_size * torch.arange(len(self))
        return iter(self.order[places % len(self.order)].tolist())


def checked_labels(labels: Any) -> Tensor:
    """Labels as a tensor on the CPU.

    Raises:
        ValueError: no labels, or none that can be.
    """
    tensor = torch.as_tensor(labels).cpu()
    if tensor.dim() not in (1, 2) or tensor.numel() == 0:
        raise ValueError(f"labels: give [N] class indices or [N, C] multi-hot rows, got shape {list(tensor.shape)}")
    if tensor.dim() == 1 and (tensor.is_floating_point() or bool(((tensor < 0) & (tensor != IGNORE_INDEX)).any())):
        raise ValueError(f"labels: class indices are whole numbers from 0, or {IGNORE_INDEX} for unknown")
    if tensor.dim() == 2 and not bool(((tensor >= 0) & (tensor <= 1) | (tensor == UNKNOWN)).all()):
        raise ValueError(f"labels: rows hold 0 and 1, or {UNKNOWN} for unknown")
    tensor = tensor if tensor.is_floating_point() else tensor.long()
    if not bool(class_counts(tensor).any()):
        raise ValueError("labels: no example has a class")
    return tensor
