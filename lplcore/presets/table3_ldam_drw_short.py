"""LDAM-DRW on CIFAR-100-LT for a CPU."""

from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table3_ldam_drw import TABLE3_LDAM_DRW

TABLE3_LDAM_DRW_SHORT = shortened(TABLE3_LDAM_DRW, title="CIFAR-100-LT 100:1, LDAM-DRW, short")
