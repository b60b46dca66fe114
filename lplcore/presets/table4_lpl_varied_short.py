"""LPL with varied bound on CIFAR-10-LT for a CPU."""

from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table4_lpl_varied import TABLE4_LPL_VARIED

TABLE4_LPL_VARIED_SHORT = shortened(TABLE4_LPL_VARIED, title="CIFAR-10-LT 100:1, LPL with varied bound, short")
