"""Logit adjustment on CIFAR-100-LT for a CPU."""

from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table3_la import TABLE3_LA

TABLE3_LA_SHORT = shortened(TABLE3_LA, title="CIFAR-100-LT 100:1, logit adjustment, short")
