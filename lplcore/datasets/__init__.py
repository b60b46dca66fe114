"""Data sets: facts and loaders."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from lplcore.data.info import RawFacts
from lplcore.data.raw import RawData, RegisteredDataset, raw_facts, registered_hash
from lplcore.plugin import Plugin


def rising(limits: list[float] | None) -> list[float] | None:
    """A range, else an error."""
    if limits is not None and limits[0] >= limits[1]:
        raise PydanticCustomError("input_range", "must be two numbers, the lower one first")
    return limits


def at_least_one(factor: float) -> float:
    """An imbalance factor, else an error that helps those who give the inverse ratio."""
    if factor < 1:
        inverse = f"; for the ratio n_min/n_max = {factor:g} give {1 / factor:g}" if factor > 1e-9 else ""
        raise PydanticCustomError("imbalance_factor", "{message}", {"message": f"must be n_max/n_min >= 1{inverse}"})
    return factor


class Dataset(Plugin):
    """A data set with its long-tailed subset.

    Class attributes: shot groups (`many` above `many_above` training examples, which depends on the task, `few` below
    `few_below`, `medium` between) and what a spec gets where it says nothing.
    """

    many_above: ClassVar[Mapping[str, int]] = {"single_label": 100, "multi_label": 99}
    few_below: ClassVar[int] = 20
    default_model: ClassVar[str] = "mlp"
    default_augmentation: ClassVar[str | Sequence[Mapping[str, Any]]] = "none"
    default_epochs: ClassVar[int] = 30

    imbalance_factor: Annotated[float, AfterValidator(at_least_one)] = Field(
        1.0, le=1e9, description="n_max/n_min of the training subset; 1 takes all", json_schema_extra={"minimum": 1}
    )
    imbalance_profile: Literal["exponential", "step"] = Field(
        "exponential",
        description="how counts fall: exponential, from class to class; step, half of the classes have n_max and the "
        "others n_max / imbalance_factor",
    )
    imbalance_order: Literal["count", "index"] = Field(
        "count",
        description="which class is the head of the profile: the most frequent one, or class 0 whatever its count "
        "(as version 0.1.0 had it); the same where all classes are alike in size",
    )
    subset_seed: int | None = Field(
        0,
        ge=0,
        lt=2**63,
        description="draws the long-tailed subset, the same one for every seed of a run; null: follows the run's seed",
    )
    validation_fraction: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="share of each label's training examples held out, never of the test set; drawn by the run's seed",
    )
    meta_per_class: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="training examples of each class held out first, for methods that learn from a balanced set; "
        "drawn by the run's seed",
    )
    input_range: Annotated[
        list[Annotated[float, Field(ge=-1e6, le=1e6)]] | None, Field(min_length=2, max_length=2), AfterValidator(rising)
    ] = Field(
        None,
        description="images: what black and white become; null: mean 0 and standard deviation 1 over the training set",
    )

    normalization: Literal["training_set", "imagenet"] = Field(
        "training_set",
        description="statistics by which inputs are standardised; imagenet: of colour images, for networks pretrained "
        "there",
    )

    def files(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> list[Path]:
        """The files that would be read: as long as they stay the same, so does the data."""
        return []

    def promised(self, data_dir: Path) -> RawFacts | None:
        """Facts that hold once the files are downloaded, None where nothing is to be downloaded."""
        return None

    def facts(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawFacts:
        """What is known before anything is held out; by default from all that `read` reads.

        Raises:
            DatasetError: as `read`.
        """
        return raw_facts(self.read(data_dir, registered), sha256=registered_hash(self.name, registered))

    @abstractmethod
    def read(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawData:
        """The whole data set.

        Raises:
            DatasetError: files absent or corrupt; the message says what goes where.
        """
