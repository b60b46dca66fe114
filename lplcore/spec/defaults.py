"""What a spec means where it says nothing: presets, defaults that depend on the data set, and their order."""

from collections.abc import Collection, Mapping
from typing import Any

from lplcore.data.raw import RegisteredDataset
from lplcore.errors import SpecError, validated
from lplcore.method.alias import as_object, named
from lplcore.method.method import MethodSpec
from lplcore.plugin import nearest, plugins, quoted, registered_record
from lplcore.spec.comparison import space_of, with_methods
from lplcore.spec.task import task_of

META_PER_CLASS = 10
"""Balanced examples of a class for methods that learn from them (as in Meta-Weight-Net's imbalance experiments)."""
NAMED = ("dataset", "model", "augmentation", "optimizer", "schedule")
NULL_IS_DEFAULT = (*NAMED, "method", "epochs", "batch_size")


def with_defaults(
    data: dict[str, Any], registered: Mapping[str, RegisteredDataset]
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The experiment with its preset expanded and the defaults that depend on other fields filled in; what is wrong."""
    data, problems = expand_preset(data)
    data = with_methods(data, task_of(as_object(data.get("dataset")), registered))
    data = {key: value for key, value in data.items() if value is not None or key not in NULL_IS_DEFAULT}
    data = {key: {"name": value} if key in NAMED and isinstance(value, str) else value for key, value in data.items()}
    if isinstance(data.get("augmentation"), list):
        data["augmentation"] = {"name": "sequence", "steps": data["augmentation"]}
    record = dataset_record(data.get("dataset"), registered)
    epochs = data.setdefault("epochs", record.default_epochs if record else 30)
    for part, default in default_parts(record).items():
        data[part] = named(data.get(part, {}), default)
    fill_for_method(data, task_of(data.get("dataset"), registered))
    data["schedule"] = schedule_for(data["schedule"], epochs, swept=swept_fields(data))
    return data, problems


def default_parts(record: Any) -> dict[str, dict[str, Any]]:
    """What an experiment takes where it names no plug-in; the data set's record may be None."""
    augmentation = record.default_augmentation if record else "none"
    if not isinstance(augmentation, str):
        augmentation = {"name": "sequence", "steps": [dict(step) for step in augmentation]}
    names = {
        "model": record.default_model if record else "mlp",
        "augmentation": augmentation,
        "optimizer": "sgd",
        "schedule": "multistep",
    }
    return {part: {"name": name} if isinstance(name, str) else name for part, name in names.items()}


def fill_for_method(data: dict[str, Any], task: str | None) -> None:
    """What the method asks of model, data set and optimiser, where the spec says nothing about it.

    The method itself becomes a record, so that it is not validated again with the whole spec.
    """
    if "method" not in data or "dataset" not in data:
        return  # said when the whole spec is validated
    try:
        method = data["method"] = validated(MethodSpec, data["method"], context={"task": task})
    except SpecError:
        return  # said when the whole spec is validated
    model, dataset = as_object(data["model"]), as_object(data["dataset"])
    record = plugins("model").get(str(model.get("name")))
    if record is None:
        return
    wanted = dict(method.model_defaults)
    if method.head is not None:
        wanted["head"] = method.head
    if method.head == "cosine" and method.scale is not None:
        wanted["cosine_scale"] = method.scale
    data["model"] = {**{key: value for key, value in wanted.items() if key in record.model_fields}, **model}
    data["optimizer"] = {**method.optimizer_defaults, **as_object(data["optimizer"])}
    if method.procedure.needs_meta:
        data["dataset"] = {"meta_per_class": META_PER_CLASS, **dataset}


def dataset_record(dataset: Any, registered: Mapping[str, RegisteredDataset]) -> Any:
    """The data set's plug-in, None where the name is unknown (validation says so)."""
    name = dataset.get("name") if isinstance(dataset, Mapping) else None
    if not isinstance(name, str):
        return None
    return plugins("dataset").get(name) or (registered_record() if name in registered else None)


def schedule_for(schedule: Any, epochs: Any, *, swept: Collection[str]) -> Any:
    """A multistep schedule without milestones falls at 80 % and 90 % of the epochs; a warm-up nobody names is short."""
    named = {"name": schedule} if isinstance(schedule, str) else schedule
    if not isinstance(named, dict) or not isinstance(epochs, int) or isinstance(epochs, bool) or epochs < 1:
        return named
    record = plugins("schedule").get(str(named.get("name")))
    if record is None:
        return named
    filled = dict(named)
    by_steps = filled.get("warmup_steps") or "schedule.warmup_steps" in swept
    if "warmup_epochs" in record.model_fields and not by_steps:
        filled.setdefault("warmup_epochs", min(5, epochs // 10))
    if "milestones" in record.model_fields:
        filled.setdefault("milestones", sorted({max(1, epochs * 8 // 10), max(1, epochs * 9 // 10)}))
    return filled


def swept_fields(data: Mapping[str, Any]) -> list[str]:
    """The fields that an experiment sweeps or searches, as far as it is one."""
    parts = (data.get("sweep"), space_of(data))
    return [field for part in parts if isinstance(part, Mapping) for field in part]


def expand_preset(data: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """`{"preset": name, "override": {...}}` as an experiment, and what is wrong; other experiments as they are."""
    if "preset" not in data:
        return dict(data), []
    message = "stands beside preset; put what differs from the preset under override"
    problems = [{"path": key, "message": message} for key in data if key not in ("preset", "override")]
    name, override = data["preset"], data.get("override") or {}
    presets = plugins("preset")
    if not isinstance(name, str) or name not in presets:
        problems.append({"path": "preset", "message": f"unknown preset {quoted(name)}; {nearest(str(name), presets)}"})
        base: Mapping[str, Any] = {}
    else:
        base = presets[name].spec
    if not isinstance(override, Mapping):
        problems.append({"path": "override", "message": "must be an object with the fields that differ"})
        override = {}
    if override.get("search") is not None:
        base = {key: value for key, value in base.items() if key != "sweep"}  # a search stands in its place
    return merged(base, override), problems


def merged(base: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """Base with the override's values; objects that keep their name or alias are merged, all else replaced."""
    result = dict(base)
    for key, value in override.items():
        old = result.get(key)
        if (
            isinstance(old, Mapping)
            and isinstance(value, Mapping)
            and key not in ("sweep", "search")
            and keeps_identity(old, value)
        ):
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result


def keeps_identity(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether new values speak of the same plug-in or method as the old ones."""
    return all(new.get(field, old.get(field)) == old.get(field) for field in ("name", "alias"))
