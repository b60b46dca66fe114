"""What there is: plug-ins and the schema of experiments."""

from functools import cache
from typing import Any

from fastapi import APIRouter

import lplcore
from api.middleware.security import READ

router = APIRouter(prefix="/v1", tags=["catalog"], dependencies=[READ])


@cache
def listed() -> dict[str, list[dict[str, Any]]]:
    """The catalogue, made once."""
    return lplcore.catalog()


@cache
def experiment_schema() -> dict[str, Any]:
    """The schema of complete experiments, made once."""
    return lplcore.ExperimentSpec.model_json_schema()


@router.get("/catalog", operation_id="getCatalog")
def catalog() -> dict[str, list[dict[str, Any]]]:
    """Methods, losses, perturbations, models, data sets, presets and all other plug-ins, with their parameters."""
    return listed()


@router.get("/schema/experiment", operation_id="getExperimentSchema")
def schema() -> dict[str, Any]:
    """JSON schema of a complete experiment."""
    return experiment_schema()
