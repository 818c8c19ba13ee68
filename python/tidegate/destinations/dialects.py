"""What SQL looks like at each kind of database: literals, what there is, and dlt's names of types.

Values reach a statement as literals (PostgreSQL and SQLite, as psycopg2 does it, and relations of a
dataset) or as values of placeholders (DuckDB); names in quotes.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


# ---- literals ----

Literal = Callable[[Any], str]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _duckdb_text(value: str) -> str:
    """A NUL would end a statement of DuckDB's."""
    return " || chr(0) || ".join(map(_text, value.split("\0"))) if "\0" in value else _text(value)


def _postgres_text(value: str) -> str:
    """With a backslash in a form whose meaning no setting changes."""
    if "\0" in value:
        raise ValueError("a text of PostgreSQL cannot hold the character NUL")
    return "E" + _text(value.replace("\\", "\\\\")) if "\\" in value else _text(value)


def _sqlite_text(value: str) -> str:
    return f"CAST(x'{value.encode().hex()}' AS TEXT)" if "\0" in value else _text(value)


def _float(value: float, cast: str) -> str:
    """Without the cast it would be a decimal."""
    return f"'{float.__repr__(value)}'::{cast}"


def _sqlite_float(value: float) -> str:
    if math.isfinite(value):
        return float.__repr__(value)
    return "NULL" if math.isnan(value) else "-9e999" if value < 0 else "9e999"


def _stamp(value: datetime.datetime) -> str:
    kind = "timestamptz" if value.tzinfo else "timestamp"
    return f"{kind} '{value.isoformat(' ')}'"


def _json(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


@dataclass(frozen=True)
class Dialect:
    """What SQL looks like at one kind of database.

    Attributes:
        name: Of the kind.
        literals: By type, what a value is written as; the first type that a value is of counts.
        has_dataset: A query with a row if the dataset is there; `{text}` is its name as a text, `{name}` as a name.
        tables: The names of its tables and views, a row each.
        describe_table: Of a table its columns: name, type, whether they may be NULL; `{table}` is a text.
        types: Data types of dlt, by the database's word for them.
        describe_query: The same of any query, the last statement; those before it come first. None of them: its rows tell.
        default_precision: Of decimals that nothing was said of.
        mark: Around names; doubled where it is in one.
        list_begin: Before the values of a list, if lists are no texts.
        uuid_cast: Behind the text of a UUID.
    """

    name: str
    literals: Mapping[type, Literal]
    has_dataset: str
    tables: str
    describe_table: str
    types: Mapping[str, Mapping[str, Any]] = field(repr=False)
    describe_query: tuple[str, ...] = ()
    default_precision: tuple[int, int] = (38, 9)
    mark: str = '"'
    list_begin: str | None = "["
    uuid_cast: str = "::uuid"

    def quoted(self, name: str) -> str:
        """A name as SQL has it, whatever is in it.

        Example:
            >>> DUCKDB.quoted('a"b')
            '"a""b"'
        """
        return f"{self.mark}{name.replace(self.mark, self.mark * 2)}{self.mark}"

    def literal(self, value: Any) -> str:
        """A value as a piece of SQL.

        Raises:
            TypeError: No literal is known for its type.
        """
        if value is None:
            return "NULL"
        if isinstance(value, enum.Enum):
            return self.literal(value.value)
        if isinstance(value, tuple):
            return f"({', '.join(map(self.literal, value))})"
        if isinstance(value, list) and self.list_begin:
            return f"{self.list_begin}{', '.join(map(self.literal, value))}]"
        for kind, write in self.literals.items():
            if isinstance(value, kind):
                return write(value)
        if type(value).__module__ == "uuid":  # which nobody imports who has none
            return f"'{value}'{self.uuid_cast}"
        if hasattr(value, "item") and hasattr(value, "dtype"):  # a scalar of numpy
            return self.literal(value.item())
        raise TypeError(f"a {type(value).__name__} cannot stand in a statement of {self.name}")

    def column_of(self, name: str, sql_type: str) -> dict[str, Any]:
        """A column as dlt has it.

        Args:
            name: Its name.
            sql_type: What the database calls its type.

        Returns:
            Name and data type; precision, scale and timezone where they are not what they are if nothing is said.
        """
        numbers = [int(number) for number in re.findall(r"\d+", "".join(re.findall(r"\([\d, ]*\)", sql_type)))]
        word = re.sub(r"\s*\([\d, ]*\)", "", sql_type).lower()
        hints = dict(self.types.get(word, {"data_type": "text"}))
        if hints["data_type"] == "decimal" and len(numbers) == 2:
            if numbers == [38, 0]:
                hints["data_type"] = "wei"
            elif tuple(numbers) != self.default_precision:
                hints.update(precision=numbers[0], scale=numbers[1])
        elif len(numbers) == 1:
            hints["precision"] = numbers[0]
        return {"name": name, **hints}


_WHOLE = {"data_type": "bigint"}
_NAIVE = {"data_type": "timestamp", "timezone": False}


def _of_width(bits: int) -> dict[str, Any]:
    return {"data_type": "bigint", "precision": bits}


_COMMON: dict[type, Literal] = {
    bool: lambda value: "TRUE" if value else "FALSE",
    int: int.__repr__,
    decimal.Decimal: lambda value: f"{value:f}" if value.is_finite() else f"'{value}'::numeric",
    datetime.datetime: _stamp,
    datetime.date: lambda value: f"date '{value.isoformat()}'",
    datetime.time: lambda value: f"time '{value.isoformat()}'",
    datetime.timedelta: lambda value: f"interval '{value // datetime.timedelta(microseconds=1)} microseconds'",
}

_SCHEMATA = "SELECT 1 FROM information_schema.schemata WHERE schema_name = {text}"
_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = {text} ORDER BY 1"

DUCKDB = Dialect(
    "duckdb",
    _COMMON | {
        decimal.Decimal: lambda value: f"{value:f}",
        float: lambda value: _float(value, "double"),
        str: _duckdb_text,
        bytes: lambda value: f"from_hex('{value.hex()}')",
        bytearray: lambda value: f"from_hex('{value.hex()}')",
        dict: lambda value: _duckdb_text(_json(value)),
    },
    has_dataset=_SCHEMATA + " AND catalog_name = current_database()",
    tables=_TABLES.replace("ORDER", "AND table_catalog = current_database() ORDER"),
    describe_table=(
        "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns "
        "WHERE table_schema = {text} AND table_name = {table} AND table_catalog = current_database() "
        "ORDER BY ordinal_position"
    ),
    describe_query=("SELECT column_name, column_type FROM (DESCRIBE {query})",),
    types={
        "bigint": _WHOLE, "integer": _of_width(32), "smallint": _of_width(16), "tinyint": _of_width(8),
        "hugeint": _of_width(128), "double": {"data_type": "double"}, "float": {"data_type": "double"},
        "boolean": {"data_type": "bool"}, "blob": {"data_type": "binary"}, "date": {"data_type": "date"},
        "json": {"data_type": "json"}, "decimal": {"data_type": "decimal"}, "time": {"data_type": "time"},
        "timestamp with time zone": {"data_type": "timestamp"}, "timestamp": _NAIVE,
        "timestamp_s": _NAIVE | {"precision": 0}, "timestamp_ms": _NAIVE | {"precision": 3},
        "timestamp_ns": _NAIVE | {"precision": 9},
    },
)

POSTGRES = Dialect(
    "postgres",
    _COMMON | {
        float: lambda value: _float(value, "float8"),
        str: _postgres_text,
        bytes: lambda value: f"decode('{value.hex()}', 'hex')",
        bytearray: lambda value: f"decode('{value.hex()}', 'hex')",
        dict: lambda value: _postgres_text(_json(value)),
    },
    has_dataset="SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = {text}",
    tables=_TABLES,
    describe_table=(
        "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_catalog.pg_attribute "
        "WHERE attrelid = (quote_ident({text}) || '.' || quote_ident({table}))::regclass "
        "AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    ),
    types={
        "bigint": _WHOLE, "integer": _of_width(32), "smallint": _of_width(16),
        "double precision": {"data_type": "double"}, "real": {"data_type": "double"},
        "boolean": {"data_type": "bool"}, "bytea": {"data_type": "binary"}, "date": {"data_type": "date"},
        "jsonb": {"data_type": "json"}, "json": {"data_type": "json"}, "numeric": {"data_type": "decimal"},
        "time without time zone": {"data_type": "time"}, "timestamp with time zone": {"data_type": "timestamp"},
        "timestamp without time zone": _NAIVE, "character varying": {"data_type": "text"},
    },
    list_begin="ARRAY[",
)


def _sqlite_stamp(value: datetime.datetime) -> str:
    """As it is stored there: a text, in UTC."""
    zoned = value.astimezone(datetime.timezone.utc) if value.tzinfo else value
    return f"'{zoned.isoformat()}'"


# A view of the query tells its types; what is made of it goes with the transaction.
_VIEW = "CREATE TEMPORARY VIEW tidegate_described AS {query}"

SQLITE = Dialect(
    "sqlite",
    {
        bool: lambda value: "1" if value else "0",
        int: int.__repr__,
        float: _sqlite_float,
        decimal.Decimal: lambda value: f"'{value:f}'",
        str: _sqlite_text,
        bytes: lambda value: f"x'{value.hex()}'",
        bytearray: lambda value: f"x'{value.hex()}'",
        datetime.datetime: _sqlite_stamp,
        datetime.date: lambda value: f"'{value.isoformat()}'",
        datetime.time: lambda value: f"'{value.isoformat()}'",
        dict: lambda value: _sqlite_text(_json(value)),
        list: lambda value: _sqlite_text(_json(value)),
    },
    has_dataset="SELECT 1 FROM {name}.sqlite_schema LIMIT 1",
    tables="SELECT name FROM {name}.sqlite_schema WHERE type IN ('table', 'view') ORDER BY 1",
    describe_table='SELECT name, type, "notnull" = 0 FROM pragma_table_info({table}, {text})',
    describe_query=(_VIEW, "SELECT name, type FROM pragma_table_info('tidegate_described')"),
    types={
        "bigint": _WHOLE, "integer": _of_width(32), "smallint": _of_width(16), "tinyint": _of_width(8),
        "huge_text": _of_width(128), "double": {"data_type": "double"}, "boolean": {"data_type": "bool"},
        "blob": {"data_type": "binary"}, "json_text": {"data_type": "json"}, "wei_text": {"data_type": "wei"},
        "date_text": {"data_type": "date"}, "time_text": {"data_type": "time"},
        "timestamptz_text": {"data_type": "timestamp"}, "timestamp_text": _NAIVE,
        "timestamp_s_text": _NAIVE | {"precision": 0}, "timestamp_ms_text": _NAIVE | {"precision": 3},
        "timestamp_ns_text": _NAIVE | {"precision": 9}, "decimal_text": {"data_type": "decimal"},
    },
    list_begin=None,
    uuid_cast="",
    mark="`",  # SQLite takes "name" for a text where there is no such column
)
