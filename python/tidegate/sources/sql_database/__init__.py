"""Tables of a database as resources: PostgreSQL, SQLite, and what SQLAlchemy knows beside them.

    sql_database -> Database (database.py) -> tables looked up by SQLAlchemy -> a resource of each (table.py)
    sql_table -> the same of one

A resource has the types and keys of its table as hints (schema_types.py). The library reads PostgreSQL by
itself; other databases, and rows that maps look at, come by SQLAlchemy, those of SQLite by sqlite3 (helpers.py).
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from tidegate.common import context
from tidegate.common.configuration.inject import resolve
from tidegate.extract.incremental import Incremental
from tidegate.extract.resource import DltResource
from tidegate.sources.arguments import check_count, check_names, check_text, check_word
from tidegate.sources.sql_database.configuration import credentials_of, database_source
from tidegate.sources.sql_database.database import Database, engine_from_credentials, sqlalchemy
from tidegate.sources.sql_database.helpers import (
    BaseTableLoader,
    TableBackend,
    TableLoader,
    TQueryAdapter,
    TTableAdapter,
    check_backend,
    get_table_loader_class,
    register_table_loader_backend,
    remove_nullability_adapter,
)
from tidegate.sources.sql_database.schema_types import ReflectionLevel, TTypeAdapter
from tidegate.sources.sql_database.table import SqlTable

__all__ = [
    "BaseTableLoader", "ReflectionLevel", "TQueryAdapter", "TTableAdapter", "TTypeAdapter", "TableBackend",
    "TableLoader", "engine_from_credentials", "get_table_loader_class", "register_table_loader_backend",
    "remove_nullability_adapter", "sql_database", "sql_table",
]

_SECTION = "sql_database"


@database_source(_SECTION)
def sql_database(
    credentials: Any = None,
    schema: str | None = None,
    metadata: Any = None,
    table_names: list[str] | None = None,
    chunk_size: int = 50000,
    backend: TableBackend = "sqlalchemy",
    detect_precision_hints: bool | None = False,
    reflection_level: ReflectionLevel | None = "full",
    defer_table_reflect: bool | None = None,
    table_adapter_callback: TTableAdapter | None = None,
    backend_kwargs: dict[str, Any] | None = None,
    include_views: bool = False,
    type_adapter_callback: TTypeAdapter | None = None,
    query_adapter_callback: TQueryAdapter | None = None,
    resolve_foreign_keys: bool = False,
    engine_adapter_callback: Callable[[Any], Any] | None = None,
    engine_kwargs: dict[str, Any] | None = None,
    table_loader_class: type[BaseTableLoader] | None = None,
) -> Iterator[DltResource]:
    """The tables of a database, a resource of each.

    Args:
        credentials: A URL of SQLAlchemy, its parts, or an engine; without it `sources.sql_database.credentials`.
        schema: Where the tables are; without it the database's default.
        metadata: Tables that were looked up already, with their schema.
        table_names: Which tables and views; without it all tables.
        chunk_size: Rows of an item, where Python reads.
        backend: What maps get: lists of dicts ("sqlalchemy"), Arrow tables ("pyarrow", "connectorx"), data
            frames ("pandas"). Where nothing looks at rows, the library reads, whatever is said.
        detect_precision_hints: The older word for reflection_level="full_with_precision".
        reflection_level: "minimal": keys and NULLs; "full": types; "full_with_precision": lengths, too.
        defer_table_reflect: Tables are looked up when they are read; wants table_names.
        table_adapter_callback: Changes a table that was looked up, or gives a query in its place.
        backend_kwargs: Of the backend: `tz` of pyarrow, `dtype_backend` of pandas. Of the library, for PostgreSQL:
            `parallel`, how many connections read at once.
        include_views: Whether views count where table_names says nothing.
        type_adapter_callback: Gives another type of SQLAlchemy for one, or None: the data decide.
        query_adapter_callback: Changes the query, `f(query, table)` or `f(query, table, incremental, engine)`.
        resolve_foreign_keys: Whether foreign keys are kept in the schema, as `references`.
        engine_adapter_callback: Changes the engine, or gives another one.
        engine_kwargs: Of `sqlalchemy.create_engine`.
        table_loader_class: Reads in place of what is here.

    Yields:
        Resources, with the names of the tables.

    Raises:
        ConfigFieldMissingException: No credentials are given, nor configured.
        MissingDependencyException: SQLAlchemy, or the database's own package, is not installed.
        ValueError: An argument is not as it has to be.

    Example:
        >>> source = sql_database("sqlite:///shop.db", table_names=["orders"])  # doctest: +SKIP
        >>> source.orders.apply_hints(incremental=Incremental("updated_at"))  # doctest: +SKIP
    """
    check_backend(backend, backend_kwargs)
    check_count(chunk_size=chunk_size)
    check_names(table_names=table_names)
    check_word(_LEVELS, reflection_level=reflection_level)
    database = Database(credentials, engine_kwargs, engine_adapter_callback)
    metadata = metadata or _metadata(schema)
    if defer_table_reflect:
        if not table_names:
            raise ValueError("defer_table_reflect needs table_names: which tables there are is not looked up")
        tables = [(schema, name) for name in table_names]
    else:
        metadata.reflect(
            bind=database.engine, views=include_views or bool(table_names), only=table_names,
            resolve_fks=resolve_foreign_keys,
        )
        tables = [
            (table.schema, table.name) for table in metadata.tables.values()
            if table_names is None or table.name in table_names
        ]
        database.release()
    for table_schema, name in tables:
        yield sql_table(
            database, name, table_schema, metadata, chunk_size=chunk_size, backend=backend,
            detect_precision_hints=detect_precision_hints or None, reflection_level=reflection_level,
            defer_table_reflect=defer_table_reflect, table_adapter_callback=table_adapter_callback,
            backend_kwargs=backend_kwargs, type_adapter_callback=type_adapter_callback,
            query_adapter_callback=query_adapter_callback, resolve_foreign_keys=resolve_foreign_keys,
            table_loader_class=table_loader_class,
        )


def sql_table(
    credentials: Any = None,
    table: str | None = None,
    schema: str | None = None,
    metadata: Any = None,
    incremental: Incremental[Any] | None = None,
    chunk_size: int = 50000,
    backend: TableBackend = "sqlalchemy",
    detect_precision_hints: bool | None = None,
    reflection_level: ReflectionLevel | None = "full",
    defer_table_reflect: bool | None = None,
    table_adapter_callback: TTableAdapter | None = None,
    backend_kwargs: dict[str, Any] | None = None,
    type_adapter_callback: TTypeAdapter | None = None,
    included_columns: list[str] | None = None,
    excluded_columns: list[str] | None = None,
    query_adapter_callback: TQueryAdapter | None = None,
    resolve_foreign_keys: bool = False,
    engine_adapter_callback: Callable[[Any], Any] | None = None,
    write_disposition: Any = "append",
    primary_key: Any = None,
    merge_key: Any = None,
    engine_kwargs: dict[str, Any] | None = None,
    table_loader_class: type[BaseTableLoader] | None = None,
) -> DltResource:
    """A table or view of a database as a resource.

    Args:
        credentials: A URL of SQLAlchemy, its parts, or an engine; without it `sources.sql_database.credentials`.
        table: Its name, as the database spells it.
        schema: Where it is; without it the database's default.
        metadata: Tables that were looked up already, with their schema.
        incremental: The cursor.
        chunk_size: Rows of an item, where Python reads.
        backend: What maps get, as of `sql_database`.
        detect_precision_hints: The older word for reflection_level="full_with_precision".
        reflection_level: "minimal", "full" or "full_with_precision".
        defer_table_reflect: It is looked up when it is read.
        table_adapter_callback: Changes the table that was looked up, or gives a query in its place.
        backend_kwargs: Of the backend.
        type_adapter_callback: Gives another type of SQLAlchemy for one, or None.
        included_columns: Which columns are read; without it all.
        excluded_columns: Which are not.
        query_adapter_callback: Changes the query.
        resolve_foreign_keys: Whether foreign keys are kept in the schema.
        engine_adapter_callback: Changes the engine, or gives another one.
        write_disposition: append, replace, merge, or a dict with a strategy.
        primary_key: In place of the table's own.
        merge_key: One name or several.
        engine_kwargs: Of `sqlalchemy.create_engine`.
        table_loader_class: Reads in place of what is here.

    Returns:
        A resource with the table's name. What is not given is looked for in the configuration, under
        `sources.sql_database.TABLE` and `sources.sql_database`.

    Raises:
        ConfigFieldMissingException: No credentials are given, nor configured.
        MissingDependencyException: SQLAlchemy, or the database's own package, is not installed.

    Example:
        >>> orders = sql_table("sqlite:///shop.db", "orders", primary_key="id")  # doctest: +SKIP
    """
    said = _configured(locals())
    table, cursor = said["table"], said["incremental"]
    check_backend(said["backend"], said["backend_kwargs"])
    check_text(table=table)
    check_count(chunk_size=said["chunk_size"])
    check_names(included_columns=said["included_columns"], excluded_columns=said["excluded_columns"])
    check_word(_LEVELS, reflection_level=said["reflection_level"])
    if said["detect_precision_hints"] is not None:
        warnings.warn(
            "detect_precision_hints goes away: say reflection_level='full_with_precision'", DeprecationWarning, stacklevel=2
        )
    level: ReflectionLevel = "full_with_precision" if said["detect_precision_hints"] else said["reflection_level"] or "minimal"
    database = credentials if isinstance(credentials, Database) else Database(
        credentials_of(credentials, _SECTION, table), said["engine_kwargs"], engine_adapter_callback
    )
    read = SqlTable(
        database, table, metadata or _metadata(said["schema"]), said["chunk_size"], said["backend"], level, table_adapter_callback,
        backend_kwargs, type_adapter_callback, said["included_columns"], said["excluded_columns"],
        query_adapter_callback, resolve_foreign_keys, table_loader_class,
    )
    made = DltResource(read.rows, table, _SECTION).bind()
    made._by_library = read.by_library
    made.apply_hints(
        write_disposition=said["write_disposition"] or "append", merge_key=said["merge_key"],
        primary_key=[said["primary_key"]] if isinstance(said["primary_key"], str) else said["primary_key"],
        incremental=Incremental(**cursor) if isinstance(cursor, dict) else cursor,
    )
    if not said["defer_table_reflect"]:
        read.put_hints(made)
        if not isinstance(credentials, Database):
            database.release()
    return made


_LEVELS = (None, "minimal", "full", "full_with_precision")
_OF_CONFIGURATION = (
    "table", "schema", "incremental", "chunk_size", "backend", "detect_precision_hints", "reflection_level", "defer_table_reflect",
    "included_columns", "excluded_columns", "write_disposition", "primary_key", "merge_key", "engine_kwargs", "backend_kwargs",
)


def _configured(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments that still have their defaults are looked for in the configuration."""
    parameters = [each for each in inspect.signature(sql_table).parameters.values() if each.name in _OF_CONFIGURATION]
    given = {each.name: arguments[each.name] for each in parameters if arguments[each.name] != each.default}
    sections = ("sources", _SECTION, str(given.get("table") or ""))
    found = resolve(sql_table, inspect.Signature(parameters), given, context.pipeline_name(), sections)
    said = {each.name: found.get(each.name, each.default) for each in parameters}
    if not said["table"]:
        raise TypeError("sql_table() needs the name of a table: table=")
    return said


def _metadata(schema: str | None) -> Any:
    return sqlalchemy("sources.sql_database").MetaData(schema=schema)
