"""Multi-scale crop at fixed places."""

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from lplcore.augmentations.crop import Crop
from lplcore.augmentations.selected import drawn_index, selected

PLACES = (
    *((0, 0), (4, 0), (0, 4), (4, 4), (2, 2)),
    *((0, 2), (4, 2), (2, 4), (2, 0)),
    *((1, 1), (3, 1), (1, 3), (3, 3)),
)
"""(column, row) in quarters of the room: corners and centre, middles of the edges, middles of the quarters."""


class MultiScaleCrop(Crop):
    """A crop whose sides are one of a few shares of the image's, at one of thirteen places.

    Width and height have shares that are at most `max_distort` apart in the list; every such pair has the same
    probability, and so has every place. In the multi-label recipe images are stretched to a square before, so that a
    side's share is one of that side, not of the short one.
    """

    title: ClassVar[str] = "Multi-scale crop"
    citation: ClassVar[str] = "Wang et al., TSN, ECCV 2016, Section 3.2; as Chen et al., ML-GCN, CVPR 2019 (code)"
    draws: ClassVar[int] = 2

    name: Literal["multi_scale_crop"] = "multi_scale_crop"
    scales: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1, max_length=16)] = Field(
        [1.0, 0.875, 0.75, 0.66, 0.5], description="shares of a side"
    )
    max_distort: int = Field(2, ge=0, le=15, description="how many places in `scales` the two sides may be apart")

    def boxes(self, sizes: Tensor, draws: Tensor) -> Tensor:
        pairs = self._pairs()
        pair, place = drawn_index(draws[:, 0], len(pairs)), drawn_index(draws[:, 1], len(PLACES))
        shares = [selected(pair, [shares[side] for shares in pairs]) for side in (0, 1)]
        quarters = [selected(place, [quarter[side] for quarter in PLACES]) for side in (0, 1)]
        whole = sizes.float()
        sides = (whole * torch.stack(shares, dim=1)).floor().clamp(min=1)
        start = ((whole - sides) / 4).floor() * torch.stack(quarters, dim=1)
        return torch.cat([start, start + sides], dim=1).long()

    def _pairs(self) -> list[tuple[float, float]]:
        """Shares of width and height."""
        return [
            (across, down)
            for i, down in enumerate(self.scales)
            for j, across in enumerate(self.scales)
            if abs(i - j) <= self.max_distort
        ]
