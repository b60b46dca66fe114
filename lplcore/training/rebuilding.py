"""A run's network and preprocessing from its checkpoint, without its data set where that can be."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import torch

from lplcore import device as devices
from lplcore.augmentations.none import NoAugmentation
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.stream import ImageStream
from lplcore.data.info import DatasetInfo
from lplcore.data.normalization import NetworkInput
from lplcore.data.preprocessing import Preprocessing
from lplcore.data.raw import RegisteredDataset
from lplcore.data.rules import RULES
from lplcore.data.splits import LoadedDataset, Split
from lplcore.data.tables import Preprocessing as TablePreprocessing
from lplcore.datasets import Dataset
from lplcore.datasets.image_files import ImageDataset
from lplcore.datasets.registered import OF_IMAGES, format_of
from lplcore.errors import SpecError, plain, validated
from lplcore.models import Classifier, Model
from lplcore.plugin import PluginOf, Record, plugins
from lplcore.posthoc import Posthoc
from lplcore.procedures import NetworkState, TrainingData
from lplcore.randomness import seeded
from lplcore.spec.experiment import ExperimentSpec, parse_spec
from lplcore.spec.identity import stored_spec
from lplcore.training.checkpoint import Checkpoint, load_module, unusable_is_damaged
from lplcore.training.loading import load

CPU = torch.device("cpu")
NO_CORRECTION = "none"


class Correction(Record):
    """A post-hoc correction in place of a run's own."""

    posthoc: Annotated[Posthoc, PluginOf("posthoc")]


def spec_of(
    saved: Checkpoint, datasets: Mapping[str, RegisteredDataset], recorded: Preprocessing | None
) -> ExperimentSpec:
    """The spec of a checkpoint; its data set may be gone where its preprocessing was recorded.

    Raises:
        CheckpointError: it has none.
        SpecError: its data set is not known.
    """
    with unusable_is_damaged():
        data = stored_spec(saved.metadata["spec"])
        name = data["dataset"]["name"]
    known = dict(datasets)
    if recorded is not None and name not in plugins("dataset"):
        known.setdefault(name, RegisteredDataset(name, "", task=recorded.task, rules=recorded.rules))
    return parse_spec(data, datasets=known)


def corrected(spec: ExperimentSpec, saved: Checkpoint, posthoc: str | Mapping[str, Any], task: str) -> ExperimentSpec:
    """The spec with another post-hoc correction.

    Raises:
        SpecError: there is none such, or it does not fit the run.
    """
    if posthoc == NO_CORRECTION:
        return spec.model_copy(update={"method": spec.method.model_copy(update={"posthoc": None})})
    chosen = validated(Correction, {"posthoc": plain(posthoc)}, context={"task": task}).posthoc
    method = spec.method.model_copy(update={"posthoc": chosen})
    problems = [
        each for each in method.check(len(saved.metadata["class_names"]), task) if each[0].startswith("posthoc")
    ]
    if chosen.linear_head and spec.model.head != "linear":
        problems.append(("posthoc", f"{chosen.name!r} reads a linear head, the run has a {spec.model.head} one"))
    if problems:
        raise SpecError([{"path": path, "message": message} for path, message in problems])
    return spec.model_copy(update={"method": method})


def preprocessing_of(data: LoadedDataset, dataset: Dataset, datasets: Mapping[str, RegisteredDataset]) -> Preprocessing:
    """What a run on these data has of preprocessing."""
    entry, x = datasets.get(dataset.name), data.train.x
    files = isinstance(dataset, ImageDataset) and (entry is None or format_of(entry) in OF_IMAGES)
    levels = isinstance(x, ImageStream) or x.dtype == torch.uint8
    rules = RULES if entry is None else entry.rules
    table = None if data.table is None else TablePreprocessing.from_json(data.table.preprocessing)
    return Preprocessing(data.info.task, data.info.input_shape, data.normalization, levels, files, rules, table)


def computed(spec: ExperimentSpec, *, data_dir: str | Path, datasets: Mapping[str, RegisteredDataset]) -> Preprocessing:
    """A run's preprocessing, from its data set.

    Raises:
        DatasetError: it is absent, changed or corrupt.
    """
    pipeline = InputPipeline(memory_bytes=0)  # images are read for their statistics alone, where these are asked for
    data = load(spec.dataset, seed=spec.seeds[0], data_dir=data_dir, datasets=datasets, pipeline=pipeline)
    return preprocessing_of(data, spec.dataset, datasets)


@unusable_is_damaged()
def info_of(spec: ExperimentSpec, saved: Checkpoint, preprocessing: Preprocessing) -> DatasetInfo:
    """What a network needs to know of its data set."""
    counts = tuple(int(count) for count in saved.metadata["class_counts"])
    return DatasetInfo(
        name=spec.dataset.name,
        task=preprocessing.task,
        classes=tuple(str(name) for name in saved.metadata["class_names"]),
        class_counts=counts,
        num_train=sum(counts),
        num_validation=0,
        num_test=0,
        input_shape=preprocessing.input_shape,
    )


def state_of(
    spec: ExperimentSpec, saved: Checkpoint, preprocessing: Preprocessing, *, weights_dir: Path
) -> NetworkState:
    """The network on the CPU.

    It computes in the run's precision where that computed on a CPU too, else in float32.

    Raises:
        CheckpointError: damaged.
        SpecError: a file that the spec names is absent.
    """
    info = info_of(spec, saved, preprocessing)
    layout = devices.memory_format(CPU, convolutional=spec.model.images_only)
    network_input = NetworkInput(preprocessing.normalization, layout)
    data = TrainingData(nothing(info), None, network_input, NoAugmentation())
    model = network_of(spec, info, data, weights_dir=weights_dir)
    with unusable_is_damaged():
        load_module(model, saved.group("model"), what="model")
    model.to(memory_format=layout)  # type: ignore[call-overload]  # torch does not declare it
    precision = devices.autocast_dtype(precision_of(saved))
    return NetworkState(model=model.eval(), autocast_dtype=precision, device=CPU, data=data)


def network_of(spec: ExperimentSpec, info: DatasetInfo, data: TrainingData, *, weights_dir: Path) -> Classifier:
    """The network with weights that are of no account: those of files are not looked for."""
    procedure, model = spec.method.procedure.resolved(weights_dir), spec.model
    if getattr(model, "weights_path", None) is not None:
        model = model.model_copy(update={"weights_path": None})
    assert isinstance(model, Model)
    with seeded(CPU, 0, "model"):
        network = model.build(input_shape=info.input_shape, num_classes=len(info.classes))
        wrapped: Classifier = procedure.wrap(network, info, data)
    return wrapped


def nothing(info: DatasetInfo) -> Split:
    """An example without content and labels: the checkpoint has what procedures keep of a training set."""
    shape = (1, len(info.classes)) if info.task == "multi_label" else (1,)
    return Split(torch.zeros(1, *info.input_shape), torch.zeros(shape, dtype=torch.int64))


def precision_of(saved: Checkpoint) -> str:
    """`float32`, or `bf16` where the run evaluated so on a CPU."""
    conditions = saved.metadata.get("conditions") or {}
    on_cpu = str(conditions.get("device", "")).startswith("cpu")
    return str(conditions.get("precision", "float32")) if on_cpu else "float32"
