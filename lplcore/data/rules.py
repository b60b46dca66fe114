"""The rules by which registered data sets are read."""

RULES = 2
"""Rules by which a registered data set is read now; 1: those of version 0.1.0, for what was registered then."""
FIRST_RULES = (
    "read as version 0.1.0 read it, under which it was registered; register it again to have it read by today's rules"
)
MOSTLY_SINGLE = 0.95
"""Share of examples with one label from which a multi-label set is noted as one."""
