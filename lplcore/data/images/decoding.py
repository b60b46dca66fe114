"""One image: from its file to the pixels that a network sees. H, W: its height and width."""

from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps
from torch.nn import functional

from lplcore.data.images.colours import as_rgb, as_rgb_by_first_rules
from lplcore.data.images.jpeg import decoded_jpeg

MAX_PIXELS = 2**26
"""Of one image as its file holds it; below the size at which Pillow warns."""
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""
Array = npt.NDArray[np.uint8]


class Undecodable(ValueError):
    """A file that is no usable image; the message says why."""


class Decoded(NamedTuple):
    """An image upright and in RGB."""

    pixels: Array
    """[H, W, 3]; may be read only."""
    whitened: bool
    """Whether it was transparent somewhere, which is laid on white."""
    side: int
    """Short side as the file has it."""


def decode(file: Path | IO[bytes], *, rules: int, draft: int | None = None) -> Decoded:
    """An image file, upright by its EXIF orientation and in RGB.

    Args:
        file: where it lies, or its content.
        rules: as `RegisteredDataset.rules`.
        draft: a JPEG may be decoded at a half, a quarter or an eighth, but with this short side or more.

    Raises:
        Undecodable: it is damaged, too large, no image, or gone.
    """
    try:
        with Image.open(file, formats=FORMATS) as opened:
            problem, side = unusable(opened), min(opened.size)
            if problem is None:
                size = opened.size
                if draft is not None:
                    opened.draft("RGB", (draft, draft))
                pixels = decoded_jpeg(opened) if opened.size == size else None
                if pixels is not None:
                    return Decoded(pixels, False, side)
                convert = as_rgb if rules > 1 else as_rgb_by_first_rules
                ImageOps.exif_transpose(opened, in_place=True)
                image, whitened = convert(opened)
                return Decoded(np.asarray(image), whitened, side)
    except FileNotFoundError:
        problem = "it is no longer there"
    except Exception as error:  # a damaged image can raise anything
        problem = f"it is damaged or none of {', '.join(FORMATS)} ({type(error).__name__})"
    raise Undecodable(problem)


def unusable(image: Image.Image) -> str | None:
    """Why an image that was opened, but not decoded yet, is refused."""
    if image.width * image.height > MAX_PIXELS:
        return f"it has {image.width} x {image.height} pixels, more than {MAX_PIXELS}"
    # Pillow clips such values at 255 where it converts them.
    return f"its values have more than 8 bits (mode {image.mode})" if image.mode[0] in "IF" else None


def shrunk(image: Array, side: int) -> Array:
    """The image with this short side, at its ratio; one that is smaller as it is."""
    shorter = min(image.shape[:2])
    if shorter <= side:
        return image
    height, width = (max(side, round(edge * side / shorter)) for edge in image.shape[:2])
    return resized(image, height, width)


def resized(image: Array, height: int, width: int) -> Array:
    """The image resized bilinearly, a pixel the mean of those it covers.

    The same bits on every CPU, within one level of Pillow's, in less than half the time.
    """
    # Torch warns of memory that is read only. The first dimension comes before the permutation: torch
    # takes its stride for a sign that channels are last, and answers in the same order.
    source = torch.from_numpy(np.require(image, requirements=("C", "W")))[None].permute(0, 3, 1, 2)
    return functional.interpolate(source, (height, width), mode="bilinear", antialias=True)[0].permute(1, 2, 0).numpy()


def cut(image: Array, box: tuple[int, int, int, int], size: int) -> Array:
    """What is inside a box of whole pixels, resized to size x size."""
    left, top, right, bottom = box
    return resized(image[top:bottom, left:right], size, size)


def viewed(image: Array, box: Box, size: int) -> Array:
    """What is inside any box, resized to size x size, by Pillow as in version 0.1.0."""
    whole = Image.fromarray(image)
    return np.asarray(whole.resize((size, size), Image.Resampling.BILINEAR, box=box))
