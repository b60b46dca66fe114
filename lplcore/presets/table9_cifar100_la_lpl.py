"""Table IX, LA+LPL on CIFAR-100-LT."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import HEAD_SCALE, LA_LPL_GRID, PAPERS_LA_LPL, VARIED, la_training, long_tailed

TABLE9_CIFAR100_LA_LPL = Preset(
    name="table9_cifar100_la_lpl",
    title="CIFAR-100-LT 100:1, logit adjustment, then LPL, the paper's settings",
    description="Logit adjustment, then LPL, as the paper trains it.",
    table_row="Table IX, LA+LPL",
    published={"test/top1_error": 0.5389},
    follows="paper",
    settings_of=(
        f"{PAPERS_LA_LPL}; the released script has tau 27 and priors permuted by a bug, from which the figure may come"
    ),
    grid=LA_LPL_GRID,
    spec=long_tailed(
        {"alias": "la_lpl", "strength": 1.0, **VARIED, "threshold": 40.0, "head_scale": HEAD_SCALE["cifar100"]},
        dataset="cifar100",
        training=la_training("cifar100"),
    ),
)
