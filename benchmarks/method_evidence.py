"""Every method on real data, and LPL's sensitivity: writes docs/methods.md.

    python -m benchmarks.method_evidence [--seeds 5] [--data digits scene yeast] [--only lpl la_lpl] [--folder DIR]

Every method trains with its defaults, the same network, schedule and seeds; nothing is tuned per method. On digits a
seed draws the long-tailed subset, the initial weights and the order of the batches, on scene and yeast (which have
their own split) weights and order: differences between methods are paired by seed. Digits come with scikit-learn;
scene.npz and yeast.npz (MULAN's data sets as x_train, y_train, x_test, y_test) are read from the folder. Results are
kept in benchmarks/results/method_evidence.json; what is not asked for stays as it was.
"""

import argparse
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

import lplcore
from benchmarks.environment import RESULTS, environment
from benchmarks.evidence_page import Results, mean_and_std, page
from benchmarks.evidence_settings import EXPERIMENTS, Experiment

PAGE = Path(__file__).parents[1] / "docs" / "methods.md"
FILE = RESULTS / "method_evidence.json"
SHARED = Path(__file__).parents[2] / "shared" / "data"


def trained(experiment: Experiment, method: Any, seeds: Iterable[int], folder: Path) -> dict[str, list[float]]:
    """Metric -> last epoch's value per seed."""
    name = experiment.setting["dataset"]["name"]
    path = folder / f"{name}.npz"
    registered = {name: lplcore.RegisteredDataset(name, str(path.resolve()))} if path.is_file() else {}
    if not registered and name not in {entry["name"] for entry in lplcore.catalog()["datasets"]}:
        raise SystemExit(f"{path} is not there; put it there, give --folder, or leave {name} out with --data")
    results: dict[str, list[float]] = {metric: [] for metric in experiment.metrics}
    for seed in seeds:
        events = list(lplcore.train({**experiment.setting, "method": method}, seed=seed, datasets=registered))
        end = events[-1]
        if not isinstance(end, lplcore.RunEnd) or end.outcome != "succeeded":
            raise SystemExit(f"{method} failed: {end}")
        last = [event for event in events if isinstance(event, lplcore.EpochEnd)][-1]
        for metric in experiment.metrics:
            value = last.metrics[metric]
            results[metric].append(math.nan if value is None else value)
    return results


def measured(experiment: Experiment, kept: Results, only: list[str], seeds: list[int], folder: Path) -> Results:
    """All results of a data set, those that are asked for measured again."""
    results = dict(kept) if only else {}
    for label, method in experiment.methods().items():
        if not only or label in only:
            results[label] = trained(experiment, method, seeds, folder)
            print(experiment.name, label, mean_and_std(results[label][experiment.metrics[0]]), flush=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--data", nargs="*", default=list(EXPERIMENTS), choices=list(EXPERIMENTS))
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--folder", type=Path, default=SHARED, help="where scene.npz and yeast.npz are")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    kept = json.loads(FILE.read_text()) if FILE.exists() else {"environments": [], "results": {}}
    results: dict[str, Results] = kept["results"]
    environments = [*(kept["environments"] if arguments.only else []), environment()]
    environments = [each for i, each in enumerate(environments) if each not in environments[:i]]
    for name in arguments.data:
        experiment, seeds = EXPERIMENTS[name], list(range(arguments.seeds))
        results[name] = measured(experiment, results.get(name, {}), arguments.only, seeds, arguments.folder)
        settings = {methods: EXPERIMENTS[methods].setting for methods in results}
        RESULTS.mkdir(exist_ok=True)
        whole = {"environments": environments, "settings": settings, "results": results}
        FILE.write_text(json.dumps(whole) + "\n")
    PAGE.write_text(page(json.loads(FILE.read_text())))
    print(f"written to {PAGE}")


if __name__ == "__main__":
    main()
