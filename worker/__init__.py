"""Celery workers that supervise trainer processes."""
