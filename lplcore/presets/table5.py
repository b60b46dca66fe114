"""Table V: VOC-MLT and COCO-MLT with ResNet-50."""

from typing import Any

from lplcore.frame.preset import Preset
from lplcore.plugin import get
from lplcore.presets.multi_label import AS_MANY_STEPS, Row, rows

COLUMNS = {"voc_mlt": "VOC-MLT", "coco_mlt": "COCO-MLT"}
GROUPS = ("", ".many", ".medium", ".few")
"""Ends of the metrics of a column: total, head, medium, tail."""
Figures = tuple[float, float, float, float]
PRECISIONS: dict[str, tuple[Figures, Figures]] = {
    "erm": ((70.86, 68.91, 80.20, 65.31), (41.27, 48.48, 49.06, 24.25)),
    "rw": ((74.70, 67.58, 82.81, 73.96), (42.27, 48.62, 45.80, 32.02)),
    "focal": ((73.88, 69.41, 81.43, 71.56), (49.46, 49.80, 54.77, 42.14)),
    "rs": ((75.38, 70.95, 82.94, 73.05), (46.97, 47.58, 50.55, 41.70)),
    "rs_focal": ((76.45, 72.05, 83.42, 74.52), (51.14, 48.90, 54.79, 48.30)),
    "ml_gcn": ((68.92, 70.14, 76.41, 62.39), (44.24, 44.04, 48.36, 38.96)),
    "oltr": ((71.02, 70.31, 79.80, 64.95), (45.83, 47.45, 50.63, 38.05)),
    "ldam": ((70.73, 68.73, 80.38, 69.09), (40.53, 48.77, 48.38, 22.92)),
    "cb_focal": ((75.24, 70.30, 83.53, 72.74), (49.06, 47.91, 53.01, 44.85)),
    "r_bce": ((76.34, 71.40, 82.76, 75.22), (49.43, 48.77, 53.00, 45.33)),
    "r_bce_focal": ((77.39, 72.44, 83.16, 76.77), (52.75, 50.20, 56.52, 50.02)),
    "r_bce_ntr": ((78.65, 73.16, 84.11, 78.66), (52.53, 50.25, 56.33, 49.54)),
    "r_bce_focal_ntr": ((78.94, 73.22, 84.18, 79.30), (53.55, 51.13, 57.05, 51.06)),
    "r_bce_lc": ((78.08, 73.10, 83.49, 77.75), (53.68, 50.58, 57.10, 51.90)),
    "r_bce_focal_lc": ((78.66, 72.74, 83.45, 79.52), (53.94, 50.99, 57.47, 51.88)),
    "r_bce_lpl_fixed": ((78.64, 73.00, 82.81, 79.74), (53.97, 50.23, 57.36, 52.79)),
    "r_bce_lpl_varied": ((79.02, 72.39, 82.14, 81.64), (54.35, 51.48, 57.72, 52.42)),
    "r_bce_focal_lpl_fixed": ((79.17, 73.33, 83.56, 80.27), (54.37, 51.14, 57.68, 52.85)),
    "r_bce_focal_lpl_varied": ((79.57, 73.47, 83.95, 80.87), (54.76, 50.78, 58.12, 53.81)),
}
"""Row -> mean average precision in per cent on either data set."""
DOUBTS = {
    ("erm", "coco_mlt"): "the total differs from the mean of its groups' classes, 0.4115",
    ("ldam", "voc_mlt"): "the total differs from the mean of its groups' classes, 0.7237",
}
WEIGHTS = "resnet50-0676ba61.pth"
"""torchvision's file of ImageNet weights, as it is named there."""
BODY: dict[str, Any] = {"weights_path": WEIGHTS, "frozen_stages": 1, "frozen_statistics": True}
WITH_NECK: dict[str, Any] = {
    "name": "torchvision",
    "architecture": "resnet50",
    **BODY,
    "neck": {"features": 256, "dropout": 0.5},
}
WITHOUT_NECK: dict[str, Any] = {"name": "resnet50", **BODY}
TRAINING: dict[str, Any] = {
    "augmentation": [
        {"name": "random_crop", "share": 0.8},
        {"name": "horizontal_flip"},
        {"name": "photometric_distortion"},
    ],
    "optimizer": {
        "name": "sgd",
        "lr": 0.02,
        "momentum": 0.9,
        "nesterov": False,
        "weight_decay": 1e-4,
        "clip_norm": 35.0,
    },
    "batch_size": 32,
    "seeds": [0, 1, 2, 3, 4],
}
EPOCHS = {"class_aware": (8, [5, 7]), "voc_mlt": (27, [17, 24]), "coco_mlt": (95, [59, 83])}
"""Epochs and drops: of the class-aware sampler, of 3,875 and 22,560 draws; of whole training sets, 1,142 and 1,909."""


def class_aware(row: Row) -> bool:
    """Whether a method samples by class, as its name says in the catalogue."""
    sampler = get("method", row.method["alias"]).compositions()["multi_label"].get("sampler")
    return isinstance(sampler, dict) and sampler["name"] == "class_aware"


def preset(key: str, dataset: str, figures: Figures) -> Preset:
    """The preset of a column's figures."""
    row, column = rows(dataset)[key], COLUMNS[dataset]
    by_class = class_aware(row)
    epochs, milestones = EPOCHS["class_aware" if by_class else dataset]
    settings = [row.settings_of, "" if by_class else AS_MANY_STEPS, DOUBTS.get((key, dataset), "")]
    ending = "the paper's settings" if row.follows == "paper" else "official settings"
    return Preset(
        name=f"table5_{dataset.removesuffix('_mlt')}_{key}",
        title=f"{column}, ResNet-50, {row.words}, {ending}",
        description=f"{row.words[0].upper()}{row.words[1:]} on {column} as distribution-balanced loss is trained.",
        table_row=f"Table V, {row.label}, {column}",
        published={
            f"test/mean_average_precision{group}": round(figure / 100, 6)
            for group, figure in zip(GROUPS, figures, strict=True)
        },
        follows=row.follows,
        settings_of="; ".join(filter(None, settings)),
        grid=row.grid,
        spec={
            "dataset": {"name": dataset, "image_size": 224, "view": "stretch", "normalization": "imagenet"},
            "model": WITH_NECK if row.neck else WITHOUT_NECK,
            "method": {**row.method, "epoch_length": "largest_class"} if by_class else row.method,
            "epochs": epochs,
            "schedule": {
                "name": "multistep",
                "milestones": milestones,
                "gamma": 0.1,
                "warmup_epochs": 0,
                "warmup_steps": 500,
                "warmup_factor": 1 / 3,
            },
            **TRAINING,
        },
    )


TABLE5 = tuple(
    preset(key, dataset, figures)
    for key, both in PRECISIONS.items()
    for dataset, figures in zip(COLUMNS, both, strict=True)
)
