"""What LPL does to the logits beside what logit adjustment does, by arithmetic: no network is trained.

    python -m benchmarks.evidence.margins

A margin m(c, k) is by how much the logit of c must lie above that of k for an example of class c to have the loss that
it would have at equal logits without perturbation. Logit adjustment has m(c, k) = log(n_k / n_c). Of the methods' own
perturbations are made, for C classes with n_c examples each:

- the margin of every class against the most frequent one, and the shift of the boundary between the two, (m(c, 1) -
  m(1, c)) / 2, with every logit equal;
- what is left of the prior: the slope over log n_c of the logits at which training comes to rest if the inputs say
  nothing, 1 for cross entropy, 0 for logit adjustment;
- the pull: with every logit equal, how much the examples of other classes push a class's logit down for each unit that
  its own push it up; above 1 the class is pushed down from the start.

Writes `benchmarks/results/evidence/margins.json`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

import lplcore
from benchmarks.evidence.lpl_changes import BESIDE, WALKS
from benchmarks.evidence.records import FOLDER, replace_file
from lplcore.presets.cifar_long_tail import HEAD_SCALE, VARIED

FILE = FOLDER / "margins.json"
COUNTS = {
    "cifar10_lt_100": (5000, 10, 100),
    "cifar100_lt_100": (500, 100, 100),
    "digits_lt_100": (143, 10, 100),
    "digits_lt_10": (143, 10, 10),
}
"""Data set -> examples of the most frequent class, classes, imbalance factor."""
METHODS: dict[str, Any] = {**BESIDE, **{label: {"alias": "lpl", **options} for label, options in WALKS.items()}}
PAPERS = {name: {"alias": "lpl", **VARIED, "head_scale": scale} for name, scale in HEAD_SCALE.items()}
RATE, MOST_ROUNDS, AT_REST = 0.3, 300, 1e-4


def perturbation(method: Any, logits: Tensor, counts: Sequence[int]) -> Tensor:
    """[C, C] what is added to the logits [C] of an example of every class."""
    name, options = (method, {}) if isinstance(method, str) else (method["alias"], dict(method))
    options.pop("alias", None)
    criterion = lplcore.criterion(name, class_counts=counts, **options)
    added: Tensor = criterion.perturbation(logits.repeat(len(counts), 1), torch.arange(len(counts)))
    return added


def margins(method: Any, counts: Sequence[int]) -> Tensor:
    """[C, C] m(c, k) at equal logits."""
    added = perturbation(method, torch.zeros(len(counts), dtype=torch.float64), counts)
    return added - added.diagonal()[:, None]


def shift(margin: Tensor) -> Tensor:
    """[C] by how much the boundary between each class and the first is moved in favour of the class."""
    return (margin[:, 0] - margin[0]) / 2


def pull(method: Any, counts: Sequence[int]) -> Tensor:
    """[C] pushed down by others, for a unit pushed up by its own examples, at equal logits."""
    number = torch.tensor(counts, dtype=torch.float64)
    p = torch.softmax(margins(method, counts), dim=1)
    own = number * p.diagonal()
    return ((number[:, None] * p).sum(dim=0) - own) / (number - own)


def at_rest(method: Any, counts: Sequence[int]) -> Tensor:
    """[C] logits, mean 0, at which the gradients of all examples add up to zero if the inputs say nothing."""
    prior = torch.tensor(counts, dtype=torch.float64)
    prior = prior / prior.sum()
    logits = torch.zeros_like(prior)
    for _ in range(MOST_ROUNDS):
        p = torch.softmax(logits + perturbation(method, logits, counts), dim=1)
        step = torch.log(prior / (prior[:, None] * p).sum(dim=0))
        logits = logits + RATE * (step - step.mean())
        if float(step.abs().max()) < AT_REST:
            break
    return logits - logits.mean()


def slope(logits: Tensor, counts: Sequence[int]) -> float:
    """Least-squares slope of the logits [C] over log n_c."""
    size = torch.log(torch.tensor(counts, dtype=torch.float64))
    size = size - size.mean()
    return float((size * logits).sum() / (size * size).sum())


def figures(method: Any, counts: Sequence[int]) -> dict[str, Any]:
    """All quantities of a method."""
    margin, rest = margins(method, counts), at_rest(method, counts)
    return {
        "margin": rounded(margin[:, 0]),
        "shift": rounded(shift(margin)),
        "pull": rounded(pull(method, counts)),
        "at_rest": rounded(rest),
        "slope": round(slope(rest, counts), 3),
    }


def rounded(values: Tensor) -> list[float]:
    """Three decimals."""
    return [round(value, 3) + 0.0 for value in values.tolist()]


def methods_of(data: str) -> Mapping[str, Any]:
    """What is reckoned for a data set: everything that was trained on digits, and the paper's own options."""
    whole = data.partition("_")[0]
    papers = {"lpl, the paper's options": PAPERS[whole]} if whole in PAPERS else {}
    classes = COUNTS[data][1]
    ranks = {"lpl all head": {"alias": "lpl", "threshold": classes + 1.0}}
    released = {} if classes == 10 else {"lpl released walk"}
    return {label: method for label, method in {**METHODS, **ranks, **papers}.items() if label not in released}


def main() -> None:
    torch.set_num_threads(1)
    written: dict[str, Any] = {}
    for data, (largest, classes, factor) in COUNTS.items():
        counts = lplcore.long_tail_counts(largest, classes, imbalance_factor=factor)
        methods = {label: figures(method, counts) for label, method in methods_of(data).items()}
        written[data] = {"class_counts": counts, "methods": methods}
        for label, each in methods.items():
            print(data, label, each["slope"], each["pull"][-1], flush=True)
    replace_file(FILE, json.dumps(written) + "\n")


if __name__ == "__main__":
    main()
