"""Values of a cursor: as a program says them, and as the extension has them.

The extension takes and gives None, int, float, str, datetime (of UTC) and date; lists, objects and flags are
JSON, as bytes.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable
from typing import Any

from tidegate.extract.convert import convert
from tidegate.extract.state import decode_value, encode_value

#: What a text is taken for, by `cursor_type`.
FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "text": str, "bigint": int, "double": float, "decimal": decimal.Decimal,
    "timestamp": datetime.datetime.fromisoformat, "date": datetime.date.fromisoformat,
}

_PLAIN = (type(None), int, float, str, datetime.datetime, datetime.date)

Bound = Callable[[datetime.datetime, Any], Any]


def option_of(value: Any) -> Any:
    """A value as the extension has it.

    Args:
        value: A bound, or what a `last_value_func` gives.

    Returns:
        A plain value, or JSON as bytes.

    Raises:
        TypeError: It is of a type that nothing is known about.

    Example:
        >>> option_of(["a", 100])
        b'["a", 100]'
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, (bool, list, tuple, dict)):
        return encode_value(value).encode()
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return convert(value)


def value_of(option: Any) -> Any:
    """A value that the extension gives.

    Args:
        option: Of a plain type, or JSON as bytes.

    Returns:
        The value.
    """
    return decode_value(option) if isinstance(option, bytes) else option


def as_type(value: Any, kind: type | None, declared: Any) -> Any:
    """A value of the extension as one of the type that a program has declared, where it can be.

    Args:
        value: The value.
        kind: The type; None: nothing was said.
        declared: A bound of that type, whose zone it gets; None: there is none.

    Returns:
        The value, changed where it has to be.

    Example:
        >>> as_type("2024-05-01", datetime.date, None)
        datetime.date(2024, 5, 1)
    """
    if kind is None or value is None:
        return value
    if isinstance(value, str) and issubclass(kind, datetime.date):
        try:
            value = datetime.datetime.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(value, datetime.datetime):
        if issubclass(kind, datetime.date) and not issubclass(kind, datetime.datetime):
            return value.date()
        return _with_zone_of(value, declared)
    if issubclass(kind, decimal.Decimal) and isinstance(value, (int, float)):
        return decimal.Decimal(str(value))
    return value


def _with_zone_of(moment: datetime.datetime, declared: Any) -> datetime.datetime:
    """Naive, where the one that was declared is."""
    if isinstance(declared, datetime.datetime) and declared.tzinfo is None and moment.tzinfo is not None:
        return moment.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return moment


_OF_MOMENT: list[tuple[type, Bound]] = [
    (datetime.datetime, _with_zone_of),
    (datetime.date, lambda moment, declared: moment.date()),
    (int, lambda moment, declared: int(moment.timestamp())),
    (float, lambda moment, declared: moment.timestamp()),
]


def bound_of(kind: type | None) -> Bound | None:
    """How a moment of a scheduler becomes a bound of a cursor.

    Args:
        kind: Of the cursor's values.

    Returns:
        A function of the moment and a bound that was declared; None: such values are no times.
    """
    return next((make for base, make in _OF_MOMENT if kind is not None and issubclass(kind, base)), None)
