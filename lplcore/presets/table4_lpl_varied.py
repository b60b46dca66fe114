"""Table IV, LPL (varied tau + varied epsilon)."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import HEAD_SCALE, PAPERS_VARIED, VARIED, VARIED_GRID, la_training, long_tailed

TABLE4_LPL_VARIED = Preset(
    name="table4_lpl_varied",
    title="CIFAR-10-LT 100:1, LPL with varied bound, the paper's settings",
    description="LPL with varied bound as the paper trains it.",
    table_row="Table IV, LPL (varied tau + varied epsilon), 100:1",
    published={"test/top1_error": 0.2205},
    follows="paper",
    settings_of=PAPERS_VARIED,
    grid=VARIED_GRID,
    spec=long_tailed(
        {"alias": "lpl", **VARIED, "head_scale": HEAD_SCALE["cifar10"]},
        dataset="cifar10",
        training=la_training("cifar10"),
    ),
)
