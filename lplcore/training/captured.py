"""Work on a CUDA device that is always the same: captured once as a CUDA graph, then replayed.

A graph reads and writes the memory that it was captured with. So what differs from time to time lies in tensors that
stay where they are (`StepInputs.copy_`), and what adds up does so in place. Random numbers come from the generator's
seed at the replay, as they would without a graph.
"""

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

WARM_UP = 2
"""Times that work is done without a graph first: libraries make their workspaces then, and optimisers their state."""

logger = logging.getLogger(__name__)
Capture = Callable[[Callable[[], None], str], Callable[[], None]]
"""Work and what it is, for people, to the same done by a graph."""


class StepInputs(NamedTuple):
    """What differs from one training step to the next. N examples."""

    indices: Tensor
    """[N] int64, of the training examples."""
    draws: Tensor
    """[N, width] float32, random numbers of the augmentation."""
    step: int | Tensor
    """Number of the step in its epoch, from 0; a scalar."""
    progress: float | Tensor
    """Share of the training done, 0 to 1; a scalar."""
    drawn: tuple[Tensor, ...] = ()
    """What the procedure drew on the host (`Procedure.host_draws`)."""
    images: Tensor | None = None
    """[N, channels, H, W], where images are read as they are needed."""

    def kept(self) -> "StepInputs":
        """Tensors on the device that take inputs like these."""
        step = torch.zeros((), dtype=torch.int64, device=self.indices.device)
        progress = torch.zeros((), dtype=torch.float32, device=self.indices.device)
        drawn = tuple(torch.empty_like(value, device=self.indices.device) for value in self.drawn)
        images = None if self.images is None else self.images.clone()
        return StepInputs(self.indices.clone(), self.draws.clone(), step, progress, drawn, images)

    def copy_(self, other: "StepInputs") -> None:
        """Take over another step of as many examples."""
        self.indices.copy_(other.indices)
        self.draws.copy_(other.draws)
        for own, number in ((self.step, other.step), (self.progress, other.progress)):
            assert isinstance(own, Tensor)
            own.fill_(number)
        if self.images is not None and other.images is not None:
            self.images.copy_(other.images)
        for own, value in zip(self.drawn, other.drawn, strict=True):
            # From memory that the device reads by itself, or the host would wait for it.
            own.copy_(value.pin_memory() if own.is_cuda else value, non_blocking=True)


class Captured:
    """Work that is done again and again, eagerly at first and where it cannot be captured.

    Attributes:
        graph: None before it was captured.
        capturable: false once it has turned out that it cannot be.
    """

    def __init__(self, work: Callable[[], None], name: str, pool: "Pool") -> None:
        self.work, self.name, self.pool = work, name, pool
        self.graph: torch.cuda.CUDAGraph | None = None
        self.eager, self.capturable = WARM_UP, True

    def __call__(self) -> None:
        """Do it once."""
        if self.graph is None and self.capturable and not self.eager:
            self._capture()
        if self.graph is not None:
            self.graph.replay()
            return
        self.eager = max(self.eager - 1, 0)
        self.work()

    def _capture(self) -> None:
        graph, stream = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
        # torch takes a stream of its own where the current one is the default, which cannot be captured.
        own = None if stream == torch.cuda.default_stream() else stream
        try:
            with (
                nothing_collected(),
                torch.cuda.graph(graph, pool=self.pool.handle(), stream=own, capture_error_mode="thread_local"),
            ):
                self.work()
        except RuntimeError as error:
            reason, *_ = str(error).splitlines() or [type(error).__name__]
            logger.warning("%s goes on without a CUDA graph: %s", self.name, reason)
            self.capturable = False
            # The old state believes that the capture goes on.
            generator = torch.cuda.default_generators[stream.device_index]
            generator.graphsafe_set_state(generator.clone_state())
            return
        self.graph = graph


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Inside, no garbage is collected: a graph among it would be destroyed, which ends a capture that is going on."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


class Pool:
    """The memory that the graphs of a run share, since they never run at the same time."""

    def __init__(self) -> None:
        self._handle: Any = None

    def handle(self) -> Any:
        """torch's name for it, made when the first graph is captured."""
        if self._handle is None:
            self._handle = torch.cuda.graph_pool_handle()
        return self._handle

    def captured(self, work: Callable[[], None], name: str) -> Captured:
        """Work whose graph lies in this memory."""
        return Captured(work, name, self)


class CapturedSteps:
    """Training steps, captured for every number of examples."""

    def __init__(self, take: Callable[[StepInputs], None], capture: Capture) -> None:
        self.take, self.capture = take, capture
        self.by_number: dict[int, tuple[StepInputs, Callable[[], None]]] = {}

    def __call__(self, inputs: StepInputs) -> None:
        """Take one step."""
        number = inputs.indices.shape[0]
        if number not in self.by_number:
            kept = inputs.kept()
            self.by_number[number] = kept, self.capture(lambda: self.take(kept), f"the step of {number} examples")
        kept, work = self.by_number[number]
        kept.copy_(inputs)
        work()

    def forget(self) -> None:
        """Drop all graphs: the next steps do other work."""
        self.by_number.clear()


class CapturedPrediction:
    """Predictions, captured for every number of examples: their indices [N] or images [N, ...] to logits [N, C]."""

    def __init__(self, predict: Callable[[Tensor], Tensor], capture: Capture) -> None:
        self.predict, self.capture = predict, capture
        self.by_number: dict[int, tuple[Tensor, list[Tensor], Callable[[], None]]] = {}

    def __call__(self, examples: Tensor) -> Tensor:
        number = examples.shape[0]
        if number not in self.by_number:
            self.by_number[number] = self._of(examples)
        kept, answer, work = self.by_number[number]
        kept.copy_(examples)
        work()
        # The next prediction is written to the same place.
        return answer[0].clone()

    def _of(self, examples: Tensor) -> tuple[Tensor, list[Tensor], Callable[[], None]]:
        kept, answer = examples.clone(), list[Tensor]()

        def work() -> None:
            answer[:] = [self.predict(kept)]

        return kept, answer, self.capture(work, f"the prediction of {examples.shape[0]} examples")
