"""A job's figures: what each reads, and who draws it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar

from matplotlib.figure import Figure

from api.middleware.turnstile import Turnstile
from api.services.comparison.answer import curves_of
from api.services.comparison.compared import Compared
from api.services.drawing import figures
from api.services.drawing.canvas import rendered
from api.services.drawing.class_data import classes_of, matrices_of, shown
from api.services.drawing.figures import Heading
from store.database.engine import Session
from store.errors import NotFound

T = TypeVar("T")
Kind = Literal["loss-variation", "class-accuracy", "learning-curves", "confusion-matrix"]
VARIATIONS = ("relative_loss_variation", "absolute_loss_variation")
CLASS_METRICS = ("test/accuracy", "test/average_precision")
MOST_SIDES, MOST_MATRICES = 12, 4
"""What a figure has room for."""
DRAWING = Turnstile(at_once=1, waiting=16)
"""Settings of matplotlib are the process's."""


@dataclass(frozen=True)
class Wanted:
    """A figure that is asked for; `name` is the job's, `metric` and `epoch` may be left to the figure."""

    kind: Kind
    name: str
    metric: str | None = None
    epoch: int | None = None


def drawn(draw: Callable[[], Figure], form: str, *, salt: str) -> bytes:
    """The bytes of a figure.

    Raises:
        Problem: 429, too many are being drawn.
    """
    with DRAWING.turn("drawing figures"):
        return rendered(draw, form, salt=salt)


def read(session: Session, compared: Compared, wanted: Wanted) -> Callable[[], Figure]:
    """Read what a figure shows; the answer draws it, which needs no database.

    Raises:
        NotFound: nothing of it has been recorded.
    """
    places = shown(compared, MOST_MATRICES if wanted.kind == "confusion-matrix" else MOST_SIDES)
    heading = figures.heading_of(compared, wanted.name, places)
    return READERS[wanted.kind](session, compared, places, wanted, heading)


def loss_variation(
    session: Session, compared: Compared, places: list[int], wanted: Wanted, heading: Heading
) -> Callable[[], Figure]:
    """Of the loss variation, relative unless the metric says absolute."""
    name = wanted.metric or VARIATIONS[0]
    names = [f"{name}{sign}" for sign in ("", ".positive", ".negative")] if name in VARIATIONS else [name]
    sides = classes_of(session, compared, places, names, epoch=wanted.epoch)
    return partial(figures.loss_variation, heading, recorded(sides, wanted))


def class_accuracy(
    session: Session, compared: Compared, places: list[int], wanted: Wanted, heading: Heading
) -> Callable[[], Figure]:
    """Of a per-class series: accuracy, or average precision for multi label."""
    names = [wanted.metric] if wanted.metric else list(CLASS_METRICS)
    sides = classes_of(session, compared, places, names, epoch=wanted.epoch)
    name = next((name for name in names if any(name in side.values for side in sides)), names[0])
    sides = [side for side in sides if name in side.values and len(side.counts) > 1]
    return partial(figures.class_accuracy, heading, recorded(sides, wanted), name)


def learning_curves(
    session: Session, compared: Compared, places: list[int], wanted: Wanted, heading: Heading
) -> Callable[[], Figure]:
    """Of a scalar, the main metric unless the metric names another."""
    metric = wanted.metric or compared.main
    some = Compared([compared.sides[place] for place in places])
    bands = [(place, band) for place, band in zip(places, curves_of(session, some, metric), strict=True) if band.epoch]
    return partial(figures.learning_curves, heading, recorded(bands, wanted), metric or "")


def confusion_matrix(
    session: Session, compared: Compared, places: list[int], wanted: Wanted, heading: Heading
) -> Callable[[], Figure]:
    """Of the confusion on the test set."""
    sides = matrices_of(session, compared, places, epoch=wanted.epoch)
    return partial(figures.confusion_matrix, heading, recorded(sides, wanted))


def recorded(sides: list[T], wanted: Wanted) -> list[T]:
    """The sides, of which there is one at least.

    Raises:
        NotFound: there is none.
    """
    if not sides:
        what = f" of {wanted.metric!r}"[:120] if wanted.metric else ""
        when = f" at epoch {wanted.epoch}" if wanted.epoch else " yet"
        raise NotFound(f"no run of the job has recorded anything{what}{when} for the figure {wanted.kind}")
    return sides


READERS = {
    "loss-variation": loss_variation,
    "class-accuracy": class_accuracy,
    "learning-curves": learning_curves,
    "confusion-matrix": confusion_matrix,
}
