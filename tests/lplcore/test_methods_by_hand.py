"""Every single-label method on numbers worked out by hand."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import lplcore
from lplcore.frame.statistics import class_statistics
from lplcore.method.criterion import Criterion
from lplcore.plugin import plugins

ZERO = torch.zeros(1, 2, dtype=torch.float64)
"""Two classes, each with probability one half."""
FIRST, SECOND = torch.tensor([0]), torch.tensor([1])


def criterion_of(method: Any, class_counts: Any = (30, 10), **parameters: Any) -> Criterion:
    return lplcore.criterion(method, class_counts=class_counts, **parameters)


def layer(weight: list[list[float]]) -> nn.Linear:
    linear = nn.Linear(len(weight[0]), len(weight), bias=False, dtype=torch.float64)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor(weight))
    return linear


def value(loss: Tensor) -> float:
    return float(loss.detach())


def test_focal() -> None:
    # p = 1/2: (1/2)^2 * log 2.
    assert value(criterion_of("focal", gamma=2.0)(ZERO, FIRST)) == pytest.approx(math.log(2) / 4)
    # Sigmoid form: both outputs have p = 1/2, each adds (1/2)^1 * log 2.
    assert value(criterion_of({"loss": {"name": "focal", "form": "sigmoid"}})(ZERO, FIRST)) == pytest.approx(
        math.log(2)
    )


def test_class_balanced() -> None:
    # beta = 1/2, counts 1 and 2: (1/2)/(1/2) = 1 and (1/2)/(3/4) = 2/3; scaled to sum 2: 1.2 and 0.8.
    criterion = criterion_of("class_balanced", (1, 2), beta=0.5)
    assert value(criterion(ZERO, FIRST)) == pytest.approx(1.2 * math.log(2))
    assert value(criterion(ZERO, SECOND)) == pytest.approx(0.8 * math.log(2))
    # One sigmoid per class: two binary problems with log 2 each.
    assert value(criterion_of("class_balanced", (1, 2), beta=0.5, form="sigmoid")(ZERO, FIRST)) == pytest.approx(
        2.4 * math.log(2)
    )


def test_class_balanced_focal_is_the_per_class_sigmoid_form_by_default() -> None:
    criterion = criterion_of("class_balanced_focal", (1, 2), beta=0.5, gamma=1.0)
    assert value(criterion(ZERO, FIRST)) == pytest.approx(1.2 * math.log(2))
    softmax = criterion_of("class_balanced_focal", (1, 2), beta=0.5, gamma=1.0, form="softmax")
    assert value(softmax(ZERO, FIRST)) == pytest.approx(1.2 * math.log(2) / 2)


def test_the_sigmoid_form_starts_every_class_at_its_share() -> None:
    statistics = class_statistics([5] * 11)
    assert criterion_of("class_balanced_focal").method.loss.initial_bias(statistics) == pytest.approx(-math.log(10))
    assert criterion_of("focal").method.loss.initial_bias(statistics) is None


def test_weights_by_inverse_frequency() -> None:
    # 1/30 and 1/10 scaled to sum 2: 0.5 and 1.5.
    criterion = criterion_of({"weighting": "inverse_frequency"})
    assert value(criterion(ZERO, FIRST)) == pytest.approx(0.5 * math.log(2))
    assert value(criterion(ZERO, SECOND)) == pytest.approx(1.5 * math.log(2))


def test_a_class_without_examples_gets_the_largest_weight() -> None:
    criterion = criterion_of({"weighting": "inverse_frequency"}, (30, 10, 0))
    even = torch.zeros(1, 3, dtype=torch.float64)
    assert value(criterion(even, torch.tensor([2]))) == pytest.approx(1.5 * math.log(3))


def test_ldam() -> None:
    # Counts 16 and 1: margins 0.25 and 0.5 of a cosine, times the scale.
    criterion = criterion_of("ldam", (16, 1), scale=10.0)
    assert criterion.perturbation(ZERO, FIRST).tolist() == [[-2.5, 0.0]]
    assert criterion.perturbation(ZERO, SECOND).tolist() == [[0.0, -5.0]]
    assert value(criterion(ZERO, SECOND)) == pytest.approx(math.log(1 + math.exp(5)))


def test_ldam_drw_weighs_classes_from_its_start_on() -> None:
    drw, ldam = criterion_of("ldam_drw", (16, 1), beta=0.5, start=0.8), criterion_of("ldam", (16, 1))
    plain = value(ldam(ZERO, SECOND))
    assert value(drw(ZERO, SECOND, progress=0.79)) == plain
    # (1/2) / (1 - 2^-16) and 1, scaled to sum 2.
    weight = 2 / (1 + 0.5 / (1 - 2**-16))
    assert value(drw(ZERO, SECOND, progress=0.8)) == pytest.approx(weight * plain)
    with pytest.raises(ValueError, match="progress: 'deferred' changes during training"):
        drw(ZERO, SECOND)


def test_balanced_softmax_is_logit_adjustment() -> None:
    logits = torch.tensor([[0.3, -1.0], [2.0, 0.1]], dtype=torch.float64)
    labels = torch.tensor([0, 1])
    expected = criterion_of("logit_adjustment")(logits, labels)
    torch.testing.assert_close(criterion_of("balanced_softmax")(logits, labels), expected)
    assert criterion_of("balanced_softmax").perturbation(ZERO, FIRST)[0].tolist() == pytest.approx(
        [math.log(30), math.log(10)]
    )
    equal = criterion_of("balanced_softmax", (10, 10))(logits, labels)
    torch.testing.assert_close(equal, functional.cross_entropy(logits, labels))


def test_generalized_cross_entropy() -> None:
    # q = 1/2, p = 1/2: (1 - 2^-1/2) / (1/2).
    expected = 2 * (1 - math.sqrt(0.5))
    assert value(criterion_of("generalized_cross_entropy", q=0.5)(ZERO, FIRST)) == pytest.approx(expected)
    near = criterion_of("generalized_cross_entropy", q=1e-6)(ZERO, FIRST)
    assert value(near) == pytest.approx(math.log(2), abs=1e-5)


def test_truncation_leaves_hopeless_examples_out_of_the_gradient_once_it_has_begun() -> None:
    criterion = criterion_of("generalized_cross_entropy", q=0.5, truncation=0.5, truncation_start=0.5)
    logits = torch.tensor([[0.0, 3.0], [3.0, 0.0]], dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0, 0])
    late = criterion(logits, labels, progress=0.5, reduction="none")
    assert value(late[0]) == pytest.approx(2 * (1 - math.sqrt(0.5)))
    gradient = torch.autograd.grad(late.sum(), logits)[0]
    assert gradient[0].tolist() == [0, 0]
    assert gradient[1].abs().min() > 0
    early = criterion(logits, labels, progress=0.4, reduction="none")
    plain = criterion_of("generalized_cross_entropy", q=0.5)(logits, labels, reduction="none")
    assert torch.equal(early, plain)


def test_vector_scaling() -> None:
    # Counts 16 and 1, gamma 1/4: temperatures 1 and 2; tau 0 leaves CDT.
    criterion = criterion_of("vs", (16, 1), gamma=0.25, tau=0.0)
    logits = torch.tensor([[1.0, 4.0]], dtype=torch.float64)
    assert criterion.perturbation(logits, FIRST).tolist() == [[0.0, -2.0]]
    additive = criterion_of("vs", gamma=0.0, tau=2.0).perturbation(logits, FIRST)[0].tolist()
    assert additive == pytest.approx([2 * math.log(0.75), 2 * math.log(0.25)])


def test_gcl_lowers_rare_classes_by_a_folded_normal() -> None:
    criterion = criterion_of("gcl", (54, 1), amplitude=0.5, scale=10.0)
    torch.default_generator.manual_seed(0)
    delta = criterion.perturbation(torch.zeros(20_000, 2), torch.zeros(20_000, dtype=torch.int64))
    assert delta[:, 0].abs().max() == 0
    # |N(0, 1/9)| has mean sqrt(2 / pi) / 3, clipping at 3 sigma takes 0.4 % of it away; times 10 * 0.5.
    assert delta[:, 1].mean() == pytest.approx(-5 * math.sqrt(2 / math.pi) / 3, rel=0.02)
    assert delta.min() >= -5
    fixed = criterion_of("gcl", (4, 1), amplitude=0.0, margin=0.2, scale=10.0).perturbation(ZERO, SECOND)
    assert fixed.tolist() == [[0.0, -2.0]]


def test_seesaw() -> None:
    # Counts 4 and 1, p = 1/2: the rarer class is spared by log(1/4) / 2. Score ratio 3 with q = 2 adds 2 log 3.
    criterion = criterion_of("seesaw", (4, 1), p=0.5, q=2.0, counts="training")
    assert criterion.perturbation(ZERO, FIRST)[0].tolist() == pytest.approx([0, -math.log(2)])
    assert criterion.perturbation(ZERO, SECOND)[0].tolist() == pytest.approx([0, 0])
    mistaken = torch.tensor([[0.0, math.log(3)]], dtype=torch.float64)
    assert criterion.perturbation(mistaken, FIRST)[0].tolist() == pytest.approx([0, 2 * math.log(3) - math.log(2)])


def test_seesaws_compensation_grows_without_end_where_mmpretrains_is_cut_off() -> None:
    logits, label = torch.tensor([[0.0, 10.0]], dtype=torch.float64), torch.tensor([0])
    delta = criterion_of("seesaw", (1, 1), p=0.0, q=2.0, counts="training").perturbation(logits, label)
    # Scores 4.5e-5 and 1: S = (1 / 4.5e-5)^2 = e^20; with score_0 taken as 0.01 it were e^9.2.
    assert delta[0].tolist() == pytest.approx([0.0, 20.0])
    assert "0.01" in " ".join((plugins("perturbation")["seesaw"].__doc__ or "").split())


def test_large_margin() -> None:
    # f at 60 degrees of w_0, m = 2: psi = cos 120 = -1/2 in place of 1/2; |w| |f| = 6.
    features = torch.tensor([[1.0, math.sqrt(3)]], dtype=torch.float64)
    head = layer([[3.0, 0.0], [0.0, 1.0]])
    arguments: dict[str, Any] = {"features": features, "classifier": head}
    criterion = criterion_of("large_margin", multiple=2, annealing=0.0)
    assert criterion.perturbation(head(features), FIRST, **arguments)[0].tolist() == pytest.approx([-6, 0])
    # At 150 degrees (k = 1): psi = -cos 300 - 2 = -2.5 in place of -0.866.
    behind = torch.tensor([[-math.sqrt(3), 1.0]], dtype=torch.float64)
    arguments = {"features": behind, "classifier": head}
    expected = 6 * (-2.5 + math.sqrt(3) / 2)
    assert criterion.perturbation(head(behind), FIRST, **arguments)[0, 0] == pytest.approx(expected)
    annealed = criterion_of("large_margin", multiple=2, annealing=1.0, annealing_decay=0.5)
    arguments = {"features": features, "classifier": head}
    changes = []
    for _ in range(3):
        changes.append(float(annealed.perturbation(head(features), FIRST, **arguments)[0, 0]))
        annealed(head(features), FIRST, **arguments)
    assert changes == pytest.approx([-6 / 2, -6 / 1.5, -6 / 1.25])


def test_isda() -> None:
    # Class 0 has features (0, 0) and (2, 0): covariance diag(1, 0); w_1 - w_0 = (3, 5); lambda = 0.5 * 0.5.
    features = torch.tensor([[0.0, 0.0], [2.0, 0.0]], dtype=torch.float64)
    head = layer([[0.0, 0.0], [3.0, 5.0]])
    labels = torch.tensor([0, 0])
    for covariance in ("full", "diagonal"):
        criterion = criterion_of("isda", strength=0.5, covariance=covariance)
        delta = criterion.perturbation(head(features), labels, features=features, classifier=head, progress=0.5)
        assert delta[0].tolist() == pytest.approx([0, 0.5 * 0.25 * 9])


def test_isdas_lambda_may_grow_by_whole_epochs() -> None:
    features = torch.tensor([[0.0, 0.0], [2.0, 0.0]], dtype=torch.float64)
    head, labels = layer([[0.0, 0.0], [3.0, 5.0]]), torch.tensor([0, 0])
    for growth, share in (("step", 0.55), ("epoch", 0.5)):
        criterion = criterion_of("isda", strength=0.5, growth=growth)
        criterion.begin_epoch(0.5)
        delta = criterion.perturbation(head(features), labels, features=features, classifier=head, progress=0.55)
        assert delta[0].tolist() == pytest.approx([0, 0.5 * 0.5 * share * 9])


def test_isda_refuses_a_covariance_that_fits_no_memory() -> None:
    criterion = criterion_of("isda", [5] * 8142)
    with pytest.raises(ValueError, match="set isda's covariance to 'diagonal'"):
        criterion.allocate(2048)


def test_center() -> None:
    # Centres begin at zero: |f|^2 = 25 adds 2.5. One step of rate 0.5 * 2 / 1 moves the centre onto the example.
    criterion = criterion_of("center", weight=0.1)
    features = torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    assert value(criterion(ZERO, FIRST, features=features)) == pytest.approx(math.log(2) + 2.5)
    assert value(criterion(ZERO, FIRST, features=features)) == pytest.approx(math.log(2))


def test_lade() -> None:
    # One example, equal counts, zero logits: both terms of the estimate vanish.
    assert value(criterion_of("lade", (5, 5), weight=1.0)(ZERO, FIRST)) == pytest.approx(math.log(2))
    # Prior (3/4, 1/4): second terms log(2/3), log 2; cross entropy of the adjusted logits is log(4/3).
    second = [math.log(2 / 3), math.log(2)]
    term = 0.75 * (second[0] + 0.1 * second[0] ** 2) + 0.25 * (second[1] + 0.1 * second[1] ** 2)
    assert value(criterion_of("lade")(ZERO, FIRST)) == pytest.approx(math.log(4 / 3) + 0.1 * term)


def test_label_smoothing() -> None:
    logits = torch.tensor([[math.log(3), 0.0]], dtype=torch.float64)
    expected = -0.9 * math.log(3 / 4) - 0.1 * math.log(1 / 4)
    assert value(criterion_of("label_smoothing", smoothing=0.2)(logits, FIRST)) == pytest.approx(expected)


def test_label_aware_smoothing() -> None:
    # The rarest class is smoothed by 0.2, the most frequent by 0.4, one half way by 0.2 + 0.2 sin(pi / 4).
    criterion = criterion_of("label_aware_smoothing", (30, 20, 10), smooth_head=0.4, smooth_tail=0.2)
    logits = torch.tensor([[1.0, 0.0, 0.0]], dtype=torch.float64).log_softmax(1)
    for label, share in ((0, 0.4), (1, 0.2 + 0.2 * math.sin(math.pi / 4)), (2, 0.2)):
        target = [share / 3 + (1 - share) * (j == label) for j in range(3)]
        expected = -sum(t * u for t, u in zip(target, logits[0].tolist(), strict=True))
        assert value(criterion(logits, torch.tensor([label]))) == pytest.approx(expected)


def test_disturb_label_draws_every_other_class_alike() -> None:
    criterion = criterion_of("disturb_label", (9, 9, 9), noise=0.3)
    torch.default_generator.manual_seed(0)
    labels = torch.full((30_000,), 2)
    module = criterion.targets[0]
    share = module(labels, torch.float32).bincount(minlength=3) / 30_000
    assert share.tolist() == pytest.approx([0.1, 0.1, 0.8], abs=0.01)
    logits = torch.zeros(1, 3)
    assert criterion.eval()(logits, SECOND) == criterion_of("cross_entropy", (9, 9, 9))(logits, SECOND)


def test_mixup_mixes_inputs_and_targets_by_one_ratio() -> None:
    criterion = criterion_of("mixup", (9, 9), alpha=0.7)
    inputs, labels = torch.tensor([[0.0], [1.0]]), torch.tensor([0, 1])
    torch.default_generator.manual_seed(3)
    ratios = []
    for _ in range(400):
        mixed, targets = criterion.mix(inputs, labels)
        torch.testing.assert_close(targets[:, 1], mixed[:, 0])
        torch.testing.assert_close(targets.sum(1), torch.ones(2))
        ratios.append(float(mixed[0, 0]))
    moved = [r for r in ratios if r not in (0.0, 1.0)]
    assert 0.3 < len(moved) / 400 < 0.7
    assert sum(moved) / len(moved) == pytest.approx(0.5, abs=0.1)
    assert criterion.eval().mix(inputs, labels)[1] is labels


def test_influence_balanced() -> None:
    # |p - e_y|_1 = 1, |f|_1 = 3; class factors 0.5 and 1.5.
    features = torch.tensor([[-1.0, 2.0]], dtype=torch.float64)
    criterion = criterion_of("influence_balanced", alpha=6.0, guard=1.0, start=0.5)
    for label, factor in ((FIRST, 0.5), (SECOND, 1.5)):
        loss = criterion(ZERO, label, features=features, progress=0.5)
        assert value(loss) == pytest.approx(factor * 6 / 4 * math.log(2))
    assert value(criterion(ZERO, SECOND, features=features, progress=0.4)) == pytest.approx(math.log(2))
