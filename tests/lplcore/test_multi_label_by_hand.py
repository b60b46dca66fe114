"""Multi-label methods on numbers worked out by hand, and what they say to wrong input."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

import lplcore
from lplcore.method.criterion import Criterion
from lplcore.perturbations.logit_compensation import LogitCompensationModule
from lplcore.plugin import plugins
from tests.shared_data import shared_file

ZERO = torch.zeros(1, 2, dtype=torch.float64)
FIRST, NONE, BOTH = torch.tensor([[1, 0]]), torch.tensor([[0, 0]]), torch.tensor([[1, 1]])


def criterion_of(method: Any, class_counts: Any = (30, 10), number: int | None = 100, **parameters: Any) -> Criterion:
    return lplcore.criterion(method, class_counts=class_counts, task="multi_label", num_examples=number, **parameters)


def entries(criterion: Criterion, logits: Tensor, labels: Tensor) -> list[float]:
    values: list[float] = criterion(logits, labels, reduction="none").flatten().tolist()
    return values


def test_binary_cross_entropy_is_torchs() -> None:
    logits, labels = torch.randn(7, 2), (torch.rand(7, 2) < 0.5).float()
    expected = functional.binary_cross_entropy_with_logits(logits, labels)
    assert torch.equal(criterion_of("binary_cross_entropy")(logits, labels), expected)
    assert torch.equal(criterion_of("binary_cross_entropy")(logits, labels.bool()), expected)
    assert torch.equal(criterion_of("binary_cross_entropy")(logits, labels.long()), expected)


def test_focal_at_zero_is_half_of_cross_entropy() -> None:
    # factor 2, (1 - 1/2)^2 = 1/4.
    assert entries(criterion_of("focal"), ZERO, FIRST) == pytest.approx([math.log(2) / 2] * 2)


def test_asymmetric_forgets_easy_negatives() -> None:
    easy = math.log(0.04 / 0.96)
    actual = entries(criterion_of("asymmetric"), torch.tensor([[0.0, easy]], dtype=torch.float64), FIRST)
    assert actual == pytest.approx([0.5 * math.log(2), 0.0])
    hard = entries(criterion_of("asymmetric"), ZERO, NONE)
    assert hard == pytest.approx([0.45**4 * -math.log(0.55)] * 2)


def test_reweighting_is_by_the_share_of_positives_and_not_scaled() -> None:
    # 100 examples, 30 and 10 positives: every entry of the classes by 100 / 30 and 100 / 10.
    actual = entries(criterion_of("reweighting"), ZERO, FIRST)
    assert actual == pytest.approx([100 / 30 * math.log(2), 10 * math.log(2)])
    assert entries(criterion_of("reweighting", power=0.5), ZERO, FIRST)[1] == pytest.approx(math.sqrt(10) * math.log(2))
    scaled = entries(criterion_of("reweighting", normalize="mean"), ZERO, FIRST)
    assert scaled == pytest.approx([0.5 * math.log(2), 1.5 * math.log(2)])
    criterion_of("reweighting", number=None, normalize="mean")
    with pytest.raises(ValueError, match="num_examples: inverse_frequency needs"):
        criterion_of("reweighting", number=None)


def test_class_balanced_weights_are_a_mean_over_labels_and_not_scaled() -> None:
    # (1 - 0.5) / (1 - 0.5^n): 2/3 for 2 positives, 1 for 1; both: 5/6; none: 1.
    criterion = criterion_of({"weighting": {"name": "class_balanced", "beta": 0.5}}, (2, 1))
    for labels, weight in ((FIRST, 2 / 3), (BOTH, 5 / 6), (NONE, 1)):
        assert entries(criterion, ZERO, labels) == pytest.approx([weight * math.log(2)] * 2)


def test_two_way_of_one_example() -> None:
    # Row: softplus(1 * log e^0 + 4 * log e^0) = log 2. Columns: only the first has a positive, and no negative: 0.
    assert criterion_of("two_way")(ZERO, FIRST).item() == pytest.approx(math.log(2))
    assert criterion_of("two_way")(ZERO, NONE).item() == 0
    assert criterion_of("two_way")(ZERO, BOTH).item() == 0


def test_rebalanced_weights() -> None:
    # r of (first) is 1 for class 0 and 3 for class 1; of (both) 1/4 and 3/4.
    weights = [x / math.log(2) for x in entries(criterion_of("r_bce"), ZERO, FIRST)]
    assert weights == pytest.approx([0.1 + sigmoid(10 * 0.8), 0.1 + sigmoid(10 * 2.8)])
    weights = [x / math.log(2) for x in entries(criterion_of("r_bce", mu=0.3), ZERO, BOTH)]
    assert weights == pytest.approx([0.1 + sigmoid(10 * -0.05), 0.1 + sigmoid(10 * 0.45)])
    weights = [x / math.log(2) for x in entries(criterion_of("r_bce"), ZERO, NONE)]
    assert weights == pytest.approx([1.1, 1.1])


def test_negative_tolerance_as_in_the_released_code() -> None:
    criterion = criterion_of("r_bce_ntr", (50, 10))
    # Class 0 has N = 2 n: no bias. Class 1: -0.05 * log(9) / 2.
    bias = -0.05 * math.log(9) / 2
    assert criterion.perturbation(ZERO, FIRST).flatten().tolist() == pytest.approx([0, bias])
    loss = criterion_of({"loss": {"name": "binary_cross_entropy", "negative_scale": 2.0}})
    logits = torch.tensor([[0.3, 0.3]], dtype=torch.float64)
    assert entries(loss, logits, FIRST) == pytest.approx([math.log1p(math.exp(-0.3)), math.log1p(math.exp(0.6)) / 2])


def test_one_negative_scale_goes_to_both_halves_of_negative_tolerance() -> None:
    method = criterion_of("r_bce_ntr", negative_scale=5.0).method
    parts = [part.model_dump() for part in (method.loss, *method.perturbations)]
    assert [part["negative_scale"] for part in parts] == [5.0, 5.0]


def test_other_parameters_go_to_one_part() -> None:
    method = criterion_of("r_bce_focal_lpl", form="pgd").method
    assert [part.model_dump()["form"] for part in (method.loss, *method.perturbations)] == ["sigmoid", "pgd"]


def test_classes_that_all_or_no_examples_have_get_a_finite_bias() -> None:
    bias = criterion_of("r_bce_ntr", (100, 0, 10)).perturbation(torch.zeros(1, 3), torch.zeros(1, 3))
    assert bias.isfinite().all()
    assert bias[0, 0] > 0 > bias[0, 2] > bias[0, 1]


def test_logit_compensation_scales_and_shifts_within_its_bounds() -> None:
    criterion = criterion_of(["logit_compensation"])
    part = criterion.perturbations[0]
    assert isinstance(part, LogitCompensationModule)
    logits = torch.tensor([[2.0, -1.0]], dtype=torch.float64)
    assert criterion.perturbation(logits, FIRST).abs().max() == 0
    with torch.no_grad():
        part.scale.copy_(torch.tensor([[0.5, 9.0], [-9.0, -0.5]]))
        part.shift.copy_(torch.tensor([[0.2, 9.0], [-9.0, -0.2]]))
    actual = criterion.perturbation(logits, FIRST).flatten().tolist()
    positive = 0.5 * math.tanh(0.5) * 2 + math.tanh(0.2)
    negative = 0.5 * math.tanh(-0.5) * -1 + math.tanh(-0.2)
    assert actual == pytest.approx([positive, negative])
    with torch.no_grad():
        part.scale.fill_(1e6)
        part.shift.fill_(1e6)
    bounded = criterion.perturbation(logits, FIRST).flatten().tolist()
    assert bounded == pytest.approx([0.5 * 2 + 1, 0.5 * -1 + 1])


def test_lpl_on_real_counts_raises_head_and_lowers_tail() -> None:
    counts = np.load(shared_file("voc_mlt_train.npz"))["y"].sum(axis=0)
    logits, labels = torch.zeros(3, 20), torch.zeros(3, 20)
    delta = lplcore.criterion("lpl", class_counts=counts, task="multi_label").perturbation(logits, labels)[0]
    head = np.argsort(-counts, kind="stable")[:10]
    for c in range(20):
        expected = 0.2 * counts[c] / 775 if c in head else -0.2 * 4 / counts[c]
        assert delta[c].item() == pytest.approx(expected)
    assert delta[14] == delta.max() == pytest.approx(0.2)


def test_negative_tolerance_on_real_counts_raises_person_alone() -> None:
    for name, persons in (("voc_mlt_train.npz", 14), ("coco_mlt_train.npz", 0)):
        labels = np.load(shared_file(name))["y"]
        criterion = criterion_of("r_bce_ntr", labels.sum(axis=0), len(labels))
        bias = criterion.perturbation(torch.zeros(1, labels.shape[1]), torch.zeros(1, labels.shape[1]))[0]
        assert (bias > 0).nonzero().flatten().tolist() == [persons]


def test_rebalanced_weights_on_real_labels_even_out_what_class_aware_sampling_draws() -> None:
    labels = np.load(shared_file("coco_mlt_train.npz"))["y"].astype(np.float64)
    counts = labels.sum(axis=0)
    actual = criterion_of("r_bce", counts, len(labels))(
        torch.zeros(*labels.shape), torch.tensor(labels), reduction="none"
    )
    ratio = (1 / counts) / (labels @ (1 / counts))[:, None]
    expected = (0.1 + 1 / (1 + np.exp(-10 * (ratio - 0.2)))) * math.log(2)
    np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-5)


OPTIONS = st.fixed_dictionaries(
    {
        "threshold": st.one_of(st.floats(0, 0.99), st.integers(0, 6).map(float)),
        "epsilon": st.floats(0, 1),
        "delta_epsilon": st.floats(0, 2),
        "step_size": st.sampled_from([0.01, 0.05, 0.1, 0.3]),
        "head_scale": st.sampled_from([1.0, 0.2]),
    }
)


@settings(max_examples=60, deadline=None)
@given(OPTIONS, st.sampled_from([0.1, 1.0, 1e4]), st.integers(0, 2**30))
def test_the_walk_ends_where_the_closed_form_says(options: dict[str, Any], size: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    counts = [90, 0, 30, 7, 7]
    logits = size * torch.randn(6, 5, generator=generator)
    labels = (torch.rand(6, 5, generator=generator) < 0.4).float()
    closed = criterion_of("lpl", counts, form="closed", **options).perturbation(logits, labels)
    walked = criterion_of("lpl", counts, form="pgd", **options).perturbation(logits, labels)
    torch.testing.assert_close(walked, closed, rtol=1e-5, atol=1e-6)


def test_lpl_raises_the_tails_loss_of_positives_and_lowers_that_of_negatives() -> None:
    criterion = criterion_of("r_bce_lpl", (30, 20, 10, 5))
    logits, labels = torch.randn(8, 4, dtype=torch.float64), torch.tensor([[1, 1, 1, 1], [0, 0, 0, 0]] * 4)
    output = criterion.evaluate(logits, labels)
    change = output.perturbed_loss - output.clean_loss
    raised = change > 0
    head, tail = [True, False], [False, True]
    assert raised[:2, :2].T.tolist() == [tail, tail]
    assert raised[:2, 2:].T.tolist() == [head, head]
    assert output.observations["lpl/sign"].tolist() == [-1, -1, 1, 1]


@pytest.mark.parametrize(
    ("method", "options", "says"),
    [
        ("lpl", {"split": "performance"}, "split: 'performance' is for single_label data"),
        ("lpl", {"num_steps": 3}, "num_steps: 3 is for single_label data"),
        ("lpl", {"threshold": 3.5}, r"threshold: 3.5 lies outside \[0, C \+ 1\]"),
        ("focal", {"form": "softmax"}, "form: 'softmax' makes classes exclude each other"),
        ("cross_entropy", {}, "nearest method that fits is 'binary_cross_entropy'"),
        ("la_lpl", {}, "nearest method that fits is 'lpl'"),
        ({"loss": "cross_entropy"}, {}, "loss.name: 'cross_entropy' is not made for multi_label data"),
        ({"targets": ["mixup"]}, {}, "targets.0.name: 'mixup' is not made for multi_label data; leave it out"),
        ({"procedure": "ml_gcn", "perturbations": ["ldam"]}, {}, "'ml_gcn' brings its own"),
    ],
    ids=str,
)
def test_what_does_not_fit_multi_label_is_refused_with_the_remedy(method: Any, options: Any, says: str) -> None:
    with pytest.raises(lplcore.SpecError, match=says):
        criterion_of(method, **options)


@pytest.mark.parametrize(
    ("options", "says"),
    [({"form": "pgd"}, "form: 'pgd' is for multi_label data"), ({"method": "two_way"}, "fits is 'cross_entropy'")],
    ids=str,
)
def test_what_does_not_fit_single_label_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(lplcore.SpecError, match=says):
        lplcore.criterion(options.pop("method", "lpl"), class_counts=[3, 2], **options)


def test_every_alias_for_one_task_names_one_that_fits_the_other() -> None:
    for name, record in plugins("method").items():
        for task in {"single_label", "multi_label"} - record.tasks:
            assert task in plugins("method")[record.nearest(task)].tasks, name


def test_negative_tolerance_asks_for_the_number_of_examples() -> None:
    with pytest.raises(ValueError, match=r"num_examples: .* call criterion\(..., num_examples=n\)"):
        criterion_of("r_bce_ntr", number=None)
    with pytest.raises(ValueError, match="num_examples: a class has 30 examples, 20 given"):
        criterion_of("r_bce_ntr", number=20)
    with pytest.raises(ValueError, match="num_examples: class_counts sum to 5, 6 given"):
        lplcore.criterion("lpl", class_counts=[3, 2], num_examples=6)


@pytest.mark.parametrize("labels", [torch.tensor([0]), torch.zeros(1, 3), torch.zeros(2, 2)], ids=str)
def test_labels_must_be_multi_hot_rows(labels: Tensor) -> None:
    with pytest.raises(ValueError, match=r"labels: expected multi-hot rows \[1, 2\]"):
        criterion_of("lpl")(ZERO, labels)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize("name", [name for name in plugins("method") if name.startswith("r_bce")])
def test_multi_label_aliases_say_whose_defaults_they_have(name: str) -> None:
    description = " ".join(plugins("method")[name].description.split())
    assert "COCO-MLT, mu 0.2" in description
    assert "VOC-MLT takes 0.3" in description
    assert ("2; VOC-MLT takes 0.3 and 5" in description) is name.endswith("ntr")
