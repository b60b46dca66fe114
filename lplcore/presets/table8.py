"""Table VIII: ISDA and LPL with three more networks on balanced CIFAR."""

from lplcore.presets.cifar_balanced import NETWORKS, ROWS, balanced

ERRORS = {
    "resnet32": {"isda": (7.09, 30.27), "lpl_fixed": (7.01, 29.59), "lpl_varied": (6.66, 28.53)},
    "se_resnet110": {"isda": (5.96, 26.63), "lpl_fixed": (5.87, 26.12), "lpl_varied": (5.39, 25.70)},
    "wide_resnet_16_8": {"isda": (4.04, 19.91), "lpl_fixed": (3.97, 19.87), "lpl_varied": (3.93, 19.83)},
}
"""Network -> row -> printed top-1 errors in per cent on CIFAR-10 and CIFAR-100."""
PARAMETERS = {"resnet32": 0.5, "se_resnet110": 1.7, "wide_resnet_16_8": 11.0}
"""Millions of parameters as printed."""
COLUMNS = {"cifar10": "CIFAR10", "cifar100": "CIFAR100"}
TABLE8 = tuple(
    balanced(
        f"table8_{dataset}_{row}_{network}",
        row,
        dataset=dataset,
        network=network,
        error=error,
        table_row=f"Table VIII, {NETWORKS[network][0]} + {ROWS[row].label}, {column}",
    )
    for network, rows in ERRORS.items()
    for row, figures in rows.items()
    for (dataset, column), error in zip(COLUMNS.items(), figures, strict=True)
)
