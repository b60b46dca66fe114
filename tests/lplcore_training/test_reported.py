"""What a run reports of its splits: the loss of clean logits, and test figures at the epoch best on validation."""

from pathlib import Path

import pytest

from lplcore.events import EpochEnd
from lplcore.training.checkpoint import load, save
from tests.lplcore_training.multi_label_runs import long_tailed, trained
from tests.lplcore_training.runs import DIGITS, Spec, assert_same_epochs, checkpoints, epochs, run, stop_after

POSTHOCS: list[Spec] = [{"name": "logit_adjustment"}, {"name": "tau_normalisation"}]


@pytest.mark.parametrize("posthoc", POSTHOCS, ids=lambda posthoc: str(posthoc["name"]))
def test_a_post_hoc_correction_changes_predictions_and_never_the_loss(posthoc: Spec) -> None:
    spec: Spec = {"dataset": {"name": "digits", "imbalance_factor": 50}, "model": "mlp", "epochs": 3}
    plain = epochs(run({**spec, "method": "cross_entropy"}))
    corrected = epochs(run({**spec, "method": {"alias": "cross_entropy", "posthoc": posthoc}}))
    for one, other in zip(plain, corrected, strict=True):
        assert one.metrics["test/loss"] == other.metrics["test/loss"]
    assert plain[-1].metrics["test/top1_error"] != corrected[-1].metrics["test/top1_error"]


def best_of(found: list[EpochEnd]) -> EpochEnd:
    """The first epoch with the lowest validation error."""
    return min(found, key=lambda event: event.metrics["validation/top1_error"] or 0.0)


def at_best(event: EpochEnd) -> dict[str, float | None]:
    """The figures at the best epoch, by the names of the last epoch's."""
    ending = ".at_best_validation"
    return {name.removesuffix(ending): value for name, value in event.metrics.items() if name.endswith(ending)}


def own_tests(event: EpochEnd) -> dict[str, float | None]:
    """The epoch's own test figures."""
    return {
        name: value
        for name, value in event.metrics.items()
        if name.startswith("test/") and not name.endswith(".at_best_validation")
    }


LONG: Spec = {
    **DIGITS,
    "epochs": 5,
    "optimizer": {"name": "sgd", "lr": 0.3},
    "schedule": {"name": "constant", "warmup_epochs": 0},
}
"""Best on validation after the fourth of five epochs."""


def test_the_last_epoch_has_the_test_figures_of_the_epoch_best_on_validation() -> None:
    found = epochs(run(LONG))
    assert best_of(found).epoch < len(found)
    assert at_best(found[-1]) == own_tests(best_of(found))
    assert "test/top1_error.many.at_best_validation" in found[-1].metrics
    assert not any(at_best(event) for event in found[:-1])


def test_without_a_validation_split_no_epoch_is_best() -> None:
    assert not at_best(epochs(run({**LONG, "dataset": "digits", "checkpoints": {}, "epochs": 2}))[-1])


def test_the_figures_at_the_best_epoch_outlive_a_stop(tmp_path: Path) -> None:
    whole = epochs(run(LONG))
    place = best_of(whole).epoch
    first = run(LONG, tmp_path, should_stop=stop_after(4 * (place + 1) + 2))
    rest = epochs(run(LONG, resume_from=checkpoints(first)[-1].path))
    assert_same_epochs(rest, whole[-len(rest) :])


def test_multi_label_data_have_the_figures_of_the_highest_precision(tmp_path: Path) -> None:
    found = epochs(
        trained("binary_cross_entropy", long_tailed(tmp_path), epochs=4, optimizer={"lr": 3.0, "name": "sgd"})
    )
    best = max(found, key=lambda event: event.metrics["validation/mean_average_precision"] or 0.0)
    assert at_best(found[-1]) == own_tests(best)
    assert "test/mean_average_precision.at_best_validation" in found[-1].metrics


def test_a_checkpoint_without_the_figures_goes_on_and_leaves_them_out(tmp_path: Path) -> None:
    whole = epochs(run(LONG))
    run(LONG, tmp_path, should_stop=stop_after(4 * (best_of(whole).epoch + 1) + 2))
    path = max(tmp_path.glob("*-last.safetensors"))
    saved = load(path)
    del saved.metadata["test_at_best"]
    save(path, saved)
    rest = epochs(run(LONG, resume_from=path))
    assert not at_best(rest[-1])
    assert own_tests(rest[-1]) == own_tests(whole[-1])
