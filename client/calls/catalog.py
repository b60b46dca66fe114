"""What there is: catalogue, data sets, workers, queue."""

from typing import Any

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
        """
        named = {"task": task, "target": target, "split": split}
        body = {"name": name, "path": path} | {field: value for field, value in named.items() if value}
        return read(Dataset, self._transport.post(at("datasets"), body, repeatable=False))

    def delete_dataset(self, name: str) -> None:
        """Forget a registered data set; its file stays."""
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
