"""LPL on a GPU: nothing is read back to the host, results are those of the CPU and the same every time."""

from typing import Any

import pytest
import torch

import lplcore
from tests.lplcore.synchronisation import synchronisation_is_an_error
from tests.lplcore.test_lpl_numerics import ALL_OPTIONS, batch

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")]


@pytest.mark.parametrize("options", ALL_OPTIONS, ids=str)
@pytest.mark.parametrize(("classes", "size"), [(12, 48), (60, 16)])
def test_the_loss_never_waits_for_the_host(options: dict[str, Any], classes: int, size: int) -> None:
    logits, labels = (tensor.cuda() for tensor in batch(classes, size))
    counts = lplcore.long_tail_counts(500, classes, imbalance_factor=50)
    criterion = lplcore.criterion("lpl", class_counts=counts, **options).cuda()
    criterion(logits, labels)
    leaf = logits.requires_grad_()
    with synchronisation_is_an_error():
        torch.autograd.grad(criterion.evaluate(leaf, labels).loss.mean(), leaf)


@pytest.mark.parametrize("options", ALL_OPTIONS, ids=str)
def test_the_gpu_agrees_with_the_cpu_and_with_itself(options: dict[str, Any]) -> None:
    logits, labels = batch(60, 512)
    criterion = lplcore.criterion("lpl", class_counts=lplcore.long_tail_counts(500, 60, imbalance_factor=50), **options)
    expected = criterion.perturbation(logits, labels)
    criterion = criterion.cuda()
    torch.use_deterministic_algorithms(True)
    try:
        first, second = (criterion.perturbation(logits.cuda(), labels.cuda()) for _ in range(2))
    finally:
        torch.use_deterministic_algorithms(False)
    torch.testing.assert_close(first.cpu(), expected, rtol=0, atol=1e-9)
    assert torch.equal(first, second)
