"""One image: from its file to the pixels that a network sees."""

from pathlib import Path
from typing import IO, NamedTuple

from PIL import Image, ImageOps

from lplcore.data.images.colours import as_rgb, as_rgb_by_first_rules

MAX_PIXELS = 2**26
"""Of one image as its file holds it; below the size at which Pillow warns."""
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
Box = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""


class Undecodable(ValueError):
    """A file that is no usable image; the message says why."""


class Decoded(NamedTuple):
    """An image upright and in RGB."""

    image: Image.Image
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
                if draft is not None:
                    opened.draft("RGB", (draft, draft))
                convert = as_rgb if rules > 1 else as_rgb_by_first_rules
                return Decoded(*convert(ImageOps.exif_transpose(opened)), side)
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


def shrunk(image: Image.Image, side: int) -> Image.Image:
    """The image with this short side, at its ratio, a pixel the mean of those it covers; one that is smaller as it is.

    A bilinear filter is twice as wide and takes twice the time.
    """
    shorter = min(image.size)
    if shorter <= side:
        return image
    width, height = (max(side, round(edge * side / shorter)) for edge in image.size)
    return image.resize((width, height), Image.Resampling.BOX)


def cut(image: Image.Image, box: Box, size: int) -> Image.Image:
    """What is inside a box, resized bilinearly to size x size."""
    return image.resize((size, size), Image.Resampling.BILINEAR, box=box)
