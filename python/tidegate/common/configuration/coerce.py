"""A value of configuration as an argument's type wants it."""

from __future__ import annotations

import datetime
import decimal
import inspect
import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tidegate.common.configuration.exceptions import ConfigValueCannotBeCoercedException

_TRUTHS = {
    "true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False,
}


def _bool(value: str) -> bool:
    return _TRUTHS[value.strip().lower()]


_FROM_TEXT: dict[Any, Callable[[str], Any]] = {
    bool: _bool,
    int: int,
    float: float,
    decimal.Decimal: decimal.Decimal,
    datetime.datetime: datetime.datetime.fromisoformat,
    datetime.date: datetime.date.fromisoformat,
    bytes: str.encode,
    dict: json.loads,
    list: json.loads,
    Mapping: json.loads,
    Sequence: json.loads,
}


def _plain(hint: Any) -> Any:
    """The type that is meant: of Optional[int] int, of list[str] list; None: any."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        return _plain(kinds[0]) if len(kinds) == 1 else None
    if origin is typing.Annotated:
        return _plain(typing.get_args(hint)[0])
    return origin or hint


def coerce(name: str, value: Any, hint: Any, default: Any = None, where: str = "") -> Any:
    """Makes a value of the type that an argument says.

    Args:
        name: Of the argument, for messages.
        value: As the provider has it: of the environment a text.
        hint: The annotation; empty: the type of the default.
        default: Of the argument.
        where: The provider's key, for messages.

    Returns:
        The value, changed where it has to be.

    Raises:
        ConfigValueCannotBeCoercedException: It is no such value.

    Example:
        >>> coerce("n", "12", int)
        12
    """
    if hint is inspect.Parameter.empty or isinstance(hint, str):
        hint = type(default) if default is not None and default is not inspect.Parameter.empty else None
    kind = _plain(hint)
    if kind in (None, Any) or not isinstance(kind, type):
        return value
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str) or kind not in _FROM_TEXT:
        return _call(name, value, kind, where)
    try:
        made = _FROM_TEXT[kind](value)
    except (ValueError, KeyError, decimal.InvalidOperation, json.JSONDecodeError):
        made = None
    if made is None or not isinstance(made, kind):
        raise ConfigValueCannotBeCoercedException(name, value, kind, where)
    return made


def _call(name: str, value: Any, kind: type, where: str) -> Any:
    if kind is str and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if kind in _FROM_TEXT or kind is str:
        raise ConfigValueCannotBeCoercedException(name, value, kind, where)
    return value
