"""OLTR: its second stage helps the few-shot classes, and its parts are what the paper says."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import lplcore
from lplcore.procedures.oltr import Oltr, centroids, network_of
from lplcore.procedures.oltr_network import MetaEmbedding, ModulatedAttention
from lplcore.spec import parse_spec
from lplcore.spec_errors import SpecError
from lplcore.training_run import TrainingRun
from tests.lplcore_training.runs import Spec, assert_same_epochs, checkpoints, end, epochs, run, stop_after

SMALL: Spec = {
    "dataset": {"name": "digits", "imbalance_factor": 20},
    "model": {"name": "mlp", "widths": [16]},
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


@pytest.mark.slow
@pytest.mark.parametrize("imbalance_factor", [50, 100])
def test_stage_two_beats_stage_one_on_the_few_shot_classes(imbalance_factor: float) -> None:
    spec = {
        "dataset": {"name": "digits", "imbalance_factor": imbalance_factor},
        "epochs": 40,
        "optimizer": {"name": "sgd", "lr": 0.05},
    }
    name = "test/top1_error.few"
    first, second, plain = [], [], []
    for seed in range(4):
        oltr = epochs(run({**spec, "method": "oltr"}, seed=seed))
        first.append(oltr[19].metrics[name])
        second.append(oltr[-1].metrics[name])
        plain.append(epochs(run({**spec, "method": "cross_entropy"}, seed=seed))[-1].metrics[name])
    gains = np.array(first, dtype=float) - np.array(second, dtype=float)
    assert (gains > 0).all()
    assert gains.mean() > 0.05
    assert np.mean(np.array(second, dtype=float)) < np.mean(np.array(plain, dtype=float))


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
    inputs = training.network_input(training.train_split.x[:5])
    for second in (False, True):
        output = network(inputs)
        torch.testing.assert_close(network.classifier(output.features), output.logits)
        assert network.second is second
        training.procedure.begin_epoch(training.state, progress=0.5, fresh=True)
        network.eval()


def test_centroids_are_the_means_of_the_features() -> None:
    training = made(SMALL)
    found, present = centroids(training.state, network_of(training.state))
    features = network_of(training.state).features(training.network_input(training.train_split.x))
    for c in range(10):
        members = [f for f, y in zip(features, training.labels.tolist(), strict=True) if y == c]
        torch.testing.assert_close(found[c], sum(members, torch.zeros(16)) / len(members), rtol=1e-4, atol=1e-5)
    assert present.all()


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
    torch.manual_seed(0)
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


def test_the_centroid_loss_by_hand() -> None:
    # Squared distances: 1 to its own centroid, 9 to the other; mean over both entries of the others 9 / 2.
    features, memory = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 0.0], [4.0, 0.0]])
    loss = Oltr(repel_weight=0.1).centroid_loss(features, torch.tensor([0]), memory)
    assert loss.item() == pytest.approx(0.5 + 0.1 * (10 - 4.5))
    far = Oltr(repel_weight=0.1, margin=4.0).centroid_loss(features, torch.tensor([0]), memory)
    assert far.item() == pytest.approx(0.5)


def test_attention_begins_as_the_identity_and_learns() -> None:
    torch.manual_seed(0)
    attention, maps = ModulatedAttention(6), torch.randn(2, 6, 3, 5)
    assert torch.equal(attention(maps), maps)
    torch.autograd.backward(attention(maps).square().sum())
    gradient: Tensor | None = attention.out.weight.grad
    assert gradient is not None
    assert gradient.abs().max() > 0


def test_a_class_without_training_examples_is_never_the_nearest(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    y = np.repeat([0, 1, 3], 40)
    x = (generator.normal(size=(120, 4)) + 3 * y[:, None]).astype(np.float32)
    every = np.arange(4)
    np.savez(tmp_path / "gap.npz", x_train=x, y_train=y, x_test=np.zeros((4, 4), np.float32), y_test=every)
    registered = {"gap": lplcore.RegisteredDataset(name="gap", path=str(tmp_path / "gap.npz"))}
    spec = {**SMALL, "dataset": "gap", "batch_size": 20}
    assert end(run(spec, datasets=registered)).outcome == "succeeded"


@pytest.mark.parametrize("options", [{"start": 0.0}, {"start": 1.0}, {"scale": 0.0}, {"centroid_weight": -1.0}])
def test_wrong_parameters_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=f"method.{next(iter(options))}"):
        parse_spec({"dataset": "digits", "method": {"alias": "oltr", **options}})
