"""LPL with varied bound on CIFAR-100-LT for a CPU."""

from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table3_lpl_varied import TABLE3_LPL_VARIED

TABLE3_LPL_VARIED_SHORT = shortened(TABLE3_LPL_VARIED, title="CIFAR-100-LT 100:1, LPL with varied bound, short")
