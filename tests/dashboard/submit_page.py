"""The page on which one submits, as tests see it."""

from typing import Any

import yaml
from playwright.sync_api import Locator, Page, expect


def opened(page: Page, address: str, query: str = "") -> None:
    """The form, once the service has looked at what is in it."""
    page.goto(f"{address}/#/submit{query}")
    expect(plan(page)).to_contain_text("As it should be")


def plan(page: Page) -> Locator:
    """The part that says what will run."""
    return page.locator("section", has=page.get_by_role("heading", name="What will run"))


def sent(page: Page) -> dict[str, Any]:
    """What the page says it sends."""
    content: dict[str, Any] = yaml.safe_load(page.get_by_label("What is sent, as YAML").inner_text())
    return content
