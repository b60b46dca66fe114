"""Table III: CIFAR-100-LT."""

from lplcore.frame.study import Study
from lplcore.presets import table3
from lplcore.studies.printed import cited, errors, table_rows

COLUMNS = errors("100:1", "10:1")
TABLE3 = Study(
    name="table3",
    title="Table III: CIFAR-100-LT",
    citation=cited("Table III"),
    columns=COLUMNS,
    rows=table_rows(table3.TABLE3, COLUMNS),
)
