"""Cross entropy on CIFAR-10-LT for a CPU."""

from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table4_cross_entropy import TABLE4_CROSS_ENTROPY

TABLE4_CROSS_ENTROPY_SHORT = shortened(TABLE4_CROSS_ENTROPY, title="CIFAR-10-LT 100:1, cross entropy, short")
