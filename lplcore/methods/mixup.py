"""mixup."""

from lplcore.frame.alias import Alias

MIXUP = Alias(
    name="mixup",
    title="mixup",
    citation="Zhang et al., mixup: beyond empirical risk minimization, ICLR 2018",
    composition={"loss": "cross_entropy", "targets": ["mixup"]},
)
