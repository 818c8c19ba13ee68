"""`%s` and `%(name)s` in a statement, as DB-API modules have them, wherever they are no part of a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_PIECE = re.compile(
    r"(?P<kept>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"
    r"|%(?P<mark>s|\((?P<name>[^)]*)\)s|%)",
    re.DOTALL,
)


def filled(sql: str, args: Sequence[Any], named: Mapping[str, Any], write: Callable[[Any], str]) -> str:
    """The statement with its values in place; without values it stays as it is.

    Args:
        sql: With `%s` or `%(name)s` for each value; `%%` is a `%`.
        args: The values, in their order.
        named: The values, by name.
        write: What stands for a value.

    Raises:
        ValueError: There are more or fewer values than places, or one without a name.

    Example:
        >>> filled("select '%s', %s, 5 %% 2", ["a"], {}, repr)
        "select '%s', 'a', 5 % 2"
    """
    if not args and not named:
        return sql
    left = list(args)

    def piece(match: re.Match[str]) -> str:
        if match.group("kept"):
            return match.group().replace("%%", "%")
        if match.group("mark") == "%":
            return "%"
        name = match.group("name")
        if name is not None and name not in named:
            raise ValueError(f"the statement has %({name})s, and no value of that name was given")
        if name is None and not left:
            raise ValueError(f"the statement has more places (%s) than the {len(args)} value(s) that were given")
        return write(named[name] if name is not None else left.pop(0))

    text = _PIECE.sub(piece, sql)
    if left:
        raise ValueError(f"the statement has {len(args) - len(left)} places (%s) for {len(args)} values")
    return text
