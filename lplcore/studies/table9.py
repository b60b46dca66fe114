"""Table IX: logit adjustment, LPL, and one after the other, at 100:1."""

from lplcore.frame.study import Study, StudyRow
from lplcore.plugin import get
from lplcore.studies.printed import cell, cited, errors

COLUMNS = errors("CIFAR10-LT100", "CIFAR100-LT100")


def row(label: str, method: str, *presets: str) -> StudyRow:
    """A row with a preset for each column."""
    return StudyRow(
        label=label,
        method=method,
        cells={
            column.key: cell(get("preset", preset), column.metric)
            for column, preset in zip(COLUMNS, presets, strict=True)
        },
    )


TABLE9 = Study(
    name="table9",
    title="Table IX: LA, LPL and LA+LPL on CIFAR-10-LT and CIFAR-100-LT",
    citation=cited("Table IX"),
    columns=COLUMNS,
    rows=(
        row("LA", "logit_adjustment", "table4_la", "table3_la"),
        row("LPL", "lpl", "table4_lpl_varied", "table3_lpl_varied"),
        row("LA+LPL", "la_lpl", "table9_cifar10_la_lpl", "table9_cifar100_la_lpl"),
    ),
)
