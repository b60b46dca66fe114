"""`card.md` of an export: what the model is, what it was trained on, how well it does, what it is not for."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from api.services.catalog import listed
from store.database.records import Checkpoint, DatasetRecord, Run, Series

PARTS = ("perturbations", "loss", "weighting", "targets", "sampler", "regularizers", "procedure", "posthoc")
FOLDERS = {
    "loss": "losses",
    "weighting": "weightings",
    "sampler": "samplers",
    "procedure": "procedures",
}
"""Folder of the catalogue for a method's field, where they differ."""
PER_CLASS = ("test/accuracy", "test/average_precision", "test/f1", "validation/accuracy")
OF_ANOTHER_EPOCH = ".at_best_validation"
MOST_CLASSES = 10_000
LIMITS = """\
The model knows the classes listed here and no others: every input gets one of them (multi label: any number), however
unlike the training data it is. The results hold for inputs drawn as the test examples were. Classes with few training
examples were learned from little: look at their own results before relying on them. Probabilities are what the network
says and need not be frequencies; `calibration_error`, where it is among the results, says how far they are from that on
the test split. Nobody has examined the model for fairness between groups of people, for misuse or for attacks; it must
not decide alone about people, health or safety. The terms of the training data also bind what is made of them."""


@dataclass(frozen=True)
class Results:
    """What a run measured in one epoch."""

    epoch: int
    scalars: dict[str, float] = field(default_factory=dict)
    by_class: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)

    @classmethod
    def at(
        cls, epoch: int, curves: Mapping[str, Mapping[str, Sequence[Any]]], arrays: Mapping[str, Mapping[int, Series]]
    ) -> "Results":
        """Those of one epoch."""
        scalars = {
            name: value
            for name, curve in curves.items()
            for at, value in zip(curve["epoch"], curve["value"], strict=True)
            if at == epoch and value is not None
        }
        by_class = {
            name: np.frombuffer(arrays[name][epoch].data, dtype="<f4")
            for name in PER_CLASS
            if epoch in arrays.get(name, {})
        }
        return cls(epoch, scalars, by_class)


def card_of(run: Run, checkpoint: Checkpoint, dataset: DatasetRecord | None, results: Results) -> str:
    """The card, Markdown."""
    spec, info = run.spec, run.info
    name = spec["method"].get("alias") or "a method spelled out"
    title = f"# {line(spec['model']['name'])} on {line(spec['dataset']['name'])}, {line(name)}"
    kept = f"{checkpoint.kind} checkpoint {checkpoint.id}, after epoch {checkpoint.epoch}"
    made = f"Run {run.id} of job {run.job_id}, seed {run.seed}; {kept}."
    parts = [
        title,
        made,
        "## Intended use and limits",
        f"To classify inputs as those of the data set {line(spec['dataset']['name'])} are.\n\n{LIMITS}",
        "## Data",
        data(spec["dataset"], dataset, info),
        "## Results",
        *measured(results),
        "### By class",
        by_class(info, results),
        "## Method",
        *method(spec["method"]),
        *outputs(spec["method"], results),
        "## Training",
        bullets(environment(run)),
        f"```json\n{json.dumps(spec, indent=2, sort_keys=True, ensure_ascii=True)}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def data(spec: Mapping[str, Any], dataset: DatasetRecord | None, info: Mapping[str, Any]) -> str:
    """Which data, and what must be known of them."""
    counts = info.get("class_counts") or []
    facts = [
        ("data set", spec["name"]),
        ("sha256 as registered", dataset.sha256 if dataset is not None else "a built-in one; see Export below"),
        ("training examples", sum(counts)),
        ("classes", len(counts)),
        *(("note", note) for note in info.get("notes") or []),
    ]
    return bullets(facts)


def measured(results: Results) -> list[str]:
    """The scalars of the test and validation splits; errors are fractions."""
    shown = {
        name: value
        for name, value in results.scalars.items()
        if name.startswith(("test/", "validation/")) and not name.endswith(OF_ANOTHER_EPOCH)
    }
    if not shown:
        return ["Nothing was measured at this checkpoint."]
    rows = [[name, f"{value:.4f}"] for name, value in sorted(shown.items())]
    return [
        f"After epoch {results.epoch}; errors, accuracies and precisions are fractions.",
        table(["metric", "value"], rows),
    ]


def by_class(info: Mapping[str, Any], results: Results) -> str:
    """A row per class: training examples and what was measured."""
    names, counts = info.get("class_names") or [], info.get("class_counts") or []
    columns = [(name, values) for name, values in results.by_class.items() if len(values) == len(names)]
    rows = [
        [name, str(count), *(figure(values[place]) for _, values in columns)]
        for place, (name, count) in enumerate(zip(names[:MOST_CLASSES], counts, strict=False))
    ]
    return table(["class", "training examples", *(name for name, _ in columns)], rows)


def figure(value: np.float32) -> str:
    """A value, or a dash where it is undefined."""
    return f"{value:.4f}" if np.isfinite(value) else "–"


def method(spec: Mapping[str, Any]) -> list[str]:
    """What the method is and whose: of its name, else of its parts."""
    entries = [named("methods", spec["alias"])] if spec.get("alias") else []
    for part in PARTS:
        value = spec.get(part) or []
        for each in value if isinstance(value, list) else [value]:
            entries.append(named(FOLDERS.get(part, part), each["name"]))
    told = dict.fromkeys(
        f"{line(entry['title'])}: {line(entry['citation'])}." for entry in entries if entry.get("citation")
    )
    return ["\n".join(f"- {text}" for text in told) or "No published method."]


def named(folder: str, name: str) -> Mapping[str, Any]:
    """A plug-in's entry in the catalogue, empty where there is none."""
    return next((entry for entry in listed().get(folder, []) if entry["name"] == name), {})


def outputs(spec: Mapping[str, Any], results: Results) -> list[str]:
    """What the exported outputs are."""
    posthoc, temperature = spec.get("posthoc"), results.scalars.get("validation/temperature")
    corrected = f" after the post-hoc correction {json.dumps(posthoc, sort_keys=True)}" if posthoc else ""
    divided = f", of logits divided by the temperature {temperature:.4g}" if temperature is not None else ""
    fitted = (
        " The temperature was fitted on the validation split; it changes no prediction."
        if temperature is not None
        else " No temperature was fitted at this checkpoint."
    )
    return [f"`logits` are the network's{corrected}; `probabilities` are made of them{divided}.{fitted}"]


def environment(run: Run) -> list[tuple[str, Any]]:
    """What the run was trained on and with."""
    told = run.info.get("environment") or {}
    return [("seed", run.seed), ("device", told.get("device") or run.device or "unknown")] + [
        (name, value) for name, value in sorted(told.items()) if name != "device"
    ]


def bullets(facts: Iterable[tuple[str, Any]]) -> str:
    """A list of names and values."""
    return "\n".join(f"- {name}: {line(value)}" for name, value in facts)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line(cell) for cell in row)} |" for row in lines)


def line(value: Any) -> str:
    """Text of others on one line, which marks nothing up."""
    text = " ".join(str(value).split())
    return "".join(f"\\{character}" if character in "\\|<>`*_[]#" else character for character in text)
