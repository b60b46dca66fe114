"""The parts of an export's `load.py`, which are put one after the other (`lplcore.export.made`); none needs lplcore."""
