"""Predicting on a run's page: dropped images, pasted rows, what is wrong with them."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

import lplcore
from store.database.engine import Database
from tests.api.trained import train_next
from tests.dashboard.conftest import begun, serving, submitted

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    """The address of a service, its run on digits that has ended, and one without checkpoint."""
    folder = tmp_path_factory.mktemp("predict")
    db = Database(f"sqlite:///{folder / 'lpl.sqlite3'}")
    db.migrate()
    submitted(db, "digits to predict", model="mlp", epochs=2)
    ended = train_next(db, folder / "training")
    submitted(db, "begins")
    with serving(db, predict_seconds=150) as url:
        yield url, ended, begun(db, epochs=1).run_id
    db.dispose()


def panel(page: Page) -> Locator:
    """The part of the page that predicts."""
    return page.locator("section", has=page.get_by_role("heading", name="Predict"))


@pytest.mark.campaign
def test_images_and_rows_are_predicted_and_what_is_wrong_is_said(
    trained: tuple[str, str, str], page: Page, tmp_path: Path
) -> None:
    address, run, _ = trained
    page.goto(f"{address}/#/runs/{run}")
    part = panel(page)
    for name in ("first.png", "second.png"):
        Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) // 4).save(tmp_path / name)
    part.get_by_label("Images").set_input_files([tmp_path / "first.png", tmp_path / "second.png"])
    rows = part.locator("tbody tr")
    expect(rows).to_have_count(2, timeout=120_000)
    expect(rows.first).to_contain_text("first.png")
    expect(rows.first.locator("img")).to_be_visible()
    likeliest = rows.first.locator(".likeliest li")
    expect(likeliest).to_have_count(5)
    expect(likeliest.first).to_contain_text(re.compile(r"\d\d?(\.\d)? %|100(\.0)? %"))
    expect(rows.first.locator("strong")).to_have_text(re.compile(r"^\d$"))
    box = part.get_by_label("Rows of numbers")
    for text, words in (("1, x", "Line 1: “x” is no number."), ("", "paste a row"), ("[1, 2", "This is not JSON")):
        box.fill(text)
        part.get_by_role("button", name="Predict the rows").click()
        expect(part.get_by_role("alert")).to_contain_text(words)
    box.fill("1, 2; 3\n4 5")
    part.get_by_role("button", name="Predict the rows").click()
    expect(part.get_by_role("alert")).to_contain_text("has shape [3], the run's data have [1, 8, 8]", timeout=120_000)
    expect(part.get_by_role("alert").locator("li")).to_have_count(2)


def test_a_run_without_checkpoint_offers_no_prediction(trained: tuple[str, str, str], page: Page) -> None:
    address, _, run = trained
    page.goto(f"{address}/#/runs/{run}")
    expect(page.get_by_role("heading", name="Checkpoints")).to_be_visible()
    expect(page.get_by_role("heading", name="Predict")).to_have_count(0)


def test_rows_of_a_table_are_pasted_with_their_header(tmp_path: Path, page: Page) -> None:
    db = Database(f"sqlite:///{tmp_path / 'lpl.sqlite3'}")
    db.migrate()
    folder = tmp_path / "datasets"
    folder.mkdir()
    rows = [f"{'' if place == 9 else place % 50},{['Bonn', 'Köln'][place % 2]},{place % 3 // 2}" for place in range(60)]
    (folder / "clients.csv").write_text("\n".join(["age,city,label", *rows]), encoding="utf-8")
    with serving(db, predict_seconds=150) as address, httpx.Client(base_url=address) as http:
        made = http.post("/v1/datasets", json={"name": "clients", "path": "clients.csv"})
        assert made.status_code == 201, made.text
        job = http.post("/v1/jobs", json={"dataset": "clients", "method": "cross_entropy", "epochs": 1}).json()
        entry = lplcore.RegisteredDataset("clients", str(folder / "clients.csv"), "table")
        run = train_next(db, tmp_path / "training", {"clients": entry})
        assert run == job["runs"][0]["id"]
        page.goto(f"{address}/#/runs/{run}")
        part = panel(page)
        box = part.get_by_label("Rows of the table")
        expect(part.get_by_label("Images")).to_have_count(0)
        for text, words in (
            ("age;city", "header alone"),
            ("age,city\n3", "Line 2 has 1 fields, the header 2."),
            ("31,20\n5,6", "must be the header"),
            ('age,city\n3,"Bonn', "not closed"),
        ):
            box.fill(text)
            part.get_by_role("button", name="Predict the rows").click()
            expect(part.get_by_role("alert")).to_contain_text(words)
        box.fill('\nage\tcity\tlabel\n31\t"Bonn"\t0\n\n\t"Else,\n""where"""\t\n')
        part.get_by_role("button", name="Predict the rows").click()
        predicted = part.locator("tbody tr")
        expect(predicted).to_have_count(2, timeout=120_000)
        body = {"inputs": [{"age": 31, "city": "Bonn"}, {"age": None, "city": 'Else,\n"where"'}]}
        wanted = http.post(f"/v1/runs/{run}/predict", json=body, timeout=150).json()["predictions"]
        for row, each in zip(predicted.all(), wanted, strict=True):
            expect(row).to_contain_text(f"{100 * max(each['probabilities']):.1f} %")
    db.dispose()
