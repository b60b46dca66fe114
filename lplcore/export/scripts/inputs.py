"""Predict with the model beside this file, by PACKAGES alone (and Pillow, where an input is an image file).

    python load.py photo.jpg ...       image files
    python load.py rows.csv            rows of a table, with its header
    python load.py 5.1,3.5,1.4,0.2     rows of features, or images as numbers, with commas between them

From Python: `predict = load()`, then `logits, probabilities = predict(inputs)` for inputs [N, ...] as the data set
holds them: not normalised, an image as [channels, height, width] from 0 to 255. Of a table the inputs may be dicts from
its columns to their values.
"""

import csv
import io
import json
import sys
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lplcore.export.scripts.table import features_of, rows_in

with suppress(ModuleNotFoundError):  # only image files need it
    from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
Rows = list[list[float]]
TOP = 5


def read_json(name: str) -> Any:
    """A JSON file beside this one."""
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def main(probabilities_of: "Callable[[list[array[float]], Sequence[int]], Rows]") -> None:
    """Print what the model predicts for the arguments.

    Args:
        probabilities_of: the values of inputs, and the shape of one, to a row of probabilities for each.
    """
    told, classes, arguments = read_json("preprocessing.json"), read_json("classes.json"), sys.argv[1:]
    if not arguments:
        sys.exit(str(__doc__).strip())
    inputs = [each for argument in arguments for each in inputs_of(argument, told)]
    rows = probabilities_of([values for _, values in inputs], told["shape"])
    for (name, _), row in zip(inputs, rows, strict=True):
        print(f"{name[:60]}: {answer(row, classes, told)}")


def answer(row: Sequence[float], classes: Sequence[str], told: dict[str, Any]) -> str:
    """Labels or the likeliest classes, each with its probability."""
    order = sorted(range(len(row)), key=lambda place: -row[place])
    threshold = told["decision_threshold"]
    if threshold is None:
        shown = order[:TOP]
    else:
        bounds = threshold if isinstance(threshold, list) else [threshold] * len(row)
        shown = [place for place in order if row[place] >= bounds[place]]
    return ", ".join(f"{classes[place]} {row[place]:.4f}" for place in shown) or "no label"


def inputs_of(argument: str, told: dict[str, Any]) -> "list[tuple[str, array[float]]]":
    """The inputs that an argument names, with what to call them."""
    path = Path(argument)
    if told["input"] != "table" or not path.is_file():
        return [(argument, values_of(argument, told))]
    try:
        rows = [features_of(row, told["table"]) for row in rows_in(path)]
    except (ValueError, csv.Error) as error:
        sys.exit(f"{argument[:60]}: {error}")
    return [(f"{path.name[:40]} row {place}", row) for place, row in enumerate(rows, 1)] or sys.exit("no rows")


def values_of(argument: str, told: dict[str, Any]) -> "array[float]":
    """The values of one input, in the order of its shape."""
    if Path(argument).is_file():
        values = image_values(Path(argument), told)
    else:
        try:
            values = array("f", (float(part) for part in argument.split(",")))
        except ValueError:
            sys.exit(f"{argument!r} is neither a file nor numbers with commas between them")
    wanted = 1
    for size in told["shape"]:
        wanted *= size
    if len(values) != wanted:
        sys.exit(f"{argument[:60]!r} has {len(values)} values; the model takes {wanted}, {told['shape']}")
    return values


def image_values(path: Path, told: dict[str, Any]) -> "array[float]":
    """The values [channels, height, width] of an image file, 0 to 255."""
    if told["input"] in ("features", "table"):
        sys.exit(f"the model takes rows of {told['shape'][0]} features, not image files")
    if "Image" not in globals():
        sys.exit("image files are read by Pillow, which is not installed: pip install pillow")
    if told["input"] == "image_files":
        image = seen(opened(path, told["image"]), told["image"])
    else:
        channels, height, width = told["shape"]
        upright = as_rgb(Image.open(path), 2)
        image = upright.convert("L" if channels == 1 else "RGB").resize((width, height), Image.Resampling.BILINEAR)
    return array("f", list(b"".join(band.tobytes() for band in image.split())))


def opened(path: Path, how: dict[str, Any]) -> Any:
    """An image file as the run's evaluation had it before it cut it."""
    image, cache = Image.open(path), how["cache"]
    if cache is None:
        return as_rgb(image, how["rules"])
    side, raw = cache["size"], cache["encoding"] == "raw"
    if not raw and min(image.size) <= side:
        return as_rgb(image, how["rules"])
    image.draft("RGB", (side, side))
    upright = as_rgb(image, how["rules"])
    shorter = min(upright.size)
    if shorter > side:
        width, height = (max(side, round(edge * side / shorter)) for edge in upright.size)
        upright = upright.resize((width, height), Image.Resampling.BILINEAR)
    if raw:
        return upright
    content = io.BytesIO()
    upright.save(content, "JPEG", quality=90)
    return Image.open(content).convert("RGB")


def as_rgb(image: Any, rules: int) -> Any:
    """The image upright, in RGB, what is transparent laid on white."""
    image = ImageOps.exif_transpose(image)
    if rules == 1:
        return (image.convert("RGBA") if "transparency" in image.info else image).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")


def seen(image: Any, how: dict[str, Any]) -> Any:
    """What the model sees of an image."""
    size, (width, height) = how["size"], image.size
    if how["view"] == "stretch":
        box = (0.0, 0.0, float(width), float(height))
    else:
        side = min(width, height) * min(size / how["resize"], 1)
        left, top = (width - side) / 2, (height - side) / 2
        box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.BILINEAR, box=box)
