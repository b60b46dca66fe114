"""A CUDA stream and random numbers of a run's own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from lplcore.device import choose_device


class OwnStream:
    """What a run on a CUDA device does within `entered` is in its own order, and draws from its own generator.

    A CUDA graph remembers the generator's state with which it was captured: two runs that shared one would draw each
    other's numbers.
    """

    def __init__(self, device: torch.device) -> None:
        self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self.generator = torch.cuda.default_generators[self.stream.device_index]
        self.state = self.generator.clone_state()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Inside, the current stream and torch's default generator of the device are the run's."""
        before = self.generator.graphsafe_get_state()
        self.generator.graphsafe_set_state(self.state)
        try:
            with torch.cuda.stream(self.stream):
                yield
        finally:
            self.state = self.generator.graphsafe_get_state()
            self.generator.graphsafe_set_state(before)


def own_stream(device: str) -> Callable[[], AbstractContextManager[None]]:
    """What to enter while a run on the device of that name goes on; nothing where it is not a CUDA device."""
    try:
        chosen = choose_device(device)
    except RuntimeError:
        # The run itself says so.
        return nullcontext
    return OwnStream(chosen).entered if chosen.type == "cuda" else nullcontext
