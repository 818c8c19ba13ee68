"""`Pipeline.sql_client()`: SQL at the destination, with the dataset as the default schema.

    with pipeline.sql_client() as client:
        with client.execute_query("select * from person where id > %s", 5) as cursor:
            frame = cursor.df()
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tidegate.common.exceptions import MissingDependencyException
from tidegate.destinations.exceptions import (
    DatabaseTerminalException,
    DatabaseTransientException,
    DatabaseUndefinedRelation,
)

if TYPE_CHECKING:
    import duckdb

_CHUNK_ROWS = 2048


def quoted(name: str) -> str:
    """A name as SQL has it, whatever is in it.

    Example:
        >>> quoted('a"b')
        '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


@contextlib.contextmanager
def told() -> Iterator[None]:
    """What DuckDB raises comes out as an exception of this package, with its text."""
    import duckdb

    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise DatabaseUndefinedRelation(error) from error
    except (duckdb.TransactionException, duckdb.IOException) as error:
        raise DatabaseTransientException(error) from error
    except duckdb.Error as error:
        raise DatabaseTerminalException(error) from error


class Cursor:
    """The rows of a query.

    Args:
        native: The cursor of the database's module.
    """

    def __init__(self, native: duckdb.DuckDBPyConnection) -> None:
        self.native_cursor = native
        self._reader: Any = None

    @property
    def description(self) -> Any:
        """Of each column its name, type and the rest, as DB-API has them."""
        return self.native_cursor.description

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [column[0] for column in self.description or []]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        with told():
            return self.native_cursor.fetchall()

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """At most `size` rows."""
        with told():
            return self.native_cursor.fetchmany(size)

    def fetchone(self) -> tuple[Any, ...] | None:
        """A row, or None behind the last one."""
        with told():
            return self.native_cursor.fetchone()

    def iter_fetch(self, chunk_size: int = _CHUNK_ROWS) -> Iterator[list[tuple[Any, ...]]]:
        """Lists of rows."""
        while rows := self.fetchmany(chunk_size):
            yield rows

    def df(self, chunk_size: int | None = None) -> Any:
        """A data frame of pandas: of all rows, or of the next `chunk_size`; None behind the last.

        Raises:
            MissingDependencyException: pandas is not installed.
        """
        _need("a data frame", "pandas", "numpy")
        with told():
            if chunk_size is None:
                return self.native_cursor.df()
            frame = self.native_cursor.fetch_df_chunk(max(1, chunk_size // _CHUNK_ROWS))
        return None if frame.empty else frame

    def iter_df(self, chunk_size: int = _CHUNK_ROWS) -> Iterator[Any]:
        """Data frames of pandas."""
        while (frame := self.df(chunk_size)) is not None:
            yield frame

    def arrow(self, chunk_size: int | None = None) -> Any:
        """A table of pyarrow: of all rows, or of the next `chunk_size`; None behind the last.

        Raises:
            MissingDependencyException: pyarrow is not installed.
        """
        _need("an Arrow table", "pyarrow")
        import pyarrow

        with told():
            if self._reader is None:
                self._reader = self._batches(chunk_size or 1_000_000)
            if chunk_size is None:
                return self._reader.read_all()
            try:
                return pyarrow.Table.from_batches([self._reader.read_next_batch()])
            except StopIteration:
                return None

    def _batches(self, rows: int) -> Any:
        """A reader of pyarrow; what gives it has another name in each version of DuckDB."""
        native: Any = self.native_cursor
        make = getattr(native, "to_arrow_reader", None) or native.fetch_record_batch
        return make(rows)

    def iter_arrow(self, chunk_size: int = _CHUNK_ROWS) -> Iterator[Any]:
        """Tables of pyarrow."""
        while (table := self.arrow(chunk_size)) is not None:
            yield table

    def close(self) -> None:
        """Gives up what is left."""


def _need(what: str, *packages: str) -> None:
    import importlib.util

    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingDependencyException(what, missing)


class SqlClient:
    """A connection to the destination. A context manager: it is open inside of `with`.

    Args:
        database: `destinations.impl.duckdb.Database`.
        dataset_name: The default schema.
    """

    def __init__(self, database: Any, dataset_name: str | None) -> None:
        self._database = database
        self.dataset_name = dataset_name
        self._connection: Any = None

    def __enter__(self) -> SqlClient:
        self._connection = self._database.connect()
        self._use()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        connection.close()

    def _use(self) -> None:
        if self.has_dataset():
            self._connection.execute(f"USE {self.fully_qualified_dataset_name()}")

    @property
    def native_connection(self) -> Any:
        """The connection of the database's module."""
        if self._connection is None:
            raise ValueError("the connection is open inside of `with pipeline.sql_client() as client:`")
        return self._connection

    # ---- names ----

    def fully_qualified_dataset_name(self) -> str:
        """The dataset, quoted."""
        return quoted(self.dataset_name or "main")

    def make_qualified_table_name(self, table_name: str) -> str:
        """A table of the dataset, quoted."""
        return f"{self.fully_qualified_dataset_name()}.{quoted(table_name)}"

    def has_dataset(self) -> bool:
        """Whether the dataset is there."""
        sql = "SELECT 1 FROM information_schema.schemata WHERE schema_name = ?"
        return self.native_connection.execute(sql, [self.dataset_name]).fetchone() is not None

    def drop_dataset(self) -> None:
        """Drops the dataset with all its tables."""
        self.native_connection.execute("USE main")
        self.execute_sql(f"DROP SCHEMA IF EXISTS {self.fully_qualified_dataset_name()} CASCADE")

    @contextlib.contextmanager
    def with_alternative_dataset_name(self, dataset_name: str) -> Iterator[SqlClient]:
        """This client with another dataset, inside of `with`."""
        before, self.dataset_name = self.dataset_name, dataset_name
        try:
            self._use()
            yield self
        finally:
            self.dataset_name = before
            self._use()

    # ---- statements ----

    def execute_sql(self, sql: str, *args: Any, **kwargs: Any) -> list[tuple[Any, ...]] | None:
        """Runs a statement.

        Args:
            sql: With `%s` for each value, or `%(name)s`.
            args: The values.
            kwargs: The values, by name.

        Returns:
            Its rows; None where it has none.
        """
        with self.execute_query(sql, *args, **kwargs) as cursor:
            return cursor.fetchall() if cursor.description else None

    @contextlib.contextmanager
    def execute_query(self, query: str, *args: Any, **kwargs: Any) -> Iterator[Cursor]:
        """Runs a query; its cursor, inside of `with`.

        Raises:
            DatabaseUndefinedRelation: A table or a column is not there.
        """
        sql, values = _placeholders(query, args, kwargs)
        with told():
            self.native_connection.execute(sql, values) if values else self.native_connection.execute(sql)
        yield Cursor(self.native_connection)

    @contextlib.contextmanager
    def begin_transaction(self) -> Iterator[SqlClient]:
        """A transaction: committed at the end of `with`, rolled back where it raises."""
        with told():
            self.native_connection.execute("BEGIN")
        try:
            yield self
        except BaseException:
            self.native_connection.execute("ROLLBACK")
            raise
        with told():
            self.native_connection.execute("COMMIT")


_PLACEHOLDER = re.compile(r"%(?:s|\((\w+)\)s|%)")


def _placeholders(sql: str, args: Sequence[Any], named: dict[str, Any]) -> tuple[str, list[Any]]:
    """`%s` and `%(name)s` as DuckDB has them, with the values in their order."""
    if not args and not named:
        return sql, []
    left, values = list(args), []

    def one(match: re.Match[str]) -> str:
        if match.group() == "%%":
            return "%"
        values.append(named[match.group(1)] if match.group(1) else left.pop(0))
        return "?"

    return _PLACEHOLDER.sub(one, sql), values + left
