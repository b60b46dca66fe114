"""Plug-ins: taken by scan, resolved by name, described by their schema."""

from pathlib import Path
from typing import Annotated, Any

import pydantic
import pytest

import lplcore
from lplcore import plugin
from lplcore.losses import Loss
from lplcore.plugin import FOLDERS, Plugin, PluginOf, PluginValue, Record
from lplcore.weightings import Weighting


class Holder(Record):
    """A record with a required and an absent kind of plug-in."""

    loss: Annotated[Loss, PluginOf("loss")]
    weighting: Annotated[Weighting, PluginOf("weighting")] | None = None


@pytest.mark.parametrize("kind", sorted(FOLDERS))
def test_names_are_those_of_the_modules(kind: str) -> None:
    folder = Path(lplcore.__path__[0], FOLDERS[kind])
    modules = {path.stem for path in folder.iterdir()}
    for name, each in plugin.plugins(kind).items():
        if isinstance(each, PluginValue):
            assert kind in ("method", "preset", "study")
            assert each.name == name
            assert any(f"{name}_".startswith(f"{module}_") for module in modules)
        else:
            assert name in modules
            assert issubclass(each, Plugin)
            assert f"{each.__module__}.".startswith(f"lplcore.{FOLDERS[kind]}.{name}.")


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(KeyError, match="did you mean 'cross_entropy'"):
        plugin.get("loss", "cross_entropi")


@pytest.mark.parametrize("value", ["cross_entropy", {"name": "cross_entropy"}])
def test_a_bare_name_and_an_object_mean_the_same(value: Any) -> None:
    holder = Holder.model_validate({"loss": value})
    assert holder.loss == plugin.get("loss", "cross_entropy")()
    assert holder.model_dump(mode="json") == {"loss": {"name": "cross_entropy", "form": "softmax"}, "weighting": None}


@pytest.mark.parametrize("value", [None, 3, [], {}, {"name": None}, {"name": "no"}, {"name": "cross_entropy", "x": 1}])
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(pydantic.ValidationError):
        Holder.model_validate({"loss": value})


def test_records_are_frozen() -> None:
    holder = Holder.model_validate({"loss": "cross_entropy"})
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        setattr(holder, "loss", holder.loss)  # noqa: B010 (a type checker refuses the plain assignment)


def test_the_schema_lists_every_plugin() -> None:
    schema = str(lplcore.ExperimentSpec.model_json_schema())
    for kind in ("loss", "perturbation", "sampler", "model", "optimizer", "schedule", "augmentation", "dataset"):
        for name in plugin.names(kind):
            assert f"'{name}'" in schema


def test_every_preset_can_be_planned_and_built() -> None:
    for name in plugin.names("preset"):
        plan = lplcore.parse_spec({"preset": name}).plan()
        assert plan
        counts, task = range(200, 100, -1), next(iter(plan[-1].spec.dataset.tasks))
        lplcore.criterion(plan[-1].spec.method, class_counts=counts, task=task, num_examples=sum(counts))
