"""Table X: MS-COCO at 448 x 448."""

from lplcore.frame.study import PRECISION, Column, Study
from lplcore.presets import table10
from lplcore.studies.printed import cited, table_rows

COLUMNS = (Column(key="MS-COCO", title="MS-COCO", metric=PRECISION),)
TABLE10 = Study(
    name="table10",
    title="Table X: MS-COCO",
    citation=cited("Table X"),
    columns=COLUMNS,
    rows=table_rows(table10.TABLE10, COLUMNS),
    notes=("The paper prints ResNet-110, a network for images of 32 x 32; ResNet-101 is taken.",),
)
