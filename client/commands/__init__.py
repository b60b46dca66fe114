"""The commands of `lpl` that talk to a service; each module adds its own to an app."""
