"""Logit adjustment, then LPL on CIFAR-10-LT for a CPU."""

from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table9_cifar10_la_lpl import TABLE9_CIFAR10_LA_LPL

TABLE9_CIFAR10_LA_LPL_SHORT = shortened(
    TABLE9_CIFAR10_LA_LPL, title="CIFAR-10-LT 100:1, logit adjustment, then LPL, short"
)
