"""A table that is read: what it is, and which of two ways its rows go.

    SqlTable -> resource: hints of the table, as it was looked up
             -> a run: `by_library` gives options of the library's source `sql`, or None;
                then `rows`, a generator, reads by a loader (helpers.py)

The library reads while nothing of Python's looks at rows or at the query. Tables, types and rows are
the same in each way.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidegate.common import context
from tidegate.extract.hints import merged_column
from tidegate.extract.incremental import Incremental
from tidegate.extract.resource import DltResource
from tidegate.sources.sql_database.database import Database
from tidegate.sources.sql_database.helpers import (
    PARALLEL,
    BaseTableLoader,
    SqliteLoader,
    TableBackend,
    TQueryAdapter,
    TTableAdapter,
    get_table_loader_class,
)
from tidegate.sources.sql_database.schema_types import ReflectionLevel, TTypeAdapter, table_to_resource_hints

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table

logger = logging.getLogger("tidegate.sources")


@dataclass
class SqlTable:
    """A table or view of a database.

    Attributes:
        database: Where it is.
        name: As the database spells it.
        metadata: What was looked up already; its schema is the table's.
        options: Arguments of `sql_table` that say how it is read.
    """

    database: Database
    name: str
    metadata: MetaData
    chunk_size: int = 50000
    backend: TableBackend = "sqlalchemy"
    reflection_level: ReflectionLevel = "full"
    table_adapter: TTableAdapter | None = None
    backend_kwargs: dict[str, Any] | None = None
    type_adapter: TTypeAdapter | None = None
    included_columns: list[str] | None = None
    excluded_columns: list[str] | None = None
    query_adapter: TQueryAdapter | None = None
    resolve_foreign_keys: bool = False
    loader_class: type[BaseTableLoader] | None = None
    _table: Any = field(default=None, init=False)

    def reflect(self) -> Table:
        """The table as the database has it, with the columns that are read.

        Raises:
            sqlalchemy.exc.NoSuchTableError: There is none of this name.
            ValueError: None of its columns is read.
        """
        if self._table is not None:
            table: Table = self._table
            return table
        table = self._looked_up()
        names = [column.name for column in table.columns]
        for column in list(table.columns):
            is_left_out = self.included_columns is not None and column.name not in self.included_columns
            if is_left_out or column.name in (self.excluded_columns or ()):
                table._columns.remove(column)
            elif hasattr(column.type, "as_uuid"):
                column.type.as_uuid = False
        self._check_columns(names, len(table.columns))
        adapted = self.table_adapter(table) if self.table_adapter else None
        self._table = table if adapted is None else adapted
        return self._table  # type: ignore[no-any-return]

    def _looked_up(self) -> Table:
        from sqlalchemy import Table
        from sqlalchemy.exc import NoSuchTableError

        schema = self.metadata.schema
        known = self.metadata.tables.get(f"{schema}.{self.name}" if schema else self.name)
        if known is not None:
            return known
        try:
            return Table(self.name, self.metadata, autoload_with=self.database.engine, resolve_fks=self.resolve_foreign_keys)
        except NoSuchTableError as error:
            if str(error) != self.name:  # one that it refers to
                raise
            where = f"the schema '{schema}' of " if schema else ""
            raise NoSuchTableError(
                f"there is no table '{self.name}' in {where}the database '{self.database.engine.url.database}': look at the name, its case, and schema="
            ) from error

    def _check_columns(self, names: list[str], left: int) -> None:
        """Whether columns that are to be read are there; one that is left out may be left out of `metadata` already."""
        if not left:
            raise ValueError(f"no column of the table '{self.name}' is read, by included_columns and excluded_columns; it has {', '.join(names)}")
        if unknown := [name for name in self.included_columns or () if name not in names]:
            logger.warning("the table '%s' has no column %s, which included_columns names", self.name, ", ".join(unknown))

    def hints(self) -> dict[str, Any]:
        """What is known of it, as arguments of `apply_hints`."""
        return table_to_resource_hints(
            self.reflect(), self.reflection_level, self.type_adapter, self.backend == "sqlalchemy",
            self.resolve_foreign_keys,
        )

    def put_hints(self, resource: DltResource) -> None:
        """Puts what is known below what the resource says already.

        Args:
            resource: What is to know it.
        """
        hints, said = self.hints(), resource._hints
        if callable(said.columns):  # it says all of them, row by row
            return
        merged = {name: merged_column(column, said.columns.get(name, {})) for name, column in hints["columns"].items()}
        said.columns = merged | {name: column for name, column in said.columns.items() if name not in merged}
        said.primary_key = said.primary_key or hints.get("primary_key")
        said.references = said.references or hints.get("references")

    # ---- by SQLAlchemy ----

    def rows(self, incremental: Incremental[Any] | None = None) -> Iterator[Any]:
        """Yields chunks of rows.

        Args:
            incremental: The cursor of the run.
        """
        table = self.reflect()
        reading = context.resource.get()
        columns = reading.columns if reading is not None and not callable(reading.columns) else self.hints()["columns"]
        loader = self._loader(reading, self.why_not(reading) if reading is not None else None)(
            self.database.engine, self.backend, table, columns, chunk_size=self.chunk_size,
            incremental=incremental, query_adapter_callback=self.query_adapter,
        )
        try:
            yield from loader.load_rows(self.backend_kwargs)
        finally:
            self.database.release()

    def _loader(self, reading: DltResource | None, reason: str | None) -> type[BaseTableLoader]:
        if reading is not None and self.database.is_sqlite3() and self._who_looks(reading) is None:
            logger.info("table '%s' is read by sqlite3", self.name)
            return SqliteLoader
        logger.info("table '%s' is read by SQLAlchemy: %s", self.name, reason or "its items are asked for")
        return self.loader_class or get_table_loader_class(self.backend)

    def _who_looks(self, resource: DltResource) -> str | None:
        """What wants rows as SQLAlchemy has them; None: nobody does."""
        source = context.source.get()
        reasons = {
            "maps, filters or a limit look at its rows": resource._steps,
            "a transformer looks at its rows": resource._data != self.rows or any(
                resource.feeds(each) for each in (source._all if source else ())
            ),
            "a callback looks at the table or the query": self.table_adapter or self.query_adapter or self.type_adapter,
            "it has a loader of its own": self.loader_class or self.backend not in ("sqlalchemy", "pyarrow", "pandas", "connectorx"),
            "with reflection_level='minimal' the rows decide about types": self.reflection_level == "minimal",
        }
        return next((reason for reason, holds in reasons.items() if holds), None)

    # ---- by the library ----

    def by_library(self, resource: DltResource, hints: dict[str, Any]) -> dict[str, Any] | None:
        """What the library needs to read it by itself.

        Args:
            resource: As a run reads it; it gets the hints that it lacks.
            hints: Of the run, over its own.

        Returns:
            Options of the extension's `Pipeline.add`; None: `rows` reads.

        Raises:
            ValueError: `rows` would read, and has no `parallel` of `backend_kwargs`.
        """
        if not resource.columns:
            self.put_hints(resource)
        reason = self.why_not(resource)
        self.database.release()
        parallel = (self.backend_kwargs or {}).get(PARALLEL)
        if reason and parallel is not None:
            raise ValueError(f"backend_kwargs: parallel is the library's, which does not read table '{self.name}': {reason}")
        if reason:
            return None
        logger.info("table '%s' is read by the library", self.name)
        database = {
            "connection": self.database.connection(), "schema": self.reflect().schema,
            PARALLEL: None if parallel is None else str(parallel),
        }
        table = {"table": self.name, "included_columns": "\n".join(column.name for column in self.reflect().columns)}
        return {
            "source": "sql",
            "source_options": [{"name": name, "text": text} for name, text in database.items() if text],
            "options": [{"name": name, "text": text} for name, text in table.items()],
        }

    def why_not(self, resource: DltResource) -> str | None:
        """Why the library does not read it; None: it does.

        Args:
            resource: As a run reads it.
        """
        cursor = resource.incremental
        if cursor and cursor.last_value_func not in (max, min):
            return "its cursor has a function of its own"
        return self._who_looks(resource) or self.database.why_not() or self._why_not_here()

    def _why_not_here(self) -> str | None:
        names = [self.name, *(column.name for column in self.reflect().columns)]
        is_odd = not names[1:] or any("\n" in name for name in names)
        return "it has no column, or a name with a line break in it" if is_odd else None
