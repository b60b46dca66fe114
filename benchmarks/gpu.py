"""Everything that needs a GPU: the tests marked `gpu`, then the benchmarks, each result written as it ends.

    python3 -m benchmarks.gpu [--minutes 8] [--results FOLDER] [--only tests|benchmarks|evidence]

Made for a bare machine with Python, torch and no network. Python packages that the machine lacks come from a folder of
wheels, which `make gpu-wheels` fills on a machine that has a network; they go into a temporary folder, and nothing that
the machine has is replaced. What is left of the time goes into the evidence on long-tailed CIFAR, where the folder
`evidence-packs` has its data (`python -m benchmarks.evidence.packs`). What does not fit into the time is named at the
end, as is what failed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parent.parent
WHEELS = ROOT / "gpu-wheels"
PACKS = ROOT / "evidence-packs"
PHOTOGRAPHS = Path(os.environ.get("LPL_SHARED_DATA", ROOT.parent / "shared" / "data")) / "coco_mini.zip"
TESTS = [ROOT / "tests" / "lplcore", ROOT / "tests" / "lplcore_training"]
OPTIONS = ("-v", "--no-header", "--tb=short", "-p", "no:cacheprovider", "-p", "pytest_timeout")
SHARE_OF_TESTS = 0.6
"""Of the time, at most: what the tests leave is the benchmarks'."""
TO_END = 20.0
"""Seconds in which the evidence's runs write their checkpoints and end."""


@dataclass(frozen=True)
class Part:
    """One thing to run; its output goes to `<name>.txt` in the results' folder line by line."""

    name: str
    arguments: tuple[str, ...]
    needs: Path = ROOT
    """What it cannot do without."""


BENCHMARKS = (
    Part("gpu_goals", ("benchmarks.gpu_goals", "--rounds", "3")),
    Part(
        "resnet32_throughput",
        ("benchmarks.resnet32_throughput", "--device", "cuda", "--rounds", "3", "--images", "12800"),
    ),
    Part("convolution_cost", ("benchmarks.convolution_cost", "--rounds", "3")),
    Part("lpl_kernel_cost", ("benchmarks.lpl_kernel_cost", "--rounds", "3")),
    Part("packing", ("benchmarks.packing", "--device", "cuda", "--images", "6400", "--epochs", "8", "--rounds", "3")),
    Part("lpl_step_cost", ("benchmarks.lpl_step_cost", "--device", "cuda", "--rounds", "3", "--minimum", "0.02")),
    Part("method_step_cost", ("benchmarks.method_step_cost", "--device", "cuda", "--rounds", "3")),
    Part("image_waits", ("benchmarks.image_waits", "--images", "2048", "--links", "8"), needs=PHOTOGRAPHS),
)
"""What matters most first: what does not fit into the time is left out."""


def installed(package: str, at_least: str = "0") -> bool:
    """Whether a package of that name is there, in that version or a later one."""
    try:
        return numbers(version(package)) >= numbers(at_least)
    except PackageNotFoundError:
        return False


def numbers(text: str) -> list[int]:
    """The numbers of a version, for comparing."""
    return [int(part) for part in re.findall(r"\d+", text)]


def missing_wheels() -> list[Path]:
    """The wheels whose packages are not installed, or too old for the others."""
    wheels = {wheel: wheel.name.split("-")[:2] for wheel in sorted(WHEELS.glob("*.whl"))}
    return [wheel for wheel, (package, at_least) in wheels.items() if not installed(package, at_least)]


def environment_with(folder: Path) -> dict[str, str]:
    """The environment of every part, after the missing wheels were unpacked into a folder."""
    wheels = missing_wheels()
    if wheels:
        print("installing", *(wheel.name for wheel in wheels), flush=True)
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-cache-dir"]
        subprocess.run([*pip, "--target", folder, *wheels], check=True)
    # Only the plug-ins that are named: a machine's others may warn, and warnings are errors here.
    own = {"PYTHONUNBUFFERED": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return {**os.environ, **own, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def run(part: Part, *, seconds: float, results: Path, environment: dict[str, str]) -> str:
    """Run `python -m <arguments>`; returns how it ended."""
    started = time.monotonic()
    print(f"== {part.name} (at most {seconds:.0f} s)", flush=True)
    if seconds < 5:
        return "no time left"
    with (results / f"{part.name}.txt").open("w") as output:
        command = [sys.executable, "-m", *part.arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return f"stopped after {seconds:.0f} s"
    return f"{'done' if status == 0 else f'exit status {status}'} in {time.monotonic() - started:.0f} s"


def tests() -> Part:
    """The tests marked `gpu`, in several processes."""
    processes = ("-p", "xdist.plugin", "-n", str(min(12, os.cpu_count() or 1)))
    folders = tuple(str(folder.relative_to(ROOT)) for folder in TESTS)
    return Part("tests", ("pytest", "-m", "gpu", *folders, *OPTIONS, *processes))


def evidence(seconds: float) -> Part:
    """Runs of the evidence for so long, as many at a time as are fastest on one GPU."""
    minutes = f"{max(0.0, seconds - TO_END) / 60:.2f}"
    options = ("--device", "cuda", "--together", "5", "--minutes", minutes, "--data", str(PACKS))
    return Part("evidence", ("benchmarks.evidence", *options))


def summary(results: Path) -> str:
    """The last line of the tests' output, which counts them."""
    lines = (results / "tests.txt").read_text(errors="replace").splitlines() if (results / "tests.txt").exists() else []
    return next((line for line in reversed(lines) if re.search(r"\d+ (passed|failed|skipped|error)", line)), "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results" / "gpu")
    parser.add_argument("--only", choices=["tests", "benchmarks", "evidence"])
    arguments = parser.parse_args()
    deadline = time.monotonic() + 60 * arguments.minutes
    arguments.results.mkdir(parents=True, exist_ok=True)
    site = Path(tempfile.mkdtemp(prefix="gpu-packages-"))
    ends = {}
    try:
        environment = environment_with(site)
        if arguments.only in (None, "tests"):
            seconds = SHARE_OF_TESTS * (deadline - time.monotonic())
            ends["tests"] = run(tests(), seconds=seconds, results=arguments.results, environment=environment)
            print(summary(arguments.results), flush=True)
        for part in BENCHMARKS if arguments.only in (None, "benchmarks") else ():
            if not part.needs.exists():
                print(f"{part.name}: left out, there is no {part.needs}; LPL_SHARED_DATA names its folder", flush=True)
                continue
            seconds = deadline - time.monotonic()
            ends[part.name] = run(part, seconds=seconds, results=arguments.results, environment=environment)
        if arguments.only in (None, "evidence") and any(PACKS.glob("*.zip")):
            seconds = deadline - time.monotonic()
            ends["evidence"] = run(
                evidence(seconds), seconds=seconds, results=arguments.results, environment=environment
            )
    finally:
        shutil.rmtree(site, ignore_errors=True)
    for name, end in ends.items():
        print(f"{name}: {end}")
    sys.exit(any(not end.startswith("done") for end in ends.values()))


if __name__ == "__main__":
    main()
