"""Training: a spec in, events out."""

import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import torch

from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.raw import RegisteredDataset
from lplcore.device import choose_device, deterministic_algorithms
from lplcore.errors import SpecError
from lplcore.events import CheckpointKind, CheckpointReady, Event, LogLine, Progress, RunEnd, RunStart
from lplcore.spec.experiment import ExperimentSpec, parse_spec
from lplcore.spec.identity import continued, refuse_reordered
from lplcore.training import checkpoint as checkpoints
from lplcore.training.failures import failure
from lplcore.training.precision import notes_on
from lplcore.training.rebuilding import preprocessing_of
from lplcore.training.run import TrainingRun
from lplcore.training.saving import checkpoint_of, resume
from lplcore.training.streams import own_stream

PROGRESS_SECONDS = 0.5
T = TypeVar("T")


class Stepped:
    """A training step is done: another run of the same process may have its turn."""


STEPPED: Final = Stepped()
Happening: TypeAlias = Event | Stepped


def never() -> bool:
    """Do not stop."""
    return False


@dataclass(frozen=True)
class Request:
    """What to train (the spec's first seed), where the data are, and when to stop; see `train`."""

    spec: ExperimentSpec
    device: str
    data_dir: str | Path = "data"
    weights_dir: str | Path | None = None
    """Folder of the files of weights that a spec names; None: `weights` of the data directory."""
    datasets: Mapping[str, RegisteredDataset] = field(default_factory=dict)
    checkpoint_dir: Path | None = None
    resume_from: str | Path | None = None
    should_stop: Callable[[], bool] = never
    stop_epoch: int | None = None
    """Epoch after which the run ends with a checkpoint, to be gone on from; None: it is trained to the end."""
    pipeline: InputPipeline | None = None
    """How image files are read."""
    threads: int | None = None
    """Of a run of several in one process: threads to compute with on a CPU; None: as torch is set."""


def train(
    spec: Mapping[str, Any] | ExperimentSpec,
    *,
    seed: int | None = None,
    data_dir: str | Path = "data",
    weights_dir: str | Path | None = None,
    datasets: Mapping[str, RegisteredDataset] | None = None,
    checkpoint_dir: str | Path | None = None,
    resume_from: str | Path | None = None,
    should_stop: Callable[[], bool] = never,
    device: str | None = None,
    pipeline: InputPipeline | None = None,
) -> Iterator[Event]:
    """Train one run; training happens while the events are iterated.

    Two runs of one spec and seed give the same events but for measured times, and so does a run that was stopped at any
    step and resumed, on the same device model, number of threads and torch version.

    Args:
        spec: an experiment without sweep and search.
        seed: of this run; the spec's first where it is None.
        data_dir: folder whose `datasets` holds files of built-in data sets.
        weights_dir: folder of the files of weights that a spec names; `weights` of the data directory where it is None.
        datasets: data sets registered under names of their own.
        checkpoint_dir: where checkpoints are written and left; None writes none.
        resume_from: a checkpoint of the same experiment to go on from.
        should_stop: asked before every step and at the end of an epoch; True writes a checkpoint and ends the run.
        device: instead of the spec's.
        pipeline: how image files are read: by how many processes, what is held in memory, where pixels are kept. It
            changes no result.

    Returns:
        RunStart, then Progress, LogLine, EpochEnd and CheckpointReady events, and RunEnd last, whatever happens.

    Raises:
        SpecError: the spec is wrong, or has a sweep or a search (see `ExperimentSpec.plan`).
    """
    parsed = parse_spec(spec, datasets=datasets)
    for part in ("sweep", "search"):
        if getattr(parsed, part):
            message = f"one run has nothing to {part}; train the specs of spec.plan()"
            raise SpecError([{"path": part, "message": message}])
    request = Request(
        spec=parsed.model_copy(update={"seeds": [parsed.seeds[0] if seed is None else seed]}),
        device=device or parsed.device,
        data_dir=data_dir,
        weights_dir=weights_dir,
        datasets=dict(datasets or {}),
        checkpoint_dir=None if checkpoint_dir is None else Path(checkpoint_dir),
        resume_from=resume_from,
        should_stop=should_stop,
        pipeline=pipeline,
    )
    return alone(request)


def alone(request: Request) -> Iterator[Event]:
    """The events of a run that has the process to itself."""
    return isolated(guarded(request), deterministic=request.spec.deterministic, device=request.device)


def isolated(happenings: Iterator[T | Stepped], *, deterministic: bool, device: str | None = None) -> Iterator[T]:
    """The events, with torch's global settings and generators changed only while the next one is made.

    Args:
        happenings: what happens, training steps among it.
        deterministic: whether algorithms are wanted whose result does not depend on timing.
        device: that of a single run, which has it to itself.
    """
    events = (each for each in happenings if not isinstance(each, Stepped))
    entered = nullcontext if device is None else own_stream(device)
    while True:
        with entered(), deterministic_algorithms(wanted=deterministic), torch.random.fork_rng(devices=[]):
            event = next(events, None)
        if event is None:
            return
        yield event


def guarded(request: Request) -> Iterator[Happening]:
    """The events of a run; an error becomes its end."""
    try:
        yield from run_events(request)
    except Exception as error:
        yield from failure(error)


def run_events(request: Request) -> Iterator[Happening]:
    """The events of a run that nothing goes wrong with."""
    spec, kept = request.spec, list[str]()
    saved = None if request.resume_from is None else checkpoints.load(request.resume_from)
    if saved is not None:
        spec, kept = continued(spec, saved.metadata.get("spec"))
    run = TrainingRun(
        spec,
        device=choose_device(request.device),
        data_dir=request.data_dir,
        weights_dir=request.weights_dir,
        datasets=request.datasets,
        pipeline=request.pipeline,
    )
    resumed: list[str] = []
    try:
        if saved is not None:
            refuse_reordered(saved.metadata.get("class_names"), run.info.classes)
            resumed = resume(run, saved)
        yield run_start(
            run, [*run.info.notes, *notes_on(run.spec, run.device, run.conditions.precision), *kept, *resumed]
        )
        yield from (LogLine("warning", note) for note in resumed)
        yield LogLine("info", summary(run))
        yield from epochs(run, request)
    finally:
        run.release()


def epochs(run: TrainingRun, request: Request) -> Iterator[Happening]:
    """Train and evaluate until all epochs are done, the run is at its rung, or somebody asks to stop."""
    spec = run.spec
    yield from preparation(run, request)
    while not run.finished:
        if at_rung(run, request):
            yield RunEnd("at_rung")
            return
        yield from steps(run, request)
        if run.step < run.steps or run.prepared < run.preparations or request.should_stop():
            run.check_finite_weights()
            yield from checkpoint(run, request, "last")
            yield RunEnd("stopped")
            return
        end, improved = run.finish_epoch()
        run.draw_epoch()
        yield end
        due = run.epoch % spec.checkpoints.every_epochs == 0 or at_rung(run, request)
        if due and not run.finished:
            yield from checkpoint(run, request, "periodic")
        if improved and spec.checkpoints.keep_best:
            yield from checkpoint(run, request, "best")
    if run.epoch < spec.epochs and (best := run.evaluation.best):
        yield LogLine("info", f"ended after epoch {run.epoch}: epoch {best.epoch} is still the best on validation")
    yield from checkpoint(run, request, "last")
    yield RunEnd("succeeded")


def at_rung(run: TrainingRun, request: Request) -> bool:
    """Whether the run has come to the end of the epoch after which it waits."""
    return request.stop_epoch is not None and run.epoch >= request.stop_epoch and run.step == 0


def preparation(run: TrainingRun, request: Request) -> Iterator[Happening]:
    """What the method's procedure does before the first epoch; ends early where somebody asks to stop."""
    reported = time.monotonic()
    while run.prepared < run.preparations and not request.should_stop():
        run.prepare_step()
        yield STEPPED
        if time.monotonic() - reported >= PROGRESS_SECONDS:
            reported = time.monotonic()
            yield Progress(0, run.prepared, run.preparations, run.completed)
    if run.preparations and run.prepared == run.preparations and run.epoch == run.step == 0:
        yield from checkpoint(run, request, "periodic")


def steps(run: TrainingRun, request: Request) -> Iterator[Happening]:
    """The steps that are left of an epoch; ends early where somebody asks to stop."""
    reported = time.monotonic()
    while run.prepared == run.preparations and run.step < run.steps and not request.should_stop():
        run.train_step()
        due = time.monotonic() - reported >= PROGRESS_SECONDS
        # Reading the flag waits for an accelerator, so it is read at every step on the CPU only.
        if due or run.device.type == "cpu":
            run.check_finite()
        if due:
            reported = time.monotonic()
            yield Progress(run.epoch + 1, run.step, run.steps, run.completed)
        yield STEPPED


def checkpoint(run: TrainingRun, request: Request, kind: CheckpointKind) -> Iterator[Event]:
    """Write a checkpoint, where there is a folder for it."""
    if request.checkpoint_dir is None:
        return
    path = request.checkpoint_dir / f"epoch-{run.epoch:06d}-step-{run.step:06d}-{kind}.safetensors"
    checkpoints.save(path, checkpoint_of(run))
    yield CheckpointReady(path=str(path), epoch=run.epoch, step=run.step, kind=kind, completed=run.finished)


def run_start(run: TrainingRun, notes: list[str]) -> RunStart:
    """The first event."""
    return RunStart(
        class_names=list(run.info.classes),
        class_counts=list(run.info.class_counts),
        device=run.conditions.device,
        epochs=run.spec.epochs,
        start_epoch=run.epoch,
        notes=notes,
        environment=asdict(run.conditions) | {"python": platform.python_version()},
        preprocessing=preprocessing_of(run.data, run.spec.dataset, run.datasets).to_json(),
    )


def summary(run: TrainingRun) -> str:
    """One line on what is trained and how."""
    weights = sum(parameter.numel() for parameter in run.state.model.parameters())
    begin = f"goes on at epoch {run.epoch + 1}, step {run.step + 1}" if run.epoch or run.step else "begins"
    return (
        f"{run.spec.model.name} ({weights:,} weights) on {run.conditions.device}, {run.conditions.precision}; "
        f"{run.info.num_train:,} training, {run.info.num_validation:,} validation, {run.info.num_test:,} test "
        "examples; "
        f"seed {run.seed}; {run.steps} steps an epoch; {begin}"
    )
