"""Where a cursor's value stands in a row: a name, names with dots between them, or a JSONPath.

The library finds it by itself; this is for rows that are read outside of a pipeline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

#: Of a row that has no such field.
MISSING: Any = object()

# A step: ".name", "..name" (here or below), "[2]", "[*]", "['a name']"; a name may stand first.
_STEP = re.compile(r"""(\.\.|\.)?(?:([^.\[\]'"]+)|\[(?:(-?\d+)|(\*)|'([^']*)'|"([^"]*)")\])""")

_CURSOR = "name a field (updated_at, data.updated_at), or give a JSONPath to one value: $.items[0]['up.dated']"

Step = tuple[bool, str | int | None]  # whether anywhere below; its key, its index, or (None) any


def steps_of(path: str, what: str = "the cursor", advice: str = _CURSOR) -> list[Step]:
    """The steps of a path.

    Args:
        path: As `Incremental` has it.
        what: The path is of, in messages.
        advice: How one is written.

    Returns:
        One for each name, index or star.

    Raises:
        ValueError: It is no path.

    Example:
        >>> steps_of("$.items[0]['up.at']")
        [(False, 'items'), (False, 0), (False, 'up.at')]
    """
    is_rooted = path[:1] == "$" and path[1:2] in ("", ".", "[")  # a field may be called "$id"
    rest = path[1:] if is_rooted else path
    steps: list[Step] = []
    while rest:
        found = _STEP.match(rest)
        is_first = not steps and not is_rooted  # a name stands there without its dot
        if not found or (bool(found[1]) if is_first else bool(found[2] and not found[1])) or (found[1] and not found[2]):
            raise ValueError(f"{what} '{path}' is no path: {advice}")
        name, index, star, single, double = found.groups()[1:]
        key: str | int | None = int(index) if index else next((k for k in (single, double) if k is not None), name)
        steps.append((found[1] == "..", None if star or key == "*" else key))
        rest = rest[found.end() :]
    return steps


def find(steps: list[Step], value: Any) -> Any:
    """The first value that all steps lead to, in the order of the document.

    A field that is called by its normalised name is found, too, where there is none of the very name.

    Args:
        steps: Of `steps_of`.
        value: A row.

    Returns:
        The value; MISSING.

    Example:
        >>> find(steps_of("n.d"), {"n": {"d": 7}})
        7
    """
    found = next(matches(steps, value), MISSING)
    if found is MISSING and len(steps) == 1 and isinstance(steps[0][1], str) and isinstance(value, dict):
        wanted = letters(steps[0][1])
        return next((each for key, each in value.items() if isinstance(key, str) and letters(key) == wanted), MISSING)
    return found


def letters(name: str) -> str:
    """What a name and its normalised one have in common.

    Args:
        name: Of a field or a table.
    """
    return "".join(c for c in name.lower() if c.isalnum())


def matches(steps: list[Step], value: Any) -> Iterator[Any]:
    """All values that the steps lead to, in the order of the document.

    Args:
        steps: Of `steps_of`.
        value: A row, or a document.

    Example:
        >>> list(matches(steps_of("p[*].n"), {"p": [{"n": 1}, {}, {"n": 2}]}))
        [1, 2]
    """
    if not steps:
        yield value
        return
    is_deep, key = steps[0]
    for child in _children(value, key):
        yield from matches(steps[1:], child)
    if is_deep:
        for child in _children(value, None):
            yield from matches(steps, child)


def _children(value: Any, key: str | int | None) -> list[Any]:
    if isinstance(value, dict):
        if key is None:
            return list(value.values())
        return [value[key]] if key in value else []
    if isinstance(value, (list, tuple)):
        if key is None:
            return list(value)
        return [value[key]] if isinstance(key, int) and -len(value) <= key < len(value) else []
    return []
