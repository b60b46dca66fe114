"""Data sets: what is here, what goes where, how classes are spread, register and delete."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from store.database.engine import Database
from tests.dashboard.conftest import finished_job

pytestmark = pytest.mark.browser


def put(database: Database, name: str) -> None:
    """An `.npz` of three classes in the service's folder of data sets."""
    folder = Path(str(database.url.database)).parent / "datasets"
    folder.mkdir(exist_ok=True)
    labels = np.repeat([0, 1, 2], [30, 10, 3])
    inputs = np.random.default_rng(0).normal(size=(len(labels), 4)).astype(np.float32)
    np.savez(folder / name, x_train=inputs, y_train=labels, x_test=inputs, y_test=labels)


def test_the_list_says_what_is_here_and_what_goes_where(database: Database, address: str, page: Page) -> None:
    page.goto(f"{address}/#/datasets")
    digits = page.get_by_role("row").filter(has_text="Handwritten digits (8x8)")
    expect(digits).to_contain_text("✓ here")
    expect(page.get_by_role("row").filter(has_text="CIFAR-100")).to_contain_text("put cifar-100-python/")
    page.get_by_label("Only those on this machine").check()
    expect(page.get_by_role("row").filter(has_text="CIFAR-100")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("row").filter(has_text="CIFAR-100")).to_have_count(0)
    page.get_by_label("Name", exact=True).first.fill("nothing")
    expect(page.get_by_text("No data set matches these filters")).to_be_visible()


def test_a_data_set_shows_its_curve_examples_and_jobs(database: Database, address: str, page: Page) -> None:
    finished_job(database, "trained on digits")
    page.goto(f"{address}/#/datasets/digits")
    expect(page.get_by_role("img", name="Training examples by class").locator("canvas")).to_be_visible()
    expect(page.get_by_role("img", name="An example of 3")).to_be_visible()
    expect(page.get_by_role("link", name="trained on digits")).to_be_visible()
    with page.expect_download() as caught:
        page.get_by_role("button", name="CSV").click()
    assert caught.value.path().read_text().splitlines()[:2] == ["class,training examples", "3,147"]
    page.get_by_role("link", name="Train on this").click()
    expect(page.get_by_role("heading", name="Submit an experiment")).to_be_visible()


@pytest.mark.campaign
def test_one_that_is_missing_says_what_goes_where(database: Database, address: str, page: Page) -> None:
    page.goto(f"{address}/#/datasets/cifar10")
    expect(page.get_by_text("Not on this machine.")).to_be_visible()
    expect(page.get_by_role("link", name="Train on this")).to_have_count(0)
    page.goto(f"{address}/#/datasets/never_there")
    expect(page.get_by_role("alert")).to_contain_text("is not there")


def test_a_path_is_registered_and_deleted(database: Database, address: str, page: Page) -> None:
    put(database, "mine.npz")
    page.goto(f"{address}/#/datasets")
    page.locator("#register-name").fill("digits")
    page.locator("#register-path").fill("mine.npz")
    page.get_by_role("button", name="Register").click()
    name = page.locator(".field", has=page.locator("#register-name"))
    expect(name.get_by_role("alert")).to_contain_text("built-in data set")
    page.locator("#register-name").fill("mine")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="mine", exact=True)).to_be_visible()
    expect(page.get_by_text("Few-shot classes (below 20)")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", name="Data sets")).to_be_visible()
    expect(page.get_by_role("link", name="mine", exact=True)).to_have_count(0)


def test_a_table_is_registered_with_its_target_and_warned_of(database: Database, address: str, page: Page) -> None:
    put(database, "other.npz")
    rows = [f"{index % 9},{'' if index % 10 == 0 else 'CH'},{int(index % 25 == 0)},x" for index in range(100)]
    folder = Path(str(database.url.database)).parent / "datasets"
    (folder / "fraud.csv").write_text("\n".join(["amount,country,fraud,last", *rows]))
    page.goto(f"{address}/#/datasets")
    page.locator("#register-name").fill("fraud")
    page.locator("#register-path").fill("other.npz")
    expect(page.get_by_label("Target column")).to_have_count(0)
    page.locator("#register-path").fill("fraud.csv")
    page.get_by_label("Target column").fill("none")
    page.get_by_role("button", name="Register").click()
    target = page.locator(".field", has=page.locator("#register-target"))
    expect(target.get_by_role("alert")).to_contain_text("has no column 'none'")
    page.get_by_label("Target column").fill("fraud")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="2 warnings")).to_be_visible()
    expect(page.get_by_text("compare balanced accuracy")).to_be_visible()
    expect(page.get_by_role("table", name="Splits").get_by_role("row").nth(1)).to_contain_text("80")
    expect(page.get_by_role("table", name="Columns that lack values")).to_contain_text("country")
    expect(page.get_by_role("table", name="The first training row of each class")).to_contain_text("amount")


@pytest.mark.campaign
def test_classes_that_come_together_are_a_matrix(database: Database, address: str, page: Page) -> None:
    folder = Path(str(database.url.database)).parent / "datasets"
    folder.mkdir(exist_ok=True)
    labels = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [1, 0, 0]])
    np.savez(folder / "multi.npz", x_train=np.eye(4), y_train=labels, x_test=-np.eye(4), y_test=labels)
    page.goto(f"{address}/#/datasets")
    page.locator("#register-name").fill("multi")
    page.locator("#register-path").fill("multi.npz")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("img", name="Co-occurrence").locator("canvas")).to_be_visible()
    pairs = page.get_by_role("table", name="The most frequent pairs")
    expect(pairs.get_by_role("row").nth(1)).to_contain_text("0 and 1")
    with page.expect_download() as caught:
        page.get_by_role("img", name="Co-occurrence").locator("xpath=ancestor::*[.//button][1]").get_by_role(
            "button", name="CSV"
        ).click()
    assert caught.value.path().read_text().splitlines()[1].startswith("0,0,66.6")
