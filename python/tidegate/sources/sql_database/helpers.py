"""Tables that SQLAlchemy reads: for databases that the library does not know, and for code that looks at rows.

    make_query (cursor, adapter) -> load_rows, in chunks -> lists of dicts, Arrow tables, or data frames

What the query says of the cursor only narrows: the library looks at each row again. Where a bound would
not compare in the database as it does there, nothing is said.
"""

from __future__ import annotations

import datetime
import inspect
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from tidegate.common.exceptions import MissingDependencyException
from tidegate.extract.incremental import Incremental
from tidegate.sources.sql_database.arrow_helpers import row_tuples_to_arrow

if TYPE_CHECKING:
    from sqlalchemy import Column, Select, Table
    from sqlalchemy.engine import Engine

TableBackend = Literal["sqlalchemy", "pyarrow", "pandas", "connectorx"]
TQueryAdapter = Callable[..., Any]
TTableAdapter = Callable[[Any], Any]

#: The names of the backends, and what their `backend_kwargs` may be.
_KWARGS: dict[str, dict[str, tuple[Any, ...]]] = {
    "sqlalchemy": {},
    "pyarrow": {"tz": ()},
    "pandas": {"dtype_backend": ("pyarrow", "numpy_nullable")},
    "connectorx": {"protocol": (), "return_type": ("arrow", "arrow_stream"), "batch_size": ()},
}
#: Of the library, where it reads PostgreSQL: how many connections read at once.
PARALLEL = "parallel"


def check_backend(backend: str, kwargs: dict[str, Any] | None) -> None:
    """Raises where a backend, or an option of it, is none.

    Args:
        backend: Its name.
        kwargs: Its options. Those of connectorx say how it would read, and nothing of the result.

    Raises:
        ValueError: There is no such backend, or it has no such option here.
    """
    if backend in table_loaders:
        return
    if backend not in _KWARGS:
        raise ValueError(f"backend is {', '.join([*_KWARGS, *table_loaders])}, not {backend!r}")
    known = _KWARGS[backend] | {PARALLEL: ()}
    for name, value in (kwargs or {}).items():
        if name not in known:
            raise ValueError(f"backend_kwargs of '{backend}' are {', '.join(known)} in tidegate, not '{name}'")
        if known[name] and value not in known[name]:
            raise ValueError(f"backend_kwargs: {name} is {' or '.join(map(str, known[name]))}, not {value!r}")


class BaseTableLoader(ABC):
    """Reads a table; subclasses say how, in `load_rows`.

    Args:
        engine: Of SQLAlchemy.
        backend: What the items are to be.
        table: As it was looked up.
        columns: Hints of its columns, by name.
        chunk_size: Rows of an item.
        incremental: The cursor of the run.
        query_adapter_callback: Changes the query: `f(query, table)` or `f(query, table, incremental, engine)`.
        limit: Not used: a limit ends the reading.

    Raises:
        KeyError: The table has no column of the cursor.
    """

    def __init__(
        self, engine: Engine, backend: TableBackend, table: Table, columns: dict[str, dict[str, Any]],
        chunk_size: int = 1000, incremental: Incremental[Any] | None = None,
        query_adapter_callback: TQueryAdapter | None = None, limit: Any = None,
    ) -> None:
        self.engine = engine
        self.backend = backend
        self.table = table
        self.columns = columns
        self.chunk_size = chunk_size
        self.incremental = incremental
        self.query_adapter_callback = query_adapter_callback
        self.limit = limit
        self.cursor_column: Any = None
        if incremental is not None:
            self.cursor_column = cursor_column(table, incremental)

    def _make_query(self) -> Select[Any]:
        query = self.table.select()
        if self.incremental is None:
            return query
        for condition in conditions(self.engine.dialect.name, self.cursor_column, self.incremental):
            query = query.where(condition)
        if self.incremental.row_order and self.incremental.last_value_func in (max, min):
            goes_up = (self.incremental.row_order == "asc") == (self.incremental.last_value_func is max)
            query = query.order_by(self.cursor_column.asc() if goes_up else self.cursor_column.desc())
        return query

    def make_query(self) -> Any:
        """The query, as the adapter leaves it."""
        query = self._make_query()
        adapter = self.query_adapter_callback
        if not adapter:
            return query
        try:
            inspect.signature(adapter).bind(query, self.table, self.incremental, self.engine)
        except TypeError:
            return adapter(query, self.table)
        return adapter(query, self.table, self.incremental, self.engine)

    def compile_query(self, query: Any) -> str:
        """A query as a text, with its values in it."""
        return str(query.compile(self.engine, compile_kwargs={"literal_binds": True}))

    def get_connection_url(self) -> str:
        """The database's URL without the driver of SQLAlchemy, with the password."""
        url = self.engine.url
        return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)

    @abstractmethod
    def load_rows(self, backend_kwargs: dict[str, Any] | None = None) -> Iterator[Any]:
        """Yields what a run reads: lists of dicts, Arrow tables, data frames.

        Args:
            backend_kwargs: Of the backend.
        """


class TableLoader(BaseTableLoader):
    """Reads by a connection of SQLAlchemy."""

    def load_rows(self, backend_kwargs: dict[str, Any] | None = None) -> Iterator[Any]:
        """Yields chunks of rows.

        Args:
            backend_kwargs: Of the backend.
        """
        yield from self._load_rows(self.make_query(), dict(backend_kwargs or {}))

    def _load_rows(self, query: Any, backend_kwargs: dict[str, Any]) -> Iterator[Any]:
        with self.engine.connect() as connection:
            result = connection.execution_options(yield_per=self.chunk_size).execute(query)
            try:
                yield from self._convert_result(result, backend_kwargs)
            finally:
                result.close()

    def _convert_result(self, result: Any, backend_kwargs: dict[str, Any]) -> Iterator[Any]:
        names = list(result.keys())
        columns = {name: self.columns.get(name, {}) for name in names}
        for rows in result.partitions(self.chunk_size):
            if self.backend == "sqlalchemy":
                yield [dict(zip(names, row)) for row in rows]
            elif self.backend == "pandas":
                yield _frame(row_tuples_to_arrow(rows, columns), backend_kwargs.get("dtype_backend", "pyarrow"))
            else:
                yield row_tuples_to_arrow(rows, columns, backend_kwargs.get("tz", "UTC"))


class SqliteLoader(TableLoader):
    """Reads SQLite by Python's `sqlite3` alone: the library makes of its values what the hints say.

    It takes half the time, and a value that is of no such type is loaded as it is.
    """

    def _load_rows(self, query: Any, backend_kwargs: dict[str, Any]) -> Iterator[Any]:
        with self.engine.connect() as connection:
            cursor = connection.connection.cursor()
            try:
                cursor.execute(self.compile_query(query))
                names = [column[0] for column in cursor.description]
                while rows := cursor.fetchmany(self.chunk_size):
                    yield [dict(zip(names, row)) for row in rows]
            finally:
                cursor.close()


def _frame(table: Any, dtype_backend: str) -> Any:
    try:
        import pandas
    except ModuleNotFoundError:
        raise MissingDependencyException("backend='pandas'", ["'tidegate[pandas]'"]) from None
    if dtype_backend == "pyarrow":
        return table.to_pandas(types_mapper=pandas.ArrowDtype)
    return table.to_pandas().convert_dtypes(dtype_backend=dtype_backend)


#: Of programs, by the names of their backends.
table_loaders: dict[str, type[BaseTableLoader]] = {}


def register_table_loader_backend(backend_name: str, loader_class: type[BaseTableLoader]) -> None:
    """Makes a class the loader of a backend.

    Args:
        backend_name: What `backend=` is to be.
        loader_class: A subclass of BaseTableLoader.

    Raises:
        ValueError: It is none.
    """
    if not (isinstance(loader_class, type) and issubclass(loader_class, BaseTableLoader)):
        raise ValueError(f"a table loader is a subclass of BaseTableLoader, not {loader_class!r}")
    table_loaders[backend_name] = loader_class


def get_table_loader_class(backend_name: str) -> type[BaseTableLoader]:
    """The loader of a backend.

    Args:
        backend_name: Its name.

    Raises:
        ValueError: There is none of that name.
    """
    check_backend(backend_name, None)
    return table_loaders.get(backend_name, TableLoader)


def remove_nullability_adapter(table: Table) -> Table:
    """A `table_adapter_callback` that forgets which columns may be NULL.

    Args:
        table: As it was looked up.

    Returns:
        The same.
    """
    for column in table.columns:
        if hasattr(column, "nullable"):
            column.nullable = None
    return table


# ---- the cursor ----


def cursor_column(table: Any, incremental: Incremental[Any]) -> Column[Any]:
    """The column that a cursor names.

    Args:
        table: As it was looked up.
        incremental: The cursor.

    Raises:
        KeyError: The table has none of that name.
    """
    path = str(incremental.cursor_path or "")
    bare = path.removeprefix("$.").removeprefix("$")
    if bare[:2] in ("['", '["') and bare[-2:] in ("']", '"]'):
        bare = bare[2:-2]
    for name in (path, bare):
        if name in table.c:
            column: Column[Any] = table.c[name]
            return column
    raise KeyError(f"Cursor column `{path}` does not exist in table `{table.name}`")


def conditions(dialect: str, column: Any, incremental: Incremental[Any]) -> list[Any]:
    """What the database is asked for: no less than the cursor takes.

    Args:
        dialect: The database's, as SQLAlchemy calls it.
        column: The cursor's.
        incremental: The cursor of the run.

    Returns:
        Conditions that all have to hold.
    """
    from sqlalchemy import and_, or_

    found = [column.isnot(None)] if incremental.on_cursor_value_missing == "exclude" else []
    if incremental.last_value_func not in (max, min):
        return found
    goes_up = incremental.last_value_func is max
    bounds = [
        (incremental.start_value, incremental.range_start == "closed", goes_up),
        (incremental.end_value, incremental.range_end == "closed", not goes_up),
    ]
    narrow = [_side(dialect, column, *bound) for bound in bounds if bound[0] is not None]
    narrow = [side for side in narrow if side is not None]
    if narrow and incremental.on_cursor_value_missing != "exclude":
        return [or_(and_(*narrow), column.is_(None))]
    return found + narrow


def _side(dialect: str, column: Any, value: Any, is_closed: bool, is_lower: bool) -> Any:
    if dialect == "sqlite" and (day := _sqlite_day(column, value, is_lower)):
        from sqlalchemy import String, type_coerce

        text = type_coerce(column, String)
        return text >= day if is_lower else text < day
    bound = _bound(dialect, column, value)
    if bound is None:
        return None
    compare = {(True, True): operator.ge, (True, False): operator.gt, (False, True): operator.le, (False, False): operator.lt}
    return compare[is_lower, is_closed](column, bound)


def _sqlite_day(column: Any, value: Any, is_lower: bool) -> str | None:
    """SQLite has times as texts of several forms, with and without a zone: a day around all of them."""
    from sqlalchemy import types as t

    if not isinstance(column.type, (t.DateTime, t.Date)) or not isinstance(value, datetime.date):
        return None
    day = value.date() if isinstance(value, datetime.datetime) else value
    return (day + datetime.timedelta(days=-1 if is_lower else 2)).isoformat()


def _bound(dialect: str, column: Any, value: Any) -> Any:
    """A value as the column has it; None: it would compare in another way."""
    from sqlalchemy import types as t

    kind = column.type
    if isinstance(value, bool):
        return None
    if isinstance(kind, t.Integer):
        return value if isinstance(value, int) else None
    if isinstance(kind, t.Float):  # which may be of fewer digits there
        return None
    if isinstance(kind, t.Numeric) and dialect != "sqlite":
        return value if isinstance(value, int) else None
    if isinstance(value, datetime.datetime):
        return _moment(kind, value)
    if isinstance(kind, t.Date) and isinstance(value, datetime.date):
        return value
    return None


def _moment(kind: Any, value: datetime.datetime) -> Any:
    from sqlalchemy import types as t

    if not isinstance(kind, t.DateTime):
        return None
    aware = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
    has_zone = kind.timezone or kind.__visit_name__ == "DATETIMEOFFSET"
    return aware if has_zone else aware.astimezone(datetime.timezone.utc).replace(tzinfo=None)
