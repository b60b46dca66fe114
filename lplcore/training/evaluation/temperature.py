"""Temperature: one number by which logits are divided, so that confidences are as high as predictions are right.

Guo et al., On calibration of modern neural networks, ICML 2017, Section 4.2. N examples, C classes.
"""

from collections.abc import Callable
from typing import Final, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from lplcore.data.splits import Split
from lplcore.frame.labels import IGNORE_INDEX
from lplcore.training.evaluation.multi_label import MultiLabelEvaluation
from lplcore.training.evaluation.single_label import Evaluation, finite, unchanged

LEAST, MOST = 0.05, 20.0
"""A temperature outside would say that validation examples are all predicted right, or nothing at all is learned."""
MOST_ENTRIES: Final = 2**22
"""Logits that the fit looks at; of more examples it takes some at even distances."""
STEPS = 60


class Evaluate(Protocol):
    """Evaluates a split; of single-label data, `then` sees the corrected logits of each batch and may change them."""

    def __call__(
        self, split: Split, then: Callable[[Tensor], Tensor] = unchanged
    ) -> Evaluation | MultiLabelEvaluation: ...


def temperature_metrics(evaluate: Evaluate, validation: Split, test: Split | None) -> dict[str, float | None]:
    """The temperature fitted on the validation split, and the test split's calibration error by it."""
    logits = list[Tensor]()

    def keep(batch: Tensor) -> Tensor:
        logits.append(batch.cpu())
        return batch

    evaluate(validation, keep)
    labels = validation.y[validation.y != IGNORE_INDEX].cpu()
    temperature = fitted_temperature(torch.cat(logits), labels) if logits else None
    metrics: dict[str, float | None] = {"validation/temperature": temperature}
    if test is not None and temperature is not None:
        tested = evaluate(test, lambda batch: batch / temperature)
        assert isinstance(tested, Evaluation)
        metrics["test/calibration_error.temperature"] = finite(tested.calibration_error)
    return metrics


@torch.no_grad()
def fitted_temperature(logits: Tensor, labels: Tensor) -> float | None:
    """The temperature with the smallest mean cross entropy of logits [N, C] for labels [N], within LEAST and MOST.

    A class of logit -inf is never predicted; examples of such a class do not count. None where none is left.

    The mean is convex in b = 1 / temperature. Newton's steps, halvings of the interval where one leaves it.
    """
    distance = max(1, -(-logits.numel() // MOST_ENTRIES))
    logits, labels = logits[::distance].double(), labels[::distance]
    known = logits.gather(1, labels[:, None]).squeeze(1).isfinite()
    logits, labels = logits[known], labels[known]
    if not len(labels):
        return None
    low, high, inverse = 1 / MOST, 1 / LEAST, 1.0
    for _ in range(STEPS):
        slope, curvature = derivatives(logits, labels, inverse)
        low, high = (low, inverse) if slope > 0 else (inverse, high)
        step = inverse - slope / curvature if curvature > 0 else low
        before, inverse = inverse, step if low < step < high else (low + high) / 2
        if abs(inverse - before) <= 1e-9 * before:
            break
    return 1 / inverse


def derivatives(logits: Tensor, labels: Tensor, inverse: float) -> tuple[float, float]:
    """First and second derivative of the mean cross entropy of `inverse * logits` by `inverse`."""
    share = functional.softmax(inverse * logits, dim=1)
    values = torch.where(logits.isfinite(), logits, 0.0)
    mean = (share * values).sum(dim=1)
    variance = (share * (values - mean[:, None]) ** 2).sum(dim=1)
    own = values.gather(1, labels[:, None]).squeeze(1)
    return float((mean - own).mean()), float(variance.mean())
