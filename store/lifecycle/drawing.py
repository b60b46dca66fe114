"""The table of transitions as docs/lifecycle.md shows it.

`python -m store.lifecycle.drawing docs/lifecycle.md` writes it between the file's markers.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement

from store.lifecycle.states import ENDED, Action, Outcome, Reason, Request, State
from store.lifecycle.table import ENTERING, TABLE, Moment, Step, Transition, Trigger

BEGIN, END = "<!-- drawn by store.lifecycle.drawing: begin -->\n", "<!-- drawn by store.lifecycle.drawing: end -->\n"
ACTORS: Mapping[Step, str] = {
    Step.CLAIMED: "a worker",
    Step.DATA_CHANGED: "a worker that would claim it",
    Step.EXPLAINED: "the sweep",
    Step.BATCH_HALVED: "its worker",
    Step.LOST: "the sweep, its worker",
    Step.LOST_TOO_OFTEN: "the sweep, its worker",
    Step.LOST_PACKED: "the sweep, its worker",
    Step.OUT_OF_MEMORY_PACKED: "its worker",
    Step.PROMOTED: "its search",
    Step.PRUNED: "its search",
    Step.NO_SPEC: "its search",
}


@dataclass(frozen=True)
class Line:
    """A line of the table: what happens to runs of a state with one of these requests, or at a rung."""

    state: State
    requests: tuple[Request | Reason | None, ...]
    trigger: Trigger
    transition: Transition

    @property
    def before(self) -> str:
        """The state that is left, with what is requested in it."""
        if len(self.requests) == 1:
            return standing(self.state, self.requests[0])
        return f"{self.state}, whatever is requested"

    @property
    def label(self) -> str:
        """What leads out of the state: the request where it decides, else what happens."""
        request = self.requests[0]
        return f"{request} was requested" if isinstance(request, Request) else words(self.trigger)


def renewed(page: str) -> str:
    """The page with today's drawing between its markers."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{diagram()}\n{transitions()}\n{entries()}\n{reasons()}\n{END}{after}"


def diagram() -> str:
    """A Mermaid diagram: for each pair of states an arrow with all that leads from one to the other."""
    labels: dict[tuple[State, State], dict[str, None]] = {}
    for line in lines_of_table():
        if line.state != line.transition.state:
            labels.setdefault((line.state, line.transition.state), {})[line.label] = None
    arrows = [f"{before} --> {after}: {', '.join(label)}" for (before, after), label in labels.items()]
    ends = [f"{state} --> [*]" for state in ENDED]
    lines = ["stateDiagram-v2", *indented(["[*] --> queued: submitted, a retry, or a new seed", *arrows, *ends])]
    return "\n".join(["```mermaid", *lines, "```", ""])


def transitions() -> str:
    """What follows what, in Markdown; what leads from the same to the same and writes the same is one row."""
    rows: dict[tuple[str, str, str], dict[str, None]] = {}
    for line in lines_of_table():
        after = standing(line.transition.state, line.transition.requested)
        place = (line.before, after, written(line.transition))
        rows.setdefault(place, {})[f"{words(line.trigger)} ({actor(line.trigger)})"] = None
    cells = [(before, ", ".join(triggers), after, columns) for (before, after, columns), triggers in rows.items()]
    return markdown(("from", "what happens (who)", "to", "columns"), cells)


def entries() -> str:
    """What every transition into a state writes, in Markdown."""
    return markdown(("into", "columns"), [(state, assignments(columns)) for state, columns in ENTERING.items()])


def lines_of_table() -> list[Line]:
    """What changes a run; requests that share a transition share a line."""
    requests: dict[tuple[State, Trigger, int], list[Request | Reason | None]] = {}
    for (state, requested, trigger), transition in TABLE.items():
        if transition is not None:
            requests.setdefault((state, trigger, id(transition)), []).append(requested)
    return [
        Line(state, tuple(before), trigger, TABLE[state, before[0], trigger] or Transition(state))
        for (state, trigger, _), before in requests.items()
    ]


def reasons() -> str:
    """Why a run ends as failed."""
    others = (Reason.CANCELLED_BY_USER, Reason.AT_RUNG, Reason.PRUNED)
    failures = [f"`{reason}`" for reason in Reason if reason not in others]
    return f"Reasons of a failed run: {', '.join(failures)}.\n"


def written(transition: Transition) -> str:
    """The columns of a transition besides those of its state."""
    own = {column: value for column, value in transition.columns.items() if column not in transition.brought}
    brought = ", ".join(f"`{column}`" for column in transition.brought)
    return "; ".join(filter(None, [assignments(own), brought and f"the caller's {brought}"]))


def assignments(columns: Mapping[str, Any]) -> str:
    """Columns and their values."""
    return ", ".join(f"`{column}` {value_in_words(value)}" for column, value in columns.items())


def value_in_words(value: Any) -> str:
    """A column's value."""
    if isinstance(value, ColumnElement):
        return "without a note about a device"
    if value is None:
        return "empty"
    return value.value if isinstance(value, Moment) else str(value)


def standing(state: State, requested: Request | Reason | None) -> str:
    """A run's state with what is requested of it."""
    if isinstance(requested, Reason):
        return f"{state} at a rung"
    return f"{state}, {requested} requested" if requested else state


def words(trigger: Trigger) -> str:
    """What happens, without underscores."""
    return trigger.replace("_", " ")


def actor(trigger: Trigger) -> str:
    """Who lets it happen."""
    if isinstance(trigger, Action):
        return "a user"
    return "its worker" if isinstance(trigger, Outcome) else ACTORS[trigger]


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def indented(lines: Iterable[str]) -> list[str]:
    """Lines four places further right."""
    return [f"    {line}" for line in lines]


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(renewed(target.read_text()))
