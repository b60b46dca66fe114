"""A trained network in a form that needs neither this library nor the service: a zip with all that predicting takes.

`lplcore.export.made.export_checkpoint` makes one; `python -m lplcore.export` does so as a process of its own.
"""
