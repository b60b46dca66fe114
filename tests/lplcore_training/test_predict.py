"""A predictor's probabilities are those of its run's evaluation, from the recorded preprocessing and from the data."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image

from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.preprocessing import MOST_RECORDED
from lplcore.data.raw import RegisteredDataset
from lplcore.errors import CheckpointError, DatasetError, InputError, SpecError
from lplcore.events import RunStart
from lplcore.spec.experiment import parse_spec
from lplcore.training import checkpoint as files_of_runs
from lplcore.training.evaluation.multi_label import MultiLabelEvaluation
from lplcore.training.predictor import Prediction, Predictor
from lplcore.training.run import TrainingRun
from lplcore.training.saving import resume
from tests.lplcore_training.multi_label_runs import long_tailed, spec_of
from tests.lplcore_training.photographs import written
from tests.lplcore_training.runs import DIGITS, IMAGES, Spec, checkpoints, end, epochs, run

Probabilities = npt.NDArray[np.float64]
CLOSE = 1e-6
STREAMED = InputPipeline(memory_bytes=0)


class Trained:
    """A run that has ended, and what its evaluation of the test split is of."""

    def __init__(self, spec: Spec, folder: Path, datasets: dict[str, RegisteredDataset] | None = None) -> None:
        self.datasets = datasets or {}
        events = run(spec, folder, datasets=self.datasets, pipeline=STREAMED)
        assert end(events).outcome == "succeeded", end(events).message
        self.checkpoint, self.last = checkpoints(events)[-1].path, epochs(events)[-1]
        self.start = next(event for event in events if isinstance(event, RunStart))
        self.run = TrainingRun(
            parse_spec(spec, datasets=self.datasets),
            device=torch.device("cpu"),
            data_dir="data",
            datasets=self.datasets,
            pipeline=STREAMED,
        )
        resume(self.run, files_of_runs.load(self.checkpoint))
        self.run.compute_features()

    def predictors(self, **options: Any) -> list[Predictor]:
        """From what the run recorded, without its data; and from its data."""
        return [
            Predictor.load(self.checkpoint, preprocessing=self.start.preprocessing, **options),
            Predictor.load(self.checkpoint, datasets=self.datasets, **options),
        ]

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """Of the test split."""
        split = self.run.evaluation.test
        assert split is not None
        return split.y.numpy()

    @torch.inference_mode()
    def logits(self) -> torch.Tensor:
        """Of the test split, as the run computes them."""
        split = self.run.evaluation.test
        assert split is not None
        batches = torch.split(torch.arange(len(split.y)), self.run.evaluation_batch)
        return torch.cat(list(self.run.predictions(split, batches)))

    @torch.inference_mode()
    def probabilities(self) -> Probabilities:
        """What a single-label run's error is of."""
        logits, training = self.logits(), self.run
        posthoc = training.posthoc
        adjusted = logits if posthoc is None else posthoc(logits, training.state.model.classifier)
        return adjusted.softmax(dim=1).double().numpy()


def stacked(predictions: Sequence[Prediction]) -> Probabilities:
    return np.stack([each.probabilities for each in predictions]).astype(np.float64)


def in_parts(predictor: Predictor, inputs: Any) -> list[Prediction]:
    """Predictions of 256 at a time, as a client sends them."""
    return [each for first in range(0, len(inputs), 256) for each in predictor.predict(inputs[first : first + 256])]


def assert_as_evaluated(trained: Trained, predicted: Sequence[list[Prediction]]) -> None:
    """Probabilities are those that the run evaluates, and the labels make its error."""
    wanted, classes = trained.probabilities(), np.array(trained.start.class_names)
    for predictions in predicted:
        np.testing.assert_allclose(stacked(predictions), wanted, rtol=0, atol=CLOSE)
        wrong = np.array([each.label for each in predictions]) != classes[trained.labels]
        assert wrong.mean() == pytest.approx(trained.last.metrics["test/top1_error"])


def raw_test(trained: Trained) -> Any:
    """The test examples as the data set holds them, from JSON."""
    dataset = trained.run.spec.dataset
    return np.asarray(dataset.read(Path("data"), trained.datasets).x_test).tolist()


def features(folder: Path, *, width: int = 12) -> dict[str, RegisteredDataset]:
    """Rows of features whose means and deviations are far from 0 and 1, one of them constant."""
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [200, 60, 20])
    x = random.normal(size=(280, width)) * np.geomspace(0.01, 100, width) + 50 + labels[:, None]
    x[:, 0] = 7
    path = folder / "rows.npz"
    np.savez(path, x_train=x[::2], y_train=labels[::2], x_test=x[1::2], y_test=labels[1::2])
    return {"rows": RegisteredDataset("rows", str(path))}


ROWS: Spec = {"dataset": {"name": "rows", "validation_fraction": 0.2}, "method": "cross_entropy", "epochs": 2}


def test_rows_of_features(tmp_path: Path) -> None:
    trained = Trained({**ROWS, "seeds": [3]}, tmp_path, features(tmp_path))
    inputs = raw_test(trained)
    assert_as_evaluated(trained, [in_parts(each, inputs) for each in trained.predictors()])


@pytest.mark.parametrize(
    "posthoc", [None, "logit_adjustment", "tau_normalisation", {"name": "logit_adjustment", "strength": 0.5}]
)
def test_images_in_memory_with_and_without_correction(posthoc: Any, tmp_path: Path) -> None:
    trained = Trained({**DIGITS, "method": {"alias": "lpl", "posthoc": posthoc}}, tmp_path)
    inputs = raw_test(trained)
    assert_as_evaluated(trained, [in_parts(each, inputs) for each in trained.predictors()])
    flat = [image[0] for image in inputs[:3]], [[[[v] for v in row] for row in image[0]] for image in inputs[:3]]
    for spelled in flat:
        predicted = trained.predictors()[0].predict(spelled)
        np.testing.assert_allclose(stacked(predicted), trained.probabilities()[:3], rtol=0, atol=CLOSE)


def test_a_convolutional_network_in_its_own_precision(tmp_path: Path) -> None:
    trained = Trained({**IMAGES, "epochs": 1}, tmp_path)
    assert_as_evaluated(trained, [in_parts(each, raw_test(trained)) for each in trained.predictors()])


@pytest.mark.parametrize(
    "dataset",
    [
        {"image_size": 16},
        {"image_size": 8, "view": "center_crop", "normalization": "imagenet", "cache": {"size": 16}},
    ],
    ids=["stretched", "cut, with a cache"],
)
def test_image_files(dataset: Spec, tmp_path: Path) -> None:
    spec = {"dataset": {"name": "photographs", **dataset}, "model": {"name": "mlp", "widths": [8]}, "epochs": 1}
    datasets = written(tmp_path, train=30, test=20)
    trained = Trained({**spec, "method": "lpl"}, tmp_path / "checkpoints", datasets)
    files = [tmp_path / f"{number}.jpg" for number in range(30, 50)]
    assert_as_evaluated(trained, [each.predict_files(files) for each in trained.predictors()])


def test_image_files_for_images_that_an_array_holds(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, size=(40, 8, 8, 3), dtype=np.uint8)
    labels = np.arange(40) % 2
    np.savez(tmp_path / "a.npz", x_train=images, y_train=labels, x_test=images[:8], y_test=labels[:8])
    datasets = {"a": RegisteredDataset("a", str(tmp_path / "a.npz"))}
    trained = Trained({"dataset": "a", "method": "lpl", "epochs": 1}, tmp_path, datasets)
    for number, image in enumerate(images[:8]):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    files = [tmp_path / f"{number}.png" for number in range(8)]
    predicted = [each.predict_files(files) for each in trained.predictors()]
    assert_as_evaluated(trained, [*predicted, trained.predictors()[0].predict(images[:8])])


@pytest.mark.parametrize("method", ["r_bce_focal_lpl", "ml_gcn"])
def test_several_labels(method: str, tmp_path: Path) -> None:
    datasets = long_tailed(tmp_path)
    trained = Trained(spec_of(method, epochs=2, decision_threshold=0.3), tmp_path, datasets)
    wanted = trained.logits().sigmoid().double().numpy()
    for predictor in trained.predictors():
        predictions = in_parts(predictor, raw_test(trained))
        np.testing.assert_allclose(stacked(predictions), wanted, rtol=0, atol=CLOSE)
        assert micro_f1(predictions, trained) == pytest.approx(trained.last.metrics["test/micro_f1"])


def test_thresholds_chosen_on_validation_decide_labels(tmp_path: Path) -> None:
    datasets = long_tailed(tmp_path)
    fixed, tuned = (
        Trained(spec_of("lpl", epochs=4, decision_threshold=threshold), tmp_path / str(threshold), datasets)
        for threshold in (0.5, "validation")
    )
    thresholds = tuned.last.series["validation/decision_threshold"]
    assert "validation/decision_threshold" not in fixed.last.series
    moved = {f"{split}/{name}" for split in ("validation", "test") for name in ("micro_f1", "macro_f1")}
    moved.add("train/examples_per_second")
    for name, value in fixed.last.metrics.items():
        assert name.removesuffix(".at_best_validation") in moved or value == tuned.last.metrics[name], name
    macro = [float(each.last.metrics["test/macro_f1"] or 0) for each in (fixed, tuned)]
    assert macro[1] > macro[0] + 0.02
    predictor = tuned.predictors(thresholds=thresholds)[0]
    predictions = in_parts(predictor, raw_test(tuned))
    assert micro_f1(predictions, tuned) == pytest.approx(tuned.last.metrics["test/micro_f1"])
    assert best_f1(tuned, thresholds)


def micro_f1(predictions: Sequence[Prediction], trained: Trained) -> float:
    """Of the labels that were predicted."""
    predicted = np.array([[name in each.labels for name in trained.start.class_names] for each in predictions])
    return float(2 * (predicted & (trained.labels == 1)).sum() / (predicted.sum() + trained.labels.sum()))


def best_f1(trained: Trained, thresholds: Any) -> bool:
    """Whether no other threshold has a better F1 on the validation split, by trying all."""
    split = trained.run.evaluation.validation
    assert split is not None
    evaluation = trained.run.evaluate(split)
    assert isinstance(evaluation, MultiLabelEvaluation)
    chosen = replace(evaluation, threshold=thresholds).f1
    for c, column in enumerate(evaluation.scores.T.astype(np.float64)):
        tried = [column >= score for score in column]
        truth = split.y[:, c].numpy() == 1
        best = max(2 * (each & truth).sum() / (each.sum() + truth.sum()) for each in tried)
        if chosen[c] != pytest.approx(best):
            return False
    return True


@pytest.mark.campaign
def test_a_linear_probe(tmp_path: Path) -> None:
    network = {"name": "torchvision", "architecture": "shufflenet_v2_x0_5", "linear_probe": True}
    photographs = {"name": "photographs", "image_size": 32}
    spec = {"dataset": photographs, "model": network, "augmentation": "none", "method": "lpl", "epochs": 1}
    trained = Trained({**spec, "precision": "float32"}, tmp_path / "c", written(tmp_path, train=20, test=6))
    files = [tmp_path / f"{number}.jpg" for number in range(20, 26)]
    assert_as_evaluated(trained, [each.predict_files(files) for each in trained.predictors()])


def test_another_correction_than_the_run_has(tmp_path: Path) -> None:
    trained = Trained({**DIGITS, "method": {"alias": "lpl", "posthoc": "logit_adjustment"}}, tmp_path)
    clean = trained.predictors(posthoc="none")[0]
    wanted = trained.logits().softmax(dim=1).double().numpy()
    np.testing.assert_allclose(stacked(clean.predict(raw_test(trained)[:20])), wanted[:20], rtol=0, atol=CLOSE)
    for posthoc, path in (("logit_adjustmen", "posthoc.name"), ({"name": "tau_normalisation", "tau": 11}, "posthoc")):
        with pytest.raises(SpecError) as refused:
            trained.predictors(posthoc=posthoc)
        assert refused.value.errors[0]["path"].startswith(path)


def test_every_wrong_input_is_named(tmp_path: Path) -> None:
    predictor = Trained(ROWS, tmp_path, features(tmp_path)).predictors()[0]
    row = [1.0] * 12
    wrong = [row, row[:-1], [row], [1.0, [2.0]], ["a"] * 12, {"a": 1}, 3, [float("nan"), *row[1:]], [1e39, *row[1:]]]
    with pytest.raises(InputError) as refused:
        predictor.predict(wrong)
    assert [each["path"] for each in refused.value.errors] == [f"inputs.{place}" for place in range(1, len(wrong))]
    assert "shape [11], the run's data have [12]" in refused.value.errors[0]["message"]
    with pytest.raises(InputError, match=r"inputs\.1: its numbers are so large"):
        predictor.predict([row, [1.0, 3e38, *row[2:]]])
    with pytest.raises(InputError, match="at least one"):
        predictor.predict([])
    with pytest.raises(InputError, match="rows of 12 numbers"):
        predictor.predict_files([tmp_path / "rows.npz"])


def test_files_that_are_no_images_are_named(tmp_path: Path) -> None:
    spec = {"dataset": {"name": "photographs", "image_size": 8}, "model": "mlp", "method": "lpl", "epochs": 1}
    predictor = Trained(spec, tmp_path / "c", written(tmp_path, train=10, test=4)).predictors()[0]
    (tmp_path / "text.jpg").write_text("no image")
    with pytest.raises(InputError) as refused:
        predictor.predict_files([tmp_path / "1.jpg", tmp_path / "text.jpg", tmp_path / "2.jpg"], names=["a", "b", "c"])
    assert [(each["path"], each["message"][:21]) for each in refused.value.errors] == [
        ("files.1", "'b' cannot be used: i")
    ]
    with pytest.raises(InputError, match="whole numbers"):
        predictor.predict(np.full((1, 3, 8, 8), 0.5))


def test_what_is_not_recorded_is_computed_or_missed(tmp_path: Path) -> None:
    datasets = features(tmp_path, width=MOST_RECORDED // 2 + 1)
    trained = Trained(ROWS, tmp_path, datasets)
    assert trained.start.preprocessing == {}
    predictor = Predictor.load(trained.checkpoint, datasets=datasets)
    assert_as_evaluated(trained, [in_parts(predictor, raw_test(trained))])
    with pytest.raises(SpecError, match="unknown dataset 'rows'"):
        Predictor.load(trained.checkpoint)
    with pytest.raises(CheckpointError, match="recorded preprocessing"):
        Predictor.load(trained.checkpoint, preprocessing={"mean": 1})
    (tmp_path / "rows.npz").unlink()
    with pytest.raises(DatasetError, match="is not there"):
        Predictor.load(trained.checkpoint, datasets=datasets)


def test_a_threshold_by_class_needs_a_validation_split(tmp_path: Path) -> None:
    path = tmp_path / "few.npz"
    x, y = np.random.default_rng(0).normal(size=(40, 4)), np.eye(4, dtype=int)[np.arange(40) % 4]
    np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y)
    datasets = {"few": RegisteredDataset("few", str(path), task="multi_label")}
    spec = {"dataset": "few", "method": "lpl", "epochs": 1, "batch_size": 8, "decision_threshold": "validation"}
    assert "dataset.validation_fraction above 0" in str(end(run(spec, datasets=datasets)).message)
    with_split = {**spec, "dataset": {"name": "few", "validation_fraction": 0.3}}
    assert end(run(with_split, datasets=datasets)).outcome == "succeeded"
    with pytest.raises(SpecError, match="between 0 and 1, or 'validation'"):
        parse_spec({**spec, "decision_threshold": "test"}, datasets=datasets)
    single = {**DIGITS, "decision_threshold": "validation"}
    assert "is for multi-label data" in str(end(run(single)).message)
