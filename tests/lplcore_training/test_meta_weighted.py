"""Meta-Weight-Net's virtual step against second derivatives."""

import pytest
import torch
from torch import Tensor, nn

from lplcore.procedures.meta_weighted import WeightNet, meta_slope
from lplcore.spec import parse_spec
from lplcore.training_run import TrainingRun


def doubly_differentiated(run: TrainingRun, net: WeightNet, batch: tuple[Tensor, Tensor], rate: float) -> list[Tensor]:
    """The weighting network's gradient as the paper writes it: through a virtual step that is kept in the graph."""
    meta = run.state.examples.meta
    assert meta is not None
    model = run.state.model
    weights: dict[str, Tensor] = dict(model.named_parameters())
    logits = torch.func.functional_call(model, weights, (batch[0],)).logits
    loss = nn.functional.cross_entropy(logits, batch[1], reduction="none")
    gradients = torch.autograd.grad((net(loss.detach()) * loss).mean(), list(weights.values()), create_graph=True)
    stepped = {name: w - rate * g for (name, w), g in zip(weights.items(), gradients, strict=True)}
    inputs = run.network_input(meta.x).to(batch[0].dtype)
    meta_loss = nn.functional.cross_entropy(torch.func.functional_call(model, stepped, (inputs,)).logits, meta.y)
    return list(torch.autograd.grad(meta_loss, list(net.parameters())))


@pytest.mark.parametrize("model", ["mlp", "resnet32"])
def test_the_forward_derivative_is_the_derivative_through_the_virtual_step(model: str) -> None:
    spec = {
        "dataset": {"name": "digits", "meta_per_class": 3},
        "model": model,
        "method": "meta_weight_net",
        "precision": "float32",
    }
    run = TrainingRun(parse_spec(spec), device=torch.device("cpu"), data_dir="data", datasets={})
    run.state.model.double().eval()
    net = run.state.companion
    assert isinstance(net, WeightNet)
    inputs = run.network_input(run.train_split.x[:16]).double()
    batch, meta = (inputs, run.train_split.y[:16]), run.state.examples.meta
    assert meta is not None
    balanced = run.network_input(meta.x).double(), meta.y
    run.state.criterion.eval()
    loss, slope = meta_slope(run.state, net, batch, balanced, rate=0.1, progress=0.0)
    net.zero_grad()
    torch.autograd.backward((net(loss) * slope).sum())
    expected = doubly_differentiated(run, net, batch, 0.1)
    for parameter, reference in zip(net.parameters(), expected, strict=True):
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, reference, rtol=1e-3, atol=1e-8)
