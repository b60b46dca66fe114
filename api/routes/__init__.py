"""Route groups, one file each."""

from api.routes import catalog, checkpoints, datasets, events, jobs, operations, pages, runs

ROUTERS = (
    jobs.router,
    runs.router,
    events.router,
    checkpoints.router,
    catalog.router,
    datasets.router,
    operations.router,
    pages.router,
)
