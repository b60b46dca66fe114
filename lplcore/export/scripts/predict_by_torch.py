"""Normalises inputs and predicts, by torch."""

from array import array
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from lplcore.export.scripts.inputs import Rows, main, read_json
from lplcore.export.scripts.open_torch_export import open_network


def load() -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """From inputs [N, ...] as the data set holds them to logits [N, C] and probabilities [N, C]."""
    network, told = open_network(), read_json("preprocessing.json")
    places = (-1, 1, 1) if len(told["shape"]) == 3 else (-1,)
    mean, scale = (torch.tensor(told["normalization"][name]).reshape(places) for name in ("mean", "scale"))

    def predict(inputs: Tensor) -> tuple[Tensor, Tensor]:
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
