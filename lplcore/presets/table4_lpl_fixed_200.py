"""LPL with fixed bound on CIFAR-10-LT in 200 epochs."""

from lplcore.presets.cifar_long_tail import in_200_epochs
from lplcore.presets.table4_lpl_fixed import TABLE4_LPL_FIXED

TABLE4_LPL_FIXED_200 = in_200_epochs(TABLE4_LPL_FIXED, title="CIFAR-10-LT 100:1, LPL with fixed bound, 200 epochs")
