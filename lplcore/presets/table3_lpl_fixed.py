"""Table III, LPL (varied tau + fixed epsilon)."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import FIXED, FIXED_GRID, PAPERS_FIXED, la_training, long_tailed

TABLE3_LPL_FIXED = Preset(
    name="table3_lpl_fixed",
    title="CIFAR-100-LT 100:1, LPL with fixed bound, the paper's settings",
    description="LPL with fixed bound as the paper trains it.",
    table_row="Table III, LPL (varied tau + fixed epsilon), 100:1",
    published={"test/top1_error": 0.5803},
    follows="paper",
    settings_of=PAPERS_FIXED,
    grid=FIXED_GRID,
    spec=long_tailed({"alias": "lpl", **FIXED}, dataset="cifar100", training=la_training("cifar100")),
)
