"""Seeds in one process (`lplcore.train_together`), beside one seed, and beside the same seeds one after another.

    python -m benchmarks.packing [--device cpu] [--members 5] [--rounds 3] [--images 512] [--epochs 2] [--method lpl]

Sides: `one` (a run alone), `row` (the members alone, one after another), `packed` (together). Seconds from the end of
the first epoch, when all is loaded and compiled, to the last event; the sides in turns, in one process. The network is
ResNet-32 on random images with an evaluation each epoch, on a CPU also the small one on digits. The goal on a GPU is
that five packed take less than twice the time of one.
"""

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

import lplcore
from benchmarks.environment import environment, print_table, save

BATCH, CLASSES = 128, 10
Sides = dict[str, list[float]]


def registered(folder: Path, images: int) -> dict[str, lplcore.RegisteredDataset]:
    """A data set of random images: so many in training, a fifth as many in the test split."""
    random, path = np.random.default_rng(0), folder / "images.npz"
    pixels = random.integers(0, 256, (images, 3, 32, 32), dtype=np.uint8)
    labels, number = np.arange(images) % CLASSES, max(CLASSES, images // 5)
    np.savez(path, x_train=pixels, y_train=labels, x_test=pixels[:number], y_test=labels[:number])
    return {"images": lplcore.RegisteredDataset("images", str(path), task="single_label")}


def requests(spec: dict[str, Any], datasets: Any, members: int) -> list[lplcore.Request]:
    """A request for each seed; no checkpoint is written."""
    parsed = lplcore.parse_spec(spec, datasets=datasets)
    seeded = [parsed.model_copy(update={"seeds": [seed]}) for seed in range(members)]
    return [lplcore.Request(each, spec["device"], datasets=datasets) for each in seeded]


def seconds(asked: list[lplcore.Request]) -> float:
    """From the moment at which every member has done an epoch to the end of the last."""
    begun, started = set[int](), 0.0
    for place, event in lplcore.train_together(asked):
        if isinstance(event, lplcore.EpochEnd):
            begun.add(place)
            started = started or (time.perf_counter() if len(begun) == len(asked) else 0.0)
        if isinstance(event, lplcore.RunEnd):
            assert event.outcome == "succeeded", event.message
    return time.perf_counter() - started


def measured(spec: dict[str, Any], datasets: Any, *, members: int, rounds: int) -> Sides:
    """Seconds of each side in every round."""
    asked = requests(spec, datasets, members)
    times: Sides = defaultdict(list)
    for _ in range(rounds):
        times["one"].append(seconds(asked[:1]))
        times["row"].append(sum(seconds([request]) for request in asked))
        times["packed"].append(seconds(asked))
    return times


def row(model: str, times: Sides) -> dict[str, Any]:
    """Medians, ranges, and what packing takes of each."""
    medians = {side: statistics.median(values) for side, values in times.items()}
    ratios = [packed / one for packed, one in zip(times["packed"], times["one"], strict=True)]
    return {
        "model": model,
        **{f"{side} s": median for side, median in medians.items()},
        **{f"{side} range": f"{min(values):.3g} to {max(values):.3g}" for side, values in times.items()},
        "packed/one": statistics.median(ratios),
        "packed/one range": f"{min(ratios):.3g} to {max(ratios):.3g}",
        "packed/row": medians["packed"] / medians["row"],
    }


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--members", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--method", default="lpl")
    options = parser.parse_args()
    spec = {"method": options.method, "epochs": options.epochs, "batch_size": BATCH, "device": options.device}
    specs = {"resnet32": {**spec, "dataset": "images", "model": "resnet32", "augmentation": "pad_crop_flip"}}
    if options.device == "cpu":
        specs["mlp"] = {**spec, "dataset": "digits", "model": "mlp", "epochs": 10 * options.epochs}
    rows = []
    with tempfile.TemporaryDirectory() as name:
        datasets = registered(Path(name), options.images)
        for model, each in specs.items():
            rows.append(row(model, measured(each, datasets, members=options.members, rounds=options.rounds)))
    print(environment())
    print_table(rows)
    suffix = "" if options.device == "cpu" else f"_{options.device}"
    save(f"packing{suffix}", settings=vars(options), rows=rows)


if __name__ == "__main__":
    main()
