"""What Schemathesis has asked and been answered, and the ids that the answers gave out."""

from collections import Counter
from typing import Any

from schemathesis.core.failures import FailureGroup


class Tally:
    """What was asked and answered."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.chained: Counter[tuple[str, str, int]] = Counter()
        """(operation that gave an id, operation that was asked with it, status) -> number of requests."""
        self.complaints: dict[str, str] = {}

    def with_real_ids(self) -> int:
        """Requests with ids that the service had given out, carried out or refused for the state of things."""
        return sum(n for (_, _, status), n in self.chained.items() if status < 300 or status == 409)

    def carried_out(self) -> Counter[str]:
        """Operation -> requests with such ids that were carried out."""
        found: Counter[str] = Counter()
        for (_, asked, status), number in self.chained.items():
            found[asked] += number * (status < 300)
        return found

    def complain(self, case: Any, group: FailureGroup) -> None:
        """Keep the first failure of every kind."""
        for failure in group.exceptions:
            self.note(case, getattr(failure, "title", type(failure).__name__), str(failure))

    def note(self, case: Any, title: str, details: str = "") -> None:
        """Keep a failure if it is the first of its kind."""
        kind = f"{case.operation.label}: {title}"
        self.complaints.setdefault(kind, f"{kind}\n{details}\n{case.as_curl_command()[:600]}")

    def refuse_complaints(self) -> None:
        """Fail where something was wrong."""
        assert not self.complaints, "\n\n".join(self.complaints.values())


class Given:
    """Ids that the service has given out, and which of them are gone."""

    def __init__(self) -> None:
        self.by: dict[str, str] = {}
        """Id -> operation that gave it first."""
        self._jobs: dict[str, str] = {}
        self._deleted: set[str] = set()

    def note(self, operation: str, answer: Any) -> None:
        """Keep the ids of a resource, of the runs of a job and of a list's items; the name of a data set."""
        if not isinstance(answer, dict):
            return
        for part in (answer, *answer.get("runs", []), *answer.get("items", [])):
            name = part.get("id") or (part.get("name") if "builtin" in part else None)
            if isinstance(name, str):
                self.by.setdefault(name, operation)
                self._deleted.discard(name)
                self._jobs[name] = str(part.get("job"))

    def delete(self, name: str) -> None:
        """It is gone, with the runs of the job that it may be."""
        self._deleted.add(name)

    def gone(self, name: str) -> bool:
        """Whether it was deleted."""
        return name in self._deleted or self._jobs.get(name) in self._deleted
