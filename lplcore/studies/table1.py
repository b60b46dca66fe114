"""Table I: methods and networks on CIFAR-10."""

from lplcore.frame.study import Study
from lplcore.presets import table1
from lplcore.studies.printed import cited, errors, table_rows

COLUMNS = errors("Wide-ResNet-28-10", "ResNet-110")
TABLE1 = Study(
    name="table1",
    title="Table I: methods and networks on CIFAR-10",
    citation=cited("Table I"),
    columns=COLUMNS,
    rows=table_rows(table1.TABLE1, COLUMNS),
)
