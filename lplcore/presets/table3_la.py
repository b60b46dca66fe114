"""Table III, LA."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import LA_GRID, PAPERS_LA, la_training, long_tailed

TABLE3_LA = Preset(
    name="table3_la",
    title="CIFAR-100-LT 100:1, logit adjustment, the paper's settings",
    description="Logit adjustment as the paper quotes it.",
    table_row="Table III, LA, 100:1",
    published={"test/top1_error": 0.5611},
    follows="paper",
    settings_of=f"{PAPERS_LA}; the repository of their code reports 0.5594",
    grid=LA_GRID,
    spec=long_tailed(
        {"alias": "logit_adjustment", "strength": 1.0}, dataset="cifar100", training=la_training("cifar100")
    ),
)
