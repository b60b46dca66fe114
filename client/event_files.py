"""A job's runs as event files that TensorBoard reads: a folder per run. Needs the package tensorboard, not torch."""

import json
import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary
from tensorboard.plugins.hparams import metadata, summary_v2
from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo
from tensorboard.summary.writer.record_writer import RecordWriter

from client.answers import Job, LossVariations, Run, SignedVariations
from client.client import Client
from client.errors import ApiError
from client.fields import State
from client.tables import run_label
from client.words import point_label, point_value

MOST_SCALARS = 100
"""Classes up to which each has a curve of its own; more become a histogram an epoch."""
BUCKETS = 30
UNSAFE = re.compile(r"[^\w.=+ -]+")
LONGEST_NAME = 120
NOT_FOUND = 404
Record = tuple[int, Any]
"""(epoch, summary)"""


def export(client: Client, job: str, folder: Path) -> int:
    """Write the runs of a job; returns how many. Files of an earlier export are replaced.

    Raises:
        OSError: the folder cannot be written.
    """
    answer = client.get_job(job)
    runs = client.runs(answer)
    replaced = {run.retry_of for run in runs}
    taken = set[str]()
    for run in runs:
        if run.id in replaced:
            continue
        name = folder_name(run, taken)
        taken.add(name)
        write_events(folder / name / f"events.out.tfevents.{run.id}", list(events_of(client, answer, run)))
    return len(taken)


def folder_name(run: Run, taken: set[str]) -> str:
    """A run's folder: sweep point and seed, in characters that every file system has, unlike all others."""
    name = UNSAFE.sub("_", run_label(run))[-LONGEST_NAME:].strip(" .")
    return next(each for number in count(1) if (each := name if number == 1 else f"{name} {number}") not in taken)


def write_events(path: Path, events: Sequence[Any]) -> None:
    """Write an event file, which appears only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"part.{path.name}")
    with part.open("wb") as file:
        writer = RecordWriter(file)
        first = events[0].wall_time if events else 0.0
        for event in (Event(wall_time=first, file_version="brain.Event:2"), *events):
            writer.write(event.SerializeToString())
    part.replace(path)


def events_of(client: Client, job: Job, run: Run) -> Iterator[Any]:
    """Everything that a run has measured, by epoch, each at the time when its epoch was recorded."""
    times = client.epoch_times(run)
    recorded = sorted(times)
    begun, ended = moment(run.started_at or run.created_at), moment(run.finished_at)
    yield Event(wall_time=begun, step=0, summary=settings_of(job, run, begun))
    for epoch, summary in sorted(measured(client, run), key=lambda record: record[0]):
        place = bisect_left(recorded, epoch)
        known = moment(times[recorded[place]]) if place < len(recorded) else ended or begun
        yield Event(wall_time=known, step=epoch, summary=summary)
    if run.ended:
        yield Event(wall_time=ended, step=run.epoch, summary=outcome_of(run, ended))


def moment(time: datetime | None) -> float:
    """Seconds since the epoch, 0 where the time is not known."""
    return 0.0 if time is None else time.timestamp()


def measured(client: Client, run: Run) -> Iterator[Record]:
    """A run's scalars and loss variations; what is undefined is left out."""
    for name, curve in client.metrics(run).items():
        for epoch, value in zip(curve.epoch, curve.value, strict=True):
            if value is not None:
                yield epoch, scalar(name, value)
    try:
        answer = client.loss_variations(run)
    except ApiError as error:
        if error.status != NOT_FOUND:  # a run that has measured none
            raise
        return
    for name, rows in variations(answer):
        for epoch, values in zip(answer.epochs, rows, strict=True):
            yield from ((epoch, summary) for summary in by_class(name, answer.classes, values))


def variations(answer: LossVariations) -> Iterator[tuple[str, list[list[float | None]]]]:
    """(name, [epochs][classes]) of the loss variations that a run has, relative and absolute."""
    absolute = answer.absolute_loss_variation
    signed = absolute if isinstance(absolute, SignedVariations) else SignedVariations()
    every = {
        "relative_loss_variation": answer.relative_loss_variation,
        "relative_loss_variation.positive": answer.positive,
        "relative_loss_variation.negative": answer.negative,
        "absolute_loss_variation": absolute if isinstance(absolute, list) else None,
        "absolute_loss_variation.positive": signed.positive,
        "absolute_loss_variation.negative": signed.negative,
    }
    yield from ((name, rows) for name, rows in every.items() if rows)


def by_class(name: str, classes: Sequence[str], values: Sequence[float | None]) -> Iterator[Any]:
    """A scalar per class, or a histogram of many classes."""
    defined = [value for value in values if value is not None]
    if len(values) > MOST_SCALARS:
        if defined:
            yield Summary(value=[Summary.Value(tag=name, histo=histogram(defined))])
        return
    for label, value in zip(classes, values, strict=True):
        if value is not None:
            yield scalar(f"{name}/{label}", value)


def scalar(tag: str, value: float) -> Any:
    """A scalar; TensorBoard keeps float32."""
    return Summary(value=[Summary.Value(tag=tag, simple_value=value)])


def histogram(values: Sequence[float]) -> Any:
    """Values counted in buckets of one width, by their upper ends."""
    low, high = min(values), max(values)
    width = (high - low) / BUCKETS or 1.0
    counts = [0] * BUCKETS
    for value in values:
        counts[min(int((value - low) / width), BUCKETS - 1)] += 1
    limits = [low + width * (place + 1) for place in range(BUCKETS)]
    sums = {"sum": math.fsum(values), "sum_squares": math.fsum(value * value for value in values)}
    return HistogramProto(min=low, max=high, num=len(values), bucket_limit=limits, bucket=counts, **sums)


def settings_of(job: Job, run: Run, started_at: float) -> Any:
    """What the hparams page shows of a run; the seeds of a sweep point are one group there."""
    settings: dict[str, Any] = {"dataset": job.dataset, "method": job.method or "result", **run.point, "seed": run.seed}
    group = point_label(run.point) or job.name or job.id
    return summary_v2.hparams_pb(
        {path: hyper_parameter(value) for path, value in settings.items()},
        trial_id=group,
        start_time_secs=started_at,
    )


def hyper_parameter(value: Any) -> bool | float | str:
    """A swept value in one of the kinds that the page knows."""
    if isinstance(value, bool | int | float | str):
        return value
    return point_value(value) if isinstance(value, Mapping) else json.dumps(value)


def outcome_of(run: Run, ended_at: float) -> Any:
    """How a run ended, for the hparams page."""
    status = STATUS_SUCCESS if run.state == State.SUCCEEDED else STATUS_FAILURE
    end = HParamsPluginData(session_end_info=SessionEndInfo(status=status, end_time_secs=ended_at))
    tag, described = metadata.SESSION_END_INFO_TAG, metadata.create_summary_metadata(end)
    return Summary(value=[Summary.Value(tag=tag, metadata=described, tensor=metadata.NULL_TENSOR)])
