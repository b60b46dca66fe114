"""Labels to ignore and bad labels on a GPU: nothing is read back, and an assertion on the device fails."""

import copy
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import grad, vmap

import lplcore
from tests.lplcore.method_cases import Batch, Case, aliases, batch_of, counts_of, parts
from tests.lplcore.synchronisation import synchronisation_is_an_error

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")]
EVERY = [*parts(), *aliases()]
EXACT = [case for case in EVERY if not case.random]
IGNORED = torch.tensor([0, 7, 8])


def on_gpu(batch: Batch) -> Batch:
    """The batch on the GPU."""
    features = batch.features.detach().cuda().requires_grad_()
    return Batch(features, copy.deepcopy(batch.classifier).cuda(), batch.labels.cuda())


def with_ignored(case: Case, batch: Batch) -> Batch:
    """Three examples of the batch are to ignore."""
    return batch._replace(labels=batch.labels.index_fill(0, IGNORED, -1 if case.multi_label else -100))


@pytest.mark.parametrize("classes", [4, 60])
@pytest.mark.parametrize("case", EXACT, ids=str)
def test_ignored_labels_are_those_of_the_cpu(case: Case, classes: int) -> None:
    on_cpu, on_device = case.criterion(counts_of(classes)), case.criterion(counts_of(classes)).cuda()
    for seed in range(2):
        batch = with_ignored(case, batch_of(case, examples=40, classes=classes, seed=seed))
        moved = on_gpu(batch)
        expected = on_cpu.evaluate(batch.logits, batch.labels, **batch.arguments())
        actual = on_device.evaluate(moved.logits, moved.labels, **moved.arguments())
        torch.testing.assert_close(actual.loss.cpu(), expected.loss, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(actual.mean.cpu(), expected.mean, rtol=1e-6, atol=1e-6)
        (slope,) = torch.autograd.grad(actual.mean, moved.features)
        (wanted,) = torch.autograd.grad(expected.mean, batch.features)
        torch.testing.assert_close(slope.cpu(), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_ignoring_labels_never_waits_for_the_host(case: Case) -> None:
    criterion = case.criterion(counts_of(30)).cuda()
    criterion.allocate(6, torch.device("cuda"))
    batch = on_gpu(with_ignored(case, batch_of(case, examples=40, classes=30, dtype=torch.float32)))
    for _ in range(2):
        with synchronisation_is_an_error():
            inputs, targets = criterion.mix(batch.features, batch.labels)
            arguments: dict[str, Any] = {**batch.arguments(), "features": inputs}
            loss = criterion.evaluate(batch.logits, targets, **arguments).mean
            torch.autograd.grad(loss, batch.features)
    assert loss.isfinite()


BAD = """
import torch, lplcore
criterion = lplcore.criterion("{name}", class_counts=[5, 4, 3], task="{task}").cuda()
labels = torch.tensor({labels}).cuda()
criterion(torch.zeros(2, 3, device="cuda"), labels)
torch.cuda.synchronize()
print("silent")
"""


@pytest.mark.parametrize(
    ("name", "task", "labels"),
    [
        ("cross_entropy", "single_label", [0, 255]),
        ("lpl", "single_label", [-5, 0]),
        ("binary_cross_entropy", "multi_label", [[0, 1, 2], [0, 0, 0]]),
    ],
)
def test_a_bad_label_fails_at_the_next_synchronisation_at_the_latest(name: str, task: str, labels: list[Any]) -> None:
    # In a process of its own: nothing runs on the device after a failed assertion.
    code = BAD.format(name=name, task=task, labels=labels)
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.returncode != 0
    assert "silent" not in answer.stdout
    assert "assert" in answer.stderr


@pytest.mark.parametrize("name", ["logit_adjustment", "label_smoothing", "center", "class_balanced_focal"])
def test_gradients_per_sample_are_those_of_the_cpu(name: str) -> None:
    case = Case("method", name)
    batch = with_ignored(case, batch_of(case))
    actual = per_sample(case, on_gpu(batch), "cuda")
    torch.testing.assert_close(actual.cpu(), per_sample(case, batch, "cpu"))


def per_sample(case: Case, batch: Batch, device: str) -> Tensor:
    criterion = case.criterion(counts_of(5)).to(device)

    def loss(weight: Tensor, features: Tensor, label: Tensor) -> Tensor:
        logits = nn.functional.linear(features[None], weight)
        total: Tensor = criterion(logits, label[None], features=features[None], progress=0.6)
        return total

    weight = batch.classifier.weight.detach()
    slopes: Tensor = vmap(grad(loss), in_dims=(None, 0, 0))(weight, batch.features.detach(), batch.labels)
    return slopes


# torch 2.11's own: it uses what it has deprecated, and advises on speed.
@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("name", ["ldam_drw", "isda_lpl", "influence_balanced"])
def test_inductor_makes_one_graph_for_any_progress(name: str) -> None:
    torch.compiler.reset()
    case = Case("method", name)
    criterion = case.criterion(counts_of(5)).cuda().eval()
    criterion.allocate(6, torch.device("cuda"))
    batch = on_gpu(with_ignored(case, batch_of(case, dtype=torch.float32)))
    logits, loss = batch.logits.detach(), torch.compile(criterion, fullgraph=True)
    with torch.compiler.set_stance("default"):
        loss(logits, batch.labels, **batch.arguments())
    with torch.compiler.set_stance("fail_on_recompile"):
        for progress in (0.0, 0.3, 0.7, 1.0):
            arguments = {**batch.arguments(), "progress": progress}
            torch.testing.assert_close(
                loss(logits, batch.labels, **arguments),
                lplcore.Criterion.__call__(criterion, logits, batch.labels, **arguments),
                rtol=1e-4,
                atol=1e-5,
            )
