"""HTTP client and the `lpl` command line."""
