"""Methods: aliases, names that stand for a composition of plug-ins (`lplcore.frame.alias`)."""
