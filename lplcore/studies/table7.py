"""Table VII: what LPL takes off the error of logit adjustment, computed from figures of Tables III and IV."""

from lplcore.frame.study import Column, Difference, Source, Study, StudyRow
from lplcore.studies.printed import cited, preset_row

PRESETS = {
    "CIFAR-100-LT, 100:1": "table3_{}",
    "CIFAR-10-LT, 100:1": "table4_{}",
    "CIFAR-100-LT, 10:1": "table3_{}_ratio10",
    "CIFAR-10-LT, 10:1": "table4_{}_ratio10",
}
"""Column -> its presets' names."""
COLUMNS = tuple(Column(key=key, title=key) for key in PRESETS)


def trained(label: str, row: str) -> StudyRow:
    """A row of Tables III and IV."""
    return preset_row(label, {key: name.format(row) for key, name in PRESETS.items()}, COLUMNS)


def reduction(lpl: StudyRow, la: StudyRow) -> StudyRow:
    """The first row's errors minus the second one's."""
    cells = {key: Difference(row=lpl.label, minus=la.label, published=printed(lpl, la, key)) for key in PRESETS}
    return StudyRow(label=f"{lpl.label} - {la.label}", method=lpl.method, cells=cells)


def printed(lpl: StudyRow, la: StudyRow, key: str) -> float | None:
    """The difference of two printed figures, rounded as they are."""
    figures = [cell.published for row in (lpl, la) if isinstance(cell := row.cells[key], Source)]
    first, second = figures
    return None if first is None or second is None else round(first - second, 6)


LA, LPL = trained("LA", "la"), trained("LPL", "lpl_varied")
TABLE7 = Study(
    name="table7",
    title="Table VII: error reduction of LPL (varied tau + varied epsilon) over LA",
    citation=cited("Table VII"),
    columns=COLUMNS,
    rows=(LA, LPL, reduction(LPL, LA)),
    notes=(
        "The paper heads the columns with the ratios alone and has the reduction in brackets under LPL's errors; its "
        "figures are those of Tables III and IV.",
    ),
)
