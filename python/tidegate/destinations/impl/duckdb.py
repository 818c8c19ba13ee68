"""DuckDB as a destination: through Python's own `duckdb`, never beside it.

Two instances of DuckDB on one file lose rows without an error, and a notebook keeps connections open.
`duckdb.connect` gives, in one process, the instance that is there; cursors of it run the load. The
library writes by SQL and reads its own Parquet files, so nothing is slower for it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

import duckdb

from tidegate.common.exceptions import DltException


class DuckDbConnectionError(DltException):
    """The database cannot be opened as it has to be."""


def engine_path() -> str:
    """The library of the `duckdb` package, whose functions the extension calls.

    Returns:
        The path of its file.
    """
    module = sys.modules.get("_duckdb") or sys.modules["duckdb.duckdb"]
    path = module.__file__
    assert path is not None
    return path


class Session:
    """A cursor on the database, as the extension calls it.

    Args:
        cursor: A connection of `duckdb` that is the session's own.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._cursor.execute("SET TimeZone='UTC'")

    def execute(self, sql: str) -> int:
        """Runs a statement; the rows that it changed."""
        self._cursor.execute(sql)
        columns = self._cursor.description or []
        if [column[0] for column in columns] != ["Count"]:
            return 0
        row = self._cursor.fetchone()
        return int(row[0]) if row else 0

    def query(self, sql: str) -> Any:
        """An object that speaks Arrow."""
        return self._cursor.sql(sql)

    def interrupt(self) -> None:
        """Ends the statement that is at work."""
        self._cursor.interrupt()

    def close(self) -> None:
        """Ends the session; what was not committed is rolled back."""
        self._cursor.close()


class Database:
    """A DuckDB database: a file, or a connection that the program has.

    Args:
        path: Of the file; it is opened while a session is.
        connection: A connection; it stays the program's.
    """

    dialect = "duckdb"

    def __init__(self, path: str | None = None, connection: Any = None) -> None:
        self.path = os.path.abspath(path) if path else None
        self.connection = connection

    @property
    def name(self) -> str:
        """What stands in messages: the path, or that it is a connection."""
        return f"duckdb:///{self.path}" if self.path else "duckdb:///:external:"

    def open(self) -> Session:
        """A new session of a load."""
        return Session(self.connect())

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own.

        Raises:
            DuckDbConnectionError: This process has the file open in another way.
        """
        if self.connection is not None:
            cursor: duckdb.DuckDBPyConnection = self.connection.cursor()
            return cursor
        assert self.path is not None
        before = _held(self.path)
        try:
            connection = duckdb.connect(os.path.realpath(self.path))
        except duckdb.ConnectionException as error:
            raise DuckDbConnectionError(
                f"this process has {self.path} open with another configuration (read-only?); close "
                f"that connection, or pass it: destinations.duckdb(connection). DuckDB says: {error}"
            ) from error
        if before and _held(self.path) > before:
            connection.close()
            raise DuckDbConnectionError(
                f"this process has {self.path} open under another name, which DuckDB {duckdb.__version__} takes for "
                "another database; close that connection, or pass it: destinations.duckdb(connection)"
            )
        return connection


def _held(path: str) -> int:
    """How often this process has a file open: each instance of DuckDB once."""
    count = 0
    with contextlib.suppress(OSError):  # it is not there yet
        file = os.stat(path)
        for number in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):  # it was closed meanwhile
                count += os.path.samestat(file, os.stat(f"/proc/self/fd/{number}"))
    return count
