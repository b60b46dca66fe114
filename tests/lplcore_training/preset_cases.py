"""Presets made small: what each distinct network, input pipeline and procedure among them is trained by."""

from typing import Any, NamedTuple

import lplcore
from lplcore.plugin import plugins

SMALL: dict[str, Any] = {
    "generator_epochs": 1,
    "generator_batch_size": 20,
    "latent": 4,
    "width": 4,
    "meta_batch_size": 10,
}
"""Fields of procedures that make them quick."""


class Case(NamedTuple):
    """A preset that stands for those with the same network, pipeline and procedure."""

    preset: str
    values: dict[str, Any]
    """Its complete spec."""


def cases() -> list[Case]:
    """One preset for every network, pipeline (CIFAR-10 and CIFAR-100 are one) and procedure."""
    first: dict[str, Case] = {}
    for name in plugins("preset"):
        values = lplcore.parse_spec({"preset": name}).model_dump(mode="json")
        dataset = values["dataset"]
        pipeline = {field: dataset.get(field) for field in ("view", "resize", "cache", "image_size", "normalization")}
        parts = (values["model"], pipeline, values["augmentation"], values["method"]["procedure"]["name"])
        first.setdefault(repr(parts), Case(name, values))
    return list(first.values())


def small(case: Case) -> dict[str, Any]:
    """Its spec with batches of two examples, on a small copy of its data, at its smallest size."""
    values = case.values
    dataset, procedure = dict(values["dataset"]), dict(values["method"]["procedure"])
    changes = {"imbalance_factor": 1.0, "allow_modified": True, "meta_per_class": min(1, dataset["meta_per_class"])}
    dataset |= {field: value for field, value in (changes | SIZES).items() if field in dataset}
    procedure |= {field: value for field, value in SMALL.items() if field in procedure}
    method = {**values["method"], "procedure": procedure}
    return {**values, "dataset": dataset, "method": method, "batch_size": 2, "seeds": [0], "sweep": {}}


SIZES: dict[str, Any] = {"image_size": 32, "resize": 36}
"""Of data sets whose images have any size."""
