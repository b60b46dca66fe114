"""The promises of docs/promises.md, one test each, on both shapes of the service."""
