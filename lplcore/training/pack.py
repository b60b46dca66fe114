"""Several runs trained by one thread, a step of each in turn.

On an accelerator a step is launched and not waited for, so that the work of the runs overlaps there. What a run draws
is seeded directly before use, from (seed, purpose, position) alone: its bits do not depend on who else has a turn.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from lplcore.device import is_lost
from lplcore.events import Event
from lplcore.training.trainer import Happening, Request, Stepped, failure, guarded, isolated, run_events


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
    guard = guarded if len(requests) == 1 else beside_others
    return isolated(in_turns(requests, [guard(request) for request in requests]))


def in_turns(requests: Sequence[Request], runs: Sequence[Iterator[Happening]]) -> Iterator[tuple[int, Event] | Stepped]:
    """Let each run that has not ended do a step, again and again."""
    training = list(range(len(runs)))
    while training:
        for place in tuple(training):
            while isinstance(happening := advanced(requests[place], runs[place]), Event):
                yield place, happening
            if happening is None:
                training.remove(place)


def advanced(request: Request, run: Iterator[Happening]) -> Happening | None:
    """What happens next in a run; None after its end."""
    with own_settings(request):
        return next(run, None)


@contextmanager
def own_settings(request: Request) -> Iterator[None]:
    """What a run has of its own while it has its turn."""
    before = torch.get_num_threads()
    changed = request.threads not in (None, before)
    if request.threads is not None and changed:
        torch.set_num_threads(request.threads)
    try:
        yield
    finally:
        if changed:
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
