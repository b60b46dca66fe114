"""Augmentations on a GPU: those of the CPU, the same every time, captured as a CUDA graph."""

import pytest
import torch

from lplcore.device import deterministic_algorithms
from tests.lplcore.test_augmentations import EVERY, assert_near, numbers, pictures, record_of

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA")]
GPU = torch.device("cuda")


@pytest.mark.parametrize("name", EVERY)
def test_a_gpu_changes_images_as_the_cpu_does_and_the_same_every_time(name: str) -> None:
    record, images = record_of(name), pictures(40, size=(64, 48))
    draws = numbers(40, record)
    expected = record.apply(images, draws)
    with deterministic_algorithms():
        first, again = (record.apply(images.to(GPU), draws.to(GPU)) for _ in range(2))
    assert torch.equal(first, again)
    if name in ("all", "rand_augment"):
        # A place halfway between two pixels may be rounded to either, and a box by a pixel.
        assert (first.cpu() == expected).float().mean() > 0.9
    else:
        assert_near(first.cpu(), expected, equal=0.98)


@pytest.mark.parametrize("name", EVERY)
def test_a_graph_replays_it_with_other_draws(name: str) -> None:
    record, images = record_of(name), pictures(16).to(GPU)
    draws = numbers(16, record).to(GPU)
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
    with deterministic_algorithms(), torch.cuda.stream(stream):
        for _ in range(2):
            record.apply(images, draws)
        with torch.cuda.graph(graph, stream=stream):
            captured = record.apply(images, draws)
        for seed in (1, 2):
            draws.copy_(numbers(16, record, seed).to(GPU))
            graph.replay()
            assert torch.equal(captured, record.apply(images, draws))
