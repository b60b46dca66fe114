"""What a step on a device must not do, found on the CPU: wait for values, or depend on them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

aten = torch.ops.aten
READS = {aten._local_scalar_dense, aten.equal, aten.is_nonzero}
SHAPED_BY_VALUES = {
    aten.nonzero,
    aten.masked_select,
    aten.bincount,
    aten._unique2,
    aten.unique_dim,
    aten.unique_consecutive,
    aten.repeat_interleave,
}
TO_HOST = {Tensor.tolist, Tensor.item, Tensor.numpy, Tensor.cpu, Tensor.__bool__, Tensor.__int__, Tensor.__float__}
FROM_HOST = {torch.tensor, torch.as_tensor, torch.from_numpy}


class HostRead(AssertionError):
    """A step read a value from the device, or sent one there."""


class Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Refuses operations that a device has to be waited for."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        packet = func.overloadpacket
        if packet in READS or packet in SHAPED_BY_VALUES:
            raise HostRead(f"{func} needs values on the host")
        indices = args[1] if packet in {aten.index, aten.index_put, aten.index_put_} else ()
        if any(isinstance(index, Tensor) and index.dtype in (torch.bool, torch.uint8) for index in indices):
            raise HostRead(f"{func} by a mask has a shape that depends on values")
        return func(*args, **(kwargs or {}))


class Functions(TorchFunctionMode):
    """Refuses functions that carry values between host and device; on the CPU no operation shows them."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in TO_HOST:
            raise HostRead(f"{func.__name__} brings values to the host")
        if func in FROM_HOST and not isinstance(args[0] if args else None, Tensor):
            raise HostRead(f"{func.__name__} sends values from the host")
        return func(*args, **(kwargs or {}))


@contextmanager
def host_reads_are_errors() -> Iterator[None]:
    """Inside, nothing may depend on values."""
    with Operations(), Functions():  # type: ignore[no-untyped-call]
        yield


class Recording(TorchDispatchMode):
    """Remembers every operation with the tensors that it read and wrote, as a CUDA graph does."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        answer = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, answer))
        return answer

    @torch.no_grad()
    def replay(self) -> None:
        """Do the same once more, into the same memory."""
        for func, args, kwargs, written in self.calls:
            # What is a view of its input, or is changed in place, lies in the memory that it had.
            if any(output.alias_info for output in func._schema.returns):
                if func._schema.is_mutable:
                    func(*args, **kwargs)
                continue
            again = func(*args, **kwargs)
            for old, new in zip(tree_leaves(written), tree_leaves(again), strict=True):
                if isinstance(old, Tensor) and not old._is_zerotensor():
                    old.copy_(new)


class RecordedWork:
    """In the place of `lplcore.training.captured.Captured` on the CPU: done twice, then recorded, then replayed."""

    def __init__(self, work: Callable[[], None], name: str) -> None:
        self.work, self.name, self.times = work, name, 0
        self.recording = Recording()

    def __call__(self) -> None:
        self.times += 1
        if self.times > 3:
            self.recording.replay()
        elif self.times == 3:
            with host_reads_are_errors(), self.recording:
                self.work()
        else:
            with host_reads_are_errors():
                self.work()
