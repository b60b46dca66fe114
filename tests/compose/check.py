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
        job = client.wait(client.submit(SPEC).id, timeout=600)
        runs = client.runs(job.id)
        workers = {run.worker for run in runs}
        print(f"{job.state}: {len(runs)} runs on {len(workers)} workers")
        if job.state != "succeeded" or len(workers) != 2:
            raise SystemExit("\n".join(f"{run.id} {run.state} {run.worker} {run.message}" for run in runs))


if __name__ == "__main__":
    main()
