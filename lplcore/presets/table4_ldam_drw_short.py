"""LDAM-DRW on CIFAR-10-LT for a CPU."""

from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table4_ldam_drw import TABLE4_LDAM_DRW

TABLE4_LDAM_DRW_SHORT = shortened(TABLE4_LDAM_DRW, title="CIFAR-10-LT 100:1, LDAM-DRW, short")
