"""Values of types that the extension does not know become values of types that it does.

The extension takes str, int, float, bool, None, dict, list, tuple, bytes, datetime, date, time
and Decimal by their exact types, and calls `convert` for what is left. Packages such as numpy
and pandas are known by what their objects can do, and never imported.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from tidegate.extract.exceptions import InvalidValueInRow
from tidegate.extract.items import DataItemWithMeta
from tidegate.extract.pool import drawn_beside, loop_is_running

Converter = Callable[[Any], Any]
Refusal = Callable[[Exception, int, bool, tuple[list[Any], Any]], InvalidValueInRow]

_converters: dict[type, Converter] = {}


def convert(value: Any) -> Any:
    """Gives a value of a plain type for `value`.

    Args:
        value: An object of a type that the extension does not know.

    Returns:
        What it stands for: a dict of a dataclass, the value of an enum, a list of a set.

    Raises:
        TypeError: Nothing is known about the type.

    Example:
        >>> import enum
        >>> class Colour(enum.Enum):
        ...     RED = "red"
        >>> convert(Colour.RED)
        'red'
    """
    kind = type(value)
    converter = _converters.get(kind)
    if converter is None:
        converter = _converters[kind] = _find(kind, value)
    return converter(value)


_STEPS_MAX = 12  # of a path as a message has it


def refusal(resource_name: str) -> Refusal:
    """What is raised for a value that cannot be loaded, with its place.

    Args:
        resource_name: Of the resource that has yielded it.

    Returns:
        A function of the error, the rows before its item, whether that is a page, and the way to the
        value (keys and indices, the innermost first) with the value.

    Example:
        >>> refused = refusal("orders")(TypeError("no"), 10, True, (["price", 2, "lines", 4], object))
        >>> refused.row, refused.key_path
        (15, 'lines[2].price')
    """

    def refuse(error: Exception, rows: int, is_page: bool, place: tuple[list[Any], Any]) -> InvalidValueInRow:
        steps, value = place
        row = rows + 1 + (steps.pop() if is_page and steps else 0)
        told = InvalidValueInRow(resource_name, row, _path_text(steps), value, str(error))
        told.__cause__ = error
        return told

    return refuse


def _path_text(steps: list[Any]) -> str:
    shown = steps[::-1][:_STEPS_MAX]
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{ascii(step)[1:-1]}" for step in shown)
    return text.removeprefix(".") + ("..." if len(steps) > _STEPS_MAX else "")


def _by_fields(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _timestamp(value: Any) -> datetime.datetime:
    """A datetime's subclass as a datetime; what pandas calls NaT never comes here."""
    return datetime.datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second,
        value.microsecond, value.tzinfo, fold=value.fold,
    )


def _zone(value: datetime.time) -> datetime.time:
    return value.replace(tzinfo=None)


def _microseconds(value: datetime.timedelta) -> int:
    return value // datetime.timedelta(microseconds=1)


def _numpy_moment(value: Any) -> Any:
    """A datetime64 or timedelta64, to the microsecond; None for NaT."""
    if value != value:
        return None
    moment = value.astype("datetime64[us]" if value.dtype.kind == "M" else "timedelta64[us]").item()
    if isinstance(moment, int):  # it is beyond what datetime has
        raise ValueError(f"{value} is outside of the years 1 to 9999")
    return moment


# The first whose test holds decides: what a type is comes before what it derives from.
_BY_BASE: list[tuple[type, Converter]] = [
    (bool, bool),
    (enum.Enum, lambda value: value.value),
    (datetime.datetime, _timestamp),
    (datetime.date, lambda value: datetime.date(value.year, value.month, value.day)),
    (datetime.time, _zone),
    (datetime.timedelta, _microseconds),
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
    (bytes, bytes),
    (bytearray, bytes),
    (memoryview, bytes),
    (decimal.Decimal, decimal.Decimal),
]


def _find(kind: type, value: Any) -> Converter:
    if kind is DataItemWithMeta:
        raise TypeError("a mark stands around what is yielded, a whole page: not around a row inside of it")
    if _is_table(kind):
        raise TypeError("a data frame is yielded by itself: it is no row of a page, and no value in a row (collect() a lazy one first)")
    if kind.__name__ in ("NaTType", "NAType"):  # of pandas, each of one object
        return lambda value: None
    if any(base.__module__ == "uuid" for base in kind.__mro__):
        return str
    if issubclass(kind, tuple) and hasattr(kind, "_asdict"):
        return lambda value: value._asdict()
    for base, converter in _BY_BASE:
        if issubclass(kind, base):
            return converter
    if dataclasses.is_dataclass(kind) and not hasattr(kind, "asdict"):
        return _by_fields
    for name, converter in _BY_ABILITY:
        if hasattr(kind, name):
            return converter
    if issubclass(kind, Mapping):
        return dict
    if issubclass(kind, (Set, Sequence)):
        return list
    raise TypeError(f"values of type {kind.__module__}.{kind.__qualname__} cannot be loaded")


def _is_table(kind: type) -> bool:
    """Whether it is a whole table of Arrow, pandas, polars or DuckDB; arrays and series are values."""
    speaks_arrow = hasattr(kind, "__arrow_c_stream__") or hasattr(kind, "__arrow_c_array__")
    return (speaks_arrow and hasattr(kind, "columns")) or hasattr(kind, "collect_schema")


async def _result(value: Any) -> Any:
    return await value


def _awaited(value: Any) -> Any:
    if loop_is_running():  # that of a notebook, beside which no other runs on this thread
        return next(drawn_beside(lambda: _result(value), None), None)
    import asyncio

    return asyncio.run(_result(value))


def _numpy(value: Any) -> Any:
    kind = getattr(value.dtype, "kind", "O")
    if kind in "Mm":
        return list(value) if getattr(value, "shape", ()) else _numpy_moment(value)
    return value.tolist()


# By an attribute that objects of other packages have.
_BY_ABILITY: list[tuple[str, Converter]] = [
    ("__await__", lambda value: _awaited(value)),
    ("call", lambda value: value.call()),  # pool.Deferred
    ("model_dump", lambda value: value.model_dump()),  # pydantic
    ("__attrs_attrs__", lambda value: {a.name: getattr(value, a.name) for a in value.__attrs_attrs__}),
    ("asdict", lambda value: value.asdict()),  # load infos and traces
    ("to_list", lambda value: value.to_list()),  # a series of pandas or polars as a value
    ("dtype", _numpy),  # numpy's scalars and arrays
    ("as_py", lambda value: value.as_py()),  # a value of Arrow
    ("to_pylist", lambda value: value.to_pylist()),  # an Arrow array as a value
]
