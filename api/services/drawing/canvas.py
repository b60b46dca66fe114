"""Figures to bytes: one at a time, with settings of their own, the same bytes for the same figure."""

import io
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

FONT = "DejaVu Sans"
# Not those of a matplotlibrc that lies on the machine.
DEFAULTS = {name: value for name, value in matplotlib.rcParamsDefault.items() if not name.startswith("backend")}
SETTINGS: dict[Any, Any] = {
    **DEFAULTS,
    "font.family": FONT,
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.useoffset": False,
    "legend.frameon": False,
    "text.parse_math": False,  # a dollar in somebody's text is a dollar
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}
METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""What would tell the time and the version."""
DPI = 150
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
"""Told apart by the colour-blind too (Okabe and Ito)."""
LINES = ("-", "--", "-.", ":")
MOST_CHARACTERS = 48


def rendered(draw: Callable[[], Figure], form: str, *, salt: str) -> bytes:
    """The bytes of a figure. Settings are the process's: the caller lets one in at a time.

    Args:
        draw: makes the figure.
        form: svg, png or pdf.
        salt: what identifiers inside an SVG are made with: of several on a page each has its own.
    """
    buffer = io.BytesIO()
    with matplotlib.rc_context({**SETTINGS, "svg.hashsalt": salt}):
        draw().savefig(buffer, format=form, dpi=DPI, metadata=METADATA[form])
    return buffer.getvalue()


def sheet(title: str, width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.suptitle(text(title, most=90))
    return figure


def grid(number: int, title: str, *, columns: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """A figure of so many panels, each of so many inches."""
    columns = max(1, min(columns, number))
    rows = math.ceil(number / columns)
    figure = sheet(title, width * max(columns, 2), height * rows + 0.5)
    axes: Any = figure.subplots(rows, columns, squeeze=False)
    panels = list(axes.flat)
    for unused in panels[number:]:
        unused.set_visible(False)
    return figure, panels[:number]


def colour(place: int) -> str:
    """The colour of a side, the same in every figure of a job."""
    return COLOURS[place % len(COLOURS)]


def line(place: int) -> str:
    """The line of a side: never told apart by colour alone."""
    return LINES[(place + place // len(COLOURS)) % len(LINES)]


def letters(number: int) -> str:
    """(a), (b)... as papers count panels."""
    return f"({chr(ord('a') + number)})" if number < 26 else f"({number + 1})"


def text(words: str, *, most: int = MOST_CHARACTERS) -> str:
    """Words in one line that the font can show; what it lacks is a question mark."""
    known = characters()
    line = "".join(character if ord(character) in known else "?" for character in " ".join(words.split()))
    return line if len(line) <= most else f"{line[: most - 3]}..."


@cache
def characters() -> frozenset[int]:
    """The characters of the font, without those that control."""
    charmap: Mapping[int, Any] = get_font(findfont(FontProperties(family=FONT))).get_charmap()
    return frozenset(code for code in charmap if chr(code).isprintable())


def seeds(number: int) -> str:
    """`n = 3`."""
    return f"n = {number}"


def legend(axes: Axes, labels: Sequence[str]) -> None:
    """A legend below the axes."""
    columns = 2 if max(map(len, labels), default=0) > 24 else 4
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=min(columns, len(labels)))
