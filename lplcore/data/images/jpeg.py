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
DCT_FRAMES = (0xC0, 0xC1, 0xC2)
"""Baseline, extended and progressive."""
HUFFMAN, QUANTIZATION, RESTART, COMMENT = 0xC4, 0xDB, 0xDD, 0xFE
BEFORE_FRAME = (HUFFMAN, QUANTIZATION, RESTART, COMMENT, *range(0xE0, 0xF0))
"""Markers of segments that may come before the frame; the last are applications'."""


def version() -> str:
    """Of the decoder."""
    return f"simplejpeg {simplejpeg.__version__}" if simplejpeg else "no simplejpeg"


def decoded_jpeg(opened: ImageFile) -> npt.NDArray[np.uint8] | None:
    """Pixels [H, W, 3] of a file that Pillow has opened but not decoded, the bits that Pillow would give.

    None where it is no upright JPEG of three colours and of the common kind, where anything is wrong with it, or where
    simplejpeg is not installed: Pillow decides then.
    """
    if simplejpeg is None or opened.format != "JPEG" or opened.mode != "RGB" or opened.fp is None:
        return None
    if opened.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        return None
    opened.fp.seek(0)
    content = opened.fp.read(MAX_BYTES)
    if frame_of(content) not in DCT_FRAMES:
        return None
    try:
        pixels: npt.NDArray[np.uint8] = simplejpeg.decode_jpeg(
            content, "RGB", fastdct=False, fastupsample=False, strict=True
        )
    except (ValueError, RuntimeError):
        return None
    return pixels if pixels.shape == (opened.height, opened.width, 3) else None


def frame_of(content: bytes) -> int | None:
    """The marker of a JPEG's frame, which is its kind; None where something unusual comes before it."""
    place = 2
    while content[place : place + 1] == b"\xff" and len(content) >= place + 4:
        marker = content[place + 1]
        if marker not in BEFORE_FRAME:
            return marker
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return None
