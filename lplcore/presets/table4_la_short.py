"""Logit adjustment on CIFAR-10-LT for a CPU."""

from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table4_la import TABLE4_LA

TABLE4_LA_SHORT = shortened(TABLE4_LA, title="CIFAR-10-LT 100:1, logit adjustment, short")
