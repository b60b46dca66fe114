"""Data sets of image files, which are read when they are needed."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from lplcore.data.images.files import Cache, ImageFiles, Pixels, View, image_files
from lplcore.data.rules import RULES
from lplcore.datasets import Dataset

CENTRE = 7 / 8
"""Share of the short side that a centre crop takes where a spec says nothing: 224 of 256 pixels."""


class ImageDataset(Dataset):
    """A data set whose images are files; `read` gives `ImageFiles`."""

    default_model: ClassVar[str] = "resnet50"
    default_epochs: ClassVar[int] = 90

    image_size: int = Field(224, ge=8, le=1024, description="pixels per side of what the network sees")
    view: View = "center_crop"
    resize: int | None = Field(
        None, ge=8, le=2048, description="of center_crop; null: 8/7 of image_size, 256 for 224; never below image_size"
    )
    cache: Cache | None = Field(
        None,
        description="keeps images of this size for the next pass and for other runs; it decides the pixels, which are "
        "the same with a full, an empty and no cache",
    )
    on_damaged: Literal["refuse", "leave_out"] = Field(
        "refuse",
        description="images that cannot be read; leave_out: every image is read before the first training, and those "
        "are left out and counted",
    )
    normalization: Literal["training_set", "imagenet"] = Field(
        "imagenet", description="statistics by which colours are standardised; those of the training set take a pass"
    )

    def pixels(self, *, rules: int = RULES) -> Pixels:
        """How an image becomes what the network sees."""
        resize = max(self.image_size, self.resize or round(self.image_size / CENTRE))
        return Pixels(self.image_size, self.view, resize, self.cache, rules)

    def images(
        self, root: Path, names: Sequence[str], *, listing: str = "", lines: Sequence[int] | None = None
    ) -> ImageFiles:
        """Images below a folder by their names, with / between folders.

        Args:
            root: the folder; links in its own path are followed.
            names: of the files.
            listing: the file that lists them, for messages.
            lines: the line there of each.
        """
        return image_files(root, names, self.pixels(), listing=listing, lines=lines)
