"""Fig. 1: relative loss variations of ISDA, LA and LDAM."""

from lplcore.frame.study import Study
from lplcore.studies.printed import cited, errors, preset_row

BALANCED, TEN, HUNDRED = "CIFAR100", "CIFAR10-LT, 100:1", "CIFAR100-LT, 100:1"
COLUMNS = errors(BALANCED, TEN, HUNDRED)
PRESETS = {
    "ISDA": {BALANCED: "table8_cifar100_isda_resnet32", TEN: "table4_isda_dropout", HUNDRED: "table3_isda_dropout"},
    "LA": {HUNDRED: "table3_la"},
    "LDAM": {HUNDRED: "table3_ldam"},
}
FIG1 = Study(
    name="fig1",
    title="Fig. 1: relative loss variations of ISDA, LA and LDAM",
    citation=cited("Fig. 1"),
    columns=COLUMNS,
    rows=tuple(preset_row(label, presets, COLUMNS) for label, presets in PRESETS.items()),
    figure="loss-variation",
    notes=(
        "Each cell is the training that a panel is drawn of; its printed figure is that of Table III, IV or VIII.",
        "Panel (b) is of CIFAR-10-LT, as the text says. The paper names no network for CIFAR-100: ResNet-32 is taken.",
    ),
)
