"""CGAN, ACGAN and infoGAN: what they generate is what was asked for, and it joins the training at its share."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import lplcore
from lplcore.dataset_loading import dataset_info
from lplcore.spec import parse_spec
from lplcore.spec_errors import SpecError
from lplcore.training_run import TrainingRun
from tests.lplcore_training.runs import Spec, assert_same_epochs, checkpoints, end, epochs, run, stop_after

svm: Any = pytest.importorskip("sklearn.svm")

NAMES = ["cgan", "acgan", "infogan"]
QUICK: Spec = {
    "dataset": {"name": "digits", "imbalance_factor": 20},
    "model": {"name": "mlp", "widths": [16]},
    "epochs": 2,
    "batch_size": 128,
}


def prepared(name: str, steps: int, *, imbalance_factor: float = 1, **options: Any) -> TrainingRun:
    """A run whose generator has learned for some steps."""
    dataset = {"name": "digits", "imbalance_factor": imbalance_factor}
    spec = parse_spec({"dataset": dataset, "method": {"alias": name, **options}, "epochs": 1})
    found = TrainingRun(spec, device=torch.device("cpu"), data_dir="data", datasets={})
    for _ in range(steps):
        found.prepare_step()
    return found


def recognised(made: TrainingRun, labels: torch.Tensor) -> float:
    """Share of generated digits that a support vector machine, trained on real ones, takes for what was asked."""
    real = TrainingRun(
        parse_spec({"dataset": "digits", "method": "cross_entropy"}),
        device=torch.device("cpu"),
        data_dir="data",
        datasets={},
    )
    judge = svm.SVC(gamma=0.02).fit(real.train_split.x.flatten(1).numpy() / 16, real.labels.numpy())
    torch.manual_seed(0)
    images = made.procedure.generate(made.state, labels)
    pixels = images / made.normalization.scale + made.normalization.mean
    assert pixels.min() >= -1e-3
    assert pixels.max() <= 16 + 1e-3
    return float((judge.predict(pixels.flatten(1).numpy() / 16) == labels.numpy()).mean())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "steps"), [("cgan", 900), ("acgan", 700), ("infogan", 500)])
def test_an_independent_classifier_recognises_what_was_generated(name: str, steps: int) -> None:
    labels = torch.arange(10).repeat_interleave(40)
    # Chance is 0.1.
    assert recognised(prepared(name, steps, generator_lr=1e-3 if name == "cgan" else 5e-4), labels) > 0.8


@pytest.mark.slow
def test_rare_classes_are_generated_too() -> None:
    # 7 examples of the rarest class.
    made = prepared("infogan", 500, imbalance_factor=20, generator_lr=5e-4)
    assert recognised(made, torch.full((100,), 9)) > 0.6


@pytest.mark.parametrize("name", NAMES)
def test_training_goes_on_exactly_from_the_middle_of_the_preparation(name: str, tmp_path: Path) -> None:
    spec = {**QUICK, "method": {"alias": name, "generator_epochs": 2}}
    whole = run(spec, tmp_path / "whole")
    assert end(whole).outcome == "succeeded"
    first = run(spec, tmp_path / "first", should_stop=stop_after(5))
    assert end(first).outcome == "stopped"
    assert epochs(first) == []
    second = run(spec, tmp_path / "second", resume_from=checkpoints(first)[-1].path, should_stop=stop_after(14))
    assert end(second).outcome == "stopped"
    third = run(spec, tmp_path / "third", resume_from=checkpoints(second)[-1].path)
    assert_same_epochs(epochs(second) + epochs(third), epochs(whole))
    assert Path(checkpoints(third)[-1].path).read_bytes() == Path(checkpoints(whole)[-1].path).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_share_of_zero_is_ordinary_training(name: str) -> None:
    plain = epochs(run({**QUICK, "method": "cross_entropy"}))
    assert_same_epochs(epochs(run({**QUICK, "method": {"alias": name, "share": 0.0}})), plain)


def test_generated_examples_make_up_their_share_and_metrics_leave_them_out() -> None:
    made = prepared("acgan", 1, share=0.25)
    seen: list[int] = []
    made.state.model.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].shape[0]))
    made.train_step()
    assert seen == [171]  # 128 real ones are three quarters
    assert int(made.totals.seen.sum()) == 128


def test_labels_are_uniform_over_the_classes_or_those_of_training() -> None:
    made = prepared("cgan", 0, imbalance_factor=50)
    gan: Any = made.state.companion
    torch.manual_seed(0)
    uniform = gan.labels(made.state.examples, 20_000, uniform=True).bincount(minlength=10) / 20_000
    np.testing.assert_allclose(uniform, 0.1, atol=0.01)
    share = gan.labels(made.state.examples, 20_000, uniform=False).bincount(minlength=10) / 20_000
    counts = np.array(made.info.class_counts)
    np.testing.assert_allclose(share, counts / counts.sum(), atol=0.01)
    inputs, labels = gan.draw(made.state.examples, 2000, balanced=True)
    np.testing.assert_allclose(labels.bincount(minlength=10) / 2000, 0.1, atol=0.03)
    assert inputs.shape == (2000, 1, 8, 8)


def test_vectors_are_generated_as_well(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    y = np.repeat(np.arange(3), 60)
    x = (generator.normal(size=(180, 4)) + 3 * y[:, None]).astype(np.float32)
    np.savez(tmp_path / "blobs.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    registered = {"blobs": lplcore.RegisteredDataset(name="blobs", path=str(tmp_path / "blobs.npz"))}
    for name in NAMES:
        spec = {"dataset": "blobs", "method": {"alias": name, "generator_epochs": 2}, "epochs": 1}
        assert end(run(spec, datasets=registered)).outcome == "succeeded"


@pytest.mark.parametrize(
    ("options", "said"), [({"share": 1.0}, "less than or equal to 0.9"), ({"generator_epochs": 0}, "greater than")]
)
def test_wrong_parameters_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        parse_spec({"dataset": "digits", "method": {"alias": "acgan", **options}})


def test_tiny_images_are_refused() -> None:
    spec = parse_spec({"dataset": "digits", "method": "cgan"})
    assert dataset_info(spec.dataset).input_shape == (1, 8, 8)
    assert spec.method.procedure.check((1, 8, 8)) == []
    assert "at least 8x8" in spec.method.procedure.check((1, 6, 8))[0]
