"""Table II: methods and networks on CIFAR-100."""

from lplcore.frame.study import Study
from lplcore.presets import table2
from lplcore.studies.printed import cited, errors, table_rows

COLUMNS = errors("Wide-ResNet-28-10", "ResNet-110")
TABLE2 = Study(
    name="table2",
    title="Table II: methods and networks on CIFAR-100",
    citation=cited("Table II"),
    columns=COLUMNS,
    rows=table_rows(table2.TABLE2, COLUMNS),
)
