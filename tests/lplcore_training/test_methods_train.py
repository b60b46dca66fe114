"""Single-label methods show on a trained network what they are for."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from lplcore.errors import SpecError
from lplcore.spec.experiment import parse_spec
from lplcore.training.loading import dataset_info
from tests.grids import campaign
from tests.lplcore_training.runs import Spec, assert_same_epochs, checkpoints, end, epochs, run

SMALL: Spec = {
    "dataset": {"name": "digits", "imbalance_factor": 20},
    "model": {"name": "mlp", "widths": [16]},
    "epochs": 4,
    "batch_size": 128,
}
"""Long-tailed digits, 4 steps an epoch."""
QUICK_GAN = {"generator_epochs": 1}
OPTIONS: dict[str, dict[str, Any]] = {"cgan": QUICK_GAN, "acgan": QUICK_GAN, "infogan": QUICK_GAN}
Vector = npt.NDArray[np.float64]


def small(name: str, **changes: Any) -> Spec:
    """A spec of one alias."""
    return {**SMALL, "method": {"alias": name, **OPTIONS.get(name, {})}, **changes}


def variation(method: Any, *, imbalance_factor: float, seeds: int = 3, **changes: Any) -> Vector:
    """[10] relative loss variation after 20 epochs on digits, mean over seeds."""
    spec = {
        "dataset": {"name": "digits", "imbalance_factor": imbalance_factor},
        "method": method,
        "optimizer": {"name": "sgd", "lr": 0.05},
        "epochs": 20,
        **changes,
    }
    found = [epochs(run(spec, seed=seed))[-1].series["relative_loss_variation"] for seed in range(seeds)]
    average: Vector = np.array(found, dtype=np.float64).mean(axis=0)
    return average


def rank_correlation(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Spearman's."""
    one, other = (np.argsort(np.argsort(np.asarray(values))) for values in (first, second))
    return float(np.corrcoef(one, other)[0, 1])


@pytest.mark.slow
@pytest.mark.parametrize("imbalance_factor", [campaign(1), 20])
def test_isda_raises_the_loss_of_every_class(imbalance_factor: float) -> None:
    # Fig. 1 (b): all positive, on balanced and on long-tailed data.
    assert (variation("isda", imbalance_factor=imbalance_factor) > 0).all()


@pytest.mark.slow
def test_logit_adjustment_lowers_the_head_and_raises_the_tail() -> None:
    # Fig. 1 (c): from negative at the head to positive at the tail.
    found = variation("logit_adjustment", imbalance_factor=20)
    assert (found[:3] < -0.3).all()
    assert (found[-2:] > 0.3).all()
    assert rank_correlation(found, np.arange(10)) > 0.9


@pytest.mark.slow
def test_ldam_raises_every_class_and_the_tail_most() -> None:
    # A small scale, since at 30 the tail's clean loss is zero in float32 and its ratio undefined.
    found = variation({"alias": "ldam", "scale": 10.0}, imbalance_factor=20)
    assert (found > 0).all()
    assert rank_correlation(found, np.arange(10)) > 0.9


@pytest.mark.slow
def test_lpl_lowers_the_head_and_raises_the_tail_of_long_tailed_data() -> None:
    found = variation("lpl", imbalance_factor=20)
    assert (found[:4] < 0).all()
    assert (found[4:] > 0).all()
    # Bounds n_c / n_1 and n_C / n_c: strongest at both ends.
    assert rank_correlation(found, np.arange(10)) > 0.9


@pytest.mark.slow
def test_lpl_raises_the_classes_that_are_known_worst_of_balanced_data() -> None:
    spec = {
        "dataset": {"name": "digits"},
        "method": {"alias": "lpl", "split": "performance"},
        "epochs": 8,
        "optimizer": {"name": "sgd", "lr": 0.02},
    }
    together = []
    for seed in range(3):
        for event in epochs(run(spec, seed=seed))[1:]:
            together.append(rank_correlation(event.series["relative_loss_variation"], -event.series["lpl/q"]))
    assert np.mean(together) > 0.5


def test_methods_without_perturbation_vary_no_loss() -> None:
    for name in ("focal", "class_balanced", "label_smoothing", "mixup", "center"):
        series = epochs(run(small(name, epochs=1)))[-1].series["relative_loss_variation"]
        assert (series == 0).all()


def test_deferred_weights_begin_when_they_should_and_not_before() -> None:
    changes = {"epochs": 5, "model": {"name": "mlp", "widths": [16], "head": "cosine"}}
    plain = epochs(run(small("ldam", **changes)))
    deferred = epochs(run({**small("ldam"), "method": {"alias": "ldam_drw", "start": 0.6}, **changes}))
    assert_same_epochs(deferred[:3], plain[:3])
    assert deferred[3].metrics["train/loss"] != plain[3].metrics["train/loss"]
    # Weights have mean 1 over classes, so far less than 1 over the examples of long-tailed data.
    loss, base = deferred[3].metrics["train/loss"], deferred[3].metrics["train/base_loss"]
    assert loss is not None
    assert base is not None


def test_post_hoc_adjustment_helps_rare_classes_without_touching_training() -> None:
    spec = {"dataset": {"name": "digits", "imbalance_factor": 50}, "epochs": 20}
    plain = epochs(run({**spec, "method": "cross_entropy"}))[-1]
    for posthoc in ("logit_adjustment", "tau_normalisation"):
        adjusted = epochs(run({**spec, "method": {"alias": "cross_entropy", "posthoc": posthoc}}))[-1]
        assert adjusted.metrics["train/loss"] == plain.metrics["train/loss"]
        before, after = plain.metrics["test/top1_error.few"], adjusted.metrics["test/top1_error.few"]
        assert before is not None
        assert after is not None
        assert after < before


def test_any_sampler_can_be_deferred() -> None:
    method = {"perturbations": ["logit_adjustment"], "sampler": "class_aware"}
    deferred = {**method, "procedure": {"name": "deferred", "start": 0.5}}
    late = epochs(run({**SMALL, "method": deferred}))
    plain = epochs(run({**SMALL, "method": "logit_adjustment"}))
    assert_same_epochs(late[:2], plain[:2])
    assert late[2].metrics != plain[2].metrics


@pytest.mark.slow
def test_meta_weight_net_gives_rare_classes_more_weight() -> None:
    spec = {
        "dataset": {"name": "digits", "imbalance_factor": 50},
        "model": {"name": "mlp", "dropout": 0.2},
        "method": {"alias": "meta_weight_net", "meta_lr": 0.003},
        "epochs": 15,
    }
    for seed in range(2):
        weights = epochs(run(spec, seed=seed))[-1].series["meta_weight_net/weight"]
        assert rank_correlation(weights, np.arange(10)) > 0.6
        assert weights[-3:].mean() > 1.3 * weights[:3].mean()


def test_meta_weight_net_gets_a_balanced_set_that_is_no_part_of_training() -> None:
    start = run(small("meta_weight_net", epochs=1))[0]
    counts = getattr(start, "class_counts", [])
    plain = getattr(run(small("cross_entropy", epochs=1))[0], "class_counts", [])
    # 143 to 146 training digits a class, 10 of each go to the meta set before the long tail is made.
    assert counts[0] == plain[0] - 10
    spec = parse_spec(small("meta_weight_net"))
    assert spec.dataset.meta_per_class == 10


def test_a_meta_set_must_leave_examples() -> None:
    events = run({**small("meta_weight_net"), "dataset": {"name": "digits", "meta_per_class": 150}})
    assert end(events).reason == "bad_data"
    assert "meta_per_class" in (end(events).message or "")


@pytest.mark.slow
@pytest.mark.parametrize("reset", [False, True])
def test_stage_two_may_train_the_last_layer_alone(reset: bool, tmp_path: Path) -> None:
    procedure = {"name": "two_stage", "start": 0.5, "train": "classifier", "reset_classifier": reset}
    spec = {
        **SMALL,
        "model": {"name": "resnet32"},
        "dataset": {"name": "digits", "imbalance_factor": 70},
        "epochs": 2,
        "batch_size": 150,
        "method": {"procedure": procedure, "sampler": "class_aware"},
        "checkpoints": {"every_epochs": 1},
    }
    files = [event.path for event in checkpoints(run(spec, tmp_path))]
    safetensors = pytest.importorskip("safetensors.torch")
    first, second = (safetensors.load_file(path) for path in files)
    changed = {n for n, v in first.items() if n.startswith("model.") and not np.array_equal(v, second[n])}
    assert changed == {"model.classifier.weight", "model.classifier.bias"}


def test_class_balanced_focal_starts_from_the_share_of_a_class(tmp_path: Path) -> None:
    events = run(small("class_balanced_focal", epochs=1, optimizer={"name": "sgd", "lr": 1e-6}), tmp_path)
    safetensors = pytest.importorskip("safetensors.torch")
    bias = safetensors.load_file(checkpoints(events)[-1].path)["model.classifier.bias"]
    np.testing.assert_allclose(bias.numpy(), -np.log(9), atol=1e-3)


@pytest.mark.parametrize(
    ("spec", "path", "said"),
    [
        ({"model": {"name": "mlp", "head": "linear"}, "method": "ldam"}, "model.head", "needs 'cosine'"),
        ({"model": {"name": "mlp", "head": "cosine"}, "method": "isda"}, "model.head", "needs 'linear'"),
        (
            {"model": {"name": "mlp", "cosine_scale": 16.0}, "method": "ldam"},
            "model.cosine_scale",
            "differs from the method's scale 30",
        ),
        (
            {"method": {"perturbations": ["lpl"], "targets": ["label_smoothing"]}},
            "method.perturbations.0.name",
            "'label_smoothing' softens targets",
        ),
        (
            {"method": {"perturbations": ["isda", "ldam"]}},
            "method.perturbations.1.name",
            "made for a cosine head, an earlier perturbation for a linear one",
        ),
        (
            {"method": {"perturbations": [{"name": "ldam"}, {"name": "gcl", "scale": 20.0}]}},
            "method.perturbations.1.scale",
            "differs from an earlier perturbation's scale 30",
        ),
        (
            {"method": {"procedure": "meta_weighted", "targets": ["mixup"]}},
            "method.procedure.name",
            "weighs single examples",
        ),
        (
            {"method": {"procedure": "oltr", "perturbations": ["isda"]}},
            "method.perturbations.0.name",
            "'oltr' brings its own",
        ),
        (
            {"method": {"procedure": "oltr", "posthoc": "tau_normalisation"}},
            "method.posthoc.name",
            "'oltr' brings its own",
        ),
        (
            {"dataset": {"name": "digits", "meta_per_class": 0}, "method": "meta_weight_net"},
            "dataset.meta_per_class",
            "set it to 1 or more",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_with_the_reason(spec: Spec, path: str, said: str) -> None:
    parsed = parse_spec({"dataset": "digits", **spec})
    with pytest.raises(SpecError) as caught:
        parsed.check(dataset_info(parsed.dataset))
    assert any(e["path"] == path and said in e["message"] for e in caught.value.errors)


def test_a_sweep_over_methods_gives_each_the_last_layer_it_needs() -> None:
    spec = {"dataset": "digits", "method": "cross_entropy", "sweep": {"method": ["isda", "ldam", "meta_weight_net"]}}
    runs = parse_spec(spec).plan()
    assert [run.spec.model.head for run in runs] == ["linear", "cosine", "linear"]
    assert [run.spec.dataset.meta_per_class for run in runs] == [0, 0, 10]
    asked = parse_spec({**spec, "model": {"name": "mlp", "head": "cosine"}}).plan()
    assert [run.spec.model.head for run in asked] == ["cosine"] * 3


def test_isda_dropout_turns_dropout_on_where_the_spec_says_nothing() -> None:
    spec = parse_spec({"dataset": "digits", "method": "isda_dropout"})
    assert spec.method.alias == "isda_dropout"
    assert spec.model.dropout == 0.3
    again = parse_spec(spec.model_dump(mode="json"))
    assert (again.method.alias, again.model.dropout) == ("isda_dropout", 0.3)
    assert parse_spec({"dataset": "digits", "method": "isda"}).model.dropout == 0.0
    chosen = {"dataset": "digits", "model": {"name": "mlp", "dropout": 0.1}, "method": "isda_dropout"}
    assert parse_spec(chosen).model.dropout == 0.1
