"""Several augmentations, one after the other."""

import itertools
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from torch import Tensor

from lplcore.augmentations import Augmentation
from lplcore.augmentations.crop import Crop
from lplcore.augmentations.none import NoAugmentation
from lplcore.plugin import PluginOf

MAX_STEPS = 16
Step = Annotated[
    Augmentation,
    PluginOf("augmentation", refused={"sequence": "a sequence holds no other one; put the steps of that one here"}),
]


def nothing() -> list[Augmentation]:
    """The steps where none are named."""
    return [NoAugmentation()]


class Sequence(Augmentation):
    """Steps in their order; a list in a spec is short for this.

    A crop may only come first: image files are cut while they are decoded. Each step has random numbers of its own.
    """

    # The plug-ins among which the steps are can be looked up once this module is loaded too.
    model_config = ConfigDict(defer_build=True)

    title: ClassVar[str] = "Sequence"

    name: Literal["sequence"] = "sequence"
    steps: list[Step] = Field(
        default_factory=nothing, min_length=1, max_length=MAX_STEPS, description="augmentations, the first one first"
    )

    @model_validator(mode="after")
    def _crops_come_first(self) -> Self:
        for place, step in enumerate(self.steps):
            if place and step.crop is not None:
                message = f"{step.name!r} is a crop, which may only be the first step; move it there or leave it out"
                raise PydanticCustomError("crop", "{message}", {"message": message, "field": f"steps.{place}.name"})
        return self

    @property
    def draws(self) -> int:
        """Those of all steps."""
        return sum(step.draws for step in self.steps)

    def apply(self, images: Tensor, draws: Tensor) -> Tensor:
        for step, (start, stop) in zip(self.steps, self._columns(), strict=True):
            images = step.apply(images, draws[:, start:stop])
        return images

    @property
    def crop(self) -> Crop | None:
        """That of the first step."""
        return self.steps[0].crop

    @property
    def after_crop(self) -> Augmentation:
        """The steps after it, all where the first is none."""
        if self.crop is None:
            return self
        return Sequence(steps=self.steps[1:]) if self.steps[1:] else NoAugmentation()

    def problems(self, input_shape: tuple[int, ...]) -> list[tuple[str, str]]:
        """(field, message) of every step."""
        return [
            (f"steps.{place}.{field}", text)
            for place, step in enumerate(self.steps)
            for field, text in step.problems(input_shape)
        ]

    def check(self, input_shape: tuple[int, ...]) -> list[str]:
        return [f"{field}: {text}" for field, text in self.problems(input_shape)]

    def _columns(self) -> Iterator[tuple[int, int]]:
        """First and last but one column of each step's draws."""
        return itertools.pairwise(itertools.accumulate((step.draws for step in self.steps), initial=0))
