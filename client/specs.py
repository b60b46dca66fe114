"""Experiment specs from files, standard input, presets and `path=value` overrides."""

import json
import re
import sys
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from client.errors import SpecFileError

STDIN = "-"
MAX_SPEC_BYTES = 4_000_000
BYTE_ORDER_MARK = "\ufeff"


class SpecLoader(yaml.SafeLoader):
    """YAML, but `1e-3` is a number, `2026-01-15` and `12:30` are text, and a key that stands twice is an error."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """A mapping whose keys are unique."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # refused below
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark)
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


# PyYAML follows YAML 1.1: dates and numbers of base 60 (12:30), and a number with an exponent needs a point.
NUMBERS = {
    "int": r"^[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][\d_]*)$",
    "float": r"^([-+]?((\d[\d_]*\.[\d_]*|\.\d[\d_]*)([eE][-+]?\d+)?|\d[\d_]*[eE][-+]?\d+|\.(inf|Inf|INF))"
    r"|\.(nan|NaN|NAN))$",
}
SpecLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.rpartition(":")[2] not in (*NUMBERS, "timestamp")]
    for first, resolvers in SpecLoader.yaml_implicit_resolvers.items()
}
for number, pattern in NUMBERS.items():
    SpecLoader.add_implicit_resolver(f"tag:yaml.org,2002:{number}", re.compile(pattern), list("-+0123456789."))


def read_spec(source: str) -> dict[str, Any]:
    """A spec from a YAML or JSON file, or from standard input (`-`).

    Raises:
        SpecFileError: it cannot be read or is no mapping.
    """
    name = "standard input" if source == STDIN else source
    return mapping(parsed(read_text(source, name), name, is_json=source.lower().endswith(".json")), name)


def spec_in(text: str) -> dict[str, Any]:
    """A spec from YAML or JSON text.

    Raises:
        SpecFileError: it is neither, or no mapping.
    """
    return mapping(parsed(text, "the text", is_json=False), "the text")


def is_spec_text(text: str) -> bool:
    """Whether a text is a spec rather than a file's name: it has a line's end, a field or a brace."""
    return "\n" in text or ": " in text or text.lstrip().startswith("{")


def mapping(spec: Any, name: str) -> dict[str, Any]:
    """A spec, which is a mapping.

    Raises:
        SpecFileError: it is none.
    """
    if not isinstance(spec, dict):
        raise SpecFileError(f"{name}: a spec is a mapping with at least `dataset`")
    return spec


def read_text(source: str, name: str) -> str:
    """The text of a file or of standard input.

    Raises:
        SpecFileError: it cannot be read.
    """
    try:
        text = sys.stdin.read(MAX_SPEC_BYTES + 1) if source == STDIN else Path(source).read_text(encoding="utf-8")
    except OSError as error:
        raise SpecFileError(f"{name}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SpecFileError(f"{name}: not a text file in UTF-8") from error
    text = text.removeprefix(BYTE_ORDER_MARK)
    if len(text) > MAX_SPEC_BYTES:
        raise SpecFileError(f"{name}: larger than {MAX_SPEC_BYTES} characters; this is no spec")
    return text


def parsed(text: str, name: str, *, is_json: bool) -> Any:
    """The value of a JSON or YAML text.

    Raises:
        SpecFileError: it is neither, with line and column.
    """
    try:
        return json.loads(text, object_pairs_hook=unique) if is_json else yaml.load(text, SpecLoader)  # noqa: S506 (a SafeLoader)
    except json.JSONDecodeError as error:
        raise SpecFileError(f"{name}: line {error.lineno}, column {error.colno}: {error.msg}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise SpecFileError(f"{name}: {where}{error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        kind = "no valid JSON" if is_json else "neither YAML nor JSON"
        raise SpecFileError(f"{name}: {kind}: {' '.join(str(error).split())}") from error


def unique(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose keys are unique.

    Raises:
        ValueError: one stands twice.
    """
    mapping: dict[str, Any] = {}
    for key, value in members:
        if key in mapping:
            raise ValueError(f"the key {key!r} stands twice")
        mapping[key] = value
    return mapping


def preset_spec(
    preset: str, overrides: Sequence[str], *, complete: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """A preset with overrides.

    Args:
        preset: its name.
        overrides: `path=value`.
        complete: gives the complete spec of a spec, on which positions in lists (`perturbations.0`) can be set.
    """
    parts = [split(override) for override in overrides]
    if any(step.isdecimal() for steps, _ in parts for step in steps):
        spec = complete({"preset": preset})
        return overridden(spec, overrides)
    nested: dict[str, Any] = {}
    for steps, value in parts:
        put(nested, steps, value)
    return {"preset": preset, "override": nested} if nested else {"preset": preset}


def overridden(spec: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """A spec with `path=value` put in place.

    Raises:
        SpecFileError: a path that leads nowhere.
    """
    for override in overrides:
        steps, value = split(override)
        put(spec, steps, value)
    return spec


def split(override: str) -> tuple[list[str], Any]:
    """Steps and value of `path=value`; the value is YAML, so `[1, 2]` is a list and `null` is none.

    Raises:
        SpecFileError: it is not of this form.
    """
    path, equals, text = override.partition("=")
    path = path.strip()
    if not equals or not path or not all(path.split(".")):
        raise SpecFileError(f"--override {override}: write it as path=value, such as epochs=10 or method.epsilon=0.5")
    # The keys of a sweep are paths themselves.
    steps = ["sweep", path.removeprefix("sweep.")] if path.startswith("sweep.") else path.split(".")
    return steps, parsed(text, f"--override {path}", is_json=False)


def put(target: dict[str, Any], steps: Sequence[str], value: Any) -> None:
    """Set a value at a path, making the objects on the way.

    Raises:
        SpecFileError: a position in a list that does not exist, or a step into a plain value.
    """
    path, here = ".".join(steps), target
    for position, step in enumerate(steps[:-1]):
        below = child(here, step, path)
        if isinstance(below, str):
            # A plug-in or a method by its bare name: the long form takes parameters.
            below = {"alias" if position == 0 and step == "method" else "name": below}
        assign(here, step, {} if below is None else below, path)
        here = child(here, step, path)
    assign(here, steps[-1], value, path)


def child(here: Any, step: str, path: str) -> Any:
    """What lies at a step, None where nothing does yet."""
    if isinstance(here, dict):
        return here.get(step)
    return here[index(here, step, path)]


def assign(here: Any, step: str, value: Any, path: str) -> None:
    """Set what lies at a step."""
    if isinstance(here, dict):
        here[step] = value
    else:
        here[index(here, step, path)] = value


def index(here: Any, step: str, path: str) -> int:
    """A step as a position in a list.

    Raises:
        SpecFileError: there is no such position.
    """
    if isinstance(here, list) and step.isdecimal() and int(step) < len(here):
        return int(step)
    what = f"a list of {len(here)}" if isinstance(here, list) else f"the value {here!r}"
    raise SpecFileError(f"--override {path}: {step!r} does not exist in {what}")
