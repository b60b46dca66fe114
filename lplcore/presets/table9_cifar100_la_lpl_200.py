"""Logit adjustment, then LPL on CIFAR-100-LT in 200 epochs."""

from lplcore.presets.cifar_long_tail import in_200_epochs
from lplcore.presets.table9_cifar100_la_lpl import TABLE9_CIFAR100_LA_LPL

TABLE9_CIFAR100_LA_LPL_200 = in_200_epochs(
    TABLE9_CIFAR100_LA_LPL, title="CIFAR-100-LT 100:1, logit adjustment, then LPL, 200 epochs"
)
