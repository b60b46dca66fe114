"""Table IV: CIFAR-10-LT."""

from lplcore.frame.study import Study
from lplcore.presets import table4
from lplcore.studies.printed import cited, errors, table_rows

COLUMNS = errors("100:1", "10:1")
TABLE4 = Study(
    name="table4",
    title="Table IV: CIFAR-10-LT",
    citation=cited("Table IV"),
    columns=COLUMNS,
    rows=table_rows(table4.TABLE4, COLUMNS),
)
