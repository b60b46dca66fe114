"""Several runs trained by one thread, a step of each in turn.

On an accelerator a step is launched and not waited for, so that the work of the runs overlaps there. What a run draws
is seeded directly before use, from (seed, purpose, position) alone: its bits do not depend on who else has a turn.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from lplcore.device import is_lost
from lplcore.events import Event
from lplcore.training.failures import failure
from lplcore.training.streams import own_stream
from lplcore.training.trainer import Happening, Request, Stepped, alone, isolated, run_events


class DeviceLost(RuntimeError):
    """The device computes nothing more for this process."""


def train_together(requests: Sequence[Request]) -> Iterator[tuple[int, Event]]:
    """Train several runs; training happens while the events are iterated.

    Each run has the events that `train` gives of it alone, whatever becomes of the others.

    Returns:
        Events, each with the place of its run in `requests`.

    Raises:
        DeviceLost: no run can go on in this process. A run that has it to itself ends as failed instead.
    """
    if len(requests) == 1:
        return ((0, event) for event in alone(requests[0]))
    return isolated(in_turns(requests), deterministic=all(request.spec.deterministic for request in requests))


def in_turns(requests: Sequence[Request]) -> Iterator[tuple[int, Event] | Stepped]:
    """Let each run that has not ended do a step, again and again."""
    turns = [Turn(request) for request in requests]
    training = list(range(len(turns)))
    while training:
        for place in tuple(training):
            while isinstance(happening := turns[place].next(), Event):
                yield place, happening
            if happening is None:
                training.remove(place)


class Turn:
    """A run, and what it has of its own while it has its turn: a stream, a generator, a number of threads."""

    def __init__(self, request: Request) -> None:
        self.run, self.threads, self.on_own_stream = beside_others(request), request.threads, own_stream(request.device)

    def next(self) -> Happening | None:
        """What happens next; None after the end."""
        with self.on_own_stream(), computing_with(self.threads):
            return next(self.run, None)


@contextmanager
def computing_with(threads: int | None) -> Iterator[None]:
    """Inside, torch computes with so many threads on a CPU; None: with as many as outside."""
    before = torch.get_num_threads()
    if threads in (None, before):
        yield
        return
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def beside_others(request: Request) -> Iterator[Happening]:
    """The events of a run that shares its process; an error that is not the device's end becomes the run's.

    Raises:
        DeviceLost: it is the device's end.
    """
    try:
        yield from run_events(request)
    except Exception as error:
        if is_lost(error):
            raise DeviceLost(str(error)) from error
        yield from failure(error)
