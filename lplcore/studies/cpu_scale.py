"""A cell of a study made small: its method on data that are always there, in seconds on a CPU."""

from collections.abc import Collection, Mapping
from typing import Any

from lplcore.frame.preset import Preset
from lplcore.plugin import get
from lplcore.studies.printed import method_of

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
    "resnet50": [128, 128],
    "torchvision": [128, 128],
    "wide_resnet_16_8": [192, 192],
    "wide_resnet_28_10": [256, 256],
}
"""Network -> hidden layers of the perceptron that stands in for it; wider ones for larger networks."""
TRAINING: dict[str, Any] = {
    "optimizer": {"name": "sgd", "lr": 0.05, "weight_decay": 5e-4},
    "schedule": {"name": "cosine", "warmup_epochs": 2},
    "seeds": SEEDS,
}
LENGTHS: dict[str, dict[str, int]] = {
    "digits": {"epochs": 30, "batch_size": 64},
    "digit_pairs": {"epochs": 8, "batch_size": 128},
}
LENGTH = {"epochs": 20, "batch_size": 64}
"""Of the multi-label data."""
SHORT_METHODS: dict[str, dict[str, Any]] = {
    name: {"generator_epochs": 4, "generator_batch_size": 128} for name in ("cgan", "acgan", "infogan")
}
"""Method -> parameters that stand for hours."""
OF_THE_DATA = ("epoch_length",)
"""Parameters of the preset's data, left to their defaults: all rows train equally many steps."""
ADAPTED = (
    "Every cell has the method of its row with the preset's parameters; generators train 4 epochs, an epoch is as long "
    "as the training set.",
    "The printed figures are of other data and networks: rows and columns can be read side by side, figures cannot.",
)


def cpu_spec(preset: Preset, changes: Mapping[str, Any], *, registered: Collection[str] = ()) -> dict[str, Any]:
    """The preset's experiment within seconds.

    Args:
        changes: parameters of the method that differ from the preset's.
        registered: names of data sets that somebody registered.
    """
    full = preset.spec
    dataset = stand_in(full["dataset"], registered)
    method = method_of(preset)
    return {
        "name": f"{preset.title.split(', ')[0]} made small: {preset.table_row or preset.name}",
        "dataset": dataset,
        "model": network(full["model"]),
        "method": {
            **{name: value for name, value in method.items() if name not in OF_THE_DATA},
            **SHORT_METHODS.get(method["alias"], {}),
            **changes,
        },
        **TRAINING,
        **LENGTHS.get(dataset["name"], LENGTH),
    }


def stand_in(dataset: Mapping[str, Any], registered: Collection[str]) -> dict[str, Any]:
    """The data that a data set of a preset is replaced by."""
    name = dataset["name"]
    if REGISTERED.get(name) in registered:
        return {"name": REGISTERED[name]}
    small = dict(STAND_INS[name])
    factor = dataset.get("imbalance_factor", 1.0)
    if factor > 1:
        small["imbalance_factor"] = min(factor, LARGEST_FACTOR.get(small["name"], factor))
    return small


def network(model: Mapping[str, Any]) -> dict[str, Any]:
    """A perceptron in place of a network, with its dropout."""
    return {"name": "mlp", "widths": WIDTHS[model["name"]], **{key: model[key] for key in ("dropout",) if key in model}}


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
