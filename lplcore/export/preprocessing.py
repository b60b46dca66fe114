"""What must be done to an input before the network sees it, as JSON: the same as in the run's evaluation."""

from dataclasses import asdict
from typing import Any

from lplcore.data.images.files import Pixels
from lplcore.data.images.stream import ImageStream
from lplcore.training.run import TrainingRun

FORMULA = "(input - mean) * scale, in float32"
OF_FILES = (
    "decode; turn upright by the EXIF orientation; RGB, what is transparent laid on white (rules 1: as Pillow converts "
    "it); where `cache` is not null and the image larger: shrink it bilinearly to the cache's short side, and for jpeg "
    "through a JPEG of quality 90; then the view: stretch takes the whole image, center_crop its central square, of "
    "min(width, height) * min(size / resize, 1) pixels; resize that part bilinearly (Pillow) to size x size"
)

OF_TABLES = (
    "rows become features by `table`, column by column: a number (value - mean) / deviation, 0 where it is missing or "
    "the deviation 0; of a category 1 in its place of `categories`, else 0; after it, where `indicator`, 1 where its "
    "value is missing"
)


def preprocessing_of(run: TrainingRun, *, temperature: float | None) -> dict[str, Any]:
    """How inputs become predictions.

    Args:
        run: whose data are loaded, image files as streams.
        temperature: of the probabilities, None where none was fitted.
    """
    info, spec = run.info, run.spec
    multi_label = info.task == "multi_label"
    return {
        **input_of(run),
        "shape": list(info.input_shape),
        "normalization": {
            "formula": FORMULA,
            "mean": run.network_input.normalization.mean.flatten().tolist(),
            "scale": run.network_input.normalization.scale.flatten().tolist(),
        },
        "task": info.task,
        "posthoc": spec.method.posthoc and spec.method.posthoc.model_dump(mode="json"),
        "probabilities": "sigmoid" if multi_label else "softmax",
        "temperature": temperature,
        "decision_threshold": spec.decision_threshold if multi_label else None,
    }


def input_of(run: TrainingRun) -> dict[str, Any]:
    """What an input is."""
    x = run.data.train.x
    if isinstance(x, ImageStream):
        return {"input": "image_files", "image": image_of(x.files.pixels)}
    if run.data.table is not None:
        return {"input": "table", "values": OF_TABLES, "table": dict(run.data.table.preprocessing)}
    kind = "images" if len(run.info.input_shape) == 3 else "features"
    return {"input": kind, "values": f"as the data set holds them ({str(x.dtype).removeprefix('torch.')})"}


def image_of(pixels: Pixels) -> dict[str, Any]:
    """How an image file becomes [3, size, size] values from 0 to 255."""
    cache = None if pixels.cache is None else pixels.cache.model_dump(mode="json")
    return {**asdict(pixels), "cache": cache, "steps": OF_FILES}
