"""A mirror of what runs measure on an MLflow tracking server that the administrator names."""
