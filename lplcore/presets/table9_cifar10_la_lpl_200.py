"""Logit adjustment, then LPL on CIFAR-10-LT in 200 epochs."""

from lplcore.presets.cifar_long_tail import in_200_epochs
from lplcore.presets.table9_cifar10_la_lpl import TABLE9_CIFAR10_LA_LPL

TABLE9_CIFAR10_LA_LPL_200 = in_200_epochs(
    TABLE9_CIFAR10_LA_LPL, title="CIFAR-10-LT 100:1, logit adjustment, then LPL, 200 epochs"
)
