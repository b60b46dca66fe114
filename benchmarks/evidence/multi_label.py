"""A few methods on 128 images of COCO, a stand-in for VOC-MLT and COCO-MLT, whose images are not at hand.

    python -m benchmarks.evidence.multi_label FOLDER [--seeds 3]

FOLDER holds `labels.csv`, `classes.txt` and the images. The network begins with random weights and sees 32 x 32 pixels:
figures are near chance, and show no more than that the methods train. What
`benchmarks/results/evidence/coco_mini.json` holds is not trained again.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch

import lplcore
from benchmarks.environment import environment
from benchmarks.evidence.records import FOLDER, replace_file

FILE = FOLDER / "coco_mini.json"
PRECISION = "test/mean_average_precision"
METHODS = ("r_bce_focal", "r_bce_focal_ntr", "r_bce_focal_lpl")
SETTING: dict[str, Any] = {
    "dataset": {"name": "coco_mini", "image_size": 32},
    "model": {"name": "resnet32"},
    "augmentation": {"name": "pad_crop_flip"},
    "optimizer": {"name": "sgd", "lr": 0.02},
    "epochs": 10,
    "batch_size": 32,
}


def trained(method: str, seed: int, folder: Path) -> float:
    """The last epoch's mean average precision."""
    entry = lplcore.RegisteredDataset("coco_mini", str(folder.resolve()), "labelled_images")
    spec = {**SETTING, "method": method}
    events = list(lplcore.train(spec, seed=seed, datasets={"coco_mini": entry}, device="cpu"))
    if events[-1] != lplcore.RunEnd("succeeded"):
        raise SystemExit(f"{method}, seed {seed}: {events[-1]}")
    value = [event for event in events if isinstance(event, lplcore.EpochEnd)][-1].metrics[PRECISION]
    assert value is not None
    return round(value, 6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    kept = json.loads(FILE.read_text()) if FILE.exists() else {"results": {}}
    for seed in range(options.seeds):
        for method in METHODS:
            values = kept["results"].setdefault(method, [])
            if seed >= len(values):
                values.append(trained(method, seed, options.folder))
                print(method, seed, values[-1], flush=True)
                kept |= {"environment": environment(), "setting": SETTING}
                replace_file(FILE, json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
