"""The service as a process: the server, its broker, the commands."""
