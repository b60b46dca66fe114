"""FastAPI front end and dashboard."""
