"""Any perturbations on any base loss, with any weighting, targets and regularisers that go together."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import lplcore
from lplcore.errors import SpecError, validated
from lplcore.method.method import MethodSpec
from lplcore.plugin import get, names
from tests.lplcore.method_cases import Case, batch_of, counts_of

PLAIN = Case("loss", "cross_entropy")


def fitting(kind: str, task: str = "single_label") -> list[str]:
    """Plug-ins of a kind for a task."""
    return [name for name in names(kind) if task in get(kind, name).tasks]


METHODS = st.fixed_dictionaries(
    {
        "loss": st.sampled_from(fitting("loss")),
        "perturbations": st.lists(st.sampled_from(fitting("perturbation")), max_size=3),
        "weighting": st.one_of(st.none(), st.sampled_from(fitting("weighting"))),
        "targets": st.lists(st.sampled_from(fitting("target")), max_size=2, unique=True),
        "regularizers": st.lists(st.sampled_from(fitting("regularizer")), max_size=2),
        "procedure": st.sampled_from(["standard", "deferred", "two_stage"]),
        "sampler": st.sampled_from(fitting("sampler")),
    }
)


MULTI_LABEL_METHODS = st.fixed_dictionaries(
    {
        "loss": st.sampled_from(fitting("loss", "multi_label")),
        "perturbations": st.lists(st.sampled_from(fitting("perturbation", "multi_label")), max_size=3),
        "weighting": st.one_of(st.none(), st.sampled_from(fitting("weighting", "multi_label"))),
        "procedure": st.sampled_from(fitting("procedure", "multi_label")),
        "sampler": st.sampled_from(fitting("sampler", "multi_label")),
    }
)


@settings(max_examples=150, deadline=None)
@given(METHODS)
def test_a_mix_works_or_is_refused_with_the_reason(method: dict[str, Any]) -> None:
    refused: list[dict[str, str]] = []
    try:
        criterion = lplcore.criterion(method, class_counts=counts_of(5))
    except SpecError as error:
        refused = error.errors
    if refused:
        assert all(e["path"] and e["message"] for e in refused)
        return
    batch = batch_of(PLAIN)
    inputs, targets = criterion.mix(batch.features, batch.labels)
    mixed = batch._replace(features=inputs)
    output = criterion.evaluate(mixed.logits, targets, **mixed.arguments())
    assert output.loss.shape == (12,)
    assert output.loss.isfinite().all()
    gradient = torch.autograd.grad(output.loss.mean(), batch.classifier.weight)[0]
    assert gradient.isfinite().all()
    again = validated(MethodSpec, criterion.method.model_dump(mode="json"))
    assert again == criterion.method


@settings(max_examples=150, deadline=None)
@given(MULTI_LABEL_METHODS)
def test_a_multi_label_mix_works_or_is_refused_with_the_reason(method: dict[str, Any]) -> None:
    if method["procedure"] in ("oltr", "ml_gcn") and "ldam" in method["perturbations"]:
        with pytest.raises(SpecError, match="brings its own"):
            lplcore.criterion(method, class_counts=counts_of(5), task="multi_label")
        return
    criterion = lplcore.criterion(method, class_counts=counts_of(5), task="multi_label", num_examples=400)
    batch = batch_of(Case("loss", "binary_cross_entropy", "multi_label"))
    output = criterion.evaluate(batch.logits, batch.labels, **batch.arguments())
    assert output.loss.shape == (12, 5)
    assert output.loss.isfinite().all()
    assert torch.autograd.grad(output.loss.mean(), batch.classifier.weight)[0].isfinite().all()
    context = {"task": "multi_label"}
    assert validated(MethodSpec, criterion.method.model_dump(mode="json"), context=context) == criterion.method


def test_perturbations_apply_in_the_order_of_the_list() -> None:
    batch, counts = batch_of(PLAIN), counts_of(5)
    alone = {
        name: lplcore.criterion([name], class_counts=counts).perturbation(batch.logits, batch.labels)
        for name in ("vs", "logit_adjustment")
    }
    factor = alone["vs"] - lplcore.criterion([{"name": "vs", "gamma": 0.0}], class_counts=counts).perturbation(
        batch.logits, batch.labels
    )
    both = lplcore.criterion(["logit_adjustment", "vs"], class_counts=counts)
    scale = factor / batch.logits.detach()
    # The second perturbation scales the logits with the first one in them.
    expected = alone["logit_adjustment"] * (1 + scale) + alone["vs"]
    torch.testing.assert_close(both.perturbation(batch.logits, batch.labels), expected)
    other = lplcore.criterion(["vs", "logit_adjustment"], class_counts=counts)
    actual = other.perturbation(batch.logits, batch.labels)
    torch.testing.assert_close(actual, alone["vs"] + alone["logit_adjustment"])


def test_weighting_and_regulariser_frame_the_loss_of_the_perturbed_logits() -> None:
    batch, counts = batch_of(PLAIN), counts_of(5)
    parts = {"perturbations": ["logit_adjustment"], "loss": {"name": "focal", "gamma": 2.0}}
    plain = lplcore.criterion(parts, class_counts=counts)(batch.logits, batch.labels, reduction="none")
    weights = lplcore.criterion({"weighting": "inverse_frequency"}, class_counts=counts)
    clean = lplcore.criterion("cross_entropy", class_counts=counts)(batch.logits, batch.labels, reduction="none")
    factor = weights(batch.logits, batch.labels, reduction="none") / clean
    whole = {**parts, "weighting": "inverse_frequency", "regularizers": [{"name": "center", "weight": 0.5}]}
    actual = lplcore.criterion(whole, class_counts=counts)(
        batch.logits, batch.labels, features=batch.features, reduction="none"
    )
    torch.testing.assert_close(actual, factor * plain + 0.5 * (batch.features**2).sum(dim=1))


def test_looking_at_the_perturbation_disturbs_no_label() -> None:
    batch, counts = batch_of(PLAIN), counts_of(5)
    method = {"targets": [{"name": "disturb_label", "noise": 1.0}], "perturbations": [{"name": "ldam", "scale": 1.0}]}
    actual = lplcore.criterion(method, class_counts=counts).perturbation(batch.logits, batch.labels)
    alone = lplcore.criterion([{"name": "ldam", "scale": 1.0}], class_counts=counts)
    assert torch.equal(actual, alone.perturbation(batch.logits, batch.labels))
