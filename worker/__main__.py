"""`python -m worker`."""

import typer

from worker.command import worker

if __name__ == "__main__":
    typer.run(worker)
