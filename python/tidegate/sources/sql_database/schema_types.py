"""Hints of a table that SQLAlchemy has looked up: types, NULLs, keys, references.

The types are dlt's. What SQLAlchemy has no generic type for gets none: then the data decide.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from sqlalchemy import Column, Table

logger = logging.getLogger("tidegate.sources")

ReflectionLevel = Literal["minimal", "full", "full_with_precision"]
TTypeAdapter = Callable[[Any], Any]
Hint = dict[str, Any]


def _of_number(kind: Any, precise: bool) -> Hint:
    if not kind.asdecimal:
        return {"data_type": "double"}
    scale = kind.scale if kind.scale is not None else kind.decimal_return_scale
    digits = {"precision": kind.precision, "scale": scale if kind.precision is not None else None}
    return {"data_type": "decimal"} | {name: value for name, value in digits.items() if value is not None}


def _of_length(data_type: str) -> Callable[[Any, bool], Hint]:
    def hint(kind: Any, precise: bool) -> Hint:
        return {"data_type": data_type} | ({"precision": kind.length} if precise and kind.length else {})

    return hint


def _of_moment(kind: Any, precise: bool) -> Hint:
    has_zone = bool(kind.timezone) or kind.__visit_name__ == "DATETIMEOFFSET"
    return {"data_type": "timestamp", "timezone": has_zone}


def _of_time(kind: Any, precise: bool) -> Hint:
    return {"data_type": "text" if kind.timezone else "time"}  # which has no zone


def _plain(data_type: str) -> Callable[[Any, bool], Hint]:
    return lambda kind, precise: {"data_type": data_type}


@cache
def _types() -> list[tuple[type, Callable[[Any, bool], Hint]]]:
    """The first that a type is an instance of decides: some numbers are integers, too."""
    from sqlalchemy import types as t

    return [
        (t.Uuid, _plain("text")),
        (t.Float, lambda kind, precise: {"data_type": "decimal" if kind.asdecimal else "double"}),
        (t.Numeric, _of_number),
        (t.SmallInteger, lambda kind, precise: {"data_type": "bigint"} | ({"precision": 32} if precise else {})),
        (t.Integer, _plain("bigint")),
        (t.String, _of_length("text")),
        (t.LargeBinary, _of_length("binary")),
        (t.BINARY, _of_length("binary")),
        (t.VARBINARY, _of_length("binary")),
        (t.DateTime, _of_moment),
        (t.Date, _plain("date")),
        (t.Time, _of_time),
        (t.JSON, _plain("json")),
        (t.ARRAY, _plain("json")),
        (t.Boolean, _plain("bool")),
    ]


def is_nested(column: Column[Any]) -> bool:
    """Whether its values are documents or lists."""
    from sqlalchemy import types as t

    return isinstance(column.type, (t.JSON, t.ARRAY))


def column_hint(
    column: Column[Any], level: ReflectionLevel, type_adapter: TTypeAdapter | None = None
) -> Hint:
    """The hints of a column.

    Args:
        column: As it was looked up, or of a subquery.
        level: "minimal": no type; "full_with_precision": lengths, too.
        type_adapter: Gives another type for one, or None: the data decide.

    Returns:
        With `nullable`, where that is known, and a `data_type`.
    """
    nullable = getattr(column, "nullable", None)
    hint: Hint = {} if nullable is None else {"nullable": nullable}
    if level == "minimal":
        return hint
    kind: Any = type_adapter(column.type) if type_adapter else column.type
    if isinstance(kind, type):
        kind = kind()
    if kind is None:
        return hint
    for base, of in _types():
        if isinstance(kind, base):
            return hint | of(kind, level == "full_with_precision")
    logger.info("the type %s of the column '%s' is none that tidegate knows: its data decide", kind, column.name)
    return hint


def _references(table: Table) -> Iterator[dict[str, Any]]:
    """Foreign keys to tables of the same schema, one of each table."""
    from sqlalchemy.exc import NoReferencedTableError

    found: dict[str, dict[str, Any]] = {}
    for key in table.foreign_key_constraints:
        try:
            other = key.referred_table
        except NoReferencedTableError as error:
            logger.warning("a foreign key of '%s' is left out: %s", table.name, error)
            continue
        if other.schema != table.schema:
            continue
        reference = found.setdefault(
            other.name, {"referenced_table": other.name, "referenced_columns": [], "columns": []}
        )
        reference["columns"] += [column.name for column in key.columns]
        reference["referenced_columns"] += [element.column.name for element in key.elements]
    yield from found.values()


def table_to_resource_hints(
    table: Table,
    reflection_level: ReflectionLevel = "full",
    type_adapter_callback: TTypeAdapter | None = None,
    skip_nested_on_minimal: bool = False,
    resolve_foreign_keys: bool = False,
) -> dict[str, Any]:
    """What is known of a table, as hints of a resource.

    Args:
        table: As it was looked up.
        reflection_level: How much of it is told.
        type_adapter_callback: Gives another type for one.
        skip_nested_on_minimal: With "minimal" documents and lists become tables of their own.
        resolve_foreign_keys: Whether foreign keys become references.

    Returns:
        Arguments of `DltResource.apply_hints`.
    """
    skips = skip_nested_on_minimal and reflection_level == "minimal"
    hints: dict[str, Any] = {"columns": {
        column.name: column_hint(column, reflection_level, type_adapter_callback)
        for column in table.columns if not (skips and is_nested(column))
    }}
    primary_key = [column.name for column in getattr(table, "primary_key", ())]
    if primary_key and all(name in table.columns for name in primary_key):  # a part of it tells no rows apart
        hints["primary_key"] = primary_key
    if resolve_foreign_keys:
        hints["references"] = list(_references(table)) or None
    return hints
