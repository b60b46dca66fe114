"""Evaluation of ResNet-32 on a CPU: layer by layer, and with convolution, normalisation, sum and ReLU as one operation.

    python -m benchmarks.resnet32_evaluation [--images 1280] [--rounds 7] [--threads 1]

Both sides predict the same random images of 32x32 pixels with one network, in batches as the trainer does, one after
the other in every round; a figure is the median over rounds. "before" is the rate layer by layer in batches of 128.
How far the two are apart is measured on digits after five epochs of training with each of five seeds: the largest
difference of a logit as a share of the largest, each against float64 and against each other (the worst seed's), the
test examples whose predicted class changes (of all seeds), and the paired difference of the test error in points, its
mean and the half-width of its 95 % interval.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

import lplcore
from benchmarks.environment import environment, print_table, save
from lplcore.device import autocast_dtype, choose_precision, evaluation_batch
from lplcore.models import Classifier, ModelOutput
from lplcore.training.evaluation.fused import FusedNetwork
from lplcore.training.run import TrainingRun

CPU, SHAPE = torch.device("cpu"), (3, 32, 32)
EPOCHS, SEEDS = 5, 5
STUDENT = 2.776
"""Quantile 0.975 of Student's t with SEEDS - 1 degrees of freedom."""
GOAL = 2.0
"""Times the rate layer by layer, in the precision that `auto` takes."""
Predict = Callable[[Tensor], ModelOutput]


def main() -> None:
    """Measure rates and differences, print and save them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1280)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    runs = [trained(seed) for seed in range(SEEDS)]
    rows = [
        {**rates(runs[0], precision, options.images, options.rounds), **differences(runs, precision)}
        for precision in ("float32", "bf16")
    ]
    print(environment())
    print_table(rows)
    settings = {
        "images": options.images,
        "rounds": options.rounds,
        "batch": evaluation_batch(CPU, SHAPE, convolutional=True),
        "statistic": "median",
        "goal": GOAL,
        "auto": choose_precision("auto", CPU, convolutional=True),
    }
    print(f"written to {save('resnet32_evaluation_cpu', settings=settings, rows=rows)}")


def trained(seed: int) -> TrainingRun:
    """A ResNet-32 after some epochs of digits."""
    spec = lplcore.parse_spec(
        {
            "dataset": "digits",
            "model": "resnet32",
            "method": "cross_entropy",
            "epochs": EPOCHS,
            "seeds": [seed],
            "optimizer": {"lr": 0.05},
        }
    )
    run = TrainingRun(spec, device=CPU, data_dir="data", datasets={})
    while run.epoch < EPOCHS:
        while run.step < run.steps:
            run.train_step()
        run.epoch, run.step = run.epoch + 1, 0
        if run.epoch < EPOCHS:
            run.draw_epoch()
    return run


def sides(run: TrainingRun, precision: str) -> dict[str, Predict]:
    """The network as it is, and its fused double."""
    model = run.state.model.eval()
    return {"before": model, "fused": FusedNetwork(model, autocast_dtype(precision))}


@torch.inference_mode()
def logits(predict: Predict, inputs: Tensor, precision: str) -> Tensor:
    """[N, C] in batches as the trainer's."""
    dtype = autocast_dtype(precision)
    parts = torch.split(inputs, evaluation_batch(CPU, SHAPE, convolutional=True))
    with torch.autocast("cpu", dtype=dtype, enabled=dtype is not None):
        return torch.cat([predict(part).logits.float() for part in parts])


def rates(run: TrainingRun, precision: str, number: int, rounds: int) -> dict[str, Any]:
    """Images a second of both sides, for images as large as CIFAR's."""
    images = torch.randn(number, 1, 32, 32).contiguous(memory_format=torch.channels_last)
    measured: dict[str, list[float]] = {}
    for round_ in range(rounds + 1):
        for name, predict in sides(run, precision).items():
            started = time.perf_counter()
            logits(predict, images, precision)
            if round_:
                measured.setdefault(name, []).append(number / (time.perf_counter() - started))
    ratios = [fused / before for before, fused in zip(*measured.values(), strict=True)]
    return {
        "precision": precision,
        **{f"{name} images/s": statistics.median(values) for name, values in measured.items()},
        "ratio": statistics.median(ratios),
        "lowest": min(ratios),
        "highest": max(ratios),
    }


def differences(runs: list[TrainingRun], precision: str) -> dict[str, Any]:
    """How far the two sides are apart over all seeds."""
    each = [difference(run, precision) for run in runs]
    changes = [row["error change"] for row in each]
    worst = {name: max(row[name] for row in each) for name in ("before to exact", "fused to exact", "fused to before")}
    return {
        **worst,
        "predictions changed": sum(row["changed"] for row in each),
        "of": sum(row["of"] for row in each),
        "error change, points": statistics.mean(changes),
        "half-width": STUDENT * statistics.stdev(changes) / len(changes) ** 0.5,
    }


def difference(run: TrainingRun, precision: str) -> dict[str, float]:
    """How far logits of digits' test examples are from each other and from those in float64."""
    test = run.data.test
    assert test is not None
    inputs = run.network_input(test.held)
    before, fused = (logits(predict, inputs, precision) for predict in sides(run, precision).values())
    exact = exact_logits(run.state.model, inputs)
    classes = [values.argmax(dim=1) for values in (before, fused)]
    errors = [100 * float((predicted != test.y).float().mean()) for predicted in classes]
    return {
        "before to exact": distance(before, exact),
        "fused to exact": distance(fused, exact),
        "fused to before": distance(fused, before),
        "changed": int((classes[0] != classes[1]).sum()),
        "of": len(inputs),
        "error change": errors[1] - errors[0],
    }


@torch.inference_mode()
def exact_logits(model: Classifier, inputs: Tensor) -> Tensor:
    """Logits in float64."""
    result = model.double()(inputs.double()).logits.float()
    model.float()
    return result


def distance(values: Tensor, exact: Tensor) -> float:
    """The largest difference as a share of the largest value."""
    return float((values - exact).abs().max() / exact.abs().max())


if __name__ == "__main__":
    main()
