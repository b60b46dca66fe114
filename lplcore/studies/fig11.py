"""Fig. 11: relative loss variations of LPL on balanced, long-tailed and multi-label data."""

from lplcore.frame.study import PRECISION, Column, Study
from lplcore.studies.printed import cited, errors, preset_row

SINGLE_LABEL = errors("CIFAR10", "CIFAR100", "CIFAR10-LT, 100:1", "CIFAR100-LT, 100:1")
MULTI_LABEL = tuple(Column(key=title, title=title, metric=PRECISION) for title in ("VOC-MLT", "COCO-MLT"))
COLUMNS = (*SINGLE_LABEL, *MULTI_LABEL)
PRESETS = {
    "LPL (mean + varied epsilon)": {
        "CIFAR10": "table8_cifar10_lpl_varied_resnet32",
        "CIFAR100": "table8_cifar100_lpl_varied_resnet32",
    },
    "LPL (varied tau + varied epsilon)": {
        "CIFAR10-LT, 100:1": "table4_lpl_varied",
        "CIFAR100-LT, 100:1": "table3_lpl_varied",
    },
    "R-BCE + LPL (varied tau + varied epsilon)": {
        "VOC-MLT": "table5_voc_r_bce_lpl_varied",
        "COCO-MLT": "table5_coco_r_bce_lpl_varied",
    },
}
FIG11 = Study(
    name="fig11",
    title="Fig. 11: relative loss variations of LPL",
    citation=cited("Fig. 11"),
    columns=COLUMNS,
    rows=tuple(preset_row(label, presets, COLUMNS) for label, presets in PRESETS.items()),
    figure="loss-variation",
    notes=(
        "Each cell is the training that a panel is drawn of; its printed figure is that of Table III, IV, V or VIII.",
        "The paper names neither variant nor network: varied bounds, ResNet-32 and R-BCE are taken.",
    ),
)
