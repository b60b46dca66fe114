"""Logit adjustment, then LPL on CIFAR-100-LT for a CPU."""

from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table9_cifar100_la_lpl import TABLE9_CIFAR100_LA_LPL

TABLE9_CIFAR100_LA_LPL_SHORT = shortened(
    TABLE9_CIFAR100_LA_LPL, title="CIFAR-100-LT 100:1, logit adjustment, then LPL, short"
)
