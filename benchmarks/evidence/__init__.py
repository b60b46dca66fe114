"""What the methods do on long-tailed CIFAR: planned, trained, harvested and reported.

`python -m benchmarks.evidence` trains what is missing, `python -m benchmarks.evidence.service` lets a service train,
`python -m benchmarks.evidence.report` writes the report,
`python -m benchmarks.evidence.lpl_changes` changes LPL one thing at a time, and `python -m benchmarks.evidence.packs`
makes files of data that travel to a machine without a network.
"""
