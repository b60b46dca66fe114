"""LPL with varied bound on CIFAR-100-LT in 200 epochs."""

from lplcore.presets.cifar_long_tail import in_200_epochs
from lplcore.presets.table3_lpl_varied import TABLE3_LPL_VARIED

TABLE3_LPL_VARIED_200 = in_200_epochs(TABLE3_LPL_VARIED, title="CIFAR-100-LT 100:1, LPL with varied bound, 200 epochs")
