"""What a network sees of an example: recorded with a run, so that new examples are seen as those of its evaluation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch

from lplcore.data.normalization import Normalization
from lplcore.data.rules import RULES
from lplcore.data.tables import Preprocessing as TablePreprocessing
from lplcore.events import array_from_json, array_to_json

MOST_RECORDED = 2048
"""Numbers of a normalisation that are recorded with a run; larger ones are computed again from the data set."""
MOST_OF_TABLE = 2**16
"""Characters of the record of a table's columns, likewise."""


@dataclass(frozen=True)
class Preprocessing:
    """How examples become what the network takes."""

    task: str
    input_shape: tuple[int, ...]
    """Of one example: (channels, height, width) or (D,)."""
    normalization: Normalization
    levels: bool
    """Whether examples are whole numbers from 0 to 255."""
    files: bool
    """Whether they are image files, which the spec's data set says how to cut and resize."""
    rules: int = RULES
    """As `RegisteredDataset.rules`."""
    table: TablePreprocessing | None = None
    """How rows become examples, where these are a table's."""

    def to_json(self) -> dict[str, Any]:
        """JSON types, empty where there are too many numbers to be kept with every run."""
        numbers = {"mean": self.normalization.mean, "scale": self.normalization.scale}
        if sum(value.numel() for value in numbers.values()) > MOST_RECORDED:
            return {}
        table = {} if self.table is None else {"table": self.table.to_json()}
        if len(json.dumps(table)) > MOST_OF_TABLE:
            return {}
        arrays = {name: array_to_json(value.cpu().numpy()) for name, value in numbers.items()}
        own = {"task": self.task, "levels": self.levels, "files": self.files, "rules": self.rules}
        return {**own, "input_shape": list(self.input_shape), **arrays, **table}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What `to_json` wrote.

        Raises:
            KeyError, ValueError: something else wrote it.
        """
        mean, scale = (torch.from_numpy(array_from_json(data[name])) for name in ("mean", "scale"))
        shape, rules = tuple(int(length) for length in data["input_shape"]), int(data["rules"])
        levels, files = bool(data["levels"]), bool(data["files"])
        table = TablePreprocessing.from_json(data["table"]) if "table" in data else None
        return cls(str(data["task"]), shape, Normalization(mean, scale), levels, files, rules, table)
