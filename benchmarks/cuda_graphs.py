"""Work as a CUDA graph, and the time of its replays on the device."""

from collections.abc import Callable

import torch

WARM_UP = 3


def graph_of(work: Callable[[], object]) -> torch.cuda.CUDAGraph:
    """Work as a graph, captured after it was done a few times."""
    stream, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    with torch.cuda.graph(graph):
        work()
    return graph


def microseconds(replay: Callable[[], object], replays: int) -> float:
    """Time of one replay on the device."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    start.record()
    for _ in range(replays):
        replay()
    end.record()
    end.synchronize()
    return float(1000 * start.elapsed_time(end) / replays)
