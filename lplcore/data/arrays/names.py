"""Names of arrays in an `.npz`: ours, and those of Keras, MedMNIST and others."""

from collections.abc import Mapping, Sequence

from lplcore.errors import DatasetError
from lplcore.plugin import quoted

SPLITS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}
CONTENTS = {
    **dict.fromkeys(("x", "images", "image", "data", "inputs", "features"), "x"),
    **dict.fromkeys(("y", "labels", "label", "targets", "target"), "y"),
}
ROLES: Mapping[str, str] = {
    **{
        name: f"{content}_{split}"
        for part, split in SPLITS.items()
        for word, content in CONTENTS.items()
        for name in (f"{word}_{part}", f"{part}_{word}")
    },
    **dict.fromkeys(("classes", "class_names", "label_names"), "classes"),
}
"""Name in lower case -> what the array is."""
OURS = ("x_train", "y_train", "x_validation", "y_validation", "x_test", "y_test", "classes")
MOST_NAMED = 5


def roles_of(members: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """What each array is -> its name in the archive; and notes on names that are not ours.

    Raises:
        DatasetError: two arrays for one role.
    """
    roles: dict[str, str] = {}
    unread = []
    for member in dict.fromkeys(members):
        role = ROLES.get(member.lower())
        if role is None:
            unread.append(member)
        elif role in roles:
            message = f"{quoted(roles[role])} and {quoted(member)} both mean {role}; leave one of them out"
            raise DatasetError("name", message)
        else:
            roles[role] = member
    renamed = [f"{member} as {role}" for role, member in roles.items() if role != member]
    notes = [f"read by other names: {', '.join(renamed)}"] if renamed else []
    if unread:
        more = f" and {len(unread) - MOST_NAMED} more" if len(unread) > MOST_NAMED else ""
        notes.append(f"not read: {', '.join(map(quoted, unread[:MOST_NAMED]))}{more}; no such name is known")
    return roles, notes


def refuse_halves(roles: Mapping[str, str]) -> None:
    """Labels without examples, and examples without labels."""
    for split in ("train", "validation", "test"):
        for role, other in ((f"x_{split}", f"y_{split}"), (f"y_{split}", f"x_{split}")):
            if role in roles and other not in roles:
                raise DatasetError("name", f"{roles[role]} is there but {other} is not; add it or remove both")
