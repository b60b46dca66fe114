"""Normalises inputs by numpy and predicts by onnxruntime."""

from array import array
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from lplcore.export.scripts.inputs import HERE, Rows, main, read_json
from lplcore.export.scripts.table import features_of

Floats = npt.NDArray[np.float32]


def load() -> Callable[[Any], tuple[Floats, Floats]]:
    """From inputs [N, ...] as the data set holds them, or rows of its table, to logits and probabilities [N, C]."""
    session = onnxruntime.InferenceSession(HERE / "model.onnx", providers=["CPUExecutionProvider"])
    told = read_json("preprocessing.json")
    places, numbers = (-1, 1, 1) if len(told["shape"]) == 3 else (-1,), told["normalization"]
    mean, scale = (np.array(numbers[name], dtype=np.float32).reshape(places) for name in ("mean", "scale"))

    def predict(inputs: Any) -> tuple[Floats, Floats]:
        if "table" in told and not isinstance(inputs, np.ndarray):
            inputs = np.array([list(features_of(row, told["table"])) for row in inputs])
        logits, probabilities = session.run(None, {"input": (inputs.astype(np.float32) - mean) * scale})
        return logits, probabilities

    return predict


def probabilities_of(values: "list[array[float]]", shape: Sequence[int]) -> Rows:
    """A row of probabilities for each input."""
    inputs = np.stack([np.array(each, dtype=np.float32).reshape(shape) for each in values])
    rows: Rows = load()(inputs)[1].tolist()
    return rows


if __name__ == "__main__":
    main(probabilities_of)
