"""CutMix: the rectangle, recovered from the mixed inputs, is the source's, and targets are mixed by its area."""

import pytest
import torch
from torch import Tensor

import lplcore

N, C, SIZE = 16, 4, (12, 20)


def mixed(alpha: float = 1.0, *, seed: int = 0, inputs: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, each with the number of its example everywhere; these mixed; and the soft targets."""
    criterion = lplcore.criterion({"targets": [{"name": "cutmix", "alpha": alpha}]}, class_counts=[9] * C)
    own = torch.arange(float(N))[:, None, None, None].expand(N, 3, *SIZE) if inputs is None else inputs
    torch.default_generator.manual_seed(seed)
    return (own, *criterion.mix(own, torch.arange(N) % C))


def rectangle_of(own: Tensor, result: Tensor) -> Tensor:
    """[height, width] bool, the pixels that any example has from another."""
    return (own != result).any(dim=0).any(dim=0)


def test_one_rectangle_a_batch_comes_from_one_partner_and_targets_follow_its_area() -> None:
    for seed in range(40):
        own, inputs, targets = mixed(seed=seed)
        inside = rectangle_of(own, inputs)
        rows, columns = inside.any(dim=1), inside.any(dim=0)
        assert torch.equal(inside, rows[:, None] & columns[None])
        for axis in (rows, columns):
            places = axis.nonzero().flatten()
            assert len(places) == 0 or places.max() - places.min() + 1 == len(places)
        share = 1 - inside.float().mean()
        for example in range(N):
            others = inputs[example][:, inside].unique()
            assert len(others) <= 1
            partner = int(others[0]) if len(others) else example
            expected = torch.zeros(C)
            expected[example % C] += share
            expected[partner % C] += 1 - share
            torch.testing.assert_close(targets[example], expected)


def rectangle(ratio: float, centre: tuple[float, float]) -> tuple[int, int, int, int]:
    """(top, bottom, left, right) as the source's code has it, from the ratio and two numbers in [0, 1)."""
    limits = []
    for size, place in zip(SIZE, centre, strict=True):
        side, middle = int(size * (1 - ratio) ** 0.5), int(place * size)
        limits += [min(max(middle - side // 2, 0), size), min(max(middle + side // 2, 0), size)]
    return limits[0], limits[1], limits[2], limits[3]


def test_the_rectangle_is_the_sources() -> None:
    for seed in range(40):
        own, inputs, _ = mixed(0.7, seed=seed)
        torch.default_generator.manual_seed(seed)
        alpha = torch.tensor(0.7)
        ratio = float(torch.distributions.Beta(alpha, alpha).sample())
        torch.randperm(N)
        top, bottom, left, right = rectangle(ratio, tuple(torch.rand(2).tolist()))
        expected = torch.zeros(SIZE, dtype=torch.bool)
        expected[top:bottom, left:right] = True
        moved = rectangle_of(own, inputs)
        assert torch.equal(moved, expected) or not moved.any()


def test_ratios_are_those_of_the_beta_distribution() -> None:
    shares = []
    for seed in range(300):
        own, inputs, _ = mixed(seed=seed)
        shares.append(1 - float(rectangle_of(own, inputs).float().mean()))
    # Rectangles that reach over the edge are smaller than 1 - r, which is 1/2 on average.
    assert 0.55 < sum(shares) / 300 < 0.75
    own, inputs, _ = mixed(0.01, seed=3)
    assert torch.equal(own, inputs) or (own != inputs).float().mean() > 0.1


@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 4, 4, 4)])
def test_inputs_of_other_shapes_are_cut_too(shape: tuple[int, ...]) -> None:
    own = torch.arange(float(N)).reshape(N, *(1 for _ in shape)).expand(N, *shape)
    for seed in range(10):
        _, inputs, targets = mixed(seed=seed, inputs=own)
        assert inputs.shape == own.shape
        torch.testing.assert_close(targets.sum(dim=1), torch.ones(N))
        torch.testing.assert_close(own.unique(), inputs[:, ...].unique())


def test_evaluation_mode_and_ignored_labels_are_those_of_mixup() -> None:
    criterion = lplcore.criterion({"targets": ["cutmix"]}, class_counts=[9] * C)
    inputs, labels = torch.rand(N, 3, *SIZE), torch.arange(N) % C
    assert criterion.eval().mix(inputs, labels)[1] is labels
    labels = labels.masked_fill(torch.arange(N) % 4 == 0, -100)
    _, targets = criterion.train().mix(inputs, labels)
    ignored = (targets == -100).all(dim=1)
    assert 4 <= ignored.sum() <= 8
    assert (targets[~ignored] >= 0).all()
