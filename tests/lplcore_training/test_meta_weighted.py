"""Meta-Weight-Net's virtual step against second derivatives."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lplcore.procedures.meta_weighted import WeightNet, meta_slope
from lplcore.spec.experiment import parse_spec
from lplcore.training.run import TrainingRun


def doubly_differentiated(run: TrainingRun, net: WeightNet, batch: tuple[Tensor, Tensor], rate: float) -> list[Tensor]:
    """The weighting network's gradient as the paper writes it: through a virtual step that is kept in the graph."""
    meta = run.state.data.meta
    assert meta is not None
    model = run.state.model
    weights: dict[str, Tensor] = dict(model.named_parameters())
    logits = torch.func.functional_call(model, weights, (batch[0],)).logits
    loss = nn.functional.cross_entropy(logits, batch[1], reduction="none")
    raw = net.layers((loss.detach() if net.detach_loss else loss).float()[:, None]).squeeze(1).sigmoid()
    v = raw / raw.mean()
    gradients = torch.autograd.grad((v * loss).mean(), list(weights.values()), create_graph=True)
    stepped = {name: w - rate * g for (name, w), g in zip(weights.items(), gradients, strict=True)}
    inputs = run.network_input(meta.held).to(batch[0].dtype)
    meta_loss = nn.functional.cross_entropy(torch.func.functional_call(model, stepped, (inputs,)).logits, meta.y)
    return list(torch.autograd.grad(meta_loss, list(net.parameters())))


@pytest.mark.parametrize("detach_loss", [True, False])
@pytest.mark.parametrize("model", ["mlp", "resnet32"])
def test_the_forward_derivative_is_the_derivative_through_the_virtual_step(model: str, detach_loss: bool) -> None:
    spec = {
        "dataset": {"name": "digits", "meta_per_class": 3},
        "model": model,
        "method": {"alias": "meta_weight_net", "detach_loss": detach_loss},
        "precision": "float32",
    }
    run = TrainingRun(parse_spec(spec), device=torch.device("cpu"), data_dir="data", datasets={})
    run.state.model.double().eval()
    net = run.state.companion
    assert isinstance(net, WeightNet)
    inputs = run.network_input(run.train_split.held[:16]).double()
    batch, meta = (inputs, run.train_split.y[:16]), run.state.data.meta
    assert meta is not None
    balanced = run.network_input(meta.held).double(), meta.y
    run.state.criterion.eval()
    loss, slope = meta_slope(run.state, net, batch, balanced, rate=0.1, progress=0.0)
    net.zero_grad()
    torch.autograd.backward((net.pulls(loss) * slope).sum())
    expected = doubly_differentiated(run, net, batch, 0.1)
    for parameter, reference in zip(net.parameters(), expected, strict=True):
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, reference, rtol=1e-3, atol=1e-8)


def meta_run(**options: Any) -> TrainingRun:
    """A run on augmented digits whose meta set is 3 examples of each of 10 classes."""
    spec = {
        "dataset": {"name": "digits", "meta_per_class": 3},
        "augmentation": {"name": "pad_crop_flip", "padding": 1},
        "method": {"alias": "meta_weight_net", "meta_batch_size": 20, **options},
    }
    return TrainingRun(parse_spec(spec), device=torch.device("cpu"), data_dir="data", datasets={})


def seen_in_a_step(run: TrainingRun) -> Tensor:
    """The meta images that a step gives to the network, normalised and flat."""
    seen: list[Tensor] = []
    hook = run.state.model.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    run.train_step()
    hook.remove()
    sizes = {len(images) for images in seen} - {run.spec.batch_size}
    assert len(sizes) == 1
    return next(images for images in seen if len(images) in sizes).flatten(1)


@pytest.mark.parametrize(("augmented", "known"), [(False, True), (True, False)])
def test_meta_images_are_augmented_where_asked_for(augmented: bool, known: bool) -> None:
    run = meta_run(meta_augmented=augmented)
    meta = run.state.data.meta
    assert meta is not None
    stored = {tuple(row) for row in run.network_input(meta.held).flatten(1).tolist()}
    images = seen_in_a_step(run)
    assert all(tuple(row) in stored for row in images.tolist()) is known
    again = seen_in_a_step(meta_run(meta_augmented=augmented))
    assert torch.equal(images, again)


@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("size", [20, 30, 100])
def test_meta_examples_are_drawn_without_replacement_where_asked_for(replacement: bool, size: int) -> None:
    images = seen_in_a_step(meta_run(meta_replacement=replacement, meta_batch_size=size))
    distinct = len({tuple(row) for row in images.tolist()})
    assert len(images) == (size if replacement else min(size, 30))
    assert (distinct == len(images)) is not replacement
