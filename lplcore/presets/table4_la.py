"""Table IV, LA."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import LA_GRID, PAPERS_LA, la_training, long_tailed

TABLE4_LA = Preset(
    name="table4_la",
    title="CIFAR-10-LT 100:1, logit adjustment, the paper's settings",
    description="Logit adjustment as the paper quotes it.",
    table_row="Table IV, LA, 100:1",
    published={"test/top1_error": 0.2233},
    follows="paper",
    settings_of=f"{PAPERS_LA}; the repository of their code reports 0.2211",
    grid=LA_GRID,
    spec=long_tailed(
        {"alias": "logit_adjustment", "strength": 1.0}, dataset="cifar10", training=la_training("cifar10")
    ),
)
