"""Images of any mode as RGB."""

from PIL import Image

OPAQUE = 255


def as_rgb(image: Image.Image) -> tuple[Image.Image, bool]:
    """The image in RGB, what is transparent laid on white; and whether anything was."""
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB"), False
    layered = image.convert("RGBA")
    lowest, _ = layered.getchannel("A").getextrema()
    if lowest == OPAQUE:
        return layered.convert("RGB"), False
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB"), True


def as_rgb_by_first_rules(image: Image.Image) -> tuple[Image.Image, bool]:
    """As version 0.1.0 had it: the colours below what is transparent, often black."""
    return (image.convert("RGBA") if "transparency" in image.info else image).convert("RGB"), False
