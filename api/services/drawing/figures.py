"""The figures of a job, in the layout of papers: a panel or a line per method, classes by descending count."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from api.services.comparison.compared import Band, Compared
from api.services.comparison.labels import metric_title
from api.services.drawing.canvas import colour, grid, legend, letters, line, seeds, sheet, text
from api.services.drawing.class_data import MOST_BARS, Classes, Matrix, binned

FEW_CLASSES = 12
"""Up to so many classes their names stand on the axis."""
FRACTIONS = ("top1_error", "mean_average_precision", "accuracy", "average_precision", "micro_f1", "macro_f1")


@dataclass(frozen=True)
class Heading:
    """What stands above every figure, and what its sides are called."""

    title: str
    labels: Sequence[str]
    places: Sequence[int]
    """Sides that figures of the job show."""

    def of(self, what: str) -> str:
        """The title of a figure."""
        return f"{what} · {self.title}" if self.title else what

    def number(self, place: int) -> int:
        """Which of the shown sides it is: its colour and line."""
        return self.places.index(place)


def heading_of(compared: Compared, name: str, places: Sequence[int]) -> Heading:
    """The heading of a job's figure."""
    data = compared.datasets[0] if len(set(compared.datasets)) == 1 else ""
    total = len(compared.sides)
    some = f"{len(places)} of {total} points" if len(places) < total else ""
    return Heading(" · ".join(part for part in (name, data, some) if part), compared.titles, places)


def loss_variation(heading: Heading, sides: Sequence[Classes]) -> Figure:
    """A panel per method; for multi label two, of positives and of negatives."""
    panels = [(side, name) for side in sides for name in sorted(side.values, reverse=True)]
    signed = any("." in name for _, name in panels)
    title = heading.of(series_title(panels[0][1]))
    figure, axes = grid(len(panels), title, columns=2 if signed else 3, width=3.4, height=2.5)
    for number, (ax, (side, name)) in enumerate(zip(axes, panels, strict=True)):
        edges, heights = binned(side.values[name])
        ax.stairs(heights, edges, baseline=0, fill=True, color=colour(heading.number(side.place)))
        ax.axhline(0, color="0.3", linewidth=0.8)
        sign = {"positive": "pos, ", "negative": "neg, "}.get(name.rpartition(".")[2], "")
        ax.set_title(f"{letters(number)} {text(heading.labels[side.place])} ({sign}{seeds(side.runs)})")
        label_classes(ax, side)
        ax.set_ylabel("(l' - l) / l" if name.startswith("relative") else "l' - l")
    return figure


def series_title(name: str) -> str:
    """`Relative loss variation`."""
    return name.partition(".")[0].replace("_", " ").capitalize()


def label_classes(ax: Axes, side: Classes) -> None:
    """Name the axis of the classes."""
    size = len(side.counts)
    ax.set_xlim(0.5, size + 0.5)
    ax.set_xlabel(by_rank(size, in_bins=size > MOST_BARS))
    if size <= FEW_CLASSES:
        ax.set_xticks(range(1, size + 1), [text(name, most=8) for name in side.names])


def by_rank(size: int, *, in_bins: bool) -> str:
    """What the axis of so many classes is."""
    return f"{size} classes by descending count{', in bins' if in_bins else ''}"


def class_accuracy(heading: Heading, sides: Sequence[Classes], name: str) -> Figure:
    """Training counts above; below a line per method."""
    figure = sheet(heading.of(f"{name} per class"), 7.5, 5)
    above, below = figure.subplots(2, 1, height_ratios=[1, 2.5])
    edges, heights = binned(sides[0].counts)
    above.stairs(heights, edges, baseline=0, fill=True, color="0.6")
    above.set_ylabel("training\nexamples")
    above.set_yscale("symlog", linthresh=1)
    above.set_ylim(bottom=0)
    above.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    for side in sides:
        edges, heights = binned(side.values[name])
        number = heading.number(side.place)
        label = f"{text(heading.labels[side.place])} ({seeds(side.runs)})"
        marker = "o" if len(heights) <= FEW_CLASSES else None
        middle = (edges[1:] + edges[:-1]) / 2
        below.plot(middle, heights, line(number), color=colour(number), label=label, marker=marker, markersize=3)
    label_classes(above, sides[0])
    above.set_xlabel("")
    label_classes(below, sides[0])
    in_percent(below, name)
    legend(below, [heading.labels[side.place] for side in sides])
    return figure


def in_percent(ax: Axes, name: str) -> None:
    """Name the axis of a metric, and show fractions in percent."""
    fraction = name.rpartition("/")[2].partition(".")[0] in FRACTIONS
    ax.set_ylabel(f"{text(metric_title(name))}{' %' if fraction else ''}")
    if fraction:
        ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol=""))


def learning_curves(heading: Heading, bands: Sequence[tuple[int, Band]], name: str) -> Figure:
    """A line per method with its standard deviation over seeds as a band."""
    figure = sheet(heading.of(f"{metric_title(name)} over epochs"), 7.5, 4.5)
    ax = figure.subplots()
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    for place, band in bands:
        epochs, mean = np.asarray(band.epoch), np.asarray(band.mean)
        spread = np.asarray([np.nan if std is None else std for std in band.std], dtype=np.float64)
        number, marker = heading.number(place), "o" if len(epochs) == 1 else None
        label = f"{text(heading.labels[place])} ({seeds(max(band.n))})"
        ax.plot(epochs, mean, line(number), color=colour(number), label=label, marker=marker)
        ax.fill_between(epochs, mean - spread, mean + spread, color=colour(number), alpha=0.18, linewidth=0)
    ax.set_xlabel("epoch")
    in_percent(ax, name)
    legend(ax, [heading.labels[place] for place, _ in bands])
    return figure


def confusion_matrix(heading: Heading, sides: Sequence[Matrix]) -> Figure:
    """A panel per method: shares of each true class."""
    what = f"Confusion of {by_rank(len(sides[0].names), in_bins=sides[0].binned)}"
    figure, axes = grid(len(sides), heading.of(what), columns=2, width=3.9, height=3.6)
    for number, (ax, side) in enumerate(zip(axes, sides, strict=True)):
        image = ax.imshow(side.shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(f"{letters(number)} {text(heading.labels[side.place], most=34)} ({seeds(side.runs)})")
        ax.set_xlabel(f"predicted{', bins' if side.binned else ''}")
        ax.set_ylabel(f"true{', bins' if side.binned else ''}")
        if len(side.names) <= FEW_CLASSES:
            names = [text(name, most=8) for name in side.names]
            ax.set_xticks(range(len(names)), names)
            ax.set_yticks(range(len(names)), names)
    figure.colorbar(image, ax=axes, label="share of the true class")
    return figure
