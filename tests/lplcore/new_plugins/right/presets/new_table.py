"""Two rows of a table: presets in a tuple, whose names begin with the module's."""

from lplcore.frame.preset import Preset

NEW_TABLE = tuple(
    Preset(name=f"new_table_{method}", title=f"New table, {method}", spec={"dataset": "new_dataset", "method": method})
    for method in ("cross_entropy", "new_method")
)
