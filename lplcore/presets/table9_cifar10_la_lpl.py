"""Table IX, LA+LPL on CIFAR-10-LT."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import HEAD_SCALE, LA_LPL_GRID, PAPERS_LA_LPL, VARIED, la_training, long_tailed

TABLE9_CIFAR10_LA_LPL = Preset(
    name="table9_cifar10_la_lpl",
    title="CIFAR-10-LT 100:1, logit adjustment, then LPL, the paper's settings",
    description="Logit adjustment, then LPL, as the paper trains it.",
    table_row="Table IX, LA+LPL",
    published={"test/top1_error": 0.2146},
    follows="paper",
    settings_of=PAPERS_LA_LPL,
    grid=LA_LPL_GRID,
    spec=long_tailed(
        {"alias": "la_lpl", "strength": 1.0, **VARIED, "threshold": 4.0, "head_scale": HEAD_SCALE["cifar10"]},
        dataset="cifar10",
        training=la_training("cifar10"),
    ),
)
