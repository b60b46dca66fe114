"""How trainers are started: forked from a warm host where that is possible, else by exec."""

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from worker.cold import executed
from worker.process import TrainerProcess
from worker.warm import Host, HostUnavailable, forked

TRAINER = (sys.executable, "-P", "-m", "worker.train")  # -P: the current folder holds no modules
FIRST_EVENT_SECONDS = 10.0
log = logging.getLogger(__name__)


class Trainers:
    """Starts trainers.

    Args:
        command: the trainer program.
        host: forks trainers that have imported everything; None where all start by `command`.
    """

    def __init__(self, command: Sequence[str] = TRAINER, *, host: Host | None = None) -> None:
        self._command, self._host = command, host
        self._only_cold: set[str] = set()

    def start(self, run_id: str, payload: Mapping[str, Any], *, environment: Mapping[str, str]) -> TrainerProcess:
        """A trainer of a run. A fork that gives no sign of life is given up for a trainer that starts by itself.

        Args:
            run_id: of the run; of several with spaces between them.
            environment: added to this process's.

        Raises:
            OSError: it cannot be started.
        """
        warm = self._warm(run_id, payload, environment)
        if warm is not None:
            return warm
        command = [*self._command, run_id]  # seen in process lists from the first moment
        return TrainerProcess(executed(command, environment=environment), payload)

    def distrust(self, run_id: str) -> None:
        """Start this run by itself from now on: the host ended while it was trained."""
        self._only_cold.add(run_id)

    def _warm(self, run_id: str, payload: Mapping[str, Any], environment: Mapping[str, str]) -> TrainerProcess | None:
        if self._host is None or not self._only_cold.isdisjoint(run_id.split()):
            return None
        try:
            trainer = TrainerProcess(forked(self._host, run_id, environment=environment), payload)
        except HostUnavailable as error:
            log.warning("run %s starts by itself: %s", run_id, error)
            return None
        if trainer.speaks_within(FIRST_EVENT_SECONDS):
            return trainer
        log.warning("run %s starts by itself: the process forked for it gave no sign of life", run_id)
        trainer.kill()
        trainer.wait()
        return None
