"""Every multi-label method trains, resumes exactly, and shows on a trained network what it is for."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from lplcore.data.raw import RegisteredDataset
from lplcore.errors import SpecError
from lplcore.events import LogLine, RunStart
from lplcore.plugin import get, plugins
from lplcore.procedures.oltr.network import MetaEmbedding
from lplcore.procedures.oltr.oltr import Oltr, centroids, network_of
from lplcore.spec.experiment import parse_spec
from lplcore.training.loading import dataset_info
from lplcore.training.run import TrainingRun
from tests.grids import campaign, every
from tests.lplcore_training.multi_label_runs import SHARES, last, long_tailed, precision, spec_of, trained
from tests.lplcore_training.runs import Spec, assert_same_epochs, checkpoints, end, epochs, run, stop_after
from tests.shared_data import shared_file

ALIASES = [name for name, record in plugins("method").items() if "multi_label" in record.tasks]
TWICE_THE_BATCH: Spec = {"batch_size": 128, "optimizer": {"name": "sgd", "lr": 0.06}}
"""In half of the steps, these change relative loss variations by less than 0.04."""
POSITIVE, NEGATIVE = "relative_loss_variation.positive", "relative_loss_variation.negative"
Data = dict[str, RegisteredDataset]
Vector = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def tail(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return long_tailed(tmp_path_factory.mktemp("tail"))


@pytest.mark.slow
@pytest.mark.parametrize("name", every(2, ALIASES))
def test_every_method_trains_and_resumes_exactly(name: str, tail: Data, tmp_path: Path) -> None:
    spec = spec_of(name, epochs=4, batch_size=400, checkpoints={"keep_best": True})
    whole = run(spec, tmp_path / "whole", datasets=tail)
    assert end(whole).outcome == "succeeded", end(whole).message
    assert not [event for event in whole if isinstance(event, LogLine) and event.level != "info"]
    collected, newest = [], None
    # 3 steps an epoch: a stop in the second epoch, and one in the last, where OLTR is in its second stage.
    for part, steps in enumerate((5, 7, 1000)):
        folder = tmp_path / str(part)
        events = run(spec, folder, datasets=tail, resume_from=newest, should_stop=stop_after(steps))
        collected += epochs(events)
        newest = [event for event in checkpoints(events) if event.kind == "last"][-1].path
    assert_same_epochs(collected, epochs(whole))
    expected = next(event for event in checkpoints(whole) if event.completed)
    assert newest is not None
    assert Path(newest).read_bytes() == Path(expected.path).read_bytes()


def variation(method: Any, data: Data) -> tuple[Vector, Vector]:
    """[C] relative loss variation of positives and of negatives after training, mean over three seeds."""
    found = [last(trained(method, data, seed=seed, **TWICE_THE_BATCH)).series for seed in range(3)]
    positive, negative = (np.mean([series[name] for series in found], axis=0) for name in (POSITIVE, NEGATIVE))
    return positive, negative


def falls(values: Vector) -> bool:
    """Whether values are ordered by rarity, most frequent class first, but for small differences."""
    return bool(np.corrcoef(np.argsort(np.argsort(-values)), np.arange(len(values)))[0, 1] > 0.85)


@pytest.mark.slow
@pytest.mark.parametrize(
    "method", [campaign({"perturbations": ["negative_tolerant"]}), "r_bce_ntr"], ids=["alone", "r_bce"]
)
def test_negative_tolerance_raises_positives_and_lowers_negatives_of_the_tail(method: Any, tail: Data) -> None:
    # Fig. 2: positives below 0 at the head, above at the tail; negatives the other way round.
    positive, negative = variation(method, tail)
    assert (positive > 0).tolist() == [share < 0.5 for share in SHARES]
    assert (negative < 0).tolist() == [share < 0.5 for share in SHARES]
    assert falls(negative)
    if method == "r_bce_ntr":
        assert falls(-positive)


@pytest.mark.slow
@pytest.mark.parametrize(
    "method", [{"perturbations": ["logit_compensation"]}, campaign("r_bce_lc")], ids=["alone", "r_bce"]
)
def test_logit_compensation_lowers_all_and_the_heads_positives_most(method: Any, tail: Data) -> None:
    # Fig. 2 and its text: all below 0; positives' reductions largest at the head, negatives' at the tail.
    positive, negative = variation(method, tail)
    assert (positive < 0).all()
    assert (negative < 0).all()
    assert positive[:2].mean() < positive[-2:].mean()
    assert falls(-positive)
    assert negative[-2:].mean() < negative[:2].mean()


@pytest.mark.slow
@pytest.mark.parametrize(
    "method", every(4, ["lpl", {"alias": "lpl", "form": "pgd"}, "r_bce_lpl", "r_bce_focal_lpl"]), ids=str
)
def test_lpl_raises_positives_of_the_tail_and_lowers_those_of_the_head(method: Any, tail: Data) -> None:
    # Fig. 11 (c): strongest at both ends, as the bounds n_c / n_1 and n_C / n_c are.
    positive, negative = variation(method, tail)
    assert (positive[:4] < 0).all()
    assert (positive[4:] > 0).all()
    assert (negative[:4] > 0).all()
    assert (negative[4:] < 0).all()
    assert falls(-positive)
    assert falls(negative)


def test_both_forms_of_lpl_train_alike(tail: Data) -> None:
    closed, walked = (trained({"alias": "lpl", "form": form}, tail, epochs=2) for form in ("closed", "pgd"))
    first, second = last(closed), last(walked)
    assert first.metrics["train/loss"] == pytest.approx(second.metrics["train/loss"], rel=1e-5)
    np.testing.assert_array_equal(first.series["lpl/epsilon"], second.series["lpl/epsilon"])


@pytest.mark.slow
@pytest.mark.parametrize("name", every(4, ["r_bce_focal_lpl", "resampling", "r_bce", "r_bce_ntr"]))
def test_balanced_sampling_finds_the_rare_labels(name: str, tail: Data) -> None:
    for seed in range(2):
        plain = last(trained("binary_cross_entropy", tail, seed=seed)).series["test/average_precision"]
        found = last(trained(name, tail, seed=seed)).series["test/average_precision"]
        assert found[-3:].mean() > plain[-3:].mean() + 0.1


def test_what_is_reported(tail: Data) -> None:
    events = trained("r_bce_lpl", tail, epochs=2)
    event = last(events)
    assert {"train/top1_error", "test/top1_error"}.isdisjoint(event.metrics)
    assert {
        "train/loss",
        "train/base_loss",
        "validation/mean_average_precision",
        "test/mean_average_precision",
        "test/mean_average_precision.many",
        "test/mean_average_precision.medium",
        "test/mean_average_precision.few",
        "test/micro_f1",
        "test/macro_f1",
        "test/ranking_loss",
        "test/loss",
        "test/classes_without_positives",
    } <= set(event.metrics)
    assert {"test/average_precision", "lpl/epsilon", "lpl/sign", POSITIVE, NEGATIVE} <= set(event.series)
    assert event.series.pop("label_counts").shape == (8, 3)
    assert all(values.shape == (8,) for values in event.series.values())
    average = event.series["test/average_precision"]
    assert precision(event) == pytest.approx(average.mean(), abs=1e-6)
    # 720 to 118 positives are many, 73 to 26 medium, none few.
    assert precision(event, ".many") == pytest.approx(average[:5].mean(), abs=1e-6)
    assert precision(event, ".medium") == pytest.approx(average[5:].mean(), abs=1e-6)
    assert event.metrics["test/mean_average_precision.few"] is None


def test_the_best_epoch_has_the_highest_validation_precision(tail: Data, tmp_path: Path) -> None:
    spec = spec_of("binary_cross_entropy", epochs=6, checkpoints={"keep_best": True})
    events = run(spec, tmp_path, datasets=tail)
    curve = [event.metrics["validation/mean_average_precision"] or 0.0 for event in epochs(events)]
    best = [event.epoch for event in checkpoints(events) if event.kind == "best"]
    assert best[-1] == 1 + int(np.argmax(curve))
    assert best == [i + 1 for i, value in enumerate(curve) if value > max(curve[:i], default=-1)]


def test_class_aware_sampling_draws_every_label_alike() -> None:
    labels = torch.tensor(np.load(shared_file("coco_mlt_train.npz"))["y"].astype(np.int64))
    labels[:5] = 0
    sampler = get("sampler", "class_aware")(samples_per_class=3)
    order = sampler.order(labels, torch.Generator().manual_seed(1))
    assert order.shape == (1909,)
    assert not set(order.tolist()) & set(range(5))
    drawn, uniform = labels[order].sum(dim=0), labels.sum(dim=0)
    assert drawn.min() >= 21
    assert drawn.double().std() / drawn.double().mean() < uniform.double().std() / uniform.double().mean()
    again = sampler.order(labels, torch.Generator().manual_seed(1))
    assert torch.equal(order, again)


@pytest.mark.parametrize(("name", "draws"), [("voc_mlt", 3_875), ("coco_mlt", 22_560)])
def test_class_aware_sampling_may_have_the_epoch_of_the_official_code(name: str, draws: int) -> None:
    labels = torch.tensor(np.load(shared_file(f"{name}_train.npz"))["y"].astype(np.int64))
    sampler = get("sampler", "class_aware")(samples_per_class=3, epoch_length="largest_class")
    order = sampler.order(labels, torch.Generator().manual_seed(1))
    assert len(order) == draws == int(labels.sum(dim=0).max()) * labels.shape[1] // 4
    with_empty = torch.cat([labels, torch.zeros(len(labels), 1, dtype=torch.int64)], dim=1)
    assert torch.equal(sampler.order(with_empty, torch.Generator().manual_seed(1)), order)


def test_an_epoch_of_the_official_length_is_trained_whole(tail: Data) -> None:
    sampler = {"name": "class_aware", "epoch_length": "largest_class"}
    events = run(spec_of({"alias": "r_bce", "sampler": sampler}, epochs=1), datasets=tail)
    said = next(event.message for event in events if isinstance(event, LogLine))
    counts = next(event.class_counts for event in events if isinstance(event, RunStart))
    assert f"{-(-(max(counts) * 8 // 4) // 64)} steps an epoch" in said


def test_all_positives_of_a_label_come_up_before_one_comes_again() -> None:
    labels = torch.tensor([[1, 0], [1, 0], [1, 1], [0, 0]])
    order = get("sampler", "class_aware")().order(labels.repeat(6, 1), torch.Generator().manual_seed(0))
    second = [index for index in order.tolist() if index % 4 == 2]
    assert set(order.tolist()) <= {i for i in range(24) if i % 4 != 3}
    assert len(set(second)) == 6


@pytest.mark.parametrize("task", [None, "multi_label"])
def test_a_method_for_the_other_task_is_refused_with_the_nearest(task: str | None, tail: Data) -> None:
    data = {"tail": RegisteredDataset("tail", tail["tail"].path, task=task)}
    with pytest.raises(SpecError, match="nearest method that fits is 'lpl'") as caught:
        parse_spec(spec_of("la_lpl"), datasets=data)
    assert caught.value.errors[0]["path"] == "method"
    with pytest.raises(SpecError, match="nearest method that fits is 'class_balanced'"):
        parse_spec({"dataset": "digits", "method": "r_bce"})
    parsed = parse_spec(spec_of({"perturbations": ["isda"]}), datasets=data)
    with pytest.raises(SpecError, match="'isda' is not made for multi_label data"):
        parsed.check(dataset_info(parsed.dataset, datasets=data))


def test_one_name_means_what_the_data_call_for(tail: Data) -> None:
    multi = parse_spec(spec_of("class_balanced_focal"), datasets=tail)
    assert multi.method.alias == "class_balanced_focal"
    loss = multi.method.loss.model_dump()
    assert (loss["gamma"], loss["form"], loss["factor"]) == (2.0, "sigmoid", 2.0)
    assert multi.method.weighting is not None
    assert multi.method.weighting.model_dump()["beta"] == 0.9
    complete = multi.model_dump(mode="json")
    assert parse_spec(complete, datasets=tail).model_dump(mode="json") == complete
    single = parse_spec({"dataset": "digits", "method": "class_balanced_focal"}).method
    assert single.loss.model_dump()["gamma"] == 1.0
    assert single.weighting is not None
    assert single.weighting.model_dump()["beta"] == 0.9999


def test_a_sweep_over_methods_expands_each_for_the_task(tail: Data) -> None:
    spec = spec_of("binary_cross_entropy", sweep={"method": ["focal", "ldam", "two_way", "lpl"]})
    runs = parse_spec(spec, datasets=tail).plan()
    losses = ["focal", "binary_cross_entropy", "two_way", "binary_cross_entropy"]
    assert [run.spec.method.loss.name for run in runs] == losses
    assert [run.spec.model.head for run in runs] == ["linear", "cosine", "linear", "linear"]
    assert [run.spec.optimizer.model_dump()["clip_norm"] for run in runs] == [None, None, 1.0, None]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "random"), [("scene", 0.18), campaign("yeast", 0.30)])
def test_real_multi_label_data_are_learned(name: str, random: float) -> None:
    data = {name: RegisteredDataset(name, str(shared_file(f"{name}.npz")))}
    for method in ("binary_cross_entropy", "r_bce_focal_lpl", "ml_gcn", "two_way"):
        spec = {"dataset": name, "method": method, "epochs": 15, "batch_size": 64}
        assert precision(last(run(spec, datasets=data))) > random + 0.13


@pytest.mark.slow
def test_a_folder_of_real_images_trains_a_small_network(tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_file("coco_mini.zip")) as archive:
        archive.extractall(tmp_path)
    spec = {
        "dataset": {"name": "coco", "image_size": 32},
        "model": "resnet32",
        "augmentation": "pad_crop_flip",
        "method": "r_bce_focal_lpl",
        "epochs": 2,
        "batch_size": 64,
    }
    # Neither format nor task is said: the folder and its labels tell.
    events = run(spec, datasets={"coco": RegisteredDataset("coco", str(tmp_path))})
    assert end(events).outcome == "succeeded", end(events).message
    event = last(events)
    assert event.metrics["test/classes_without_positives"] == 7
    average = event.series["test/average_precision"]
    assert np.isnan(average).sum() == 7
    assert precision(event) == pytest.approx(np.nanmean(average), abs=1e-6)


def test_oltrs_memory_holds_the_mean_features_of_every_labels_positives(tail: Data, tmp_path: Path) -> None:
    parsed = parse_spec(spec_of("oltr"), datasets=tail)
    state = TrainingRun(parsed, device=torch.device("cpu"), data_dir=tmp_path, datasets=tail).state
    network = network_of(state)
    found, present = centroids(state, network)
    with torch.no_grad():
        features = network.features(state.data.network_input(state.data.train.held))
    labels = state.data.train.y
    for c in range(8):
        torch.testing.assert_close(found[c], features[labels[:, c] == 1].mean(dim=0), rtol=1e-4, atol=1e-5)
    assert present.all()
    memory = MetaEmbedding(2, 3, scale=1.0, reachability=1.0)
    with torch.no_grad():
        memory.centroids.copy_(torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0]]))
    # Distances 0, 4, 16: own labels (1, 2) attract by (4 + 16) / 2 / 2, the rest keeps its margin of 10 - 0 / 3.
    procedure = parsed.method.procedure
    assert isinstance(procedure, Oltr)
    loss = procedure.centroid_loss(torch.zeros(1, 2), torch.tensor([[0, 1, 1]]), memory)
    assert loss.item() == pytest.approx(5.0 + 0.01 * 10)
