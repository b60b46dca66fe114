"""Kernels of convolution and normalisation under Triton's interpreter, against float64: `test_fused_unit` runs this."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils import deterministic

from lplcore.models.cifar_resnet import BasicBlock, SqueezeExcitation
from lplcore.models.fused import launches
from lplcore.models.fused.launches import Chunk, Tile, enabled
from lplcore.models.fused.unit import unit, usable
from tests.lplcore.fused_unit_cases import Sizes, check_convolution, check_normalisation, drawn, relative
from tests.lplcore.triton_interpreter import repaired

# The interpreter calculates what masks then take out.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

SIZES = [
    Sizes(2, 3, 16, 6, 5, 1),
    Sizes(2, 16, 16, 6, 6, 1),
    Sizes(1, 16, 32, 5, 6, 2),
    Sizes(2, 16, 32, 4, 4, 2),
    Sizes(2, 32, 32, 4, 3, 1),
    Sizes(1, 64, 64, 2, 2, 1),
]


@pytest.fixture(autouse=True, scope="module")
def interpreter() -> Iterator[None]:
    with repaired():
        yield


@pytest.fixture(autouse=True)
def wide_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """The interpreter's time goes by the number of programs."""
    monkeypatch.setattr(launches, "SUMS", (8, 4096))


@pytest.fixture(params=["whole", "several"])
def tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles as on a GPU, into which everything fits, and small ones, of which the last is not full."""
    if request.param == "several":
        monkeypatch.setattr(launches, "CONVOLUTION", dict.fromkeys((16, 32, 64), Tile(16, 16, 16, 4, 1)))
        monkeypatch.setattr(launches, "WEIGHTS", dict.fromkeys((16, 32, 64), Chunk(32, 16, 32, 4, 1)))
        for name, size in (("APPLIED", 1024), ("SUMMED", 1024), ("SUMS", (2, 1024)), ("TILES", 2)):
            monkeypatch.setattr(launches, name, size)


@pytest.mark.usefixtures("tiles")
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_convolutions_and_their_gradients_are_those_of_float64(sizes: Sizes) -> None:
    check_convolution(sizes, device="cpu")


def test_weights_may_lie_anyhow() -> None:
    check_convolution(SIZES[2], device="cpu", lies=torch.contiguous_format)


@pytest.mark.usefixtures("tiles")
@pytest.mark.parametrize(("relu", "adds"), [(True, True), (True, False), (False, False)])
@pytest.mark.parametrize("sizes", [SIZES[1], SIZES[2]], ids=str)
def test_normalisations_and_their_gradients_are_those_of_float64(sizes: Sizes, relu: bool, adds: bool) -> None:
    check_normalisation(sizes, relu=relu, adds=adds, device="cpu")


@pytest.mark.usefixtures("tiles")
def test_large_means_leave_the_variance_exact() -> None:
    check_normalisation(SIZES[1], relu=False, adds=False, device="cpu", offset=100.0)


def block(channels: int, stride: int, *, scaled: bool = False, dropout: float = 0.0) -> BasicBlock:
    """The same weights at every call."""
    torch.manual_seed(0)
    scale = partial(SqueezeExcitation, reduction=4, bias=True) if scaled else lambda _: nn.Identity()
    return BasicBlock(16, channels, stride=stride, dropout=dropout, projects=False, scale=scale)


def step(layer: BasicBlock, *, use: bool, autocast: bool = True) -> list[torch.Tensor]:
    """Result of a block in training, gradients, and statistics."""
    x = drawn(2, 16, 6, 6, device="cpu", seed=1).to(torch.bfloat16 if autocast else torch.float64).requires_grad_()
    torch.manual_seed(3)
    with enabled(use), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        out = layer(x)
    above = drawn(*out.shape, device="cpu", seed=2).to(out.dtype)
    return [out, *torch.autograd.grad(out, [x, *layer.parameters()], above), *layer.buffers()]


@pytest.mark.parametrize("options", [{}, {"scaled": True}, {"dropout": 0.5}], ids=str)
@pytest.mark.parametrize(("channels", "stride"), [(16, 1), (32, 2)])
def test_a_block_with_them_is_the_block_in_float64_but_for_rounding(
    channels: int, stride: int, options: dict[str, Any]
) -> None:
    fused, plain = (step(block(channels, stride, **options), use=use) for use in (True, False))
    exact = step(block(channels, stride, **options).double(), use=False, autocast=False)
    assert [value.dtype for value in fused] == [value.dtype for value in plain]
    errors = [relative(value, right) for value, right in zip(fused, exact, strict=True)]
    assert errors[0] < 0.01
    # Of gradients: each of a thousand that ReLU passes on or not, as rounding says of a number near zero, is 3 %.
    assert max(errors) < 0.15


def test_every_entry_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deterministic, "fill_uninitialized_memory", True)
    torch.use_deterministic_algorithms(True)
    try:
        results = step(block(32, 2), use=True)
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.isfinite(result).all() for result in results)


def test_what_is_not_a_number_is_not_hidden() -> None:
    layer = block(16, 1)
    x = drawn(2, 16, 6, 6, device="cpu", seed=1)
    x[0, 0, 0, 0] = torch.nan
    with enabled(), torch.autocast("cpu", torch.bfloat16):
        assert layer(x).isnan().any()


def test_they_are_used_in_training_under_autocast_to_bf16_where_layers_suit() -> None:
    x = torch.randn(2, 16, 4, 4)
    suitable, norm = nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
    with enabled(False), torch.autocast("cpu", torch.bfloat16):
        assert not usable(x, suitable, norm)
    with enabled():
        assert not usable(x, suitable, norm)
        with torch.autocast("cpu", torch.bfloat16):
            assert usable(x, suitable, norm)
            assert not usable(x, suitable, nn.BatchNorm2d(16).eval())
            assert not usable(x, suitable, nn.BatchNorm2d(16, momentum=None))
            assert not usable(x, suitable, nn.BatchNorm2d(16, affine=False))
            assert not usable(x, suitable, nn.BatchNorm2d(16, track_running_stats=False))
            assert not usable(x, nn.Conv2d(16, 16, 3, padding=1), norm)
            assert not usable(x, nn.Conv2d(16, 16, 1, bias=False), norm)
            assert not usable(x, nn.Conv2d(16, 48, 3, padding=1, bias=False), norm)
            assert not usable(x[:1, :, :1, :1], suitable, norm)
        with torch.autocast("cpu", torch.float16):
            assert not usable(x, suitable, norm)


@pytest.mark.parametrize(("channels", "stride"), [(16, 1), (32, 2)])
def test_predictions_are_those_of_the_layers_in_float64_but_for_rounding(channels: int, stride: int) -> None:
    layer, exact = block(channels, stride).eval(), block(channels, stride).double().eval()
    for module in (layer, exact):
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer += 0.3
            if name.endswith("running_var"):
                buffer *= 2.0
    x = drawn(2, 16, 6, 6, device="cpu", seed=1).to(torch.bfloat16)
    with torch.no_grad(), enabled(), torch.autocast("cpu", torch.bfloat16):
        assert usable(x, layer.conv1, layer.bn1)
        predicted = layer(x)
    assert relative(predicted, exact(x.double())) < 0.01


def test_in_evaluation_with_gradients_the_layers_are_used() -> None:
    x, layer, norm = torch.randn(2, 16, 4, 4), nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16).eval()
    with torch.autocast("cpu", torch.bfloat16):
        expected = torch.relu(norm(layer(x)) + x)
        with enabled():
            assert torch.equal(unit(x, layer, norm, shortcut=x), expected)
