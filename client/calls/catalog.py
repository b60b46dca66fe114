"""What there is: catalogue, data sets, workers, queue."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from client import uploads
from client.answers import Worker
from client.calls.finding import answer_of, begun
from client.calls.request import Calls, at, listed, read
from client.datasets import Dataset
from client.errors import ApiError


class CatalogCalls(Calls):
    """The calls on what there is."""

    def catalog(self) -> dict[str, Any]:
        """Methods, losses, models, data sets, presets...: each with title, citation and JSON schema."""
        return read(dict[str, Any], self._transport.get(at("catalog")))

    def datasets(self) -> list[Dataset]:
        """The data sets that a spec may name."""
        return list(self._all(Dataset, at("datasets")))

    def get_dataset(self, name: str) -> Dataset:
        """A data set with its classes, counts and shot groups."""
        return read(Dataset, self._transport.get(at("datasets", name)))

    def add_dataset(
        self, name: str, path: str, *, task: str | None = None, target: str | None = None, split: str | None = None
    ) -> Dataset:
        """Register an `.npz`, a table or a folder by its path relative to the service's `LPL_DATA_DIR/datasets`.

        Args:
            name: the name that specs will use.
            path: relative to the service's folder.
            task: single_label or multi_label; read from the labels.
            target: of a `.csv`, the column of the labels.
            split: of a `.csv`, the column that says train, val or test.

        The service reads all of it before it answers, which may take an hour: one or two minutes per 100,000
        photographs of 500 x 375.
        """
        body = {"name": name, "path": path} | given(task=task, target=target, split=split)
        return read(Dataset, self._transport.post(at("datasets"), body, repeatable=False, answered_late=True))

    def upload_dataset(
        self,
        name: str,
        path: str | Path,
        *,
        task: str | None = None,
        target: str | None = None,
        split: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Dataset:
        """Send a file (.npz, zip, tar, .csv) or a folder, which is packed on the way, and make a data set of it.

        Args:
            name: the name that specs will use.
            path: on this machine.
            task: single_label or multi_label; read from the labels where absent.
            target: of a table, the column of the classes.
            split: of a table, the column of the splits.
            progress: called with the bytes that are sent and those there are; then the service reads them.

        Raises:
            OSError: a file cannot be read.

        Where the answer was lost, send it again: a refusal with status 409 then says whether the same content is there.
        """
        fields = {"name": name} | given(task=task, target=target, split=split)
        answer = uploads.upload(
            self._transport, at("datasets"), fields, uploads.content_of(Path(path)), progress=progress
        )
        return read(Dataset, answer)

    def delete_dataset(self, name: str) -> None:
        """Forget a data set; what was sent as a file goes with it, what was registered by its path stays."""
        self._transport.delete(at("datasets", name))

    def workers(self) -> list[Worker]:
        """The workers and what they train."""
        return listed(Worker, self._transport.get(at("workers")))

    def drain_worker(self, worker: str) -> Worker:
        """Let a worker, given by its id or the beginning of it, take nothing new until it is resumed."""
        return self._act_on_worker(worker, "drain")

    def resume_worker(self, worker: str) -> Worker:
        """Let a worker that drains take runs again."""
        return self._act_on_worker(worker, "resume")

    def _act_on_worker(self, worker: str, action: str) -> Worker:
        return answer_of(
            lambda whole_id: self._act(at("workers", whole_id), action, Worker),
            worker,
            kind="w_",
            search=lambda text: begun((each.id for each in self.workers()), text, "workers"),
        )

    def queue(self) -> dict[str, Any]:
        """The queue in numbers."""
        return read(dict[str, Any], self._transport.get(at("queue")))

    def ready(self) -> bool:
        """Whether the service is ready for requests."""
        try:
            self._transport.get("/readyz")
        except ApiError:
            return False
        return True


def given(**fields: str | None) -> dict[str, str]:
    """The fields that are not left out."""
    return {name: text for name, text in fields.items() if text}
