"""Where `Criterion` was in version 0.1.0."""

from lplcore.frame.outputs import CriterionOutput
from lplcore.method.criterion import Criterion

__all__ = ["Criterion", "CriterionOutput"]
