"""Which classes are taken for which, with few classes and with 8,142."""

import tracemalloc
from collections import Counter

import numpy as np
import pytest
import torch

from lplcore.training.evaluation.confusion import MOST_OF_A_MATRIX, Confusion
from lplcore.training.evaluation.single_label import evaluate

SPECIES = 8142


def drawn(classes: int, *, examples: int = 3000) -> tuple[torch.Tensor, torch.Tensor]:
    """True and predicted classes; half of the predictions are right."""
    generator = torch.Generator().manual_seed(0)
    true = torch.randint(0, classes, (examples,), generator=generator)
    other = torch.randint(0, classes, (examples,), generator=generator)
    return true, torch.where(torch.rand(examples, generator=generator) < 0.5, true, other)


@pytest.mark.parametrize("classes", [2, 7, 100])
def test_sums_are_those_of_the_matrix(classes: int) -> None:
    true, predicted = drawn(classes)
    matrix = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(matrix, (true.numpy(), predicted.numpy()), 1)
    found = Confusion.of_examples((true * classes + predicted).numpy(), classes)
    for confusion in (found, Confusion.of_matrix(matrix)):
        np.testing.assert_array_equal(confusion.matrix, matrix)
        np.testing.assert_array_equal(confusion.hits, np.diag(matrix))
        np.testing.assert_array_equal(confusion.examples, matrix.sum(axis=1))
        np.testing.assert_array_equal(confusion.predictions, matrix.sum(axis=0))


@pytest.mark.parametrize("classes", [MOST_OF_A_MATRIX, MOST_OF_A_MATRIX + 1, SPECIES])
def test_many_classes_are_kept_as_the_cells_that_have_examples(classes: int) -> None:
    true, predicted = drawn(classes)
    confusion = Confusion.of_examples((true * classes + predicted).numpy(), classes)
    ((name, kept),) = confusion.series().items()
    assert kept.dtype == np.float32
    if classes == MOST_OF_A_MATRIX:
        assert (name, kept.shape) == ("confusion_matrix", (classes, classes))
        return
    assert (name, kept.shape[1]) == ("confusion_entries", 3)
    assert kept[:, 2].sum() == 3000
    pairs = {(int(a), int(b)): int(n) for a, b, n in kept}
    assert len(pairs) == len(kept)
    assert pairs == Counter(zip(true.tolist(), predicted.tolist(), strict=True))


def test_evaluation_of_8142_classes_takes_no_matrix_of_them() -> None:
    true, predicted = drawn(SPECIES, examples=64)
    logits = torch.nn.functional.one_hot(predicted, SPECIES).float()
    tracemalloc.start()
    found = evaluate(lambda batches: (logits[indices] for indices in batches), true, num_classes=SPECIES, batch_size=32)
    found.metrics("test")
    series = found.series("test", last=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert set(series) == {"test/accuracy", "confusion_entries", "calibration", "most_wrong"}
    assert peak < 4e6
    assert found.top1_error == pytest.approx(float((true != predicted).float().mean()))


def test_a_split_without_examples_has_no_cells() -> None:
    found = evaluate(lambda _: iter(()), torch.zeros(0, dtype=torch.int64), num_classes=3, batch_size=2)
    assert found.confusion.tolist() == [[0, 0, 0]] * 3
    assert found.metrics("test")["test/balanced_accuracy"] is None
