"""Kernels of convolution and normalisation on a GPU: right, complete, the same every time, and without the host."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils import deterministic

from lplcore.models import Classifier
from lplcore.models.fused.launches import enabled
from lplcore.models.fused.unit import usable
from lplcore.plugin import get
from tests.lplcore.fused_unit_cases import Sizes, check_convolution, check_normalisation, drawn, relative
from tests.lplcore.synchronisation import synchronisation_is_an_error

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA"),
    pytest.mark.skipif(find_spec("triton") is None, reason="needs Triton"),
]

RESNET32 = [
    Sizes(128, 3, 16, 32, 32, 1),
    Sizes(128, 16, 16, 32, 32, 1),
    Sizes(128, 16, 32, 32, 32, 2),
    Sizes(128, 32, 32, 16, 16, 1),
    Sizes(128, 32, 64, 16, 16, 2),
    Sizes(128, 64, 64, 8, 8, 1),
]
ODD = [Sizes(5, 3, 16, 9, 7, 1), Sizes(3, 16, 32, 11, 6, 2), Sizes(1, 64, 64, 5, 5, 1), Sizes(7, 1, 16, 28, 28, 1)]
TENSOR_CORES = 2e-5
"""They cut sums off at about 24 bits of the largest summand, where the interpreter rounds."""


@pytest.fixture(autouse=True)
def the_kernels() -> Iterator[None]:
    """Every test has them on, and on a GPU where they do not run each fails: their warning is an error."""
    with enabled():
        yield


@pytest.mark.parametrize("sizes", [*RESNET32, *ODD], ids=str)
def test_convolutions_and_their_gradients_are_those_of_float64(sizes: Sizes) -> None:
    check_convolution(sizes, device="cuda", sums=TENSOR_CORES)


def test_weights_may_lie_anyhow() -> None:
    check_convolution(RESNET32[2], device="cuda", sums=TENSOR_CORES, lies=torch.contiguous_format)


@pytest.mark.parametrize(("relu", "adds"), [(True, True), (True, False), (False, False)])
@pytest.mark.parametrize("sizes", [RESNET32[1], RESNET32[3], RESNET32[5], ODD[1]], ids=str)
def test_normalisations_and_their_gradients_are_those_of_float64(sizes: Sizes, relu: bool, adds: bool) -> None:
    check_normalisation(sizes, relu=relu, adds=adds, device="cuda")


def test_large_means_leave_the_variance_exact() -> None:
    check_normalisation(RESNET32[1], relu=False, adds=False, device="cuda", offset=100.0)


def network(name: str = "resnet32") -> Classifier:
    """The same weights at every call."""
    torch.manual_seed(0)
    model: Classifier = get("model", name)(name=name).build(input_shape=(3, 32, 32), num_classes=10)
    model.to(device="cuda", memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model.train()


def batch() -> tuple[Tensor, Tensor]:
    labels = torch.arange(128, device="cuda") % 10
    images = drawn(128, 3, 32, 32, device="cuda", seed=1, dtype=torch.float32)
    return images + 0.3 * labels[:, None, None, None], labels


def step(model: nn.Module, images: Tensor, labels: Tensor, *, autocast: bool = True) -> list[Tensor]:
    """Logits and gradients."""
    with torch.autocast("cuda", torch.bfloat16, enabled=autocast):
        logits = model(images).logits
    loss = functional.cross_entropy(logits.double(), labels)
    return [logits, *torch.autograd.grad(loss, list(model.parameters()))]


@pytest.mark.parametrize("name", ["resnet32", "se_resnet110"])
def test_a_network_with_them_is_as_near_to_float64_as_without(name: str) -> None:
    images, labels = batch()
    one, other, exact = network(name), network(name), network(name).double()
    fused = step(one, images, labels)
    with enabled(False):
        plain = step(other, images, labels)
    right = step(exact, images.double(), labels, autocast=False)
    errors = [[relative(value, exact) for value, exact in zip(values, right, strict=True)] for values in (fused, plain)]
    assert errors[0][0] < 1.5 * errors[1][0] + 0.01
    assert sum(errors[0]) < 1.5 * sum(errors[1])
    assert not torch.equal(fused[0], plain[0])
    for (key, value), near in zip(one.state_dict().items(), other.state_dict().values(), strict=True):
        torch.testing.assert_close(value, near, rtol=0.03, atol=0.03, msg=key)


def test_predictions_are_as_near_to_float64_as_without() -> None:
    images, labels = batch()
    trained, results = network(), []
    step(trained, images, labels)
    for use in (True, False):
        with torch.no_grad(), enabled(use), torch.autocast("cuda", torch.bfloat16):
            results.append(trained.eval()(images).logits)
    with torch.no_grad():
        exact = trained.double()(images.double()).logits
    errors = [relative(logits, exact) for logits in results]
    assert errors[0] < 1.5 * errors[1] + 0.01
    assert not torch.equal(*results)


def maps(model: Classifier, images: Tensor) -> list[Tensor]:
    """What lies before the last layer, gradients and statistics."""
    with torch.autocast("cuda", torch.bfloat16):
        features = model.feature_maps(images)
    weights = [value for key, value in model.named_parameters() if not key.startswith("classifier")]
    above = drawn(*features.shape, device="cuda", seed=2)
    return [features, *torch.autograd.grad(features, weights, above), *model.buffers()]


def test_every_entry_is_written_and_two_steps_are_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    images, _ = batch()
    plain = maps(network(), images)
    monkeypatch.setattr(deterministic, "fill_uninitialized_memory", True)
    torch.use_deterministic_algorithms(True)
    try:
        assert torch.empty(1, device="cuda").isnan().all()
        again = maps(network(), images)
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(torch.isfinite(value).all() for value in plain)
    assert all(torch.equal(one, other) for one, other in zip(plain, again, strict=True))


def test_a_graph_replays_the_bits_of_eager_steps() -> None:
    first, labels = batch()
    second, images, eager, model = first.flip(0).clone(), first.clone(), network(), network()
    expected = [step(eager, values, labels) for values in (first, second)]
    start = {key: value.clone() for key, value in model.state_dict().items()}
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        step(model, images, labels)
    torch.cuda.current_stream().wait_stream(stream)
    with torch.cuda.graph(graph):
        captured = step(model, images, labels)
    model.load_state_dict(start)
    for values, results in zip((first, second), expected, strict=True):
        images.copy_(values)
        graph.replay()
        assert all(torch.equal(ours, theirs) for ours, theirs in zip(captured, results, strict=True))
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(model.buffers(), eager.buffers(), strict=True))


def test_the_host_waits_for_nothing() -> None:
    model, (images, labels) = network(), batch()
    step(model, images, labels)
    with synchronisation_is_an_error():
        step(model, images, labels)


def test_training_goes_as_without_them() -> None:
    images, labels = batch()
    losses = []
    for use in (True, False):
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        for _ in range(30):
            optimizer.zero_grad()
            with enabled(use), torch.autocast("cuda", torch.bfloat16):
                loss = functional.cross_entropy(model(images).logits.float(), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        losses.append(loss.item())
    assert max(losses) < 1.5
    assert abs(losses[0] - losses[1]) < 0.25


def test_they_are_used_where_layers_suit() -> None:
    model, (images, _) = network(), batch()
    assert isinstance(model.conv, nn.Conv2d)
    assert isinstance(model.bn, nn.BatchNorm2d)
    assert not usable(images, model.conv, model.bn)
    with torch.autocast("cuda", torch.bfloat16):
        assert usable(images, model.conv, model.bn)
        assert not usable(images, model.conv, model.bn.eval())
