"""Studies at a real worker: two jobs to their end, told of once; a table of the paper within its ten minutes."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.api.endpoint import listening
from tests.service.processes import SPEC, Service, serving, until

pytestmark = [pytest.mark.slow]
TABLE4 = {
    "Class-balanced CE loss": ("27.32", "13.10"),
    "Class-balanced fine-tuning": ("28.66", "16.83"),
    "Meta-weight net": ("26.43", "12.45"),
    "Focal Loss": ("29.62", "13.34"),
    "Class-balanced focal loss": ("25.43", "12.52"),
    "LDAM": ("26.45", "12.68"),
    "LDAM-DRW": ("25.88", "11.63"),
    "ISDA + Dropout": ("26.45", "12.98"),
    "LA": ("22.33", "11.07"),
    "LPL (varied tau + fixed epsilon)": ("23.97", "11.09"),
    "LPL (varied tau + varied epsilon)": ("22.05", "10.59"),
}
"""Row -> what the paper prints in its columns 100:1 and 10:1."""
ENDED = ("succeeded", "failed", "cancelled")


def ended(service: Service, study: dict[str, Any], *, timeout: float) -> dict[str, Any]:
    """The study when it has ended."""
    found: dict[str, Any] = until(
        lambda: service.get(f"/v1/studies/{study['id']}"), lambda look: look["state"] in ENDED, timeout=timeout
    )
    assert found["state"] == "succeeded", service.output
    return found


def test_two_jobs_make_a_table_and_their_end_is_told_once(tmp_path: Path) -> None:
    with listening() as endpoint, serving(tmp_path / "data", LPL_WEBHOOK_ALLOW='["127.0.0.0/8"]') as service:
        hook = {"url": endpoint.url(), "events": ["study.ended", "job.failed"]}
        assert service.http.post("/v1/webhooks", json=hook).status_code == 201
        quick = {**SPEC, "epochs": 1, "seeds": [0, 1]}
        body = {"name": "two", "jobs": [quick, {**quick, "method": "cross_entropy"}]}
        answer = service.http.post("/v1/studies", json=body)
        assert answer.status_code == 201, answer.text
        study = ended(service, answer.json(), timeout=120)
        cells = [row["cells"]["test/top1_error"] for row in study["rows"]]
        assert [(cell["n"], cell["missing"], 0 < cell["mean"] < 1) for cell in cells] == [(2, [], True)] * 2
        (received,) = endpoint.wait(1)
        assert received.content["study"] == service.get(f"/v1/studies/{study['id']}")


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_table_4_made_small_ends_within_ten_minutes(tmp_path: Path) -> None:
    with serving(tmp_path / "data", LPL_CORES="2") as service:
        started = time.monotonic()
        answer = service.http.post("/v1/studies", json={"preset": "table4", "scale": "cpu"})
        assert answer.status_code == 201, answer.text
        study = ended(service, answer.json(), timeout=850)
        took = time.monotonic() - started
        latex = service.http.get(f"/v1/studies/{study['id']}/table?format=latex").text
    figures = r"(\d+\.\d\d) .* & (\S+)"
    rows = [re.fullmatch(rf"(.+) & {figures} & {figures} \\\\", line) for line in latex.splitlines()]
    found = {row[1]: (row[3], row[5]) for row in rows if row is not None}
    assert found == TABLE4
    assert r"& \multicolumn{2}{c}{100:1} & \multicolumn{2}{c}{10:1} \\" in latex
    for row in study["rows"]:
        for cell in row["cells"].values():
            assert (cell["n"], cell["missing"]) == (3, [])
    assert took < 600
