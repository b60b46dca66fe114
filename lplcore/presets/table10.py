"""Table X: MS-COCO at 448 x 448."""

from typing import Any

from lplcore.frame.preset import Preset
from lplcore.presets.multi_label import rows

PRECISIONS = {"r_bce_ntr": 83.7, "r_bce_lc": 84.5, "r_bce_lpl_varied": 85.4}
"""Row -> mean average precision in per cent."""
WEIGHTS = "resnet101-63fe2227.pth"
"""torchvision's file of ImageNet weights, as it is named there."""
SETTINGS = (
    "ML-GCN's training, which MS-COCO at this size is trained with; ResNet-101, where the paper prints ResNet-110, a "
    "network for images of 32 x 32; mu 0.2 and lambda 2, COCO-MLT's; epochs as long as the training set"
)
TRAINING: dict[str, Any] = {
    "model": {
        "name": "torchvision",
        "architecture": "resnet101",
        "weights_path": WEIGHTS,
        "backbone_lr_factor": 0.1,
    },
    "augmentation": [{"name": "multi_scale_crop"}, {"name": "horizontal_flip"}],
    "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": False, "weight_decay": 1e-4},
    "schedule": {"name": "multistep", "milestones": [30], "gamma": 0.1, "warmup_epochs": 0},
    "epochs": 40,
    "batch_size": 32,
    "seeds": [0, 1, 2, 3, 4],
}


def preset(key: str, precision: float) -> Preset:
    """The preset of a row."""
    row = rows("ms_coco")[key]
    return Preset(
        name=f"table10_{key}",
        title=f"MS-COCO, ResNet-101, {row.words}, ML-GCN's training",
        description=f"{row.words} on MS-COCO at 448 x 448 as ML-GCN is trained.",
        table_row=f"Table X, {row.label}, MS-COCO",
        published={"test/mean_average_precision": round(precision / 100, 6)},
        follows="field",
        settings_of=SETTINGS,
        grid=row.grid,
        spec={
            "dataset": {"name": "ms_coco", "image_size": 448, "view": "stretch", "normalization": "imagenet"},
            "method": row.method,
            **TRAINING,
        },
    )


TABLE10 = tuple(preset(key, precision) for key, precision in PRECISIONS.items())
