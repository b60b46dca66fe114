"""The export menu of a run's page: formats, checkpoints, what is refused."""

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import lplcore
from lplcore.events import CheckpointReady, EpochEnd, RunStart
from store import checkpoints, metrics
from store.database.engine import Database
from store.lifecycle import claims
from tests.dashboard.conftest import begun, record, submitted
from tests.store.databases import claimed, writing

pytestmark = pytest.mark.browser
SPEC: dict[str, Any] = {
    "dataset": {"name": "digits", "validation_fraction": 0.2},
    "model": {"name": "mlp", "widths": [8]},
    "epochs": 1,
}


def trained(db: Database, folder: Path) -> str:
    """A run that has been trained, with its checkpoints; its id."""
    submitted(db, "takes away", **SPEC, checkpoints={"every_epochs": 1, "keep_best": True})
    held = claimed(db, worker_id="w_1", device="cpu", lease_seconds=600)
    assert held is not None
    for event in lplcore.train(held.spec, checkpoint_dir=folder):
        if isinstance(event, RunStart):
            writing(db, metrics.record_start, held, {key: v for key, v in event.to_json().items() if key != "type"})
        elif isinstance(event, CheckpointReady):
            path, kind = Path(event.path), event.kind
            checkpoints.upload(db.write, held, path, epoch=event.epoch, step=event.step, kind=kind, keep_last=2)
        elif isinstance(event, EpochEnd):
            record(db, held, event.epoch, epochs=1)
    writing(db, claims.finish, held, outcome="succeeded")
    return held.run_id


@pytest.mark.campaign
def test_a_model_is_taken_away(database: Database, address: str, page: Page, tmp_path: Path) -> None:
    run = trained(database, tmp_path)
    page.goto(f"{address}/#/runs/{run}")
    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog", name="Export the model")
    expect(dialog.get_by_label("Checkpoint")).to_have_value("best")
    dialog.get_by_label("Checkpoint").select_option("last")
    with page.expect_download(timeout=120_000) as download:
        dialog.get_by_role("button", name="safetensors").click()
    assert download.value.suggested_filename == f"{run}-last-safetensors.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert {"load.py", "card.md", "model.safetensors"} <= set(archive.namelist())
    expect(page.get_by_text("The model is downloaded as safetensors.")).to_be_visible()


def test_what_cannot_be_exported_is_said(database: Database, address: str, page: Page, tmp_path: Path) -> None:
    submitted(database, "nothing yet")
    held = begun(database, epochs=1)
    page.goto(f"{address}/#/runs/{held.run_id}")
    page.get_by_role("button", name="Export", exact=True).click()
    dialog = page.get_by_role("dialog", name="Export the model")
    expect(dialog.get_by_text("No checkpoint is kept")).to_be_visible()
    (tmp_path / "odd").write_bytes(b"no checkpoint")
    checkpoints.upload(database.write, held, tmp_path / "odd", epoch=1, step=0, kind="last", keep_last=2)
    dialog.get_by_role("button", name="safetensors").click()
    expect(page.get_by_text(re.compile("this run cannot be exported"))).to_be_visible(timeout=120_000)
    writing(database, claims.finish, held, outcome="cancelled")
