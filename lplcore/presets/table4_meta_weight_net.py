"""Table IV, Meta-weight net."""

from lplcore.frame.preset import Preset
from lplcore.presets.cifar_long_tail import META_WEIGHT_NET, META_WEIGHT_NET_CODE, META_WEIGHT_NET_TRAINING, long_tailed

TABLE4_META_WEIGHT_NET = Preset(
    name="table4_meta_weight_net",
    title="CIFAR-10-LT 100:1, Meta-Weight-Net, official settings",
    description="Meta-Weight-Net as its authors train it.",
    table_row="Table IV, Meta-weight net, 100:1",
    published={"test/top1_error": 0.2643},
    follows="official",
    settings_of=META_WEIGHT_NET_CODE,
    spec=long_tailed(META_WEIGHT_NET, dataset="cifar10", training=META_WEIGHT_NET_TRAINING),
)
