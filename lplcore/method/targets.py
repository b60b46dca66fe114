"""What a method's target transforms make of labels. N examples, C classes."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lplcore.frame.inputs import Mixture
from lplcore.targets import Smoothing, Target, soft


class Changed(NamedTuple):
    """Targets after the transforms, and what they come from."""

    targets: Tensor
    """Labels [N] or soft targets [N, C]."""
    source: Tensor
    """The same without smoothing."""
    kept: Tensor | None = None
    """[N] what smoothing leaves of the source, None where nothing smooths."""
    spread: Tensor | None = None
    """[N, C] what smoothing adds to that."""

    @property
    def labels(self) -> Tensor:
        """[N], of soft targets the largest entry."""
        return self.targets.argmax(dim=1) if self.targets.dim() == 2 else self.targets

    @property
    def soft_targets(self) -> Tensor | None:
        """[N, C], None of labels [N]."""
        return self.targets if self.targets.dim() == 2 else None

    @property
    def mixture(self) -> Mixture | None:
        """What soft targets are mixed of, None where every example comes from one label."""
        return Mixture(self.source, self.kept, self.spread) if self.source.dim() == 2 else None


def changed(
    targets: Tensor, transforms: Iterable[tuple[Target, nn.Module]], num_classes: int, dtype: torch.dtype
) -> Changed:
    """Targets [N] or [N, C] after all transforms, in their order."""
    after = Changed(targets, targets)
    for part, module in transforms:
        after = step(after, part, module, num_classes, dtype)
    return after


def step(before: Changed, part: Target, module: nn.Module, num_classes: int, dtype: torch.dtype) -> Changed:
    """After one more transform."""
    targets: Tensor = module(before.targets, dtype)
    if isinstance(module, Smoothing):
        return smoothed(before, targets, module.share(soft(before.targets, num_classes, dtype)), module)
    if before.kept is None or before.spread is None or part.makes_soft:
        return Changed(targets, targets)
    # Smoothed before: rows that are drawn anew are no longer.
    anew = (targets != before.targets).any(dim=1)
    if before.source.dim() == 1:
        source = torch.where(anew, targets.argmax(dim=1), before.source)
    else:
        source = torch.where(anew[:, None], targets, before.source)
    spread = torch.where(anew[:, None], 0.0, before.spread)
    return Changed(targets, source, torch.where(anew, 1.0, before.kept), spread)


def smoothed(before: Changed, targets: Tensor, share: Tensor, module: Smoothing) -> Changed:
    """After smoothing by a share [N]."""
    kept, spread = 1 - share, module.spread(share)
    if before.kept is not None and before.spread is not None:
        kept, spread = kept * before.kept, kept[:, None] * before.spread + spread
    return Changed(targets, before.source, kept, spread)
