"""A short campaign, in `make test-all`; `make chaos` runs long ones."""

from pathlib import Path

import pytest

from tests.chaos.campaign import campaign

pytestmark = [pytest.mark.slow, pytest.mark.campaign, pytest.mark.timeout(600)]


@pytest.mark.parametrize("shape", ["embedded", pytest.param("deployed", marks=pytest.mark.postgres)])
def test_a_short_campaign_finds_nothing(shape: str, tmp_path: Path) -> None:
    report = campaign(shape, tmp_path, seed=7, jobs=6, seconds=14, variants=2)
    assert not report.findings
    assert sum(report.faults.values()) > 5
    assert report.ended["succeeded"] > 4
