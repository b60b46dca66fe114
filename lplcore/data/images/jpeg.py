"""JPEG files decoded by libjpeg-turbo into an array, without Pillow's copies. H, W: height and width of an image."""

import numpy as np
import numpy.typing as npt
from PIL import ExifTags
from PIL.ImageFile import ImageFile

try:
    import simplejpeg
except ImportError:  # the pixels are the same without it
    simplejpeg = None

MAX_BYTES = 2**26
"""Of a file that is read whole; Pillow reads a larger one in parts."""


def version() -> str:
    """Of the decoder."""
    return f"simplejpeg {simplejpeg.__version__}" if simplejpeg else "no simplejpeg"


def decoded_jpeg(opened: ImageFile) -> npt.NDArray[np.uint8] | None:
    """Pixels [H, W, 3] of a file that Pillow has opened, and drafted or not, but not decoded: the bits it would give.

    None where it is no upright JPEG of three colours, where anything is wrong with it, or where simplejpeg is not
    installed: Pillow decides then.
    """
    if simplejpeg is None or opened.format != "JPEG" or opened.mode != "RGB" or opened.fp is None:
        return None
    if opened.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        return None
    opened.fp.seek(0)
    try:
        pixels: npt.NDArray[np.uint8] = simplejpeg.decode_jpeg(
            opened.fp.read(MAX_BYTES),
            "RGB",
            fastdct=False,
            fastupsample=False,
            min_height=opened.height,
            min_width=opened.width,
            strict=True,
        )
    except ValueError:
        return None
    return pixels if pixels.shape == (opened.height, opened.width, 3) else None
