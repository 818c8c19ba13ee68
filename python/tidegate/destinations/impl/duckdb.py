"""DuckDB as a destination: through Python's own `duckdb`, never beside it.

Two instances of DuckDB on one file lose rows without an error, and a notebook keeps connections open.
`duckdb.connect` gives, in one process, the instance that is there; cursors of it run the load. The
library writes by SQL and reads its own Parquet files, so nothing is slower for it.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tidegate import _core
from tidegate.common.configuration.exceptions import InvalidNativeValue
from tidegate.common.configuration.specs import ConnectionStringCredentials
from tidegate.common.exceptions import NotInTidegate
from tidegate.destinations.cursor import CHUNK_ROWS, Cursor, Row
from tidegate.destinations.database import Connection
from tidegate.destinations.dialects import DUCKDB
from tidegate.destinations.exceptions import (
    DatabaseTerminalException,
    DatabaseTransientException,
    DatabaseUndefinedRelation,
)
from tidegate.destinations.impl.configuration import part_of, refuse_memory, said_of
from tidegate.destinations.impl.engine import DuckDbConnectionError, connect_file
from tidegate.destinations.impl.watched import watched
from tidegate.destinations.placeholders import filled

if TYPE_CHECKING:
    import duckdb

    from tidegate.destinations import Destination
else:
    from tidegate.destinations.impl.engine import duckdb

# ---- what the library calls ----


class Rows:
    """What a query gives, as a stream of Arrow; it was begun when this was made.

    Args:
        relation: Of `duckdb`.
    """

    def __init__(self, relation: Any) -> None:
        self._stream = relation.__arrow_c_stream__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        return self._stream


class Session:
    """A cursor on the database, as the extension calls it.

    Args:
        cursor: A connection of `duckdb` that is the session's own.
        sets_memory: Nobody else has the database open: memory is limited until the session ends, else what DuckDB
            keeps of a table grows with its rows, up to four fifths of the machine.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, sets_memory: bool = False) -> None:
        self._cursor = cursor
        self._sets_memory = sets_memory

    def execute(self, sql: str) -> int:
        """Runs a statement; the rows that it changed."""
        watched(lambda: self._cursor.execute(sql), self._cursor.interrupt)
        columns = self._cursor.description or []
        if [column[0] for column in columns] != ["Count"]:
            return 0
        row = self._cursor.fetchone()
        return int(row[0]) if row else 0

    def query(self, sql: str) -> Any:
        """An object that speaks Arrow; None of a statement that gives no rows."""
        return watched(lambda: self._rows(sql), self._cursor.interrupt)

    def _rows(self, sql: str) -> Rows | None:
        relation = self._cursor.sql(sql)
        return None if relation is None else Rows(relation)

    def reserve(self, size: int, thread_size: int) -> None:
        """Limits the memory of the database.

        Args:
            size: Bytes that are left for it.
            thread_size: Bytes that each of its threads will take, which may be more.
        """
        if not self._sets_memory:
            return
        row = self._cursor.execute("SELECT current_setting('threads')").fetchone()
        assert row
        self._cursor.execute(f"SET GLOBAL memory_limit = '{max(size, thread_size * int(row[0]))}B'")

    def interrupt(self) -> None:
        """Ends the statement that is at work."""
        self._cursor.interrupt()

    def close(self) -> None:
        """Ends the session; what was not committed is rolled back."""
        try:
            if self._sets_memory:  # somebody may have joined
                with contextlib.suppress(duckdb.Error):
                    self._cursor.execute("ROLLBACK")
                self._cursor.execute("RESET GLOBAL memory_limit")
        finally:
            self._cursor.close()


# ---- statements of a program ----


@contextlib.contextmanager
def told() -> Iterator[None]:
    """What DuckDB raises comes out as an exception of this package, with its text."""
    try:
        yield
    except duckdb.CatalogException as error:
        kind = DatabaseTerminalException if "already exists" in str(error) else DatabaseUndefinedRelation
        raise kind(error) from error
    except (duckdb.TransactionException, duckdb.IOException) as error:
        raise DatabaseTransientException(error) from error
    except duckdb.Error as error:
        raise DatabaseTerminalException(error) from error


class DuckDbCursor(Cursor):
    """The rows of a statement of DuckDB.

    Args:
        native: The connection that has run it.
    """

    def __init__(self, native: duckdb.DuckDBPyConnection) -> None:
        super().__init__()
        self.native_cursor = native
        self._description = native.description or None

    @property
    def description(self) -> list[tuple[Any, ...]] | None:
        return self._description

    @property
    def columns_schema(self) -> dict[str, dict[str, Any]]:
        return {column[0]: DUCKDB.column_of(column[0], str(column[1])) for column in self._description or []}

    def _fetch(self, most: int) -> list[Row]:
        with told():
            return self.native_cursor.fetchall() if most < 0 else self.native_cursor.fetchmany(most)  # type: ignore[no-any-return]

    def _frame(self, most: int | None) -> Any:
        with told():
            if most is None:
                return self.native_cursor.df()
            return self.native_cursor.fetch_df_chunk(max(1, most // CHUNK_ROWS))

    def _reader(self, chunk_size: int) -> Any:
        """What gives it has another name in each version; that of 2 warns of a copy."""
        make = getattr(self.native_cursor, "to_arrow_reader", None) or self.native_cursor.fetch_record_batch
        with told(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)
            return make(chunk_size)


class DuckDbConnection:
    """A connection for statements of a program.

    Args:
        native: A connection of `duckdb` that is its own.
    """

    def __init__(self, native: duckdb.DuckDBPyConnection) -> None:
        self.native: Any = native

    def execute(self, sql: str, args: Sequence[Any], named: dict[str, Any]) -> Cursor:
        """Runs a statement, with its values in place of `%s`."""
        values: list[Any] = []

        def mark(value: Any) -> str:
            values.append(value)
            return "?"

        text = filled(sql, args, named, mark)
        with told():
            self.native.execute(text, values) if values else self.native.execute(text)
        return DuckDbCursor(self.native)

    def told(self) -> contextlib.AbstractContextManager[None]:
        """What DuckDB raises comes out as an exception of this package."""
        return told()

    def use(self, dataset: str) -> None:
        """Makes a dataset the default schema, if it is there."""
        sql = "SELECT current_database() FROM information_schema.schemata WHERE schema_name = ? AND catalog_name = current_database()"
        with told():
            row = self.native.execute(sql, [dataset]).fetchone()
            if row:
                self.native.execute(f"USE {DUCKDB.quoted(row[0])}.{DUCKDB.quoted(dataset)}")

    def begin(self) -> None:
        """Begins a transaction."""
        with told():
            self.native.execute("BEGIN")

    def commit(self) -> None:
        """Ends it, and says so only when all is done."""
        with told():
            self.native.execute("COMMIT")

    def rollback(self) -> None:
        """Ends it as if it had not been."""
        with told():
            self.native.execute("ROLLBACK")

    def close(self) -> None:
        """Ends the connection; what was not committed is rolled back."""
        self.native.close()


# ---- the database ----


class Database:
    """A DuckDB database: a file, or a connection that the program has.

    Args:
        path: Of the file; it is opened while a session is.
        connection: A connection; it stays the program's.
        settings: Statements for each connection that is opened.
        create_indexes: Whether new tables get unique indexes.
    """

    dialect = "duckdb"  # as the library calls it
    words = DUCKDB

    def __init__(
        self, path: str | None = None, connection: Any = None, settings: Sequence[str] = (),
        create_indexes: bool = False,
    ) -> None:
        self.path = os.path.abspath(path) if path else None
        self.connection = connection
        self.settings = list(settings)
        self.create_indexes = create_indexes

    @property
    def name(self) -> str:
        """What stands in messages: the path, or that it is a connection."""
        return f"duckdb:///{self.path}" if self.path else "duckdb:///:external:"

    def options(self) -> dict[str, Any]:
        """What the library is told of it."""
        return {"destination_connection": self, "create_indexes": self.create_indexes}

    def options_to_try(self) -> dict[str, Any]:
        """The same for a load that is rolled back: where there is no file yet, in memory."""
        if self.path is None or os.path.exists(self.path):
            return self.options()
        return Database(None, duckdb.connect(), self.settings, self.create_indexes).options()

    def open(self) -> Session:
        """A new session of a load.

        Raises:
            DuckDbConnectionError: It cannot be written to.
        """
        opened, is_alone = self._opened()
        row = opened.execute("SELECT readonly FROM duckdb_databases() WHERE database_name = current_database()").fetchone()
        if row and row[0]:
            opened.close()
            raise DuckDbConnectionError(f"{self.name} is open read-only, and a load writes: pass a connection that may")
        return Session(opened, is_alone and not any("memory" in setting for setting in self.settings))

    def connect(self, library: Callable[[], _core.Pipeline]) -> Connection:
        """A connection of its own."""
        return DuckDbConnection(self._opened()[0])

    def _opened(self) -> tuple[duckdb.DuckDBPyConnection, bool]:
        """A connection that is set up; whether nobody else here has the database."""
        opened, is_alone = (self._cursor(), False) if self.connection is not None else self._file()
        try:
            for statement in ("SET TimeZone = 'UTC'", *self.settings):
                opened.execute(statement)
        except duckdb.Error as error:
            opened.close()
            raise DuckDbConnectionError(f"{self.name} cannot be set up: {error}") from error
        return opened, is_alone

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        try:
            cursor: duckdb.DuckDBPyConnection = self.connection.cursor()
        except duckdb.ConnectionException as error:
            raise DuckDbConnectionError(
                "the connection that destinations.duckdb was given is closed: pass one that is open, or the path of "
                "its file"
            ) from error
        return cursor

    def _file(self) -> tuple[duckdb.DuckDBPyConnection, bool]:
        assert self.path is not None
        try:
            return connect_file(self.path)
        except duckdb.ConnectionException as error:
            raise DuckDbConnectionError(
                f"this process has {self.path} open with another configuration (read-only?); close "
                f"that connection, or pass it: destinations.duckdb(connection). DuckDB says: {error}"
            ) from error


def database_of(destination: Destination, pipeline_name: str, working_dir: str) -> Database:
    """The database of a destination.

    Args:
        destination: Of this kind.
        pipeline_name: Names the file where nothing else does.
        working_dir: Of the pipeline, for `:pipeline:`.

    Raises:
        InvalidNativeValue: The credentials are none.
        NotInTidegate: They ask for what is not there.
    """
    said = said_of(destination, pipeline_name)
    if said is None:
        said = {
            part: value for part in ("database", *_SETTINGS)
            if (value := part_of(destination, pipeline_name, part, _SETTINGS.get(part, str))[0]) is not None
        }
    if isinstance(said, duckdb.DuckDBPyConnection):
        if destination.process != os.getpid():
            raise DuckDbConnectionError(
                "the connection that destinations.duckdb was given is of the process that has forked this one: open one here"
            )
        return Database(connection=said, create_indexes=destination.create_indexes)
    path, settings = _path_and_settings(said)
    refuse_memory(path)
    name = f"{destination.destination_name if destination.is_named else pipeline_name}.duckdb"
    place = os.path.join(working_dir, name) if path == ":pipeline:" else os.path.join(destination.folder, path or name)
    return Database(place, settings=settings, create_indexes=destination.create_indexes)


_SETTINGS: dict[str, type] = {
    "extensions": list, "global_config": dict, "pragmas": list, "statements": list, "local_config": dict,
}


_EXPECTED = "a path, duckdb:///path, or a connection of duckdb"


def _path_and_settings(said: Any) -> tuple[str, list[str]]:
    if isinstance(said, (str, os.PathLike)):
        said = _parts_of_text(os.fspath(said))
    parts = ("drivername", "database", "read_only", *_SETTINGS)
    if not isinstance(said, Mapping):
        found = {name: getattr(said, name) for name in parts if hasattr(said, name)}
        if not found:
            raise InvalidNativeValue("DuckDbCredentials", type(said), _EXPECTED)
        said = found
    if unknown := said.keys() - set(parts):
        raise NotInTidegate(f"{unknown.pop()!r} of the credentials of duckdb", f"they have {', '.join(parts)}")
    if said.get("drivername", "duckdb") != "duckdb":
        raise InvalidNativeValue("DuckDbCredentials", type(said), _EXPECTED)
    if said.get("read_only"):
        raise NotInTidegate("a destination that is read-only", "a load writes")
    return str(said.get("database") or ""), _statements_of(said)


def _parts_of_text(text: str) -> dict[str, Any]:
    if text.startswith(("md:", "motherduck:")):
        raise NotInTidegate("the destination motherduck", "pass a connection: destinations.duckdb(duckdb.connect('md:...'))")
    if "://" in text and not text.startswith("duckdb:"):
        raise InvalidNativeValue("DuckDbCredentials", str, _EXPECTED)
    if not text.startswith("duckdb:"):
        return {"database": text}
    parts = ConnectionStringCredentials.of(text)
    return {"database": parts.database, "global_config": parts.query}


def _statements_of(said: Mapping[str, Any]) -> list[str]:
    """In dlt's order."""
    return [
        *(f"LOAD {DUCKDB.quoted(name)}" for name in said.get("extensions") or []),
        *(f"SET GLOBAL {DUCKDB.quoted(name)} = {DUCKDB.literal(value)}" for name, value in (said.get("global_config") or {}).items()),
        *(said.get("statements") or []),
        *(f"PRAGMA {pragma}" for pragma in said.get("pragmas") or []),
        *(f"SET SESSION {DUCKDB.quoted(name)} = {DUCKDB.literal(value)}" for name, value in (said.get("local_config") or {}).items()),
    ]
