"""Table VII: what LPL takes off the error of logit adjustment, computed from figures of Tables III and IV."""

from lplcore.frame.study import Column, Difference, Study, StudyRow
from lplcore.plugin import get
from lplcore.studies.printed import cell, cited

PRESETS = {
    "CIFAR-100-LT, 100:1": ("table3", ""),
    "CIFAR-10-LT, 100:1": ("table4", ""),
    "CIFAR-100-LT, 10:1": ("table3", "_ratio10"),
    "CIFAR-10-LT, 10:1": ("table4", "_ratio10"),
}
"""Column -> begin and end of its presets' names."""
COLUMNS = tuple(Column(key=key, title=key) for key in PRESETS)
METRIC = COLUMNS[0].metric


def trained(label: str, method: str, row: str) -> StudyRow:
    """A row of Tables III and IV."""
    cells = {key: cell(get("preset", f"{table}_{row}{end}"), METRIC) for key, (table, end) in PRESETS.items()}
    return StudyRow(label=label, method=method, cells=cells)


def reduction(la: StudyRow, lpl: StudyRow) -> StudyRow:
    """LPL's error minus logit adjustment's."""
    differences = {}
    for key in PRESETS:
        printed = round(float(lpl.cells[key].published or 0) - float(la.cells[key].published or 0), 6)
        differences[key] = Difference(row=lpl.label, minus=la.label, published=printed)
    return StudyRow(label=f"{lpl.label} - {la.label}", method=lpl.method, cells=differences)


LA, LPL = trained("LA", "logit_adjustment", "la"), trained("LPL", "lpl", "lpl_varied")
TABLE7 = Study(
    name="table7",
    title="Table VII: error reduction of LPL (varied tau + varied epsilon) over LA",
    citation=cited("Table VII"),
    columns=COLUMNS,
    rows=(LA, LPL, reduction(LA, LPL)),
    notes=(
        "The paper heads the columns with the ratios alone and has the reduction in brackets under LPL's errors; its "
        "figures are those of Tables III and IV.",
    ),
)
