"""HTML in small pieces: every text is escaped here and nowhere else."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, NamedTuple


class Markup(NamedTuple):
    """HTML that is finished."""

    html: str


def markup(value: Any) -> str:
    """A value as HTML: what is none yet is text."""
    return value.html if isinstance(value, Markup) else escape(printable(str(value)), quote=True)


def printable(text: str) -> str:
    """The text without characters that steer or reorder what is shown."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)


def element(tag: str, *inner: Any, cls: str = "") -> Markup:
    """An element of the page; `cls` is ours, never somebody's text."""
    attribute = f' class="{cls}"' if cls else ""
    return Markup(f"<{tag}{attribute}>{''.join(map(markup, inner))}</{tag}>")


def section(title: str, *inner: Any) -> Markup:
    """A part with its title."""
    return element("section", element("h2", title), *inner)


def table(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Markup:
    """A table whose first column names its rows."""
    header = element("tr", *(Markup(f'<th scope="col">{markup(cell)}</th>') for cell in head))
    body = [
        element("tr", Markup(f'<th scope="row">{markup(row[0])}</th>'), *(element("td", cell) for cell in row[1:]))
        for row in rows
    ]
    return element("div", element("table", element("thead", header), element("tbody", *body)), cls="wide")


def pairs(items: Iterable[tuple[str, Any]]) -> Markup:
    """Terms and what they are."""
    return element("dl", *(part for term, value in items for part in (element("dt", term), element("dd", value))))


def page(title: str, style: str, *inner: Any) -> str:
    """A whole page."""
    head = element("title", title)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{head.html}<style>{style}</style></head>"
        f"<body><main>{''.join(map(markup, inner))}</main></body></html>\n"
    )
