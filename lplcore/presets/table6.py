"""Table VI: iNaturalist 2017 and 2018 with ResNet-50. Rows for which the paper prints a dash have no preset."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import FIXED, FIXED_GRID, LA_GRID, PAPERS_STEP, VARIED, VARIED_GRID

FIELD = (
    "what the field trains iNaturalist with, of which the paper says ResNet-50 alone: 90 of its 90 or 200 epochs, rate "
    "0.1 of 0.1 or 0.2 with batches of 256 of 256 or 512, weight decay 1e-4 of 1e-4 or 2e-4, ImageNet's mean and "
    "standard deviation"
)
TRAINING: dict[str, Any] = {
    "model": {"name": "resnet50"},
    "augmentation": [
        {"name": "random_resized_crop"},
        {"name": "horizontal_flip"},
        {"name": "color_jitter", "brightness": 0.4, "contrast": 0.4, "saturation": 0.4},
    ],
    "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": 1e-4},
    "schedule": {"name": "cosine", "warmup_epochs": 0},
    "epochs": 90,
    "batch_size": 256,
    "seeds": [0, 1, 2, 3, 4],
}
DATA: dict[str, Any] = {
    "image_size": 224,
    "view": "center_crop",
    "resize": 256,
    "normalization": "imagenet",
    "cache": {"size": 256, "encoding": "jpeg"},
}
DATASETS = {"inaturalist2017": "iNat2017", "inaturalist2018": "iNat2018"}
"""Data set -> the column's heading."""
MARGIN = "largest margin 0.3, LDAM's authors' for iNaturalist"
DIAGONAL = "the covariance's diagonal, as in ISDA's code for ImageNet: whole ones of 2048 features take 136 GB"
PAPERS_POINT = f"tau 0.4 C of {{0.4, 0.5, 0.6}} C; {PAPERS_STEP}"


class Row(NamedTuple):
    """A method of the table, with its errors in per cent for 2017 and 2018."""

    label: str
    words: str
    method: Any
    errors: tuple[float, float]
    remark: str = ""
    grid: Mapping[str, list[Any]] = {}


ROWS = {
    "class_balanced": Row("Class-balanced CE loss", "class-balanced cross entropy", "class_balanced", (42.02, 33.57)),
    "class_balanced_focal": Row(
        "Class-balanced focal loss", "class-balanced focal loss", "class_balanced_focal", (41.92, 38.88)
    ),
    "ldam": Row("LDAM", "LDAM", {"alias": "ldam", "max_margin": 0.3}, (39.15, 34.13), MARGIN),
    "ldam_drw": Row(
        "LDAM-DRW",
        "LDAM-DRW",
        {"alias": "ldam_drw", "max_margin": 0.3, "reduction": "weights"},
        (37.84, 32.12),
        f"{MARGIN}; weights from 80 % of the epochs on, as on CIFAR-LT",
    ),
    "isda_dropout": Row(
        "ISDA + Dropout",
        "ISDA with dropout",
        {"alias": "isda_dropout", "growth": "epoch", "covariance": "diagonal"},
        (43.37, 39.92),
        DIAGONAL,
    ),
    "la": Row(
        "LA",
        "logit adjustment",
        {"alias": "logit_adjustment", "strength": 1.0},
        (36.75, 31.56),
        "lambda 1 of {0.5, 1, 1.5, 2, 2.5}",
        LA_GRID,
    ),
    "lpl_fixed": Row(
        "LPL (varied tau + fixed epsilon)",
        "LPL with fixed bound",
        {"alias": "lpl", **FIXED},
        (38.47, 32.06),
        f"epsilon 2.5 of {{1.5, 2.5, 5}}; {PAPERS_POINT}",
        FIXED_GRID,
    ),
    "lpl_varied": Row(
        "LPL (varied tau + varied epsilon)",
        "LPL with varied bound",
        {"alias": "lpl", **VARIED},
        (35.86, 30.59),
        f"delta_epsilon 2 of {{1, 2, 3}}; {PAPERS_POINT}",
        VARIED_GRID,
    ),
}


def preset(key: str, row: Row, dataset: str, error: float) -> Preset:
    """The preset of a figure."""
    heading = DATASETS[dataset]
    return Preset(
        name=f"table6_{heading.lower()}_{key}",
        title=f"iNaturalist {dataset[-4:]}, ResNet-50, {row.words}, 90 epochs",
        description=f"{row.words[0].upper()}{row.words[1:]} on iNaturalist {dataset[-4:]} as the field trains it.",
        table_row=f"Table VI, {row.label}, {heading}",
        published={"test/top1_error": round(error / 100, 6)},
        follows="field",
        settings_of="; ".join(filter(None, (FIELD, row.remark))),
        grid=row.grid,
        spec={"dataset": {"name": dataset, **DATA}, "method": row.method, **TRAINING},
    )


TABLE6 = tuple(
    preset(key, row, dataset, error)
    for key, row in ROWS.items()
    for dataset, error in zip(DATASETS, row.errors, strict=True)
)
