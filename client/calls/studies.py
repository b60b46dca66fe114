"""Studies: tables by one request, followed and steered as one."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from client.calls.comparing import TableFormat
from client.calls.finding import LAST, answer_of, only
from client.calls.jobs import Spec, spec_object
from client.calls.request import Calls, at
from client.studies import Study, StudyItem
from client.study_progress import study_display

T = TypeVar("T")
AnyStudy = str | Study | StudyItem
SEARCHED = 1000
"""How far back names and beginnings of ids are looked for."""


class StudyCalls(Calls):
    """The calls on studies; one is given by its id, the beginning of its id, its name, `last`, or as a record."""

    def study(
        self,
        preset: str | None = None,
        *,
        name: str | None = None,
        jobs: Sequence[Spec] = (),
        idempotency_key: str | None = None,
        **asked: Any,
    ) -> Study:
        """Submit a study: a table or figure of the paper by its preset, or experiments to be seen in one table.

        The same `idempotency_key` with the same request gives the same study.

        Args:
            preset: `table4`, `fig11`, `best_method`... as `lpl catalog studies` lists them.
            name: what it is called; a preset names it by itself.
            jobs: experiments as `submit` takes them, where no preset is given.
            asked: what else the preset takes, such as `scale="cpu"`.

        Raises:
            SpecFileError: a file that cannot be read.
        """
        body: dict[str, Any] = {"preset": preset, "name": name, **asked}
        body = {field: value for field, value in body.items() if value is not None}
        if jobs:
            body["jobs"] = [spec_object(spec) for spec in jobs]
        return self._read(Study, self._transport.post(at("studies"), body, idempotency_key=idempotency_key))

    def studies(
        self, *, state: str | None = None, preset: str | None = None, name: str | None = None, limit: int = 50
    ) -> list[StudyItem]:
        """The newest studies; `name` finds what it is part of."""
        return list(islice(self._studies(limit, state=state, preset=preset, name=name), limit))

    def get_study(self, study: AnyStudy) -> Study:
        """A study with its table as it is now."""
        return self._of_study(study, self._study)

    def study_table(self, study: AnyStudy, *, format: TableFormat = "markdown") -> str:
        """The table of a study as text: what is measured beside what is published."""
        return self._of_study(
            study, lambda study_id: self._transport.get_text(at("studies", study_id, "table"), {"format": format})
        )

    def cancel_study(self, study: AnyStudy) -> Study:
        """Ask for the end of all runs of a study's jobs."""
        return self._steer(study, "cancel")

    def pause_study(self, study: AnyStudy) -> Study:
        """Ask for the runs of a study's jobs to wait, each from a checkpoint."""
        return self._steer(study, "pause")

    def resume_study(self, study: AnyStudy) -> Study:
        """Let a paused study go on."""
        return self._steer(study, "resume")

    def retry_study(self, study: AnyStudy) -> Study:
        """Run the failed and cancelled runs of a study's jobs again."""
        return self._steer(study, "retry")

    def delete_study(self, study: AnyStudy) -> None:
        """Delete a study that has ended, with its jobs and all they recorded."""
        self._of_study(study, lambda study_id: self._transport.delete(at("studies", study_id)))

    def wait_study(
        self,
        study: AnyStudy,
        *,
        timeout: float | None = None,
        poll_seconds: float = 1.0,
        on_change: Callable[[Study], None] | None = None,
    ) -> Study:
        """The study when it has ended and has its answer, where its preset gives one.

        Args:
            timeout: seconds to wait at most; None waits for ever.
            poll_seconds: seconds between two looks.
            on_change: called with the study on every look.

        Raises:
            TimeoutError: it had not ended by then; it goes on all the same.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            study = look = self.get_study(study)
            if on_change is not None:
                on_change(look)
            if look.ended and not look.answer_due:
                return look
            if deadline is not None and time.monotonic() + poll_seconds > deadline:
                told = f"{look.state} after {timeout:g} seconds ({look.progress:.0%} done)"
                raise TimeoutError(f"study {look.id} is {told}")
            time.sleep(poll_seconds)

    def watch_study(self, study: AnyStudy, *, timeout: float | None = None, as_json: bool = False) -> Study:
        """Show a study's progress until it has ended; the study as it ended.

        Raises:
            TimeoutError: it had not ended by then; it goes on all the same.
        """
        return self.wait_study(study, timeout=timeout, on_change=study_display(as_json=as_json))

    def _steer(self, study: AnyStudy, action: str) -> Study:
        return self._of_study(study, lambda study_id: self._act(at("studies", study_id), action, Study))

    def _study(self, study_id: str) -> Study:
        return self._read(Study, self._transport.get(at("studies", study_id)))

    def _studies(self, most: int, **filters: Any) -> Iterator[StudyItem]:
        return self._all(StudyItem, at("studies"), page_size=min(most, 100), **filters)

    def _of_study(self, study: AnyStudy, call: Callable[[str], T]) -> T:
        return answer_of(call, study if isinstance(study, str) else study.id, kind="s_", search=self._search_study)

    def _search_study(self, text: str) -> str | None:
        if text == LAST:
            return next((study.id for study in self._studies(1)), None)
        named = [each.id for each in islice(self._studies(SEARCHED, name=text), SEARCHED) if each.name == text]
        if not named and text.startswith("s_"):
            named = [each.id for each in islice(self._studies(SEARCHED), SEARCHED) if each.id.startswith(text)]
        return only(named, f"studies are meant by {text!r}")
