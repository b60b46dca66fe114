"""Keys and the audit log, for administrators; what others see of it."""

import pytest
from playwright.sync_api import Page, expect

from store import audit, keys
from store.audit import Line
from store.database.engine import Database
from tests.store.databases import reading, writing

pytestmark = pytest.mark.browser


def use(page: Page, address: str, secret: str) -> None:
    """Give a tab a key before its page reads anything."""
    page.add_init_script(
        f"if (!sessionStorage.getItem('lpl-api-key')) sessionStorage.setItem('lpl-api-key', '{secret}')"
    )
    page.goto(f"{address}/#/admin")


def test_an_open_service_says_so_and_the_first_key_closes_it(empty: tuple[Database, str], page: Page) -> None:
    db, address = empty
    page.goto(f"{address}/#/admin")
    expect(page.get_by_text("This service is open:")).to_be_visible()
    expect(page.get_by_role("button", name="Make the key")).to_be_disabled()
    page.get_by_label("Name: what it is for").fill("the first")
    page.get_by_role("button", name="Make the key").dblclick()
    secret = page.get_by_label("The key's secret").inner_text()
    assert secret.startswith("lpl_")
    expect(page.get_by_text("It is shown now and never again")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="the first")).to_contain_text("admin")
    (made,) = reading(db, keys.list_keys)
    assert (made.name, made.scopes) == ("the first", ("admin",))
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_text(secret)).to_have_count(0)
    assert page.request.get(f"{address}/v1/jobs").status == 401
    page.reload()
    expect(page.get_by_role("row").filter(has_text="the first")).to_be_visible()  # this tab has kept it


def test_keys_are_made_copied_and_revoked(empty: tuple[Database, str], page: Page) -> None:
    db, address = empty
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    use(page, address, writing(db, keys.create, name="the admin")[1])
    page.get_by_label("Name: what it is for").fill("a program")
    page.get_by_label("read", exact=False).first.check()
    page.get_by_role("button", name="Make the key").click()
    secret = page.get_by_label("The key's secret").inner_text()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    row = page.get_by_role("row").filter(has_text="a program")
    expect(row).to_contain_text("never")
    answer = page.request.get(f"{address}/v1/jobs", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status == 200
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="No, leave it").click()
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Revoke it").click()
    expect(row).to_have_count(0)
    page.get_by_label("revoked ones too").check()
    expect(row).to_contain_text("revoked")
    assert page.request.get(f"{address}/v1/jobs", headers={"Authorization": f"Bearer {secret}"}).status == 401


def test_a_bad_name_is_said_beside_its_field(empty: tuple[Database, str], page: Page) -> None:
    db, address = empty
    use(page, address, writing(db, keys.create, name="the admin")[1])
    name = page.get_by_label("Name: what it is for")
    name.fill("bell\u0007")
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator(".field.wrong")).to_be_visible()
    expect(page.locator("#key-error")).to_contain_text("printable")


def test_without_the_scope_the_page_says_what_is_needed(empty: tuple[Database, str], page: Page) -> None:
    db, address = empty
    use(page, address, writing(db, keys.create, name="a reader", scopes=["read"])[1])
    expect(page.get_by_role("alert")).to_contain_text("lacks the scope admin")
    page.get_by_role("tab", name="Audit log").click()
    expect(page.get_by_role("alert")).to_contain_text("The audit log is for administrators")
    page.get_by_role("button", name="Use another key").click()
    page.get_by_label("Key", exact=True).fill(writing(db, keys.create, name="the admin")[1])
    page.get_by_role("button", name="Use this key").click()
    expect(page.get_by_role("heading", name="Audit log")).to_be_visible()


@pytest.mark.campaign
def test_the_audit_log_is_filtered_and_read_on(empty: tuple[Database, str], page: Page) -> None:
    db, address = empty
    key, secret = writing(db, keys.create, name="the admin")
    writing(db, audit.record, [Line("DELETE", "/v1/jobs/j_old", 204, key_id=key.id, key_name=key.name, address="::1")])
    lines = [Line("POST", f"/v1/jobs/j_{n}", 403 if n % 50 == 0 else 201, key_name="other") for n in range(250)]
    writing(db, audit.record, lines)
    use(page, address, secret)
    page.get_by_role("tab", name="Audit log").click()
    table = page.get_by_role("region", name="Requests that may have changed something")
    expect(table.get_by_role("row").nth(1)).to_contain_text("/v1/jobs/j_249")
    page.mouse.move(600, 600)
    page.mouse.wheel(0, 50_000)
    expect(table.locator("table")).not_to_have_attribute("aria-rowcount", "101")
    page.get_by_label("refused only").check()
    expect(table.locator("tbody tr")).to_have_count(5)
    expect(table.locator("tbody tr").first).to_contain_text("403 refused")
    page.get_by_label("refused only").uncheck()
    page.get_by_label("Path holds").fill("j_old")
    page.get_by_label("Path holds").press("Enter")
    expect(table.locator("tbody tr")).to_have_count(1)
    expect(table.locator("tbody tr")).to_contain_text("the admin")
    assert "path=j_old" in page.url
    page.reload()
    expect(table.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Key (name or identifier)").fill("nobody")
    page.get_by_label("Key (name or identifier)").press("Enter")
    expect(page.get_by_text("No line matches these filters.")).to_be_visible()
