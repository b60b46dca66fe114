"""LPL with varied bound on CIFAR-10-LT in 200 epochs."""

from lplcore.presets.cifar_long_tail import in_200_epochs
from lplcore.presets.table4_lpl_varied import TABLE4_LPL_VARIED

TABLE4_LPL_VARIED_200 = in_200_epochs(TABLE4_LPL_VARIED, title="CIFAR-10-LT 100:1, LPL with varied bound, 200 epochs")
