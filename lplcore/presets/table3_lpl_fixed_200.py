"""LPL with fixed bound on CIFAR-100-LT in 200 epochs."""

from lplcore.presets.cifar_long_tail import in_200_epochs
from lplcore.presets.table3_lpl_fixed import TABLE3_LPL_FIXED

TABLE3_LPL_FIXED_200 = in_200_epochs(TABLE3_LPL_FIXED, title="CIFAR-100-LT 100:1, LPL with fixed bound, 200 epochs")
