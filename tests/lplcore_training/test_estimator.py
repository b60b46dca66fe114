"""`lplcore.LplClassifier`: scikit-learn's own checks, pipelines and searches, and that it is the trainer."""

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import lplcore

Array = npt.NDArray[Any]
FAILING: dict[str, str] = {}
"""Checks of scikit-learn that may fail, with the reason: none."""


def classifier(**parameters: Any) -> Any:
    return lplcore.LplClassifier(**{"epochs": 8, "hidden_sizes": (32,), "random_state": 0, **parameters})


def rare_class(number: int = 240, *, seed: int = 0) -> tuple[Array, Array]:
    """Features [N, 4] of two classes, of which `rare` has a tenth."""
    draw = np.random.default_rng(seed)
    labels = np.where(np.arange(number) % 10 == 0, "rare", "usual")
    x = draw.normal(size=(number, 4)) + 1.5 * (labels == "rare")[:, None]
    return x.astype(np.float32), labels


@parametrize_with_checks([classifier(random_state=None)], expected_failed_checks=lambda _: FAILING)  # type: ignore[untyped-decorator]
def test_scikit_learns_own_checks_pass(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def test_its_training_is_that_of_lplcore_train() -> None:
    (x, y), (x_held, y_held) = rare_class(), rare_class(60, seed=1)
    numbers = {"rare": 0, "usual": 1}
    data = lplcore.in_memory(
        "mine", (x, [numbers[name] for name in y]), validation=(x_held, [numbers[name] for name in y_held])
    )
    spec = {"dataset": "mine", "method": "ldam_drw", "epochs": 8, "model": {"name": "mlp", "widths": [32]}}
    events = lplcore.train(spec, seed=3, datasets={"mine": data})
    ours = [event.metrics for event in events if isinstance(event, lplcore.EpochEnd)]
    fitted = classifier(method="ldam_drw", random_state=3).fit(x, y, eval_set=(x_held, y_held))
    measured = "train/examples_per_second"
    assert [{**m, measured: 0} for m in fitted.history_] == [{**m, measured: 0} for m in ours]
    best = ours[fitted.best_epoch_ - 1]["validation/top1_error"]
    assert best == min(m["validation/top1_error"] or 0 for m in ours)
    assert 1 - fitted.score(x_held, y_held) == pytest.approx(best)


def test_labels_are_texts_and_one_seed_gives_one_network_also_pickled_and_cloned() -> None:
    x, y = rare_class()
    fitted = classifier().fit(x, y)
    assert list(fitted.classes_) == ["rare", "usual"]
    assert set(fitted.predict(x)) == {"rare", "usual"}
    expected = fitted.predict_proba(x)
    np.testing.assert_allclose(expected.sum(axis=1), 1)
    np.testing.assert_allclose(expected[:, 1], 1 / (1 + np.exp(-fitted.decision_function(x))))
    for other in (pickle.loads(pickle.dumps(fitted)), clone(fitted).fit(x, y)):
        assert np.array_equal(other.predict_proba(x), expected)
    assert len(pickle.dumps(fitted)) < 30_000, "the training set is not kept"
    assert not np.array_equal(classifier(random_state=1).fit(x, y).predict_proba(x), expected)


def test_it_works_in_a_pipeline_and_a_search_over_methods_and_their_parameters() -> None:
    x, y = rare_class()
    pipeline = make_pipeline(StandardScaler(), classifier(epochs=4))
    grid = [
        {"lplclassifier__method": ["cross_entropy", "logit_adjustment"]},
        {"lplclassifier__method": ["lpl"], "lplclassifier__method__delta_epsilon": [0.5, 2.0]},
    ]
    search = GridSearchCV(pipeline, grid, cv=2, scoring="balanced_accuracy").fit(x, y)
    assert len(search.cv_results_["params"]) == 4
    assert search.score(x, y) > 0.6
    tuned = clone(classifier()).set_params(method__delta_epsilon=2.0, epochs=2).fit(x, y)
    assert tuned.experiment_["method"]["perturbations"][0]["delta_epsilon"] == 2.0
    assert tuned.n_iter_ == 2


def test_it_ends_early_and_keeps_the_epoch_that_is_best_on_validation() -> None:
    x, y = rare_class()
    fitted = classifier(validation_fraction=0.25, patience=2, epochs=60).fit(x, y)
    assert fitted.n_iter_ < 60
    errors = [metrics["validation/top1_error"] for metrics in fitted.history_]
    assert fitted.best_epoch_ == 1 + int(np.argmin(errors)) == fitted.n_iter_ - 2
    assert fitted.experiment_["dataset"]["validation_fraction"] == 0.25


def test_multi_hot_rows_are_multi_label() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(120, 5))
    rows = (x[:, :3] > [0.0, 0.5, 1.0]).astype(int)
    fitted = classifier(epochs=20).fit(x, rows)
    assert fitted.experiment_["method"]["loss"]["name"] == "binary_cross_entropy"
    probabilities, predicted = fitted.predict_proba(x), fitted.predict(x)
    assert probabilities.shape == predicted.shape == (120, 3)
    assert np.array_equal(predicted, probabilities >= 0.5)
    assert (predicted == rows).mean() > 0.8


@pytest.mark.parametrize("kind", [np.uint8, np.float64])
def test_images_go_through_convolutions(kind: type[np.generic]) -> None:
    images = np.random.default_rng(0).integers(0, 256, size=(24, 3, 8, 8)).astype(kind)
    labels = np.arange(24) % 2
    images[labels == 1] //= 4
    fitted = classifier(model="resnet32", epochs=2, experiment={"augmentation": "horizontal_flip"}).fit(images, labels)
    assert fitted.predict_proba(images).shape == (24, 2)
    other = images.astype(np.float64 if kind is np.uint8 else np.uint8)
    with pytest.raises(ValueError, match="but the network was trained on"):
        fitted.predict(other)


def test_predictions_have_the_methods_post_hoc_correction_and_a_preset_gives_its_method() -> None:
    x, y = rare_class()
    plain = classifier(method="cross_entropy").fit(x, y)
    corrected = classifier(method="cifar10_lt_la_posthoc_official").fit(x, y)
    moved = corrected.decision_function(x) - plain.decision_function(x)
    np.testing.assert_allclose(moved, np.log(24 / 216), rtol=1e-4)


def test_a_line_is_printed_after_every_epoch_where_asked(capsys: pytest.CaptureFixture[str]) -> None:
    classifier(verbose=True, epochs=2).fit(*rare_class())
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["epoch 1", "epoch 2"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"patience": 3}, "patience: needs a validation split"),
        ({"method": "lpll"}, "lpll"),
        ({"epochs": 0}, "epochs"),
        ({"experiment": {"oops": 1}}, "oops"),
        ({"model": "resnet32"}, "needs images"),
    ],
)
def test_what_cannot_be_trained_is_said(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        classifier(**parameters).fit(*rare_class())


def test_a_validation_label_that_training_lacks_is_refused() -> None:
    x, y = rare_class()
    with pytest.raises(ValueError, match="eval_set: label 'unheard' does not occur in y"):
        classifier().fit(x, y, eval_set=(x[:2], np.array(["rare", "unheard"])))


def test_divergence_is_an_arithmetic_error() -> None:
    x, y = rare_class()
    with pytest.raises(ArithmeticError, match="not finite"):
        classifier(lr=1e6).fit(x, y)


def test_data_in_memory_have_facts_that_nobody_remembers() -> None:
    x, y = rare_class()
    for part in (x[:100], x):
        data = lplcore.in_memory("mine", (part, y[: len(part)]), classes=["usual", "rare"])
        spec = lplcore.parse_spec({"dataset": "mine", "method": "lpl"}, datasets={"mine": data})
        info = lplcore.dataset_info(spec.dataset, datasets={"mine": data})
        assert info.classes == ("usual", "rare")
        assert info.num_train == len(part)
