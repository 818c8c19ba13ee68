"""`Pipeline.sql_client()`: SQL at the destination, with the dataset as the default schema.

    with pipeline.sql_client() as client:
        with client.execute_query("select * from person where id > %s", 5) as cursor:
            frame = cursor.df()

It is used by one thread at a time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

from tidegate.destinations.cursor import Cursor
from tidegate.destinations.database import Connection
from tidegate.destinations.dialects import Dialect
from tidegate.destinations.exceptions import DatabaseTerminalException, DestinationException

Rows = list[tuple[Any, ...]]


class SqlClient:
    """A connection to the destination. A context manager: it is open inside of `with`.

    Args:
        connect: Opens a connection.
        dialect: What SQL looks like there.
        dataset_name: The default schema.
    """

    def __init__(self, connect: Callable[[], Connection], dialect: Dialect, dataset_name: str) -> None:
        self._connect = connect
        self.dialect = dialect
        self.dataset_name = dataset_name
        self._connection: Connection | None = None
        self._cursor: Cursor | None = None  # which may have rows left
        self._in_transaction = False

    # ---- its life ----

    def __enter__(self) -> SqlClient:
        self.open_connection()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close_connection()

    def open_connection(self) -> Any:
        """Opens it, as `with` does.

        Returns:
            The connection of the database's module.
        """
        if self._connection is None:
            connection = self._connect()
            try:
                connection.use(self.dataset_name)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self.native_connection

    def close_connection(self) -> None:
        """Closes it; what was not committed is rolled back."""
        connection, self._connection, self._cursor = self._connection, None, None
        self._in_transaction = False
        if connection is not None:
            connection.close()

    def _opened(self) -> Connection:
        if self._connection is None:
            raise ValueError("the connection is open inside of `with pipeline.sql_client() as client:`")
        return self._connection

    @property
    def native_connection(self) -> Any:
        """The connection of the database's module: of DuckDB that of `duckdb`, else the extension's session.

        Raises:
            ValueError: It is not open.
        """
        return self._opened().native

    # ---- names ----

    def fully_qualified_dataset_name(self, quote: bool = True) -> str:
        """The dataset, in quotes unless they are not wanted."""
        return self.dialect.quoted(self.dataset_name) if quote else self.dataset_name

    def make_qualified_table_name_path(self, table_name: str | None, quote: bool = True) -> list[str]:
        """The dataset, and a table of it, as parts."""
        names = [self.dataset_name] + ([table_name] if table_name else [])
        return [self.dialect.quoted(name) if quote else name for name in names]

    def make_qualified_table_name(self, table_name: str, quote: bool = True) -> str:
        """A table of the dataset, in quotes unless they are not wanted."""
        return ".".join(self.make_qualified_table_name_path(table_name, quote))

    def escape_column_name(self, column_name: str, quote: bool = True) -> str:
        """A column, in quotes unless they are not wanted."""
        return self.dialect.quoted(column_name) if quote else column_name

    # ---- the dataset ----

    def _asked(self, sql: str, **names: str) -> Rows:
        """A query of the dialect's about the dataset, and what else `names` say."""
        literal, dataset = self.dialect.literal, self.dataset_name
        texts = {name: literal(value) for name, value in names.items()}
        return self._rows(sql.format(text=literal(dataset), name=self.dialect.quoted(dataset), **texts))

    def _rows(self, sql: str) -> Rows:
        return self.execute_sql(sql) or []

    def has_dataset(self) -> bool:
        """Whether the dataset is there."""
        return bool(self._asked(self.dialect.has_dataset))

    def create_dataset(self) -> None:
        """Makes the dataset, and makes it the default schema."""
        self.execute_sql(f"CREATE SCHEMA {self.fully_qualified_dataset_name()}")
        self._opened().use(self.dataset_name)

    def drop_dataset(self) -> None:
        """Drops the dataset with all its tables.

        Raises:
            DatabaseUndefinedRelation: It is not there.
        """
        if self.dialect.name == "sqlite":  # a file of its own, which stays
            self.drop_tables(*self.table_names())
            return
        if self.dialect.name == "duckdb":  # the default schema cannot be dropped
            self.execute_sql("USE main")
        self.execute_sql(f"DROP SCHEMA {self.fully_qualified_dataset_name()} CASCADE")

    def table_names(self) -> list[str]:
        """The names of the dataset's tables and views."""
        return [row[0] for row in self._asked(self.dialect.tables)]

    def columns_of_table(self, table_name: str) -> dict[str, dict[str, Any]]:
        """The columns of a table as dlt has them: name, data type, whether they may be NULL.

        Args:
            table_name: In the dataset.
        """
        rows = self._asked(self.dialect.describe_table, table=table_name)
        return {row[0]: self.dialect.column_of(row[0], row[1]) | {"nullable": bool(row[2])} for row in rows}

    def columns_of_query(self, sql: str) -> dict[str, dict[str, Any]]:
        """The columns of a query as dlt has them: name and data type.

        Args:
            sql: One that reads.
        """
        statements = [text.replace("{query}", sql) for text in self.dialect.describe_query]
        if not statements:
            with self.execute_query(f"SELECT * FROM ({sql}\n) AS rows_ LIMIT 0") as cursor:
                return cursor.columns_schema
        rows = self._rows(statements[0]) if len(statements) == 1 else self._rolled_back(statements)
        return {row[0]: self.dialect.column_of(row[0], row[1]) for row in rows}

    def _rolled_back(self, statements: Sequence[str]) -> Rows:
        """The rows of the last one; what the others make is gone then."""
        rows: Rows = []
        with self.begin_transaction():
            for statement in statements:
                rows = self._rows(statement)
            self.rollback_transaction()
        return rows

    def drop_tables(self, *tables: str) -> None:
        """Drops tables of the dataset, if they are there."""
        self.execute_many([f"DROP TABLE IF EXISTS {self.make_qualified_table_name(table)}" for table in tables])

    def truncate_tables(self, *tables: str) -> None:
        """Empties tables of the dataset."""
        self.execute_many([f"DELETE FROM {self.make_qualified_table_name(table)}" for table in tables])

    @contextlib.contextmanager
    def with_alternative_dataset_name(self, dataset_name: str) -> Iterator[SqlClient]:
        """This client with another dataset, inside of `with`."""
        before, self.dataset_name = self.dataset_name, dataset_name
        try:
            if self._connection is not None:
                self._connection.use(dataset_name)
            yield self
        finally:
            self.dataset_name = before
            if self._connection is not None:
                self._connection.use(before)

    # ---- statements ----

    def execute_sql(self, sql: str, *args: Any, **kwargs: Any) -> Rows | None:
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

        Args:
            query: With `%s` for each value, or `%(name)s`.
            args: The values.
            kwargs: The values, by name.

        Raises:
            DatabaseUndefinedRelation: A table is not there.
        """
        connection, before = self._opened(), self._cursor
        if before is not None:
            before.keep()
        cursor = self._cursor = connection.execute(query, args, kwargs)
        try:
            yield cursor
        finally:
            cursor.close()
            if self._cursor is cursor:
                self._cursor = None

    def execute_many(self, statements: Sequence[str]) -> list[Rows]:
        """Runs statements, one after the other.

        Returns:
            The rows of those that have some.
        """
        found = [self.execute_sql(statement) for statement in statements]
        return [rows for rows in found if rows is not None]

    def execute_fragments(self, fragments: Sequence[str], *args: Any, **kwargs: Any) -> Rows | None:
        """Runs a statement that comes in pieces."""
        return self.execute_sql("".join(fragments), *args, **kwargs)

    # ---- transactions ----

    @contextlib.contextmanager
    def begin_transaction(self) -> Iterator[SqlClient]:
        """A transaction: committed at the end of `with`, rolled back where it raises.

        Raises:
            DatabaseTerminalException: One is open.
        """
        connection = self._opened()
        if self._in_transaction:
            raise DatabaseTerminalException(RuntimeError("a transaction is open: there is none inside of another"))
        self._end_cursor()
        connection.begin()
        self._in_transaction = True
        try:
            yield self
        except BaseException:
            with contextlib.suppress(DestinationException):  # what was raised says more; closing rolls back, too
                self.rollback_transaction()
            raise
        self.commit_transaction()

    def commit_transaction(self) -> None:
        """Ends the transaction that is open before the end of its `with`."""
        if self._in_transaction:
            self._end_cursor()
            self._in_transaction = False
            self._opened().commit()

    def rollback_transaction(self) -> None:
        """The same, as if it had not been."""
        if self._in_transaction:
            self._end_cursor()
            self._in_transaction = False
            self._opened().rollback()

    def _end_cursor(self) -> None:
        if self._cursor is not None:
            self._cursor.keep()
            self._cursor = None
