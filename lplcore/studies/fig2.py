"""Fig. 2: relative loss variations of NTR and LC, of positive and of negative samples."""

from lplcore.frame.study import PRECISION, Column, Study
from lplcore.studies.printed import cited, preset_row

COLUMNS = (Column(key="COCO-MLT", title="COCO-MLT", metric=PRECISION),)
PRESETS = {"NTR": "table5_coco_r_bce_ntr", "LC": "table5_coco_r_bce_lc"}
FIG2 = Study(
    name="fig2",
    title="Fig. 2: relative loss variations of NTR and LC",
    citation=cited("Fig. 2"),
    columns=COLUMNS,
    rows=tuple(preset_row(label, {"COCO-MLT": preset}, COLUMNS) for label, preset in PRESETS.items()),
    figure="loss-variation",
    notes=(
        "Each cell is the training that a panel is drawn of; its printed figure is that of Table V.",
        "Both stand on R-BCE, as in Table V.",
    ),
)
