"""`make chaos`: campaigns against the embedded and the deployed service; fails where anything was found.

python -m tests.chaos [--shape embedded deployed] [--seed 1] [--jobs 200] [--seconds 300] [--report FOLDER]
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.environment import environment
from tests.chaos.campaign import campaign
from tests.chaos.parts import SHAPES


def main() -> int:
    """Run the campaigns asked for; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", nargs="+", choices=sorted(SHAPES), default=sorted(SHAPES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--report", type=Path, help="folder for chaos_SHAPE.json")
    given = parser.parse_args()
    bad = 0
    for shape in given.shape:
        with tempfile.TemporaryDirectory(prefix="lpl-chaos-", ignore_cleanup_errors=True) as folder:
            report = vars(campaign(shape, Path(folder), seed=given.seed, jobs=given.jobs, seconds=given.seconds))
            if report["findings"]:
                for path in sorted(Path(folder).glob("*.log")):
                    print(f"--- {path.name}\n{path.read_text(errors='replace')[-4000:]}", file=sys.stderr)
        bad += len(report["findings"])
        text = json.dumps({"environment": environment(), **report}, indent=2)
        print(text, flush=True)
        if given.report is not None:
            (given.report / f"chaos_{shape}.json").write_text(text + "\n")
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
