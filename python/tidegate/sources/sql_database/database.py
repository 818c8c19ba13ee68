"""A database that is read: its engine of SQLAlchemy, and where the library finds it by itself.

    credentials (a URL, its parts, an engine) -> Database -> engine, for what SQLAlchemy does
                                                          -> connection, for the library's source `sql`

The library reads PostgreSQL, by libpq. What it cannot reach as the program would (an engine with a way
of its own to connect, a driver's own options) SQLAlchemy reads. SQLite's own driver of ADBC is not used:
of a column with values of several types it makes others, and does not say so.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
from collections.abc import Callable
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tidegate.common.configuration.specs import ConnectionStringCredentials
from tidegate.common.exceptions import MissingDependencyException, NotInTidegate

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Engine

#: What to install for a driver of SQLAlchemy.
_PACKAGES = {
    "psycopg2": "psycopg2-binary", "psycopg": "'psycopg[binary]'", "MySQLdb": "mysqlclient", "pyodbc": "pyodbc",
    "oracledb": "oracledb", "cx_Oracle": "oracledb", "duckdb": "duckdb-engine",
}
#: The parts of a database's URL, by the names that configuration has.
PARTS = ("drivername", "username", "password", "host", "port", "database", "query")

_POSTGRES_DRIVERS = ("psycopg2", "psycopg", "pg8000")
#: Those whose options in a URL are libpq's.
_OF_LIBPQ = ("psycopg2", "psycopg")


def engine_from_credentials(credentials: Any, may_dispose_after_use: bool = False, **engine_kwargs: Any) -> Engine:
    """An engine of SQLAlchemy.

    Args:
        credentials: A URL (a text, an object, `ConnectionStringCredentials`, a dict of its parts), or an engine.
        may_dispose_after_use: Kept as an attribute of an engine that is made here.
        engine_kwargs: Of `sqlalchemy.create_engine`.

    Returns:
        A new engine, or the one that was given.

    Raises:
        MissingDependencyException: SQLAlchemy, or the database's own package, is not installed.
    """
    package = sqlalchemy("sources.sql_database")
    if isinstance(credentials, package.engine.Engine):
        given: Engine = credentials
        return given
    url = _with_driver(_url_of(credentials))
    try:
        engine: Engine = package.create_engine(url, **engine_kwargs)
    except ModuleNotFoundError as error:
        needed = _PACKAGES.get(error.name or "", error.name or url.drivername)
        raise MissingDependencyException(f"a database of '{url.drivername}'", [needed]) from error
    except package.exc.NoSuchModuleError as error:
        if url.get_backend_name() == "duckdb":
            raise NotInTidegate(
                "a DuckDB file as sql_database", "install duckdb-engine, or give a table of it as a resource: "
                "tidegate.resource(duckdb.connect(FILE).sql('FROM t'), name='t')"
            ) from error
        raise
    engine.may_dispose_after_use = may_dispose_after_use  # type: ignore[attr-defined]
    return engine


def sqlalchemy(what: str) -> Any:
    """The package.

    Args:
        what: What needs it, as a message begins.

    Raises:
        MissingDependencyException: It is not installed.
    """
    try:
        import sqlalchemy as package
    except ModuleNotFoundError:
        raise MissingDependencyException(what, ["'tidegate[sql]'"]) from None
    return package


def _url_of(credentials: Any) -> URL:
    """A URL of SQLAlchemy's, which reads texts by itself: it has its own ways with paths.

    Raises:
        ValueError: It is none; what was given may hold a password, and is not told.
    """
    package = sqlalchemy("sources.sql_database")
    try:
        if isinstance(credentials, (str, package.engine.URL)):
            url: URL = package.make_url(credentials)
            return url
        parts = ConnectionStringCredentials.of(credentials)
        if "://" in str(parts.drivername):  # dlt's class takes a URL in this place
            return _url_of(parts.drivername)
        return package.URL.create(**{name: getattr(parts, name) for name in PARTS})  # type: ignore[no-any-return]
    except (package.exc.ArgumentError, TypeError):
        raise ValueError(
            "the credentials of a database are a URL such as postgresql://user:password@host/database, or a dict of "
            "its parts with a drivername, and this is neither"
        ) from None


def _with_driver(url: URL) -> URL:
    """PostgreSQL's URL without a driver means the one that is installed."""
    if url.drivername == "postgres":  # as others than SQLAlchemy write it
        url = url.set(drivername="postgresql")
    if url.drivername != "postgresql":
        return url
    for name in _POSTGRES_DRIVERS:
        if importlib.util.find_spec(name):
            return url.set(drivername=f"postgresql+{name}")
    return url


class Database:
    """A database, of which one or more tables are read.

    Args:
        credentials: As of `engine_from_credentials`.
        engine_kwargs: Of `sqlalchemy.create_engine`.
        engine_adapter: Changes the engine, or gives another one.
    """

    def __init__(
        self, credentials: Any, engine_kwargs: dict[str, Any] | None = None,
        engine_adapter: Callable[[Engine], Engine] | None = None,
    ) -> None:
        self._engine_kwargs = engine_kwargs or {}
        self._adapter = engine_adapter
        self._credentials = credentials
        _check_file(self._given.url)

    @cached_property
    def _given(self) -> Engine:
        return engine_from_credentials(self._credentials, may_dispose_after_use=True, **self._engine_kwargs)

    @cached_property
    def engine(self) -> Engine:
        """The engine that tables are looked up by, and read by where the library does not."""
        return self._adapter(self._given) if self._adapter else self._given

    @property
    def dialect(self) -> str:
        """As SQLAlchemy calls it: "postgresql", "sqlite", "mysql"."""
        return str(self.engine.dialect.name)

    def is_sqlite3(self) -> bool:
        """Whether Python's own `sqlite3` is what reads it."""
        return self.dialect == "sqlite" and self.engine.dialect.driver == "pysqlite"

    def release(self) -> None:
        """Closes connections of an engine that is not the program's."""
        if self.engine is not self._credentials:
            self.engine.dispose()

    def why_not(self) -> str | None:
        """Why the library cannot read it by itself; None: it can."""
        if self._engine_kwargs or self._adapter:
            return "the engine has options of its own"
        if self.engine is self._credentials and not _is_plain(self.engine):
            return "the engine has a way of its own to connect"
        of_kind = _WHY_NOT.get(self.dialect)
        return of_kind(self.engine) if of_kind else f"the library does not know {self.dialect}"

    def connection(self) -> str:
        """The option `connection` of the library's source `sql`, where `why_not` has no objection."""
        return _CONNECTIONS[self.dialect](self.engine.url)


def _check_file(url: URL) -> None:
    """SQLite makes a file that is not there, and a name that is misspelt would be an empty database."""
    path = url.database or ""
    if url.get_backend_name() != "sqlite" or not path or path.startswith((":memory:", "file:")):
        return
    if not os.path.exists(path):
        raise FileNotFoundError(f"there is no SQLite database at {os.path.abspath(path)}")


def _is_plain(engine: Engine) -> bool:
    """Whether it connects by nothing but its URL, and sends what it is told."""
    try:
        variables = inspect.getclosurevars(engine.pool._creator).nonlocals
        by_url = engine.dialect.create_connect_args(engine.url)
        listeners = list(engine.pool.dispatch.connect) + list(engine.pool.dispatch.first_connect)
        return (
            (list(variables["cargs_tup"]), dict(variables["cparams"])) == (list(by_url[0]), dict(by_url[1]))
            and not engine.dialect._has_events and not engine._has_events
            and not engine.get_execution_options()
            and all(str(getattr(each, "__module__", "")).startswith("sqlalchemy.") for each in listeners)
        )
    except (AttributeError, KeyError, TypeError):  # an engine of another make
        return False


# ---- PostgreSQL ----


@cache
def _has_libpq() -> bool:
    import ctypes

    try:
        ctypes.CDLL("libpq.so.5")
    except OSError:
        return False
    return True


def _why_not_postgres(engine: Engine) -> str | None:
    if engine.url.query and engine.dialect.driver not in _OF_LIBPQ:
        return f"the options of {engine.dialect.driver} are not libpq's"
    if any(not isinstance(value, str) for value in engine.url.query.values()):
        return "the URL names several hosts"
    return None if _has_libpq() else "libpq (Debian: apt install libpq5) is not installed"


def _postgres_url(url: URL) -> str:
    def part(text: Any) -> str:
        return quote(str(text), safe="")

    user = part(url.username) if url.username is not None else ""
    user += f":{part(url.password)}" if url.password is not None else ""
    host = f"[{url.host}]" if url.host and ":" in url.host else part(url.host or "")
    port = f":{url.port}" if url.port else ""
    options = "&".join(f"{part(name)}={part(value)}" for name, value in url.query.items())
    return f"postgresql://{user}{'@' if user else ''}{host}{port}/{part(url.database or '')}{'?' if options else ''}{options}"


_WHY_NOT: dict[str, Callable[[Engine], str | None]] = {"postgresql": _why_not_postgres}
_CONNECTIONS: dict[str, Callable[[URL], str]] = {"postgresql": _postgres_url}
