"""The conformance suite on classes and state: empty and masked classes, inference mode, default types, evaluation mode.

An empty class has no training examples. A masked class has the logit -inf.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lplcore.method.criterion import Criterion
from tests.lplcore.method_cases import Batch, Case, aliases, batch_of, check, counts_of, parts


@dataclass(frozen=True)
class Variant(Case):
    """A plug-in with settings that take another path than its defaults."""

    options: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return "-".join([*self.key, *(f"{name}={value}" for name, value in self.options)])

    def method(self, **options: Any) -> Any:
        return super().method(**{**dict(self.options), **options})


def variant(kind: str, name: str, **options: Any) -> Variant:
    """A plug-in for single label with these parameters."""
    return Variant(kind, name, options=tuple(options.items()))


VARIANTS = [
    variant("loss", "cross_entropy", form="sigmoid"),
    variant("loss", "focal", form="sigmoid", gamma=2.0),
    variant("loss", "generalized_cross_entropy", truncation=0.5),
    variant("perturbation", "gcl", margin=0.2),
    variant("perturbation", "isda", covariance="diagonal"),
    variant("perturbation", "logit_adjustment", strength=0.1),
    variant("perturbation", "lpl", split="performance"),
    variant("perturbation", "lpl", split="performance", q_estimate="running", tau_over="all", delta_epsilon=0.5),
    variant("perturbation", "lpl", split="performance", same_side_normalized=True, delta_epsilon=0.2),
    variant("perturbation", "lpl", split="performance", resign_every_step=True, num_steps=None),
    variant("perturbation", "lpl", bound_from="performance", normalize="column"),
    variant("perturbation", "lpl", num_steps=None, step_rounding="exact", normalize="none"),
    variant("perturbation", "lpl", threshold=0.7, detach=False),
    variant("perturbation", "seesaw", counts="training"),
    variant("weighting", "class_balanced", normalize="none"),
    variant("target", "disturb_label", noise=0.9),
]
EVERY = [*parts(), *aliases(), *VARIANTS]


def mixed(criterion: Criterion, batch: Batch) -> tuple[Tensor, Tensor]:
    """Features and targets as the method trains on them, with the same random draws at every call."""
    torch.default_generator.manual_seed(0)
    return criterion.mix(batch.features, batch.labels)


def losses(criterion: Criterion, batch: Batch, *, hidden: Tensor | None = None, at: float = -math.inf) -> Tensor:
    """Unreduced, with the logits `hidden` (bool, broadcasts to [N, C]) held at a value."""
    features, targets = mixed(criterion, batch)
    changed = batch._replace(features=features)
    logits = changed.logits if hidden is None else changed.logits.masked_fill(hidden, at)
    loss: Tensor = criterion(logits, targets, reduction="none", **changed.arguments())
    return loss


def with_class(batch: Batch, place: int) -> Batch:
    """The batch with one more class, of which it has no example."""
    others = others_of(batch.classifier.out_features + 1, place)
    wider = nn.Linear(batch.classifier.in_features, batch.classifier.out_features + 1, dtype=batch.features.dtype)
    with torch.no_grad():
        wider.weight[others] = batch.classifier.weight
        wider.bias[others] = batch.classifier.bias
    if batch.labels.dim() == 1:
        return batch._replace(classifier=wider, labels=others[batch.labels])
    labels = batch.labels.new_zeros(batch.labels.shape[0], batch.labels.shape[1] + 1)
    labels[:, others] = batch.labels
    return batch._replace(classifier=wider, labels=labels)


def others_of(classes: int, place: int) -> Tensor:
    """Indices of all classes but one."""
    return torch.tensor([c for c in range(classes) if c != place])


def with_count(counts: list[int], place: int) -> list[int]:
    """The counts with an empty class."""
    return [*counts[:place], 0, *counts[place:]]


def comparable(case: Case, loss: Tensor, others: Tensor) -> Tensor:
    """What an empty class leaves as it is of losses with that class."""
    if not case.multi_label:
        return loss
    return loss.mean() if spread_over_the_batch(case) else loss[:, others]


def spread_over_the_batch(case: Case) -> bool:
    """Whether an entry's loss is its part of a mean over all entries, as in the two-way loss: only that mean stays."""
    return hasattr(case.criterion([3, 2]).loss, "needs_batch")


@check(EVERY)
def test_an_empty_class_changes_nothing_for_the_others(case: Case) -> None:
    for place in (0, 2, 5):
        agrees_without_the_empty_class(case, place)


def agrees_without_the_empty_class(case: Case, place: int) -> None:
    counts, others = counts_of(5), others_of(6, place)
    without, with_empty = case.criterion(counts), case.criterion(with_count(counts, place))
    hidden = torch.arange(6) == place
    for seed in range(2):
        batch = batch_of(case, seed=seed)
        wider = with_class(batch, place)
        expected = comparable(case, losses(without, batch), torch.arange(5))
        actual = comparable(case, losses(with_empty, wider, hidden=hidden), others)
        torch.testing.assert_close(actual, expected, rtol=1e-6, atol=1e-6)
        weights = (wider.classifier.weight, batch.classifier.weight)
        slopes = [torch.autograd.grad(loss.sum(), w)[0] for loss, w in zip((actual, expected), weights, strict=True)]
        torch.testing.assert_close(slopes[0][others], slopes[1], rtol=1e-6, atol=1e-6)


@check(EVERY)
def test_the_perturbation_of_the_others_does_not_depend_on_an_empty_class(case: Case) -> None:
    batch, counts, others = batch_of(case), counts_of(5), others_of(6, 2)
    wider = with_class(batch, 2)
    logits = wider.logits.masked_fill(torch.arange(6) == 2, -math.inf)
    torch.default_generator.manual_seed(0)
    expected = case.criterion(counts).perturbation(batch.logits, batch.labels, **batch.arguments())
    torch.default_generator.manual_seed(0)
    actual = case.criterion(with_count(counts, 2)).perturbation(logits, wider.labels, **wider.arguments())
    assert actual.isfinite().all()
    torch.testing.assert_close(actual[:, others], expected, rtol=1e-6, atol=1e-6)


def no_limit(case: Case) -> str | None:
    """Why the loss has no finite limit where a class with training examples is masked."""
    for target in case.criterion([3, 2]).method.targets:
        if target.mixes_inputs:
            return "mixing puts a share of the target on classes masked for the example alone: the loss is infinite"
        if target.makes_soft:
            return "smoothing puts a share of the target on the masked class: the loss is infinite"
        if target.random:
            return "a label may be drawn anew as a class that is masked for the example: the loss is infinite"
    maskable = all(part.maskable for part in case.parts)
    return None if maskable else "its estimate of a class that is masked in the whole batch is infinite"


@check(EVERY, unless=no_limit)
def test_a_masked_class_is_the_limit_of_ever_lower_logits(case: Case) -> None:
    batch = batch_of(case)
    labels = batch.labels
    kept = labels.bool() if case.multi_label else nn.functional.one_hot(labels, 5).bool()
    generator = torch.Generator().manual_seed(3)
    hidden = (torch.rand(kept.shape, generator=generator) < 0.4) | (torch.arange(5) == 4)
    hidden[0] = True  # every wrong class of an example
    hidden &= ~kept
    masked, low = case.criterion(counts_of(5)), case.criterion(counts_of(5))
    for _ in range(2):
        actual, expected = (losses(c, batch, hidden=hidden, at=at) for c, at in ((masked, -math.inf), (low, -1e6)))
        assert actual.isfinite().all()
        torch.testing.assert_close(actual, expected)
        slopes = [torch.autograd.grad(loss.sum(), batch.features)[0] for loss in (actual, expected)]
        torch.testing.assert_close(*slopes)


@check(EVERY)
def test_a_masked_true_class_has_an_infinite_loss(case: Case) -> None:
    batch = batch_of(case)
    hidden = batch.labels.bool() if case.multi_label else nn.functional.one_hot(batch.labels, 5).bool()
    loss = losses(case.criterion(counts_of(5)), batch, hidden=hidden)
    wrong = loss[hidden] if case.multi_label and not spread_over_the_batch(case) else loss
    if case.criterion([3, 2]).method.loss.bounded:
        assert wrong.isfinite().all()
    else:
        assert not wrong.isnan().any()
        assert wrong.isinf().any()


@check(EVERY)
def test_evaluation_under_inference_mode_comes_first_and_training_goes_on(case: Case) -> None:
    plain, evaluated = case.criterion(counts_of(5)), case.criterion(counts_of(5))
    with torch.inference_mode():
        built = case.criterion(counts_of(5))
        for criterion in (evaluated, built):
            losses(criterion.eval(), batch_of(case))
            criterion.train().to("cpu")
    for seed in range(2):
        expected = losses(plain, batch_of(case, seed=seed))
        for criterion in (evaluated, built):
            actual = losses(criterion, batch_of(case, seed=seed))
            torch.autograd.backward(actual.sum())
            assert torch.equal(actual, expected)


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """torch's default type, inside."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def trained_losses(case: Case, dtype: torch.dtype) -> tuple[list[Tensor], Criterion]:
    """Losses of three float32 batches under a default type, and the criterion afterwards."""
    batches = [batch_of(case, seed=seed, dtype=torch.float32) for seed in range(3)]
    with default_dtype(dtype):
        criterion = case.criterion(counts_of(5))
        return [losses(criterion, batch) for batch in batches], criterion


@check(EVERY)
def test_another_default_type_changes_nothing(case: Case) -> None:
    expected, _ = trained_losses(case, torch.float32)
    for dtype in (torch.float64, torch.bfloat16, torch.float16):
        actual, criterion = trained_losses(case, dtype)
        for one, other in zip(actual, expected, strict=True):
            assert one.dtype == torch.float32
            assert torch.equal(one, other)
        state = criterion.state_dict().values()
        assert not [v for v in state if v.dtype in (torch.bfloat16, torch.float16)]


@check(EVERY)
def test_evaluation_mode_draws_nothing(case: Case) -> None:
    batch, criterion = batch_of(case), case.criterion(counts_of(5))
    losses(criterion, batch)
    criterion.eval()
    before = torch.get_rng_state()
    inputs, targets = criterion.mix(batch.features, batch.labels)
    assert inputs is batch.features
    assert targets is batch.labels
    repeated = [criterion(batch.logits, batch.labels, reduction="none", **batch.arguments()) for _ in range(2)]
    assert torch.equal(*repeated)
    assert torch.equal(torch.get_rng_state(), before)


def wrapped(criterion: Criterion, batch: Batch, *, reentrant: bool) -> Tensor:
    """The mean loss of a criterion within `torch.utils.checkpoint`."""

    def loss(features: Tensor) -> Tensor:
        changed = batch._replace(features=features)
        total: Tensor = criterion(changed.logits, batch.labels, **changed.arguments())
        return total

    mean: Tensor = checkpoint(loss, batch.features, use_reentrant=reentrant)
    return mean


@check(EVERY)
@pytest.mark.parametrize("reentrant", [False, True], ids=["saved hooks", "reentrant"])
def test_activation_checkpointing_counts_a_batch_once_or_is_refused(case: Case, reentrant: bool) -> None:
    batch, criterion, plain = batch_of(case), case.criterion(counts_of(5)), case.criterion(counts_of(5))
    for one in (criterion, plain):
        one.allocate(6)
    torch.default_generator.manual_seed(0)
    expected = plain(batch.logits, batch.labels, **batch.arguments())
    torch.default_generator.manual_seed(0)
    loss = wrapped(criterion, batch, reentrant=reentrant)
    assert torch.equal(loss, expected)
    learned = dict(criterion.named_parameters()).keys()
    if criterion.state_dict().keys() - learned:
        with pytest.raises(RuntimeError, match=r"torch\.utils\.checkpoint.*outside"):
            torch.autograd.backward(loss)
    else:
        slopes: list[Tensor | None] = []
        for mean in (loss, expected):
            batch.features.grad = None
            torch.autograd.backward(mean)
            slopes.append(batch.features.grad)
        torch.testing.assert_close(*slopes)
    after = plain.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in criterion.state_dict().items())
