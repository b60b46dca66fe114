"""The code of docs/library.md runs as it stands."""

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "library.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


def namespace_after(blocks: list[str]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/library.md", "exec"), names)
    return names


def test_the_loops_of_the_page_run() -> None:
    names = namespace_after([block for block in BLOCKS if "lightning" not in block])
    assert names["loss"].isfinite()
    assert names["weighted"].method.loss.gamma == 2.0


def test_the_lightning_module_is_a_few_lines() -> None:
    (block,) = [block for block in BLOCKS if "lightning" in block]
    assert len(block.splitlines()) < 25
    compile(block, "docs/library.md", "exec")


def test_the_lightning_module_of_the_page_trains() -> None:
    lightning = pytest.importorskip("lightning", reason="lightning is not installed")
    names = namespace_after(BLOCKS)
    trainer = lightning.Trainer(max_epochs=2, logger=False, enable_checkpointing=False, enable_progress_bar=False)
    trainer.fit(names["Classifier"](names["counts"]), names["loader"])
    assert trainer.callback_metrics is not None
