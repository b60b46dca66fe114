"""OLTR: its second stage helps the few-shot classes, and its parts are what the paper says."""

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import lplcore
from lplcore.errors import SpecError
from lplcore.procedures.oltr.network import MetaEmbedding, ModulatedAttention
from lplcore.procedures.oltr.oltr import Oltr, network_of
from lplcore.spec.experiment import parse_spec
from lplcore.training.run import TrainingRun
from lplcore.training.step import train_step
from tests.grids import campaign
from tests.lplcore_training.runs import (
    Spec,
    assert_same_epochs,
    checkpoints,
    end,
    epochs,
    first_examples,
    run,
    stop_after,
)

SMALL: Spec = {
    "dataset": {"name": "digits", "imbalance_factor": 20},
    "model": {"name": "mlp", "widths": [16], "dropout": 0.1},
    "method": {"alias": "oltr", "start": 0.5},
    "epochs": 4,
    "batch_size": 128,
}
"""4 steps an epoch; stage 2 begins with the third."""
IMAGES: Spec = {
    **SMALL,
    "dataset": {"name": "digits", "imbalance_factor": 70},
    "model": {"name": "resnet32"},
    "epochs": 2,
    "batch_size": 150,
}


def few_shot_errors(seed: int, **spec: Any) -> tuple[float, float, float]:
    """At the end of stage 1, of stage 2, and of cross entropy, which is stage 1 gone on with."""
    first, second = halves("oltr", seed, spec)
    same, continued = halves("cross_entropy", seed, spec)
    assert same == first
    return first, second, continued


def halves(method: str, seed: int, spec: Spec) -> tuple[float, float]:
    """The few-shot error at half of the training and at its end."""
    whole = {"epochs": 40, "optimizer": {"name": "sgd", "lr": 0.05}, **spec, "method": method}
    found = [e.metrics["test/top1_error.few"] for e in epochs(run(whole, seed=seed))]
    half, last = found[len(found) // 2 - 1], found[-1]
    assert half is not None
    assert last is not None
    return half, last


# These show that stage 2 learns, not that its memory is what helps: its class-aware sampler alone, in `two_stage`, does
# better on these data (see the docstring of Oltr).
@pytest.mark.slow
@pytest.mark.parametrize("imbalance_factor", [campaign(50), campaign(100)])
def test_stage_two_beats_stage_one_on_the_few_shot_classes(imbalance_factor: float) -> None:
    dataset = {"name": "digits", "imbalance_factor": imbalance_factor}
    first, second, continued = np.array([few_shot_errors(seed, dataset=dataset) for seed in range(4)]).T
    assert (second < first).all()
    assert (first - second).mean() > 0.05
    assert second.mean() < continued.mean()


@pytest.mark.slow
@pytest.mark.campaign
def test_stage_two_beats_stage_one_with_attention() -> None:
    spec = {"dataset": {"name": "digits", "imbalance_factor": 50}, "model": "resnet32", "epochs": 16}
    for seed in range(2):
        first, second = halves("oltr", seed, spec)
        assert second < first - 0.05


@pytest.mark.parametrize("steps", [6, 10, 11, 12, 17])
def test_training_goes_on_exactly_in_both_stages_and_at_the_switch(steps: int, tmp_path: Path) -> None:
    # A question before every step and at the end of an epoch: 10 is after the second epoch, 11 in the first of stage 2.
    assert_exact(SMALL, steps, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [3, 5])
def test_training_goes_on_exactly_with_attention(steps: int, tmp_path: Path) -> None:
    assert_exact(IMAGES, steps, tmp_path)


def assert_exact(spec: Spec, steps: int, folder: Path) -> None:
    whole = run(spec, folder / "whole")
    assert end(whole).outcome == "succeeded", end(whole).message
    first = run(spec, folder / "first", should_stop=stop_after(steps))
    second = run(spec, folder / "second", resume_from=checkpoints(first)[-1].path)
    assert_same_epochs(epochs(first) + epochs(second), epochs(whole))
    assert Path(checkpoints(second)[-1].path).read_bytes() == Path(checkpoints(whole)[-1].path).read_bytes()


def made(spec: Spec) -> TrainingRun:
    return TrainingRun(parse_spec(spec), device=torch.device("cpu"), data_dir="data", datasets={})


@pytest.mark.parametrize("spec", [SMALL, IMAGES], ids=["vectors", "images"])
def test_in_both_stages_logits_are_the_classifiers_answer_to_the_features(spec: Spec) -> None:
    training = made(spec)
    network = network_of(training.state).eval()
    inputs = training.network_input(training.train_split.held[:5])
    for second in (False, True):
        output = network(inputs)
        torch.testing.assert_close(network.classifier(output.features), output.logits)
        assert network.second is second
        training.procedure.enter_epoch(training.state, second_stage=True, resumed=False)
        network.eval()


def test_centroids_are_the_means_of_the_features_in_evaluation_mode() -> None:
    training = made(SMALL)
    network = network_of(training.state).train()
    training.procedure.enter_epoch(training.state, second_stage=True, resumed=False)
    network.eval()
    for c in range(10):
        members = [x for x, y in zip(training.train_split.held, training.labels.tolist(), strict=True) if y == c]
        features = [network.features(training.network_input(x[None]))[0] for x in members]
        mean = sum(features, torch.zeros(16)) / len(members)
        torch.testing.assert_close(network.memory.centroids[c], mean, rtol=1e-5, atol=1e-5)
    assert network.memory.present.all()


def loop_logits(head: MetaEmbedding, f: list[float]) -> list[float]:
    """The formulas once more, number by number."""

    def affine(layer: Any, x: list[float]) -> list[float]:
        rows, bias = layer.weight.tolist(), layer.bias.tolist()
        return [sum(a * b for a, b in zip(row, x, strict=True)) + c for row, c in zip(rows, bias, strict=True)]

    memory: list[list[float]] = head.centroids.tolist()
    scores = affine(head.hallucinator, f)
    terms = [math.exp(s - max(scores)) for s in scores]
    share = [t / sum(terms) for t in terms]
    recalled = [sum(share[c] * memory[c][d] for c in range(len(memory))) for d in range(len(f))]
    selector = [math.tanh(x) for x in affine(head.selector, f)]
    known = [m for m, p in zip(memory, head.present.tolist(), strict=True) if p]
    near = min(math.dist(f, m) for m in known)
    v = [head.reachability / near * (x + s * r) for x, s, r in zip(f, selector, recalled, strict=True)]
    length = math.hypot(*v)
    result = []
    for w in head.weight.tolist():
        cosine = sum(a * b for a, b in zip(v, w, strict=True)) / (length * math.hypot(*w))
        result.append(head.scale * length / (1 + length) * cosine)
    return result


def meta_embedding(*, absent: int | None = None) -> MetaEmbedding:
    torch.default_generator.manual_seed(0)
    head = MetaEmbedding(4, 3, scale=16.0, reachability=10.0).double()
    with torch.no_grad():
        head.centroids.copy_(torch.randn(3, 4))
        if absent is not None:
            head.centroids[absent] = 0
            head.present[absent] = False
    return head


@pytest.mark.parametrize("absent", [None, 1])
def test_the_meta_embedding_agrees_with_a_loop_reference(absent: int | None) -> None:
    head = meta_embedding(absent=absent)
    features = torch.randn(6, 4, dtype=torch.float64)
    expected = torch.tensor([loop_logits(head, f) for f in features.tolist()], dtype=torch.float64)
    torch.testing.assert_close(head(features).detach(), expected, rtol=1e-6, atol=1e-6)


def test_the_meta_embedding_has_the_gradient_of_its_value() -> None:
    head, features = meta_embedding(), torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(head, (features,))


def test_logits_leave_the_centroids_alone() -> None:
    head = meta_embedding()
    torch.autograd.backward(head(torch.randn(3, 4, dtype=torch.float64)).square().sum())
    assert head.centroids.grad is None
    assert head.hallucinator.weight.grad is not None


def test_an_example_that_is_its_centroid_has_finite_logits_and_gradients() -> None:
    head = meta_embedding()
    features = head.centroids.detach()[:1].clone().requires_grad_()
    logits = head(features)
    torch.autograd.backward(logits.sum())
    gradient: Tensor | None = features.grad
    assert gradient is not None
    assert logits.isfinite().all()
    assert gradient.isfinite().all()


def memory_of(centroids: list[list[float]]) -> MetaEmbedding:
    head = MetaEmbedding(2, len(centroids), scale=16.0, reachability=10.0)
    with torch.no_grad():
        head.centroids.copy_(torch.tensor(centroids))
    return head


def test_the_centroid_loss_by_hand() -> None:
    # Squared distances: 1 to its own centroid, 9 to the other; mean over both entries of the others 9 / 2.
    features, memory = torch.tensor([[1.0, 0.0]]), memory_of([[0.0, 0.0], [4.0, 0.0]])
    loss = Oltr(repel_weight=0.1).centroid_loss(features, torch.tensor([0]), memory)
    assert loss.item() == pytest.approx(0.5 + 0.1 * (10 - 4.5))
    far = Oltr(repel_weight=0.1, margin=4.0).centroid_loss(features, torch.tensor([0]), memory)
    assert far.item() == pytest.approx(0.5)
    mixed = Oltr(repel_weight=0.1).centroid_loss(features, torch.tensor([[0.75, 0.25]]), memory)
    assert mixed.item() == pytest.approx((0.75 * 1 + 0.25 * 9) / 2 + 0.1 * (10 - (0.25 * 1 + 0.75 * 9) / 2))


def test_a_class_without_examples_repels_nothing() -> None:
    features, memory = torch.tensor([[1.0, 0.0]]), memory_of([[0.0, 0.0], [4.0, 0.0], [0.0, 0.0]])
    memory.present[2] = False
    loss = Oltr(repel_weight=0.1).centroid_loss(features, torch.tensor([0]), memory)
    assert loss.item() == pytest.approx(0.5 + 0.1 * (10 - 4.5))
    torch.autograd.backward(loss)
    assert memory.centroids.grad is not None
    assert torch.equal(memory.centroids.grad[2], torch.zeros(2))


@pytest.mark.parametrize("factor", [0.0, 0.1, 1.0])
def test_the_backbone_goes_on_at_its_share_of_the_rate(factor: float) -> None:
    """As in an optimiser with a group of its own for the backbone, weight decay and momentum included."""
    method = {"alias": "oltr", "backbone_factor": factor, "centroid_weight": 0.0}
    optimizer = {"name": "sgd", "lr": 0.1, "weight_decay": 0.01}
    training = made({**SMALL, "model": {"name": "mlp", "widths": [16]}, "method": method, "optimizer": optimizer})
    state = training.state
    training.procedure.enter_epoch(state, second_stage=True, resumed=False)
    other = copy.deepcopy(network_of(state))
    own: list[Tensor] = list(other.base.parameters())
    new: list[Tensor] = [p for name, p in other.named_parameters() if not name.startswith("base.")]
    options: dict[str, Any] = {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}
    groups: list[dict[str, Any]] = [{"params": own, "lr": 0.1 * factor}, {"params": new}]
    reference = torch.optim.SGD(groups, lr=0.1, **options)
    training.epoch = 2
    training.set_learning_rates()
    batch = first_examples(training, 64)
    x, y = training.network_input(batch.examples), batch.labels
    for _ in range(3):
        train_step(training.procedure, state, batch, training.totals, progress=0.5)
        reference.zero_grad()
        loss = torch.nn.functional.cross_entropy(other(x).logits, y)
        other.memory.centroids.grad = torch.zeros_like(other.memory.centroids)
        torch.autograd.backward(loss)
        reference.step()
    for (name, mine), theirs in zip(state.model.named_parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6, msg=name)


def test_mixed_examples_are_attracted_in_the_shares_they_are_mixed_in() -> None:
    method = {"loss": "cross_entropy", "targets": ["mixup"], "procedure": "oltr"}
    training = made({**SMALL, "model": {"name": "mlp", "widths": [16]}, "method": method})
    state = training.state
    training.procedure.enter_epoch(state, second_stage=True, resumed=False)
    before = copy.deepcopy(network_of(state))
    batch = first_examples(training, 64)
    x, y = training.network_input(batch.examples), batch.labels
    torch.default_generator.manual_seed(3)
    train_step(training.procedure, state, batch, training.totals, progress=0.5)
    torch.default_generator.manual_seed(3)
    mixed, targets = state.criterion.mix(x, y)
    assert targets.shape == (64, 10)
    loss = 0.01 * Oltr().centroid_loss(before.features(mixed), targets, before.memory)
    expected = torch.autograd.grad(loss, before.memory.centroids)[0]
    found = network_of(state).memory.centroids.grad
    assert found is not None
    torch.testing.assert_close(found, expected)


def test_attention_begins_as_the_identity_and_learns() -> None:
    torch.default_generator.manual_seed(0)
    attention, maps = ModulatedAttention(6), torch.randn(2, 6, 3, 5)
    assert torch.equal(attention(maps), maps)
    torch.autograd.backward(attention(maps).square().sum())
    gradient: Tensor | None = attention.out.weight.grad
    assert gradient is not None
    assert gradient.abs().max() > 0


def test_a_class_without_training_examples_has_a_zero_centroid_and_is_never_the_nearest(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    y = np.repeat([0, 1, 3], 40)
    x = (generator.normal(size=(120, 4)) + 3 * y[:, None]).astype(np.float32)
    every = np.arange(4)
    np.savez(tmp_path / "gap.npz", x_train=x, y_train=y, x_test=np.zeros((4, 4), np.float32), y_test=every)
    registered = {"gap": lplcore.RegisteredDataset(name="gap", path=str(tmp_path / "gap.npz"))}
    spec = {**SMALL, "dataset": "gap", "batch_size": 20}
    assert end(run(spec, datasets=registered)).outcome == "succeeded"
    parsed = parse_spec(spec, datasets=registered)
    training = TrainingRun(parsed, device=torch.device("cpu"), data_dir="data", datasets=registered)
    training.procedure.enter_epoch(training.state, second_stage=True, resumed=False)
    memory = network_of(training.state).eval().memory
    assert memory.present.tolist() == [True, True, False, True]
    assert torch.equal(memory.centroids[2], torch.zeros(16))
    # At the absent class's centroid itself the nearest one is another, at the length of its own vector.
    near = memory.centroids[[0, 1, 3]].norm(dim=1).min()
    infused = memory.selector.bias.tanh() * (memory.hallucinator.bias.softmax(dim=0) @ memory.centroids)
    torch.testing.assert_close(memory.embed(torch.zeros(1, 16))[0], 10 / near * infused)


@pytest.mark.parametrize(
    "options", [{"start": 0.0}, {"start": 1.0}, {"scale": 0.0}, {"centroid_weight": -1.0}, {"reachability": 0.0}]
)
def test_wrong_parameters_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=f"method.{next(iter(options))}"):
        parse_spec({"dataset": "digits", "method": {"alias": "oltr", **options}})
