"""What sides are called: by method and by what differs, as short as tells them apart."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

METHOD, NAME = "method", "name"
MOST_CHARACTERS, MOST_DIFFERENCES = 60, 4
Telling = Callable[[Sequence[int]], list[str]]
MISSING = object()
"""Where one of several specs has nothing."""
BESIDE_THE_POINT = ("name", "tags", "notes", "seeds", "sweep", "priority")
"""Fields of a spec that change no result, or that sides show by themselves."""

METRICS = {
    "test/top1_error": "top-1 error",
    "test/mean_average_precision": "mAP",
    "many": "many",
    "test/balanced_accuracy": "balanced accuracy",
    "test/macro_f1": "macro F1",
    "medium": "medium",
    "few": "few",
}


def metric_title(name: str) -> str:
    """A metric in the words of a table."""
    head, _, group = name.rpartition(".") if name.rpartition(".")[2] in METRICS else (name, "", "")
    return METRICS.get(group or head, name)


def method_of(spec: Mapping[str, Any]) -> str:
    """The alias of a complete spec's method, or the names of its loss and perturbations."""
    method = spec.get(METHOD)
    if not isinstance(method, Mapping):
        return str(method or "")
    loss = method.get("loss")
    parts = [*([loss] if loss else []), *(method.get("perturbations") or [])]
    return str(method.get("alias") or "+".join(str(part.get("name")) for part in parts if isinstance(part, Mapping)))


def point_method(point: Mapping[str, Any], method: str) -> str:
    """The method of a sweep point: what it says, or else that of its job."""
    swept = point.get(METHOD, point.get("method.alias"))
    return method if swept is None else method_of({METHOD: swept})


def point_label(point: Mapping[str, Any], method: str) -> str:
    """A sweep point in words: its method, and what else it sets."""
    return " ".join([point_method(point, method), *parameters(point)])


def parameters(point: Mapping[str, Any]) -> list[str]:
    """What a sweep point sets beside the choice of a method and of the data."""
    swept = point.get(METHOD)
    own = swept if isinstance(swept, Mapping) and "loss" not in swept and "perturbations" not in swept else {}
    plain = {key: value for key, value in own.items() if key not in ("alias", "name")}
    rest = {path: value for path, value in point.items() if path not in (METHOD, "method.alias") and not of_data(path)}
    return [assignment(path, value) for path, value in {**plain, **rest}.items()]


def of_data(path: str) -> bool:
    """Whether a path of a spec chooses the data."""
    return path.partition(".")[0] == "dataset"


def assignment(path: str, value: Any) -> str:
    """`delta_epsilon=2`."""
    parts = path.split(".")
    key = parts[-2] if parts[-1] in ("name", "alias") and len(parts) > 1 else parts[-1]
    return f"{key}={short(value)}"


def short(value: Any, *, most: int = MOST_CHARACTERS) -> str:
    """A value of a spec, short."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping) and isinstance(value.get("name"), str):
        value = value["name"]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else f"{text[: most - 3]}..."


def data_label(spec: Mapping[str, Any]) -> str:
    """A data set with its imbalance: `digits 20:1`."""
    dataset = spec.get("dataset")
    if not isinstance(dataset, Mapping):
        return str(dataset or "")
    factor = dataset.get("imbalance_factor")
    name = str(dataset.get("name", ""))
    return f"{name} {factor:g}:1" if isinstance(factor, int | float) and factor > 1 else name


def differing(specs: Sequence[Any], path: str = "") -> dict[str, list[Any]]:
    """Path -> value of every spec, where they are not all the same; null where one has nothing there.

    Of a plug-in that some lack its name is told, and what differs between the others.
    """
    if all(spec == specs[0] for spec in specs[1:]):
        return {}
    keys = keys_of(specs, top=not path)
    if keys is None:
        return {path: [None if spec is MISSING else spec for spec in specs]}
    parts = [differing([inner(spec, key) for spec in specs], f"{path}.{key}" if path else str(key)) for key in keys]
    return {name: values for part in parts for name, values in part.items()}


def keys_of(specs: Sequence[Any], *, top: bool) -> list[Any] | None:
    """The keys or places at which several specs are looked at, None where they are values to be told."""
    present = [spec for spec in specs if spec is not MISSING and spec is not None]
    if all(isinstance(spec, Mapping) for spec in present):
        keys = dict.fromkeys(key for spec in present for key in spec)
        if len(present) == len(specs):
            return [key for key in keys if not (top and key in BESIDE_THE_POINT)]
        return [key for key in keys if key == NAME or differing([inner(each, key) for each in present])] or None
    if len(present) == len(specs) and all(isinstance(spec, list) for spec in specs):
        return list(range(max(map(len, specs))))
    return None


def inner(spec: Any, key: Any) -> Any:
    """What a mapping or a list has there."""
    if isinstance(spec, Mapping):
        return spec.get(key, MISSING)
    return spec[key] if isinstance(spec, list) and key < len(spec) else MISSING


def told_apart(labels: Sequence[str], groups: Sequence[str], *ways: Telling) -> list[str]:
    """Labels that differ within their group: equal ones get, way by way, what tells them from each other.

    Args:
        groups: of each label; equal labels of different groups may stay equal.
        ways: each says a word on every one of some places.
    """
    labels = list(labels)
    for way in (*ways, numbered):
        equal: dict[tuple[str, str], list[int]] = {}
        for place, key in enumerate(zip(groups, labels, strict=True)):
            equal.setdefault(key, []).append(place)
        for places in equal.values():
            words = way(places)
            if len(set(words)) > 1:
                for place, word in zip(places, words, strict=True):
                    labels[place] = f"{labels[place]} {word}".strip()
    return labels


def numbered(places: Sequence[int]) -> list[str]:
    """The last way: they are counted."""
    return [f"#{number}" for number, _ in enumerate(places, start=1)]


def by_configuration(specs: Sequence[Mapping[str, Any]]) -> Telling:
    """The way that says what differs between specs, the first few of it."""

    def words(places: Sequence[int]) -> list[str]:
        paths = list(differing([specs[place] for place in places]).items())[:MOST_DIFFERENCES]
        return [" ".join(assignment(path, values[number]) for path, values in paths) for number in range(len(places))]

    return words


def by_words(words: Sequence[str]) -> Telling:
    """The way that says one of these of every place."""
    return lambda places: [words[place] for place in places]
