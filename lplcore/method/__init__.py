"""Methods: the parts of Eq. 15 put together, and the criterion that they are."""

from lplcore.method.build import criterion
from lplcore.method.criterion import Criterion
from lplcore.method.method import MethodSpec

__all__ = ["Criterion", "MethodSpec", "criterion"]
