"""LPL beside logit adjustment, one thing changed at a time, on long-tailed digits.

    python -m benchmarks.evidence.lpl_changes [--seeds 10] [--only LABEL ...]

Every run is the mlp of 60 epochs; a seed draws the long-tailed subset, the weights and the order of the batches, so
that methods are compared by seed. What `benchmarks/results/evidence/lpl_changes.json` holds is not trained again.
"""

import argparse
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch

import lplcore
from benchmarks.environment import RESULTS, environment
from benchmarks.evidence.records import replace_file

FILE = RESULTS / "evidence" / "lpl_changes.json"
FACTORS = (100, 50, 10)
METRICS = ("test/top1_error", "test/top1_error.many", "test/top1_error.medium", "test/top1_error.few")
SGD = {"name": "sgd", "lr": 0.05, "weight_decay": 2e-4}
SETTING: dict[str, Any] = {
    "dataset": {"name": "digits", "subset_seed": None},
    "model": {"name": "mlp"},
    "epochs": 60,
    "batch_size": 128,
    "optimizer": SGD,
}
RELEASED_WALK: dict[str, Any] = {
    "threshold": 4.0,
    "delta_epsilon": 1.5,
    "step_size": 0.15,
    "head_scale": 0.6,
    "step_rounding": "nearest",
    "normalize": "column",
    "detach": False,
}
"""Of the released script for CIFAR-10-LT, whose ten classes digits have, too."""
WALKS: dict[str, dict[str, Any]] = {
    "lpl": {},
    "lpl delta_epsilon 5": {"delta_epsilon": 5.0},
    "lpl bounds from performance": {"bound_from": "performance"},
    "lpl undetached": {"detach": False},
    "lpl fixed epsilon 2.5": {"epsilon": 2.5, "delta_epsilon": 0.0},
    "lpl threshold 0.6": {"threshold": 0.6},
    "lpl head_scale 0.2": {"head_scale": 0.2},
    "lpl delta_epsilon 3": {"delta_epsilon": 3.0},
    "lpl delta_epsilon 10": {"delta_epsilon": 10.0},
    "lpl fixed epsilon 5": {"epsilon": 5.0, "delta_epsilon": 0.0},
    "lpl threshold 0.8": {"threshold": 0.8},
    "lpl head_scale 2": {"head_scale": 2.0},
    "lpl exact steps": {"step_rounding": "exact"},
    "lpl all head": {"threshold": 11.0},
    "lpl all tail": {"threshold": 0.0},
    "lpl released walk": RELEASED_WALK,
}
"""Label -> what of LPL's defaults is changed."""
LONGER = 4
DECAYED_TWICE = 3 * 2e-4
"""The released scripts decay by 1e-4 and again by 2e-4: three times what the optimiser alone does."""
BESIDE: dict[str, Any] = {
    "cross_entropy": "cross_entropy",
    "logit_adjustment": "logit_adjustment",
    "la_lpl": "la_lpl",
    "la_lpl delta_epsilon 5": {"alias": "la_lpl", "delta_epsilon": 5.0},
}


def specs() -> dict[str, dict[str, Any]]:
    """Label -> experiment, without its imbalance factor."""
    methods = BESIDE | {label: {"alias": "lpl", **options} for label, options in WALKS.items()}
    plain = {label: {**SETTING, "method": method} for label, method in methods.items()}
    decayed = {"optimizer": {**SGD, "weight_decay": DECAYED_TWICE}}
    for label in ("cross_entropy", "logit_adjustment", "lpl"):
        plain[f"{label} {LONGER} times as long"] = {**plain[label], "epochs": LONGER * SETTING["epochs"]}
        plain[f"{label} decayed twice"] = {**plain[label], **decayed}
    return plain


def trained(spec: Mapping[str, Any], *, factor: int, seed: int) -> dict[str, float]:
    """The last epoch's errors."""
    whole = {**spec, "dataset": {**spec["dataset"], "imbalance_factor": factor}}
    events = list(lplcore.train(whole, seed=seed))
    if events[-1] != lplcore.RunEnd("succeeded"):
        raise SystemExit(f"{spec['method']}, seed {seed}: {events[-1]}")
    last = [event for event in events if isinstance(event, lplcore.EpochEnd)][-1].metrics
    return {name: math.nan if (value := last[name]) is None else round(value, 6) for name in METRICS}


def measured(kept: dict[str, Any], labels: Iterable[str], *, factor: int, seeds: int) -> None:
    """Train the seeds that `kept` lacks; it holds label -> metric -> values by seed from 0."""
    for label in labels:
        row = kept.setdefault(label, {name: [] for name in METRICS})
        for seed in range(len(row[METRICS[0]]), seeds):
            for name, value in trained(specs()[label], factor=factor, seed=seed).items():
                row[name].append(value)
        print(factor, label, f"{100 * sum(row[METRICS[0]]) / len(row[METRICS[0]]):.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", nargs="*", default=list(specs()), choices=list(specs()), metavar="LABEL")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    kept = json.loads(FILE.read_text()) if FILE.exists() else {"results": {}}
    for factor in FACTORS:
        of_factor = kept["results"].setdefault(f"digits_lt_{factor}", {})
        for label in arguments.only:
            measured(of_factor, [label], factor=factor, seeds=arguments.seeds)
            kept |= {"environment": environment(), "setting": SETTING}
            replace_file(FILE, json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
