"""What a service shows of its runs, and how it must be left."""

from urllib.parse import urlsplit

from tests.promises.shapes import Shape
from tests.service.processes import until


def epochs_of(shape: Shape, run_id: str) -> list[int]:
    """The epochs that a run shows."""
    epochs: list[int] = shape.service.get(f"/v1/runs/{run_id}/metrics")["metrics"]["test/top1_error"]["epoch"]
    return epochs


def assert_left_in_order(shape: Shape) -> None:
    """Nothing waits, nothing is left in scratch folders, no log has a traceback or a password."""

    def unfinished() -> int:
        runs = shape.service.get("/v1/queue")["runs"]
        return int(runs["running"] + runs["queued"])

    until(unfinished, lambda number: number == 0, timeout=30)
    said = "".join(path.read_text() for path in shape.folder.glob("*.log"))
    assert "Traceback" not in said
    passwords = [urlsplit(shape.environment.get(name, "")).password for name in ("LPL_BROKER_URL", "LPL_DATABASE_URL")]
    assert not [password for password in passwords if password and password in said]
    until(lambda: list((shape.folder / "data" / "scratch").glob("*")), lambda left: not left, timeout=10)
