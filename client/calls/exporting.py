"""Trained networks to take away."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from client import downloads
from client.calls.finding import Finding
from client.calls.request import at
from client.calls.runs import AnyRun

ModelFormat = Literal["safetensors", "torch_export", "onnx"]


class ExportCalls(Finding):
    """The call that takes a trained network away."""

    def export_model(
        self,
        run: AnyRun,
        format: ModelFormat,
        path: str | Path,
        *,
        checkpoint: str | None = None,
        on_bytes: Callable[[int], None] | None = None,
    ) -> Path:
        """Write a zip with a run's trained network, its classes, preprocessing, card and a `load.py` that predicts.

        The file appears only when it is whole. It takes from seconds to minutes until it begins to come.

        Args:
            run: as everywhere.
            format: of the network in the zip.
            path: the zip.
            checkpoint: best, last or an id; the best where one is kept, else the last.
            on_bytes: called with the number of bytes of every block.

        Raises:
            OSError: the file cannot be written.
        """
        params = {"format": format, "checkpoint": checkpoint}
        return self._of_run(
            run,
            lambda run_id: downloads.download_export(
                self._transport, at("runs", run_id, "export"), Path(path), params=params, on_bytes=on_bytes
            ),
        )
