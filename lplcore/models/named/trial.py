"""What a library's network is: found by building it on the meta device, where nothing has values or takes memory."""

import difflib
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from lplcore.errors import SpecError
from lplcore.models.named.library import Body, Library, Size, first_convolution
from lplcore.models.named.stages import stages_of

TRIED_SIZES = (16, 32, 48, 64, 96, 112, 128, 160, 192, 224, 256, 288, 299, 384, 448, 512)
TIMING_DEPENDENT = (
    "_adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "cumsum",
    "grid_sampler_2d",
    "reflection_pad2d",
    "upsample_bicubic2d",
    "upsample_bilinear2d",
)
"""Operations of images that have no deterministic form on CUDA, by the page of `torch.use_deterministic_algorithms`."""


class Facts(NamedTuple):
    """What an architecture is for images of one shape."""

    num_features: int
    size: Size
    num_stages: int
    last_layers: tuple[str, ...]
    first_layer: str
    timing_dependent: str | None
    """An operation whose gradient on CUDA is not the same every time."""


class Unfit(NamedTuple):
    """Why an architecture cannot be used."""

    field: str
    message: str


class WrongSize(Unfit):
    """It may be used with images of another size."""


@lru_cache(maxsize=256)
def tried(library: Library, architecture: str, input_shape: tuple[int, int, int]) -> Facts | Unfit:
    """Facts about an architecture for images [channels, height, width], or why it does not fit them."""
    try:
        names = library.names()
    except SpecError as error:
        return Unfit("name", error.errors[0]["message"])
    if architecture not in names:
        close = difflib.get_close_matches(architecture[:100], names, n=5, cutoff=0.4)
        near = f"near names: {', '.join(close)}" if close else "no name is near"
        return Unfit("architecture", f"{library.title} has no {architecture[:100]!r}; {near}")
    fit = at_size(library, architecture, input_shape)
    if not isinstance(fit, WrongSize):
        return fit
    for size in TRIED_SIZES:
        other = at_size(library, architecture, (input_shape[0], size, size))
        if isinstance(other, Facts):
            return Unfit("architecture", f"{fit.message}; it takes {size} x {size}: choose such images or another")
        if not isinstance(other, WrongSize):
            return other
    return Unfit("architecture", f"{fit.message}, nor any size tried; choose another")


def at_size(library: Library, architecture: str, input_shape: tuple[int, int, int]) -> Facts | Unfit:
    """Facts about a known architecture, where it takes images of this very shape."""
    channels, height, width = input_shape
    refusals: list[Unfit] = []
    for size in library.sizes(height, width):
        try:
            body = on_meta(library, architecture, channels, size)
        except SpecError as error:
            return Unfit("architecture", error.errors[0]["message"])
        except Exception as error:  # whatever the library raises, TypeError where it has no such argument
            refusals.append(Unfit("architecture", f"cannot be built ({first_line(error)}); choose another"))
            continue
        fit = forward(body, input_shape, size)
        if not isinstance(fit, WrongSize):
            return fit
        refusals.append(fit)
    return next((refusal for refusal in refusals if isinstance(refusal, WrongSize)), refusals[0])


def forward(body: Body, input_shape: tuple[int, int, int], size: Size) -> Facts | Unfit:
    """Facts that a pass over two images shows."""
    operations = Operations()
    try:
        with torch.no_grad(), quiet(), operations:
            output = body.module.train()(torch.empty(2, *input_shape, device="meta"))
    except Exception as error:  # whatever the library raises
        height, width = input_shape[1:]
        return WrongSize("architecture", f"takes no images of {height} x {width} ({first_line(error)})")
    if not isinstance(output, Tensor):
        return Unfit("architecture", "has more than one output in training; choose another")
    if output.dim() != 2 or len(output) != 2:
        shape = " x ".join(str(length) for length in output.shape[1:])
        return Unfit("architecture", f"has no pooled features before its last layer, but {shape}; choose another")
    timing_dependent = next(iter(operations.timing_dependent), None)
    stages = len(stages_of(body.module))
    return Facts(output.shape[1], size, stages, body.last_layers, first_convolution(body.module), timing_dependent)


def on_meta(library: Library, architecture: str, in_channels: int, size: Size) -> Body:
    """A network without values; what its code computes with, such as widths of layers, may have some."""
    modes: tuple[AbstractContextManager[Any], ...] = (torch.device("meta"), EmptyOnMeta())
    for mode in modes:
        try:
            with torch.random.fork_rng(devices=[]), quiet(), mode:
                body = library.body(architecture, in_channels, size)
        except NotImplementedError:  # a value was read
            continue
        return body._replace(module=body.module.to("meta"))
    raise NotImplementedError("its code reads values that it has drawn")


class EmptyOnMeta(TorchFunctionMode):
    """Inside, `torch.empty`, which makes the weights of layers, makes them on the meta device."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        options = dict(kwargs or {})
        if func is torch.empty:
            options["device"] = "meta"
        return func(*args, **options)


class Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch does not declare it
    """Inside, operations whose gradient depends on timing are noted."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.timing_dependent: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func.overloadpacket.__name__)
        if name in TIMING_DEPENDENT:
            self.timing_dependent.append(name.removeprefix("_"))
        return func(*args, **(kwargs or {}))


def first_line(error: Exception) -> str:
    """The beginning of what an error says."""
    lines = str(error).strip().splitlines()
    return lines[0][:120] if lines else type(error).__name__


@contextmanager
def quiet() -> Iterator[None]:
    """Inside, libraries' warnings about their own defaults are not shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
