"""Table V: VOC-MLT and COCO-MLT."""

from lplcore.frame.study import Study
from lplcore.presets import table5
from lplcore.studies.printed import cited, precisions, table_rows

COLUMNS = precisions("VOC-MLT", "COCO-MLT")
TABLE5 = Study(
    name="table5",
    title="Table V: VOC-MLT and COCO-MLT",
    citation=cited("Table V"),
    columns=COLUMNS,
    rows=table_rows(table5.TABLE5, COLUMNS),
)
