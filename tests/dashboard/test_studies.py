"""Studies: the list, a new one, the table beside the published one, what a study found."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from store import studies
from store.database.engine import Database
from tests.dashboard.conftest import serving
from tests.dashboard.studied import PAIR, answered, studied
from tests.store.databases import reading

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, str]]:
    """A service with no other jobs than those of its studies, and its database."""
    db = Database(f"sqlite:///{tmp_path_factory.mktemp('studies') / 'lpl.sqlite3'}")
    db.migrate()
    with serving(db) as address:
        yield db, address
    db.dispose()


@pytest.fixture(scope="module")
def table(world: tuple[Database, str]) -> str:
    """A study with all kinds of cells."""
    return studied(world[0])


def cells(page: Page, row: str) -> Any:
    """The cells of a row of the study's table."""
    return page.get_by_role("region", name="Table of the study").get_by_role("row", name=row).get_by_role("cell")


def test_a_cell_stands_beside_the_published_one_and_leads_to_its_job(
    world: tuple[Database, str], table: str, page: Page
) -> None:
    page.goto(f"{world[1]}/#/studies/{table}")
    expect(cells(page, "CE").nth(0)).to_contain_text("21.00 ± 1.00 (n = 3)")
    expect(cells(page, "CE").nth(0)).to_contain_text("published 21.00, 0.00, within the noise")
    expect(page.get_by_text("A note for readers.", exact=True)).to_be_visible()
    page.get_by_role("link", name="CE, 100:1: 21.00 ± 1.00 (n = 3)").click()
    expect(page.get_by_role("heading", name="A table, plain", exact=True)).to_be_visible()


def test_figures_of_other_data_are_not_compared(world: tuple[Database, str], page: Page) -> None:
    study = studied(world[0], name="Small", comparable=False)
    page.goto(f"{world[1]}/#/studies/{study}")
    expect(cells(page, "CE").nth(0)).to_contain_text("published 21.00")
    expect(page.get_by_text("is of other data and cannot be compared")).to_be_visible()
    expect(page.get_by_text("the noise")).to_have_count(0)


def test_what_is_missing_is_said_with_its_reason_and_never_filled_in(
    world: tuple[Database, str], table: str, page: Page
) -> None:
    page.goto(f"{world[1]}/#/studies/{table}")
    failing = cells(page, "CE").nth(1)
    expect(failing).to_contain_text("45.00 ± 7.07 (n = 2)")
    expect(failing).to_contain_text("published 90.00, −45.00, within the noise")  # of two seeds nearly all is
    expect(failing).to_contain_text("missing: seed 2 (failed)")
    expect(cells(page, "Nowhere").nth(0)).to_contain_text("cifar is not here")
    expect(cells(page, "Nowhere").nth(1)).to_have_text("–")
    expect(cells(page, "Gain").nth(1)).to_contain_text("CE − Nowhere")
    expect(page.get_by_role("button", name="Retry failed")).to_be_visible()


def test_the_table_leaves_as_text(world: tuple[Database, str], table: str, page: Page) -> None:
    page.goto(f"{world[1]}/#/studies/{table}")
    page.get_by_text("Table for a paper").click()
    expect(page.get_by_label("The table as LaTeX")).to_contain_text("tabular")
    page.get_by_role("button", name="CSV", exact=True).click()
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download").click()
    assert "CE" in caught.value.path().read_text()
    assert caught.value.suggested_filename == "table0.csv"


def test_the_list_is_filtered_and_a_study_is_deleted_once_one_is_sure(world: tuple[Database, str], page: Page) -> None:
    db, address = world
    doomed = studied(db, name="Doomed", comparable=False)
    page.goto(f"{address}/#/studies?name=doom")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("row").last).to_contain_text("Table 0, made small")
    page.get_by_role("link", name="Doomed", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("Doomed is deleted.")).to_be_visible()
    assert doomed not in [study.id for study in reading(db, studies.list_studies).items]
    page.goto(f"{address}/#/studies?name=doom")
    expect(page.get_by_text("No study matches these filters.")).to_be_visible()


def test_a_study_of_ones_own_jobs_is_made_followed_and_cancelled(
    world: tuple[Database, str], table: str, page: Page
) -> None:
    db, address = world
    [job] = [job.id for job in reading(db, studies.members, table) if job.name.endswith("plain")]
    page.goto(f"{address}/#/studies/new?kind=jobs&job={job}")
    expect(page.get_by_role("button", name="Make the study")).to_be_disabled()
    page.get_by_label("Name of the study").fill("made here")
    page.get_by_role("button", name="Make the study").dblclick()
    expect(page.get_by_role("heading", name="made here")).to_be_visible()
    expect(cells(page, "A table, plain").nth(0)).to_contain_text("seeds 0, 1 and 2 to come")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
    expect(cells(page, "A table, plain").nth(0)).to_contain_text("missing: seeds 0, 1 and 2 (cancelled)")
    assert len(reading(db, studies.list_studies, name="made here").items) == 1


def test_a_table_of_the_paper_says_what_it_needs(world: tuple[Database, str], page: Page) -> None:
    page.goto(f"{world[1]}/#/studies/new")
    page.get_by_label("Which one").select_option("table3")
    expect(page.get_by_text("✓ on this machine").first).to_be_visible()
    page.get_by_role("radio", name="as printed").check()
    expect(page.get_by_text("Not on this machine, so that its cells stay empty")).to_contain_text("cifar")
    assert "preset=table3" in page.url


def test_an_answer_comes_first_and_is_trained_again(world: tuple[Database, str], page: Page) -> None:
    spec = {"dataset": {"name": "digits"}, "method": "lpl", "seeds": [7]}
    winner = {"label": "lpl", "point": {}}
    study = answered(world[0], {"text": "lpl is best.", "spec": spec, "winner": winner, "pairs": [PAIR]})
    page.goto(f"{world[1]}/#/studies/{study}")
    expect(page.locator("section").first).to_contain_text("lpl is best.")
    expect(page.get_by_role("row", name="lpl − focal")).to_contain_text("−2.00−3.00 to −1.000.0043yes")
    expect(page.get_by_role("img", name="Differences in test error").locator("canvas")).to_be_visible()
    page.get_by_role("link", name="Train again with this spec").click()
    expect(page.get_by_label("Seeds")).to_have_value("7")


def test_where_there_is_no_winner_none_is_offered(world: tuple[Database, str], page: Page) -> None:
    pair = {**PAIR, "difference": -0.001, "confidence_interval": [-0.03, 0.028], "p_value": 0.9, "decided": False}
    study = answered(world[0], {"text": "No winner: the two cannot be told apart.", "spec": None, "pairs": [pair]})
    page.goto(f"{world[1]}/#/studies/{study}")
    expect(page.get_by_text("No winner: the two cannot be told apart.")).to_be_visible()
    expect(page.get_by_role("row", name="lpl − focal")).to_contain_text("no")
    expect(page.get_by_role("link", name="Train again with this spec")).to_have_count(0)
    expect(page.get_by_role("heading", name="Relative loss variation")).to_have_count(0)


def test_without_studies_it_says_how_to_make_one(empty: tuple[Database, str], page: Page) -> None:
    page.goto(f"{empty[1]}/#/studies")
    expect(page.get_by_text("No studies here yet.")).to_be_visible()
    page.get_by_role("link", name="Make one").click()
    expect(page.get_by_role("heading", name="New study")).to_be_visible()
