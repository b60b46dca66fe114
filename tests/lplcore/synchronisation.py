"""What a step on a GPU must not do: wait for the host."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def synchronisation_is_an_error() -> Iterator[None]:
    """Inside, an operation that makes the host wait for the GPU raises."""
    try:
        with warnings.catch_warnings():
            # Asking for it warns that it does not see all such operations yet.
            warnings.simplefilter("ignore", UserWarning)
            torch.cuda.set_sync_debug_mode("error")
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")
