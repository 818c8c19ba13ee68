"""Statements of a program at a database that the library reaches: PostgreSQL, SQLite.

    LibraryConnection.execute -> literals in place of `%s` -> _core.Session.run, on a thread where Ctrl-C
    is to end it -> LibraryCursor, over an Arrow stream that is read as it comes
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from tidegate import _core
from tidegate.destinations.cursor import Cursor, Row
from tidegate.destinations.database import Connection
from tidegate.destinations.dialects import Dialect
from tidegate.destinations.exceptions import (
    DatabaseException,
    DatabaseTerminalException,
    DatabaseTransientException,
    DatabaseUndefinedRelation,
)
from tidegate.destinations.placeholders import filled

T = TypeVar("T")

_LISTEN_S = 0.1  # a signal that another thread was given does not end a wait

# Of SQLSTATEs: a table or schema that is not there; who was in the way, or the server that went.
_UNDEFINED = ("42P01", "3F000")
_TRANSIENT = ("40", "08", "53", "55", "57")


def exception_of(error: _core.Error) -> DatabaseException:
    """What the library reports, as an exception of this package.

    Args:
        error: With the database's text and SQLSTATE.
    """
    if error.sqlstate in _UNDEFINED:
        return DatabaseUndefinedRelation(error)
    if error.retryable or error.sqlstate.startswith(_TRANSIENT):
        return DatabaseTransientException(error)
    return DatabaseTerminalException(error)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """What the library reports comes out as an exception of this package, with its text."""
    try:
        yield
    except _core.Error as error:
        raise exception_of(error) from error


# By the Arrow format of a column: dlt's data type.
_TYPES = {"b": "bool", "f": "double", "g": "double", "z": "binary", "Z": "binary", "tdD": "date"}


def _column_of(dialect: Dialect, name: str, format: str, sql_type: str) -> dict[str, Any]:
    """By the database's word for its type, else by the Arrow format."""
    if format.startswith("d:"):
        return dialect.column_of(name, f"{sql_type or 'numeric'}({format[2:]})")
    if sql_type:
        return dialect.column_of(name, sql_type)
    if format[0] in "cCsSiIlL":
        return {"name": name, "data_type": "bigint"}
    return {"name": name, "data_type": _TYPES.get(format) or {"tt": "time", "ts": "timestamp"}.get(format[:2], "text")}


class LibraryCursor(Cursor):
    """The rows of a statement.

    Args:
        connection: Which has run it.
        stream: Its rows; None: it gives none.
    """

    def __init__(self, connection: LibraryConnection, stream: _core.Stream | None) -> None:
        super().__init__()
        self._connection = connection
        self.native_cursor = stream
        self._columns = stream.columns() if stream else None
        self._json = [i for i, (_, _, sql_type) in enumerate(self._columns or []) if sql_type in ("json", "jsonb")]

    @property
    def description(self) -> list[tuple[Any, ...]] | None:
        if self._columns is None:
            return None
        types = [column["data_type"] for column in self._described()]
        return [(name, kind, None, None, None, None, None) for (name, _, _), kind in zip(self._columns, types, strict=True)]

    def _described(self) -> list[dict[str, Any]]:
        return [_column_of(self._connection.dialect, *column) for column in self._columns or []]

    @property
    def columns_schema(self) -> dict[str, dict[str, Any]]:
        return {column["name"]: column for column in self._described()}

    def _fetch(self, most: int) -> list[Row]:
        if self.native_cursor is None:
            raise DatabaseTerminalException(ValueError("the statement gives no rows"))
        rows: list[Row] = self._connection.interruptible(lambda: self.native_cursor.fetch(most))
        return [self._with_json(row) for row in rows] if self._json else rows

    def _with_json(self, row: Row) -> Row:
        """JSON of PostgreSQL as what it holds, as clients of Python have it."""
        values = list(row)
        for i in self._json:
            values[i] = None if values[i] is None else json.loads(values[i])
        return tuple(values)

    def _frame(self, most: int | None) -> Any:
        return self._frame_of(self._fetch(-1 if most is None else most))

    def _reader(self, chunk_size: int) -> Any:
        import pyarrow

        reader = pyarrow.RecordBatchReader.from_stream(self.native_cursor)
        return pyarrow.RecordBatchReader.from_batches(reader.schema, _of_size(reader, chunk_size))

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The rows as an Arrow stream, once: `polars.DataFrame(cursor)`."""
        return self.native_cursor.__arrow_c_stream__(requested_schema)


def _of_size(reader: Any, rows: int) -> Iterator[Any]:
    """Batches of at most so many rows."""
    import pyarrow

    try:
        for batch in reader:
            for start in range(0, batch.num_rows, rows):
                yield batch.slice(start, rows)
    except (pyarrow.ArrowException, OSError) as error:  # with the database's text
        raise DatabaseTerminalException(error) from error


class LibraryConnection:
    """A connection for statements of a program.

    Args:
        core: A pipeline of the library, which it owns.
        dialect: What SQL looks like there.
    """

    def __init__(self, core: _core.Pipeline, dialect: Dialect) -> None:
        self.dialect = dialect
        self._core = core
        try:
            self.native: _core.Session = self.interruptible(core.session)
        except BaseException:
            core.close()
            raise

    def interruptible(self, call: Callable[[], T]) -> T:
        """A call that Ctrl-C ends: it is made on a thread while this one, if it is the main one, listens."""
        with told():
            if threading.current_thread() is not threading.main_thread():
                return call()
            return _on_a_thread(call, self._core.cancel)

    def told(self) -> contextlib.AbstractContextManager[None]:
        """What the library reports comes out as an exception of this package."""
        return told()

    def execute(self, sql: str, args: Sequence[Any], named: dict[str, Any]) -> Cursor:
        """Runs a statement, with its values in place of `%s`."""
        text = filled(sql, args, named, self.dialect.literal)
        return LibraryCursor(self, self.interruptible(lambda: self.native.run(text)))

    def use(self, dataset: str) -> None:
        """Makes a dataset the default schema, if it is there."""
        self.interruptible(lambda: self.native.use(dataset))

    def begin(self) -> None:
        """Begins a transaction."""
        self.interruptible(lambda: self.native.transact("begin"))

    def commit(self) -> None:
        """Ends it, and says so only when all is done."""
        self.interruptible(lambda: self.native.transact("commit"))

    def rollback(self) -> None:
        """Ends it as if it had not been."""
        self.interruptible(lambda: self.native.transact("rollback"))

    def close(self) -> None:
        """Ends the connection; what was not committed is rolled back."""
        self.native.close()
        self._core.close()


def _on_a_thread(call: Callable[[], T], cancel: Callable[[], None]) -> T:
    """What a call returns or raises; an interrupt cancels it, and comes out when it has ended."""
    made: list[T] = []
    raised: list[BaseException] = []
    ended = threading.Event()  # joining is no good: an interrupt of it has the thread look as if it had ended

    def run() -> None:
        try:
            made.append(call())
        except BaseException as error:
            raised.append(error)
        ended.set()

    threading.Thread(target=run, name="tidegate-statement", daemon=True).start()
    interrupt: BaseException | None = None
    while not ended.is_set():
        try:
            ended.wait(_LISTEN_S)
        except BaseException as error:  # of a signal; what is at work has to end before it is told
            interrupt = interrupt or error
            cancel()
    if interrupt or raised:
        raise interrupt or raised[0]
    return made[0]


def connection_of(library: Callable[[], _core.Pipeline], dialect: Dialect) -> Connection:
    """A new connection.

    Args:
        library: Opens a pipeline of the library.
        dialect: What SQL looks like there.
    """
    with told():
        core = library()
    return LibraryConnection(core, dialect)
