"""Cross entropy on CIFAR-100-LT for a CPU."""

from lplcore.presets.cifar_long_tail import shortened
from lplcore.presets.table3_cross_entropy import TABLE3_CROSS_ENTROPY

TABLE3_CROSS_ENTROPY_SHORT = shortened(TABLE3_CROSS_ENTROPY, title="CIFAR-100-LT 100:1, cross entropy, short")
