"""Random points."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from lplcore.data.raw import RawData, RegisteredDataset
from lplcore.datasets import Dataset


class NewDataset(Dataset):
    """Twelve points of three classes in four dimensions."""

    title: ClassVar[str] = "New data set"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["new_dataset"] = "new_dataset"

    def read(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawData:
        points = np.random.default_rng(0).standard_normal((12, 4)).astype(np.float32)
        labels = np.arange(12) % 3
        return RawData(("a", "b", "c"), points, labels, points, labels)
