"""Normalises inputs and predicts, by torch."""

from array import array
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from lplcore.export.scripts.inputs import Rows, main, read_json
from lplcore.export.scripts.open_torch_export import open_network
from lplcore.export.scripts.table import features_of


def load() -> Callable[[Any], tuple[Tensor, Tensor]]:
    """From inputs [N, ...] as the data set holds them, or rows of its table, to logits and probabilities [N, C]."""
    network, told = open_network(), read_json("preprocessing.json")
    places = (-1, 1, 1) if len(told["shape"]) == 3 else (-1,)
    mean, scale = (torch.tensor(told["normalization"][name]).reshape(places) for name in ("mean", "scale"))

    def predict(inputs: Any) -> tuple[Tensor, Tensor]:
        if "table" in told and not isinstance(inputs, Tensor):
            inputs = torch.tensor([list(features_of(row, told["table"])) for row in inputs])
        with torch.inference_mode():
            logits, probabilities = network((inputs.float() - mean) * scale)
        return logits, probabilities

    return predict


def probabilities_of(values: "list[array[float]]", shape: Sequence[int]) -> Rows:
    """A row of probabilities for each input."""
    inputs = torch.stack([torch.tensor(each).reshape(list(shape)) for each in values])
    rows: Rows = load()(inputs)[1].tolist()
    return rows


if __name__ == "__main__":
    main(probabilities_of)
