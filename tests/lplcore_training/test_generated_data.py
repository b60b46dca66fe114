"""CGAN, ACGAN and infoGAN: what they generate is what was asked for, and it joins the training at its share."""

import copy
import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

import lplcore
from lplcore.errors import SpecError
from lplcore.procedures.generated_data import GeneratedData
from lplcore.spec.experiment import parse_spec
from lplcore.training import checkpoint as checkpoint_files
from lplcore.training.loading import dataset_info
from lplcore.training.run import Diverged, TrainingRun
from lplcore.training.step import train_step
from tests.grids import campaign
from tests.lplcore_training.runs import (
    Spec,
    assert_same_epochs,
    checkpoints,
    end,
    epochs,
    first_examples,
    run,
    stop_after,
)

svm: Any = pytest.importorskip("sklearn.svm")

STEPS = {"cgan": 800, "acgan": 450, "infogan": 350}
"""After which images are recognised, at a learning rate of 1e-3: 91 to 99.8 % at factors 1 and 5, 3 seeds."""
NAMES = list(STEPS)
QUICK: Spec = {
    "dataset": {"name": "digits", "imbalance_factor": 20},
    "model": {"name": "mlp", "widths": [16]},
    "epochs": 2,
    "batch_size": 128,
}


def prepared(name: str, steps: int, *, imbalance_factor: float = 1, **options: Any) -> TrainingRun:
    """A run whose generator has learned for some steps."""
    dataset = {"name": "digits", "imbalance_factor": imbalance_factor}
    spec = parse_spec({"dataset": dataset, "model": QUICK["model"], "method": {"alias": name, **options}, "epochs": 1})
    found = TrainingRun(spec, device=torch.device("cpu"), data_dir="data", datasets={})
    for _ in range(steps):
        found.prepare_step()
    return found


def generator_of(made: TrainingRun) -> GeneratedData:
    """Its procedure."""
    procedure = made.procedure
    assert isinstance(procedure, GeneratedData)
    return procedure


def judged(made: TrainingRun, labels: torch.Tensor) -> tuple[float, float]:
    """What a support vector machine, trained on real digits, makes of generated ones.

    Returns the share that it takes for what was asked, and the spread of those within their class (1: as real ones).
    """
    real = TrainingRun(
        parse_spec({"dataset": "digits", "method": "cross_entropy"}),
        device=torch.device("cpu"),
        data_dir="data",
        datasets={},
    )
    x, y = real.train_split.held.flatten(1).numpy() / 16, real.labels.numpy()
    judge = svm.SVC(gamma=0.02).fit(x, y)
    torch.default_generator.manual_seed(0)
    images = generator_of(made).generate(made.state, labels)
    pixels = images / made.network_input.normalization.scale + made.network_input.normalization.mean
    assert pixels.min() >= -1e-3
    assert pixels.max() <= 16 + 1e-3
    found, wanted = pixels.flatten(1).numpy() / 16, labels.numpy()
    right = judge.predict(found) == wanted
    return float(right.mean()), spread(found[right], wanted[right]) / spread(x, y)


def spread(x: Any, y: Any) -> float:
    """Standard deviation of a pixel within a class, mean over pixels and classes."""
    return float(np.mean([x[y == label].std(axis=0).mean() for label in np.unique(y)]))


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize(("name", "imbalance_factor"), [*(campaign(name, 5) for name in NAMES), campaign("acgan", 1)])
def test_an_independent_classifier_recognises_what_was_generated(name: str, imbalance_factor: float) -> None:
    labels = torch.arange(10).repeat_interleave(40)
    made = prepared(name, STEPS[name], imbalance_factor=imbalance_factor, generator_lr=1e-3)
    share, diversity = judged(made, labels)
    # Chance is 0.1. One image for every class would be recognised too: its spread is 0.
    assert share > 0.75
    assert diversity > 0.2


@pytest.mark.campaign
@pytest.mark.slow
@pytest.mark.long
def test_rare_classes_are_generated_too() -> None:
    # 7 examples of the rarest class.
    made = prepared("infogan", STEPS["infogan"], imbalance_factor=20, generator_lr=1e-3)
    assert judged(made, torch.full((100,), 9))[0] > 0.6


@pytest.mark.parametrize("name", NAMES)
def test_training_goes_on_exactly_from_the_middle_of_preparation_and_epoch(name: str, tmp_path: Path) -> None:
    spec = {**QUICK, "method": {"alias": name, "generator_epochs": 2}}
    whole = run(spec, tmp_path / "whole")
    assert end(whole).outcome == "succeeded"
    first = run(spec, tmp_path / "first", should_stop=stop_after(5))
    assert end(first).outcome == "stopped"
    assert checkpoint_files.load(checkpoints(first)[-1].path).metadata["prepared"] == 5
    second = run(spec, tmp_path / "second", resume_from=checkpoints(first)[-1].path, should_stop=stop_after(14))
    assert end(second).outcome == "stopped"
    # 3 of 4 steps of the first epoch.
    assert (checkpoints(second)[-1].epoch, checkpoints(second)[-1].step) == (0, 3)
    third = run(spec, tmp_path / "third", resume_from=checkpoints(second)[-1].path)
    assert_same_epochs(epochs(second) + epochs(third), epochs(whole))
    assert Path(checkpoints(third)[-1].path).read_bytes() == Path(checkpoints(whole)[-1].path).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_share_of_zero_is_ordinary_training(name: str, tmp_path: Path) -> None:
    plain = run({**QUICK, "method": "cross_entropy"}, tmp_path / "plain")
    other = run({**QUICK, "method": {"alias": name, "share": 0.0}}, tmp_path / "other")
    assert_same_epochs(epochs(other), epochs(plain))
    expected, found = (checkpoint_files.load(checkpoints(events)[-1].path) for events in (plain, other))
    for group in ("model", "optimizer"):
        torch.testing.assert_close(found.group(group), expected.group(group), rtol=0, atol=0)


def test_generated_examples_make_up_their_share_and_metrics_leave_them_out() -> None:
    made = prepared("acgan", 1, share=0.25)
    seen: list[int] = []
    made.state.model.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].shape[0]))
    made.train_step()
    assert seen == [171]  # 128 real ones are three quarters
    assert int(made.totals.seen.sum()) == 128


@pytest.mark.parametrize("name", NAMES)
def test_a_step_descends_the_mean_over_real_and_generated_examples_and_returns_the_real_ones(name: str) -> None:
    made = prepared(name, 2, share=0.4)
    state, before = made.state, copy.deepcopy(made.state.model)
    batch = first_examples(made, 30)
    real, labels = made.network_input(batch.examples), batch.labels
    gan: Any = state.companion
    torch.default_generator.manual_seed(3)
    added = gan.labels(state.data, 20, uniform=True)
    inputs = torch.cat([real, generator_of(made).generate(state, added)])
    expected = before(inputs).logits
    losses = cross_entropy(expected, torch.cat([labels, added]), reduction="none")
    torch.autograd.backward(losses.mean())
    torch.default_generator.manual_seed(3)
    logits, output = train_step(made.procedure, state, batch, made.totals, progress=0.0)
    torch.testing.assert_close(logits, expected[:30].detach())
    for part in (output.loss, output.clean_loss, output.perturbed_loss):
        assert not part.requires_grad
        torch.testing.assert_close(part, losses[:30].detach())
    for one, other in zip(state.model.parameters(), before.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (2, 9, 13), (1, 11, 10), (7,)], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_networks_fit_images_of_any_size_and_vectors(name: str, shape: tuple[int, ...]) -> None:
    spec = parse_spec({"dataset": "digits", "method": name})
    gan: Any = spec.method.procedure.build(dataclasses.replace(dataset_info(spec.dataset), input_shape=shape))
    gan.low.fill_(-0.5)
    gan.high.fill_(0.25)
    labels = torch.arange(10)
    before = [parameter.detach().clone() for parameter in gan.parameters()]
    gan.learn(torch.rand(10, *shape), labels)
    # The embedding and every other parameter learn at once.
    assert not any(torch.equal(*pair) for pair in zip(before, gan.parameters(), strict=True))
    images = gan.eval().generate(labels, gan.random_code(labels))
    assert images.shape == (10, *shape)
    assert images.dtype == torch.float32
    assert ((images >= -0.5) & (images <= 0.25)).all()
    assert gan.generate(labels[:0], gan.random_code(labels[:0])).shape == (0, *shape)


def test_labels_are_uniform_over_the_classes_or_those_of_training() -> None:
    made = prepared("cgan", 0, imbalance_factor=50)
    gan: Any = made.state.companion
    torch.default_generator.manual_seed(0)
    uniform = gan.labels(made.state.data, 20_000, uniform=True).bincount(minlength=10) / 20_000
    np.testing.assert_allclose(uniform, 0.1, atol=0.01)
    share = gan.labels(made.state.data, 20_000, uniform=False).bincount(minlength=10) / 20_000
    counts = np.array(made.info.class_counts)
    np.testing.assert_allclose(share, counts / counts.sum(), atol=0.01)
    inputs, labels = gan.draw(made.state.data, 2000, balanced=True)
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


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"share": 1.0}, "less than or equal to 0.9"),
        ({"share": -0.1}, "greater than or equal to 0"),
        ({"labels": "rare"}, "'uniform' or 'training'"),
        ({"generator_epochs": 0}, "greater than"),
        ({"generator_batch_size": 1}, "greater than"),
        ({"generator_lr": 0.0}, "greater than 0"),
        ({"latent": 0}, "greater than"),
    ],
)
def test_wrong_parameters_are_refused(name: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        parse_spec({"dataset": "digits", "method": {"alias": name, **options}})


def test_infogan_reads_no_more_codes_than_there_are() -> None:
    with pytest.raises(SpecError, match=r"continuous_codes.*at most latent"):
        parse_spec({"dataset": "digits", "method": {"alias": "infogan", "latent": 3, "continuous_codes": 4}})


def test_tiny_images_are_refused() -> None:
    spec = parse_spec({"dataset": "digits", "method": "cgan"})
    assert dataset_info(spec.dataset).input_shape == (1, 8, 8)
    assert spec.method.procedure.check((1, 8, 8)) == []
    assert "at least 8x8" in spec.method.procedure.check((1, 6, 8))[0]


def test_a_generator_that_diverges_is_said_before_training_begins() -> None:
    found = prepared("cgan", 0, generator_epochs=1)
    found.preparations = 1
    with torch.no_grad():
        next(found.state.companion.parameters()).fill_(math.nan)
    with pytest.raises(Diverged, match="lower the learning rate of its procedure"):
        found.prepare_step()
