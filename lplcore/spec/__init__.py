"""Specs: experiments as people write them, checked, completed and spread into runs."""

from lplcore.spec.experiment import ExperimentSpec, RunPlan, parse_spec

__all__ = ["ExperimentSpec", "RunPlan", "parse_spec"]
