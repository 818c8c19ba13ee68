"""A value of configuration as an argument's type wants it.

    coerce -> meant (what type is meant by an annotation) -> as it is, if it is of that type
           -> of a text what the table says, of a number or a date what holds no less
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import inspect
import json
import os
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tidegate.common.configuration.exceptions import ConfigValueCannotBeCoercedException
from tidegate.common.configuration.specs import SECRET

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
    datetime.time: datetime.time.fromisoformat,
    bytes: str.encode,
    dict: json.loads,
    list: json.loads,
    tuple: lambda value: tuple(json.loads(value)),
    set: lambda value: set(json.loads(value)),
    Mapping: json.loads,
    Sequence: json.loads,
}

# Of what is no text: (of this very type, as that).
_WIDER: dict[tuple[type, type], Callable[[Any], Any]] = {
    (int, float): float,
    (int, decimal.Decimal): decimal.Decimal,
    (float, decimal.Decimal): lambda value: decimal.Decimal(repr(value)),
    (int, str): str,
    (float, str): repr,
    (datetime.date, datetime.datetime): lambda value: datetime.datetime(value.year, value.month, value.day),
    (list, tuple): tuple,
    (list, set): set,
}


def meant(hint: Any) -> Any:
    """The type that an annotation means.

    Args:
        hint: An annotation.

    Returns:
        Of Optional[int] int, of list[str] list, of a Literal itself; None: any.
    """
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        return meant(kinds[0]) if len(kinds) == 1 else None
    if origin is typing.Annotated:
        return meant(typing.get_args(hint)[0])
    if origin is typing.Literal:
        return hint
    kind = origin or hint
    return kind if isinstance(kind, type) and kind not in (object, Any) else None


def is_secret(hint: Any) -> bool:
    """Whether an annotation says that a value is a secret: TSecretValue and its kin, and Optionals of them."""
    if typing.get_origin(hint) is typing.Annotated and SECRET in typing.get_args(hint)[1:]:
        return True
    return any(map(is_secret, typing.get_args(hint)))


def by_itself(value: str) -> Any:
    """What a text stands for where no type is said.

    Example:
        >>> by_itself("12"), by_itself("true"), by_itself("[1]"), by_itself("x")
        (12, True, [1], 'x')
    """
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            pass
    try:
        made = json.loads(value)
    except ValueError:
        return value
    return made if isinstance(made, (list, dict)) else value


def coerce(
    name: str, value: Any, hint: Any, default: Any = None, where: str = "", hidden: bool = False
) -> Any:
    """Makes a value of the type that an argument says.

    Args:
        name: Of the argument, for messages.
        value: As the provider has it: of the environment a text.
        hint: The annotation; empty: the type of the default.
        default: Of the argument.
        where: The provider and its key, for messages.
        hidden: Whether messages must not show the value.

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
    kind = meant(hint)
    try:
        return _made(value, kind)
    except (ValueError, TypeError, KeyError, ArithmeticError):
        raise ConfigValueCannotBeCoercedException(name, value, kind, where, hidden) from None


def _made(value: Any, kind: Any) -> Any:
    """The value as a `kind`; raises where it is none."""
    if kind is None:
        return value
    if typing.get_origin(kind) is typing.Literal:
        return _one_of(value, typing.get_args(kind))
    if issubclass(kind, enum.Enum) and not isinstance(value, kind):
        return kind(value)
    maker: Any = kind
    if isinstance(value, dict) and dataclasses.is_dataclass(kind):
        return maker(**value)
    if isinstance(value, str) and issubclass(kind, os.PathLike):
        return maker(value)
    if isinstance(value, str) and kind in _FROM_TEXT:
        made = _FROM_TEXT[kind](value)
    elif isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    elif (type(value), kind) in _WIDER:
        made = _WIDER[type(value), kind](value)
    else:
        return _as_it_is(value, kind)
    if not isinstance(made, kind):
        raise TypeError(kind)
    return made


def _one_of(value: Any, choices: Sequence[Any]) -> Any:
    found = [choice for choice in choices if choice == value or str(choice) == value]
    if not found:
        raise ValueError(choices)
    return found[0]


def _as_it_is(value: Any, kind: type) -> Any:
    """A value for a type that is the program's own is the program's to judge."""
    if kind in _FROM_TEXT or kind is str:
        raise TypeError(kind)
    return value
