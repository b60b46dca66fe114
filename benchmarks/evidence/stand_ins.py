"""The report's section on multi-label data, by stand-ins."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.evidence.tables import difference, figure, table

PRECISION = "test/mean_average_precision"
PAIRS = (
    ("r_bce_focal_lpl", "r_bce_focal", "+2.18 / +2.01"),
    ("r_bce_focal_lpl", "r_bce_focal_ntr", "+0.63 / +1.21"),
    ("r_bce_lpl", "r_bce", "+2.68 / +4.92"),
    ("r_bce_lpl", "r_bce_ntr", "+0.37 / +1.82"),
)
"""Method, what it is set beside, the paper's difference in mAP on VOC-MLT and COCO-MLT (Table V)."""

STAND_INS = """## Multi label: stand-ins, not the paper's data

The images of VOC-MLT and COCO-MLT are not at hand. Scene and yeast (feature vectors, an mlp, five seeds) and 128 images
of COCO (a small network from random weights at 32 x 32 pixels, near chance) stand in; they say nothing on Table V
itself. mAP in per cent, differences by seed in points with their 95 % interval. LPL adds a constant per class here,
which the last layer's bias can take back and average precision within a class does not see ([methods](../methods.md)):
differences near zero are what is to be expected.
"""


def multi_label(methods: Mapping[str, Any], coco: Mapping[str, Any]) -> list[str]:
    """Differences in mAP on stand-ins beside the paper's."""
    values = {name: precisions(methods["results"].get(name, {})) for name in ("scene", "yeast")}
    values["COCO mini"] = {method: dict(enumerate(row)) for method, row in coco.get("results", {}).items()}
    rows = [
        [f"`{a}` - `{b}`", printed, *(difference(each.get(a, {}), each.get(b, {})) for each in values.values())]
        for a, b, printed in PAIRS
    ]
    levels = [
        [name, *(figure(of_data.get(method, {})) for method in ("r_bce_focal", "r_bce_focal_lpl"))]
        for name, of_data in values.items()
    ]
    return [
        STAND_INS,
        *table(["difference", "paper, VOC-MLT / COCO-MLT", *values], rows),
        *table(["mAP", "`r_bce_focal`", "`r_bce_focal_lpl`"], levels),
    ]


def precisions(of_data: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, dict[int, float]]:
    """Method -> mAP by seed."""
    return {method: dict(enumerate(row[PRECISION])) for method, row in of_data.items() if PRECISION in row}
