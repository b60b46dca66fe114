"""Where and how images are read; none of it changes their pixels."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class InputPipeline:
    """How a process reads images, whatever the spec."""

    workers: int = 0
    """Processes that decode; 0: the training process itself."""
    memory_bytes: int = 2**33
    """Images that take no more, decoded, are held in memory."""
    cache_dir: Path | None = None
    """Where pixels are kept between passes, if a spec asks for that; None: nowhere."""
    cache_bytes: int = 2**36
    """Bytes that all that is kept may take."""
