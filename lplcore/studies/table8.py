"""Table VIII: ISDA and LPL with three more networks."""

from lplcore.frame.study import Study
from lplcore.presets import table8
from lplcore.presets.cifar_balanced import NETWORKS
from lplcore.studies.printed import cited, errors, table_rows

COLUMNS = errors("CIFAR10", "CIFAR100")
TABLE8 = Study(
    name="table8",
    title="Table VIII: ISDA and LPL with three more networks",
    citation=cited("Table VIII"),
    columns=COLUMNS,
    rows=table_rows(table8.TABLE8, COLUMNS),
    notes=(
        "Numbers of parameters as printed: "
        + ", ".join(f"{NETWORKS[network][0]} {millions}M" for network, millions in table8.PARAMETERS.items())
        + ".",
    ),
)
