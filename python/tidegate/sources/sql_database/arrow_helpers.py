"""Rows of a database as Arrow tables, for maps that expect `backend="pyarrow"`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tidegate.common.exceptions import MissingDependencyException


def pyarrow() -> Any:
    """The package.

    Raises:
        MissingDependencyException: It is not installed.
    """
    try:
        import pyarrow as package
    except ModuleNotFoundError:
        raise MissingDependencyException("backend='pyarrow'", ["'tidegate[arrow]'"]) from None
    return package


def arrow_type(hint: dict[str, Any], zone: str) -> Any:
    """The type for the values of a column; None: they decide.

    Args:
        hint: Of the column.
        zone: Of timestamps that have one.
    """
    arrow = pyarrow()
    kind = hint.get("data_type")
    if kind == "decimal":
        return arrow.decimal128(hint.get("precision") or 38, 9 if hint.get("scale") is None else hint["scale"])
    if kind == "timestamp":
        return arrow.timestamp("us", tz=zone if hint.get("timezone", True) else None)
    plain = {
        "text": arrow.string(), "json": arrow.string(), "bigint": arrow.int64(), "double": arrow.float64(),
        "bool": arrow.bool_(), "date": arrow.date32(), "time": arrow.time64("us"), "binary": arrow.binary(),
    }
    return plain.get(kind or "")


def _document(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def row_tuples_to_arrow(rows: Sequence[Any], columns: dict[str, dict[str, Any]], tz: str = "UTC") -> Any:
    """A table of rows.

    Args:
        rows: Tuples, in the order of the columns.
        columns: Hints of all columns by their names.
        tz: The zone of timestamps that have one.

    Returns:
        A pyarrow.Table; a column whose values do not fit its hint is of their own type.
    """
    arrow = pyarrow()
    arrays = []
    for values, hint in zip(zip(*rows), columns.values()):
        if hint.get("data_type") == "json":
            values = tuple(map(_document, values))
        try:
            arrays.append(arrow.array(values, type=arrow_type(hint, tz)))
        except (arrow.ArrowInvalid, arrow.ArrowTypeError):
            arrays.append(_of_their_own_type(arrow, values))
    return arrow.Table.from_arrays(arrays, names=list(columns))


def _of_their_own_type(arrow: Any, values: Sequence[Any]) -> Any:
    try:
        return arrow.array(values)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError):  # mixed, or of a type of the driver's
        return arrow.array([None if value is None else str(value) for value in values], type=arrow.string())
