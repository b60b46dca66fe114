"""Submits a job to the composed service and fails unless it succeeds and both workers took part."""

import os

from client import ApiError, Client

SPEC = {
    "name": "compose check",
    "dataset": {"name": "digits", "imbalance_factor": 20},
    "model": "mlp",
    "method": "lpl",
    "epochs": 200,
    "seeds": [0, 1, 2, 3],
}


PHOTOGRAPHS = {
    "dataset": {"name": "photographs", "image_size": 32, "cache": {"size": 64}},
    "model": "resnet32",
    "method": "lpl",
    "augmentation": ["random_resized_crop", "horizontal_flip"],
    "epochs": 2,
    "batch_size": 16,
}


def trained_on_mounted_images(client: Client) -> None:
    """A folder of this machine, registered and read by the worker's processes."""
    client.add_dataset("photographs", "photographs")
    job = client.wait(client.submit(PHOTOGRAPHS).id, timeout=600)
    if job.state != "succeeded":
        raise SystemExit("\n".join(f"{run.id} {run.state} {run.message}" for run in client.runs(job.id)))


def main() -> None:
    url = os.environ["LPL_URL"]
    try:
        with Client(url, key="wrong") as stranger:
            stranger.list_jobs()
    except ApiError as error:
        if error.status != 401:
            raise SystemExit(f"a wrong key is answered {error.status}, not 401") from error
    else:
        raise SystemExit("a wrong key is let in")
    with Client(url, key=os.environ["LPL_API_KEY"]) as client:
        trained_on_mounted_images(client)
        job = client.wait(client.submit(SPEC).id, timeout=600)
        runs = client.runs(job.id)
        workers = {run.worker for run in runs}
        print(f"{job.state}: {len(runs)} runs on {len(workers)} workers")
        if job.state != "succeeded" or len(workers) != 2:
            raise SystemExit("\n".join(f"{run.id} {run.state} {run.worker} {run.message}" for run in runs))


if __name__ == "__main__":
    main()
