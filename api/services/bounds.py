"""LPL's bounds by class, as answers; nothing is trained, and data are read for their counts alone."""

from collections.abc import Mapping
from typing import Annotated, Any

import lplcore
from api.problems import refusal
from api.schemas.bounds import BoundsAnswer, BoundsQuestion
from api.services.submission import registered_datasets
from lplcore.datasets import Dataset
from lplcore.errors import plain, validated
from lplcore.frame.statistics import ClassStatistics, class_statistics
from lplcore.perturbations import Perturbation
from lplcore.perturbations.lpl import Lpl, class_bounds
from lplcore.plugin import PluginOf, Record
from store.database.engine import Database
from store.settings import Settings


class DatasetPart(Record):
    """The data set of a question."""

    dataset: Annotated[Dataset, PluginOf("dataset")]


class PerturbationPart(Record):
    """The perturbation of a question."""

    perturbation: Annotated[Perturbation, PluginOf("perturbation")]


def answer_of(db: Database, settings: Settings, question: BoundsQuestion) -> BoundsAnswer:
    """Signs, bounds and steps of the classes.

    Raises:
        SpecError, DatasetError, Problem: with the field and the remedy.
    """
    statistics = statistics_of(db, settings, question)
    options = options_of(question, statistics)
    if question.q is not None and len(question.q) != statistics.num_classes:
        raise refused("q", f"must have an entry per class: {statistics.num_classes}, {len(question.q)} given")
    bounds = class_bounds(options, statistics, q=question.q)
    order = sorted(range(statistics.num_classes), key=statistics.ranks.__getitem__)
    counts = list(statistics.class_counts)
    return BoundsAnswer(task=statistics.task, class_counts=counts, order=order, **bounds._asdict())


def statistics_of(db: Database, settings: Settings, question: BoundsQuestion) -> ClassStatistics:
    """Class counts and task, as given or as the data set has them."""
    if (question.class_counts is None) == (question.dataset is None):
        raise refused("class_counts", "give class_counts or dataset, and not both")
    if question.class_counts is not None:
        if not any(question.class_counts):
            raise refused("class_counts", "all counts are zero")
        return class_statistics(question.class_counts, task=question.task or "single_label")
    info = info_of(db, settings, {"dataset": question.dataset})
    if question.task not in (None, info.task):
        raise refused("task", f"{info.name!r} is {info.task}; leave it out")
    return ClassStatistics(info.class_counts, info.task)


def info_of(db: Database, settings: Settings, data: Mapping[str, Any]) -> lplcore.DatasetInfo:
    """Facts about a data set that a spec may name."""
    registered = registered_datasets(db, data)
    dataset = validated(DatasetPart, plain(data), context={"datasets": registered}).dataset
    return lplcore.dataset_info(dataset, data_dir=settings.data_dir, datasets=registered)


def options_of(question: BoundsQuestion, statistics: ClassStatistics) -> Lpl:
    """LPL's parameters with the task's defaults."""
    data, context = {"perturbation": question.perturbation}, {"task": statistics.task}
    options = validated(PerturbationPart, plain(data), context=context).perturbation
    if not isinstance(options, Lpl):
        raise refused("perturbation.name", f"{options.name!r} has no bounds; 'lpl' has")
    for field, message in options.check(statistics.num_classes, statistics.task):
        raise refused(f"perturbation.{field}", message)
    return options


def refused(path: str, message: str) -> Exception:
    """422 for a field."""
    return refusal([{"path": path, "message": message}])
