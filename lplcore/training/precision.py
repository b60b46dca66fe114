"""In which precision a run's network is computed."""

from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from lplcore import device as devices
from lplcore.spec.experiment import ExperimentSpec

LARGEST_STRIDES = 64
"""Of all layers of a network together, at most: larger images are never smaller than a stride."""
NOTE = (
    "computed in float32: in bf16 on CPUs torch's gradients are wrong where a convolution's stride is larger than its "
    "input, as in this network for images of this size"
)


def asked_for(spec: ExperimentSpec, device: torch.device) -> str:
    """`float32` or `bf16`, as the spec asks."""
    return devices.choose_precision(spec.precision, device, convolutional=spec.model.images_only)


def precision_of(spec: ExperimentSpec, network: nn.Module, input_shape: tuple[int, ...], device: torch.device) -> str:
    """`float32` or `bf16`: as the spec asks, but on a CPU where its gradients are right."""
    asked = asked_for(spec, device)
    return "float32" if asked == "bf16" and device.type == "cpu" and overstrided(network, input_shape) else asked


def notes_on(spec: ExperimentSpec, device: torch.device, precision: str) -> list[str]:
    """What there is to say of a precision that is not the one asked for."""
    return [] if precision == asked_for(spec, device) else [NOTE]


def overstrided(network: nn.Module, input_shape: tuple[int, ...]) -> bool:
    """Whether a convolution of the network has an input smaller than its stride.

    torch 2.13 takes the gradient of such a convolution's weights from memory that nothing was written to, where oneDNN
    computes it in bf16: other values every time, some not finite. The network is left as it is.

    >>> halved = nn.Conv2d(1, 1, 3, stride=2, padding=1)
    >>> overstrided(halved, (1, 2, 2)), overstrided(nn.Sequential(halved, halved), (1, 2, 2))
    (False, True)
    """
    if len(input_shape) != 3 or min(input_shape[1:]) >= LARGEST_STRIDES:
        return False
    training, seen = {module: module.training for module in network.modules()}, Convolutions()
    with torch.no_grad(), seen:
        network.eval()(torch.zeros(1, *input_shape))
    for module, before in training.items():
        module.training = before
    return seen.overstrided


class Convolutions(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch does not declare it
    """Inside, it is noted whether a convolution has an input smaller than its stride."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.overstrided = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.convolution.default:
            image, _, _, strides, *_ = args
            self.overstrided |= any(side < stride for side, stride in zip(image.shape[2:], strides, strict=True))
        return func(*args, **(kwargs or {}))
