"""A data set whose facts are not those of its examples."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from lplcore.data.info import RawFacts
from lplcore.data.raw import RawData, RegisteredDataset
from lplcore.datasets import Dataset


class WrongDataset(Dataset):
    """Says that it has more examples."""

    title: ClassVar[str] = "Wrong data set"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["wrong_dataset"] = "wrong_dataset"

    def facts(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawFacts:
        return RawFacts(("a", "b"), (10, 10), 4, (4,), num_train=20)

    def read(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawData:
        points, labels = np.zeros((4, 4), dtype=np.float32), np.arange(4) % 2
        return RawData(("a", "b"), points, labels, points, labels)
