"""Predictions of a run's network."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from client.answers import Run
from client.calls.finding import Finding
from client.calls.request import at, read
from client.errors import ApiError
from client.predictions import Part, Predictions, bytes_of, examples_of, in_parts, plain

Request = dict[str, Any]
SLOWEST_ANSWER_SECONDS = 60.0
"""A prediction may take 30 s, and wait for another."""


class PredictCalls(Finding):
    """The calls that predict."""

    def predict(
        self,
        run: str | Run,
        inputs: Iterable[Any] | None = None,
        *,
        files: Sequence[str | Path] | None = None,
        checkpoint: str | None = None,
        posthoc: str | None = None,
    ) -> Predictions:
        """Predict examples, as many as there are; they are sent 256 at a time.

        Args:
            run: a run with a checkpoint.
            inputs: feature rows, or images as the data set holds them, lists or arrays; rows of a table are objects by
                column, or a DataFrame.
            files: images, in place of inputs.
            checkpoint: `best`, `last` or an id; None: the best where the run keeps one, else the last.
            posthoc: a post-hoc correction in place of the run's own, by its name or as JSON; `none` for none.

        Raises:
            ValueError: neither inputs nor files, or both.
            OSError: a file cannot be read.
        """
        if (inputs is None) == (files is None):
            raise ValueError("give either inputs or files")
        params = {"checkpoint": checkpoint, "posthoc": posthoc}
        run_id = self.find_run(run)
        answers = [
            self._predicted(run_id, part, request, params)
            for part, request in (rows(inputs) if inputs is not None else images(files or []))
        ]
        return Predictions(
            classes=answers[0].classes, predictions=[each for answer in answers for each in answer.predictions]
        )

    def _predicted(self, run_id: str, part: Part[Any], request: Request, params: Mapping[str, Any]) -> Predictions:
        path = at("runs", run_id, "predict")
        try:
            answer = self._transport.request("POST", path, params=params, repeatable=True, **request)
        except ApiError as error:
            raise part.moved(error) from error
        return read(Predictions, answer)


def rows(inputs: Iterable[Any]) -> Iterator[tuple[Part[Any], Request]]:
    """Examples and the requests that they are sent in."""
    sized = ((example, bytes_of(example)) for example in map(plain, examples_of(inputs)))
    for part in in_parts(sized):
        yield part, {"body": {"inputs": part.items}, "options": {"timeout": SLOWEST_ANSWER_SECONDS}}


def images(files: Sequence[str | Path]) -> Iterator[tuple[Part[Path], Request]]:
    """Image files and the requests that they are sent in."""
    sized = ((path, path.stat().st_size) for path in map(Path, files))
    for part in in_parts(sized):
        form = [("files", (path.name, path.read_bytes())) for path in part]
        yield part, {"options": {"files": form, "timeout": SLOWEST_ANSWER_SECONDS}}
