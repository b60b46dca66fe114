"""A trainer reads pretrained weights from the folder that an administrator names, and from no other."""

from pathlib import Path
from typing import Any

import pytest
import torch

import lplcore
from lplcore import plugin
from store import jobs
from store.database.engine import Database
from store.database.records import NewRun
from store.settings import Settings
from tests.grids import campaign
from tests.store.databases import writing
from tests.worker.conftest import Supervised
from worker.trainers import Trainers

pytestmark = pytest.mark.slow
MODEL: dict[str, Any] = {"name": "torchvision", "architecture": "resnet18"}
SPEC: dict[str, Any] = {
    "dataset": {"name": "digits", "imbalance_factor": 70},
    "model": {**MODEL, "weights_path": "resnet18.pth", "linear_probe": True},
    "method": "cross_entropy",
    "augmentation": "none",
    "epochs": 1,
    "batch_size": 100,
}


@pytest.fixture
def share(tmp_path: Path) -> Path:
    """A folder of weights outside the data directory."""
    folder = tmp_path / "share"
    folder.mkdir()
    network = plugin.get("model", "torchvision")(**MODEL).build(input_shape=(1, 8, 8), num_classes=2)
    torch.save(network.body.state_dict(), folder / "resnet18.pth")
    return folder


def submit(store: Database) -> None:
    spec = lplcore.parse_spec(SPEC).model_dump(mode="json")
    new = [NewRun(seed=0, point={}, spec=spec, epochs=1, one_core=False)]
    writing(store, jobs.submit, jobs.new_job(spec=spec, runs=new, method="cross_entropy", owner=""))


@pytest.mark.parametrize("named", [True, campaign(False)])
def test_weights_come_from_the_folder_that_is_named(
    named: bool, store: Database, settings: Settings, share: Path
) -> None:
    submit(store)
    chosen = settings.model_copy(update={"weights_dir": share, "lease_seconds": 60.0}) if named else settings
    run = Supervised(store, chosen, Trainers()).end(timeout=120)
    if named:
        assert (run.state, run.message) == ("succeeded", None)
    else:
        assert (run.state, run.reason) == ("failed", "bad_spec")
        assert "there is no file resnet18.pth in the folder `weights` of the data directory, or" in str(run.message)
