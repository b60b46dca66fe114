"""Data sets by file: chosen or dropped, sent with progress, refused in words, shown when they are there."""

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from store.database.engine import Database
from tests.api.archives import FOLDERS, npz, zipped
from tests.dashboard.conftest import serving

pytestmark = pytest.mark.browser

DROP = """async ([name, content, folder]) => {
  const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  if (folder) Object.defineProperty(transfer.items[0].constructor.prototype, "webkitGetAsEntry",
    { configurable: true, value: () => ({ isDirectory: true }) });
  for (const type of ["dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }));
}"""
"""Lets a file, or what says it is a folder, fall on the page."""


@pytest.fixture
def uploads(tmp_path: Path, page: Page) -> Iterator[Page]:
    """The page of data sets of a service of its own."""
    database = Database(f"sqlite:///{tmp_path / 'lpl.sqlite3'}")
    database.migrate()
    with serving(database) as address:
        page.goto(f"{address}/#/datasets")
        yield page
        page.goto("about:blank")  # ends its stream of events, which the service would wait for
    database.dispose()


def test_a_file_is_chosen_sent_and_shown_and_goes_with_its_data_set(uploads: Page, tmp_path: Path) -> None:
    (tmp_path / "My pets!.tar.zip").write_bytes(zipped(FOLDERS))
    expect(uploads.get_by_role("button", name="Upload")).to_be_disabled()
    uploads.get_by_label("File").set_input_files(tmp_path / "My pets!.tar.zip")
    expect(uploads.locator("#upload-name")).to_have_value("My_pets_")
    uploads.locator("#upload-name").fill("digits")
    uploads.get_by_role("button", name="Upload").click()
    expect(uploads.locator(".field", has=uploads.locator("#upload-name")).get_by_role("alert")).to_contain_text(
        "built-in"
    )
    uploads.locator("#upload-name").fill("pets")
    uploads.get_by_role("button", name="Upload").click()
    expect(uploads.get_by_role("heading", name="pets", exact=True)).to_be_visible()
    expect(uploads.get_by_role("img", name="An example of cat")).to_be_visible()
    expect(uploads.get_by_text("pets is uploaded: 2 classes.")).to_be_visible()
    uploads.get_by_role("button", name="Delete", exact=True).click()
    expect(uploads.get_by_text("Its files go with it")).to_be_visible()
    uploads.get_by_role("button", name="Delete it").click()
    expect(uploads.get_by_role("heading", name="Data sets")).to_be_visible()
    assert not list((tmp_path / "datasets" / "uploads").glob("u_*"))


def test_a_file_is_dropped_anywhere_and_a_folder_is_told_the_command(uploads: Page) -> None:
    expect(uploads.get_by_role("heading", name="Upload your own")).to_be_visible()
    uploads.evaluate(DROP, ["pets", base64.b64encode(b"x").decode(), True])
    expect(uploads.get_by_role("alert")).to_contain_text("lpl dataset add NAME FOLDER")
    uploads.reload()
    expect(uploads.get_by_role("heading", name="Upload your own")).to_be_visible()
    uploads.evaluate(DROP, ["mine.npz", base64.b64encode(npz()).decode(), False])
    expect(uploads.locator("#upload-name")).to_have_value("mine")
    uploads.get_by_role("button", name="Upload").click()
    expect(uploads.get_by_role("heading", name="mine", exact=True)).to_be_visible()


@pytest.mark.campaign
def test_a_table_is_asked_for_its_columns(uploads: Page, tmp_path: Path) -> None:
    (tmp_path / "churn.csv").write_text("age,plan,left\n30,a,no\n40,b,yes\n")
    uploads.get_by_label("File").set_input_files(tmp_path / "churn.csv")
    uploads.get_by_label("Column of the classes").fill("left")
    assert uploads.locator("#upload-target-of option").evaluate_all("all => all.map((each) => each.value)") == [
        "age",
        "plan",
        "left",
    ]
    expect(uploads.get_by_role("button", name="Upload")).to_be_enabled()


def test_what_is_refused_says_why_and_an_upload_can_be_cancelled(uploads: Page, tmp_path: Path) -> None:
    (tmp_path / "odd.zip").write_bytes(zipped({**FOLDERS, "../out.png": b"x"}))
    uploads.get_by_label("File").set_input_files(tmp_path / "odd.zip")
    uploads.get_by_role("button", name="Upload").click()
    expect(uploads.get_by_role("alert")).to_contain_text("leads out of the archive")
    held = threading.Event()

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            held.set()  # and is not answered
        else:
            route.continue_()

    uploads.route("**/v1/datasets", hold)
    uploads.get_by_role("button", name="Upload").click()
    expect(uploads.get_by_label("Upload", exact=True)).to_be_visible()
    uploads.get_by_role("button", name="Cancel").click()
    expect(uploads.get_by_text("The upload was cancelled; nothing was kept.")).to_be_visible()
    expect(uploads.get_by_role("button", name="Upload")).to_be_enabled()
    assert held.is_set()
