"""Table IX: logit adjustment, LPL, and one after the other, at 100:1."""

from lplcore.frame.study import Study
from lplcore.studies.printed import cited, errors, preset_row

TEN, HUNDRED = "CIFAR10-LT100", "CIFAR100-LT100"
COLUMNS = errors(TEN, HUNDRED)
PRESETS = {
    "LA": {TEN: "table4_la", HUNDRED: "table3_la"},
    "LPL": {TEN: "table4_lpl_varied", HUNDRED: "table3_lpl_varied"},
    "LA+LPL": {TEN: "table9_cifar10_la_lpl", HUNDRED: "table9_cifar100_la_lpl"},
}
TABLE9 = Study(
    name="table9",
    title="Table IX: LA, LPL and LA+LPL on CIFAR-10-LT and CIFAR-100-LT",
    citation=cited("Table IX"),
    columns=COLUMNS,
    rows=tuple(preset_row(label, presets, COLUMNS) for label, presets in PRESETS.items()),
)
