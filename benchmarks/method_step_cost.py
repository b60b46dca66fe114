"""What every method costs over plain cross entropy (multi label: binary cross entropy).

    python -m benchmarks.method_step_cost [--device cuda] [--rounds 7]

First tables: one step of the last layer (64 features) and the loss, forward and backward with respect to features and
weights, batch 128, C classes, single label and multi label. Last tables: one whole training step of ResNet-32 on 32x32
images, batch 128, 10 classes, as the trainer does it, for methods whose work is a procedure and for LPL. Methods of a
table run in turns in one process; figures are medians over rounds, ratios are medians of the rounds' ratios to (binary)
cross entropy.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import lplcore
from benchmarks.environment import environment, print_table, save
from lplcore.plugin import names, plugins
from lplcore.spec.experiment import parse_spec
from lplcore.training.run import TrainingRun

CLASSES = {"single_label": (10, 100, 1000, 8142), "multi_label": (20, 80, 1000)}
BASES = {"single_label": "cross_entropy", "multi_label": "binary_cross_entropy"}
EXTRA: dict[str, dict[str, Any]] = {
    "single_label": {"lpl, num_steps=1": {"alias": "lpl", "num_steps": 1}},
    "multi_label": {"r_bce_lpl, pgd": {"alias": "r_bce_lpl", "form": "pgd"}},
}
BATCH, FEATURES = 128, 64
TRAINED: dict[str, dict[str, Any]] = {
    "single_label": {
        "cross_entropy": "cross_entropy",
        "lpl, num_steps=1": {"alias": "lpl", "num_steps": 1},
        "lpl": "lpl",
        "la_lpl": "la_lpl",
        "isda": "isda",
        "mixup": "mixup",
        "meta_weight_net": "meta_weight_net",
        "oltr, stage 2": {"alias": "oltr", "start": 0.001},
        "acgan, share 0.2": {"alias": "acgan", "generator_epochs": 1},
    },
    "multi_label": {
        "binary_cross_entropy": "binary_cross_entropy",
        "r_bce_focal_lpl": "r_bce_focal_lpl",
        "r_bce_focal_lc": "r_bce_focal_lc",
        "ml_gcn": "ml_gcn",
        "oltr, stage 2": {"alias": "oltr", "start": 0.001},
    },
}
"""Methods whose work is a procedure, and LPL."""
Step = Callable[[], None]


def criterion_of(method: Any, counts: list[int], task: str) -> lplcore.Criterion:
    """The criterion; a multi-label set has 2000 examples."""
    number = 2000 if task == "multi_label" else None
    return lplcore.criterion(method, class_counts=counts, task=task, num_examples=number)


def losses(task: str) -> dict[str, Any]:
    """Methods by label: the base, every alias whose loss is another, and LPL's variants."""
    base, parts = BASES[task], ("loss", "perturbations", "weighting", "targets", "regularizers")
    plain = criterion_of(base, [2, 1], task).method
    fitting = [name for name in names("method") if task in plugins("method")[name].tasks]
    built = {name: criterion_of(name, [2, 1], task).method for name in fitting}
    others = [n for n, m in built.items() if any(getattr(m, part) != getattr(plain, part) for part in parts)]
    return {base: base, **{name: name for name in others}, **EXTRA[task]}


def labels_of(counts: list[int], task: str, generator: torch.Generator) -> Tensor:
    """A batch's labels, as frequent as their counts say."""
    shares = torch.tensor(counts, dtype=torch.float64)
    if task == "multi_label":
        return (torch.rand(BATCH, len(counts), generator=generator) < shares / 2000).float()
    return torch.multinomial(shares, BATCH, replacement=True, generator=generator)


def loss_step(method: Any, classes: int, task: str, device: torch.device) -> Step:
    """One step of the last layer and the loss."""
    generator = torch.Generator().manual_seed(classes)
    counts = lplcore.long_tail_counts(1000, classes, imbalance_factor=100)
    labels = labels_of(counts, task, generator).to(device)
    features = torch.randn(BATCH, FEATURES, generator=generator).to(device).requires_grad_()
    layer = nn.Linear(FEATURES, classes).to(device)
    criterion = criterion_of(method, counts, task).to(device)
    criterion.allocate(FEATURES, device)
    progress = torch.tensor(0.9, device=device)

    def step() -> None:
        inputs, targets = criterion.mix(features, labels)
        loss = criterion(layer(inputs), targets, features=features, classifier=layer, progress=progress)
        torch.autograd.grad(loss, [features, *layer.parameters()], allow_unused=True)
        if device.type == "cuda":
            torch.cuda.synchronize()

    return step


def training_step(method: Any, path: Path, device: torch.device) -> Step:
    """One step of the trainer; preparation and the first step are done before."""
    registered = {"noise": lplcore.RegisteredDataset(name="noise", path=str(path))}
    spec = parse_spec(
        {"dataset": "noise", "model": "resnet32", "method": method, "epochs": 1000, "batch_size": BATCH},
        datasets=registered,
    )
    run = TrainingRun(spec, device=device, data_dir=path.parent, datasets=registered)
    run.epoch = 500 if "oltr" in str(method) else 0
    if run.preparations:
        run.prepare_step()

    def step() -> None:
        if run.step == run.steps:
            run.step = 0
        run.train_step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    step()
    return step


def noise(path: Path, task: str) -> None:
    """A data set of random images: what they show does not change the time."""
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (2560, 3, 32, 32), dtype=np.uint8)
    labels = np.arange(2560) % 10 if task == "single_label" else (draw.random((2560, 10)) < 0.2).astype(np.int64)
    np.savez(path, x_train=images, y_train=labels, x_test=images[:10], y_test=labels[:10])


def measure(steps: dict[str, Step], *, rounds: int, minimum: float) -> dict[str, dict[str, float]]:
    """Milliseconds of every step, and its ratio to the first."""
    base = next(iter(steps))
    times: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(rounds + 1):
        for name, step in steps.items():
            repeats, started = 0, time.perf_counter()
            while (elapsed := time.perf_counter() - started) < minimum or repeats == 0:
                step()
                repeats += 1
            if round_:
                times[name].append(1000 * elapsed / repeats)
    return {
        name: {
            "ms": statistics.median(values),
            "ratio": statistics.median(v / b for v, b in zip(values, times[base], strict=True)),
        }
        for name, values in times.items()
    }


def loss_rows(task: str, device: torch.device, options: dict[str, Any]) -> list[dict[str, Any]]:
    """A row per method of a task, with what it costs at each number of classes."""
    methods = losses(task)
    by_size = {
        c: measure({n: loss_step(m, c, task, device) for n, m in methods.items()}, **options) for c in CLASSES[task]
    }
    title = f"{task.replace('_', ' ')} method"
    return [
        {title: name, **{f"C={c} {key}": by_size[c][name][key] for c in by_size for key in ("ms", "ratio")}}
        for name in methods
    ]


def training_rows(task: str, device: torch.device, options: dict[str, Any]) -> list[dict[str, Any]]:
    """A row per method with what its training step costs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "noise.npz"
        noise(path, task)
        found = measure({n: training_step(m, path, device) for n, m in TRAINED[task].items()}, **options)
    title = f"training step of ResNet-32, {task.replace('_', ' ')}"
    return [{title: name, **values} for name, values in found.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--minimum", type=float, default=0.02, help="seconds a method runs in each round")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    options = {"rounds": arguments.rounds, "minimum": arguments.minimum}
    print(environment())
    rows: list[dict[str, Any]] = []
    for measured in (loss_rows, training_rows):
        for task in CLASSES:
            found = measured(task, device, options)
            print_table(found)
            rows += found
    settings = {**options, "batch": BATCH, "features": FEATURES, "statistic": "median"}
    print(f"written to {save(f'method_step_cost_{device.type}', settings=settings, rows=rows)}")


if __name__ == "__main__":
    main()
