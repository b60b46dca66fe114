"""A cell of a study made small: its method on data that are always there, in seconds on a CPU."""

from collections.abc import Collection, Mapping
from typing import Any

from lplcore.frame.preset import Preset
from lplcore.plugin import get
from lplcore.studies.printed import as_object, dataset_of, method_name, method_of

SEEDS = [0, 1, 2]
STAND_INS: dict[str, dict[str, Any]] = {
    "cifar10": {"name": "digits"},
    "cifar100": {"name": "digit_pairs"},
    "inaturalist2017": {"name": "digit_pairs", "imbalance_factor": 100.0},
    "inaturalist2018": {"name": "digit_pairs", "imbalance_factor": 200.0},
    "voc_mlt": {"name": "digit_sets", "places": 2},
    "coco_mlt": {"name": "digit_sets", "places": 4},
    "ms_coco": {"name": "digit_sets", "places": 4},
}
"""Data set -> what stands in for it; the number of classes is the same on CIFAR."""
REGISTERED = {"voc_mlt": "scene", "coco_mlt": "yeast", "ms_coco": "yeast"}
"""Data set -> real multi-label data that stand in for it once somebody has registered them under that name."""
LARGEST_FACTOR = {"digits": 20.0}
"""Imbalance factor that leaves the rarest class seven examples, where a column asks for more."""
WIDTHS: dict[str, list[int]] = {
    "resnet32": [96, 96],
    "la_resnet32": [96, 96],
    "resnet110": [128, 128],
    "se_resnet110": [96, 96, 96],
    "wide_resnet_16_8": [192, 192],
    "wide_resnet_28_10": [256, 256],
}
OTHER_WIDTHS = [128, 128]
"""Network -> hidden layers of the perceptron that stands in for it; wider ones for larger networks."""
TRAINING: dict[str, Any] = {
    "optimizer": {"name": "sgd", "lr": 0.05, "weight_decay": 5e-4},
    "schedule": {"name": "cosine", "warmup_epochs": 2},
    "seeds": SEEDS,
}
LENGTHS = {"digits": (30, 30, 64), "digit_pairs": (8, 20, 128)}
"""Data set -> epochs where it is balanced, epochs of a long-tailed subset, batch size."""
MULTI_LABEL_LENGTH = (20, 20, 64)
SHORT_METHODS: dict[str, dict[str, Any]] = {
    **{name: {"generator_epochs": 1, "width": 8} for name in ("cgan", "acgan", "infogan")},
    **{name: {"covariance": "diagonal"} for name in ("isda", "isda_dropout")},
}
"""Method -> parameters that differ from the preset's; whole covariances of 100 classes take minutes a run."""
OF_THE_DATA = ("epoch_length",)
"""Parameters of the preset's data, left to their defaults: all rows train equally many steps."""
ADAPTED = (
    "Every cell has the method of its row with the preset's parameters; but generators are small and train "
    "one epoch, ISDA keeps the diagonal of covariances, and an epoch is as long as the training set.",
    "The printed figures are of other data and networks: rows and columns can be read side by side, figures cannot.",
)


def cpu_spec(preset: Preset, changes: Mapping[str, Any], *, registered: Collection[str] = ()) -> dict[str, Any]:
    """The preset's experiment within seconds.

    Args:
        changes: parameters of the method that differ from the preset's.
        registered: names of data sets that somebody registered.
    """
    dataset = stand_in(dataset_of(preset), registered)
    parameters = {name: value for name, value in method_of(preset).items() if name not in OF_THE_DATA}
    return {
        "name": f"{preset.table_row or preset.title} (scale cpu)",
        "dataset": dataset,
        "model": network(preset.spec.get("model", "mlp")),
        "method": {**parameters, **SHORT_METHODS.get(method_name(preset), {}), **changes},
        **TRAINING,
        **length(dataset),
    }


def stand_in(dataset: Mapping[str, Any], registered: Collection[str]) -> dict[str, Any]:
    """The data that a data set is replaced by; one that is not listed stays."""
    name = dataset["name"]
    if REGISTERED.get(name) in registered:
        return {"name": REGISTERED[name]}
    if name not in STAND_INS:
        return dict(dataset)
    small = dict(STAND_INS[name])
    factor = dataset.get("imbalance_factor", 1.0)
    if factor > 1:
        small["imbalance_factor"] = min(factor, LARGEST_FACTOR.get(small["name"], factor))
    return small


def network(model: Any) -> dict[str, Any]:
    """A perceptron in place of a network, with its dropout."""
    full = as_object(model)
    widths = WIDTHS.get(full["name"], OTHER_WIDTHS)
    return {"name": "mlp", "widths": widths, **{key: full[key] for key in ("dropout",) if key in full}}


def length(dataset: Mapping[str, Any]) -> dict[str, int]:
    """Epochs and batch size on data that stand in."""
    balanced, long_tailed, batch_size = LENGTHS.get(dataset["name"], MULTI_LABEL_LENGTH)
    return {"epochs": long_tailed if "imbalance_factor" in dataset else balanced, "batch_size": batch_size}


def data_note(dataset: Mapping[str, Any], registered: Collection[str]) -> str:
    """What stands in for a data set, in words."""
    small = stand_in(dataset, registered)
    title = get("dataset", dataset["name"]).title
    places = f" of {small['places']} places" if "places" in small else ""
    return f"{small['name']}{places}{ratio(small)} for {title}{ratio(dataset)}"


def ratio(dataset: Mapping[str, Any]) -> str:
    """` 100:1` where a long-tailed subset is taken."""
    factor = dataset.get("imbalance_factor", 1.0)
    return f" {factor:g}:1" if factor > 1 else ""
