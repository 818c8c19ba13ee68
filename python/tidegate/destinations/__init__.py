"""Where data go: `duckdb`, `postgres`, `sqlalchemy` of SQLite, by the name, or as an object with credentials.

    destination_of(what a program says) -> Destination -> database(pipeline): the credentials (of the
    program, else of configuration) -> a Database (destinations/impl) that the library and SQL use

Other destinations of dlt are refused when they are called.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidegate.common import context
from tidegate.common.configuration.coerce import coerce
from tidegate.common.configuration.providers import find, paths_below
from tidegate.common.exceptions import Absent, NotInTidegate
from tidegate.common.folders import local_dir
from tidegate.destinations.exceptions import UnknownDestinationModule

if TYPE_CHECKING:
    from tidegate.destinations.database import Database

_ABSENT = (
    "athena", "bigquery", "clickhouse", "databricks", "destination", "dremio", "ducklake", "dummy", "fabric",
    "filesystem", "lance", "lancedb", "motherduck", "mssql", "qdrant", "redshift", "snowflake", "synapse", "weaviate",
)


class Destination:
    """A kind of database, and where one of it is.

    Args:
        kind: "duckdb", "postgres" or "sqlalchemy".
        credentials: Of the kind; None: what configuration or the default says.
        name: What messages and infos call it, and configuration: `[destination.NAME]`.
        environment: Kept in infos.
        create_indexes: Whether new tables get unique indexes; None: what configuration says, else not.
        folder: Where relative paths begin; None: where programs keep databases now.

    Raises:
        ValueError: The name is none.
    """

    def __init__(
        self, kind: str, credentials: Any = None, name: str | None = None, environment: str | None = None,
        create_indexes: bool | None = None, folder: str | None = None,
    ) -> None:
        if name is not None and not isinstance(name, str):
            raise ValueError(f"destination_name is a text, not {name!r}")
        self.kind = kind
        self.credentials = credentials
        self.destination_name = name or kind
        self.environment = environment
        self._create_indexes = create_indexes
        self.process = os.getpid()  # whose a connection among the credentials is
        self._folder = folder or local_dir()  # where relative paths begin, wherever the program goes

    @property
    def destination_type(self) -> str:
        """As dlt calls it."""
        return f"dlt.destinations.{self.kind}"

    @property
    def is_named(self) -> bool:
        """Whether it has a name of its own."""
        return self.destination_name != self.kind

    def with_credentials(self, credentials: Any) -> Destination:
        """A copy with other credentials."""
        return Destination(self.kind, credentials, self.destination_name, self.environment, self._create_indexes, self._folder)

    def at(self, folder: str | None) -> Destination:
        """A copy whose relative paths begin in another folder; None: in the same one."""
        return Destination(self.kind, self.credentials, self.destination_name, self.environment, self._create_indexes, folder or self._folder)

    def database(self, pipeline_name: str, working_dir: str) -> Database:
        """The database, by what the program and configuration say now.

        Args:
            pipeline_name: Of the pipeline that loads into it.
            working_dir: Of the pipeline, for `:pipeline:`.

        Raises:
            ConfigurationException: What they say is missing, or cannot be.
        """
        from tidegate.destinations import impl

        return impl.MAKERS[self.kind](self, pipeline_name, working_dir)

    @property
    def create_indexes(self) -> bool:
        """Whether new tables get unique indexes."""
        if self._create_indexes is not None:
            return self._create_indexes
        found, _ = find(paths_below(context.pipeline_name(), ["destination", self.destination_name], "create_indexes"))
        return bool(found and coerce("create_indexes", found.value, bool, None, found.place))

    @property
    def folder(self) -> str:
        """Where relative paths begin."""
        return self._folder

    @property
    def file(self) -> str | None:
        """The credentials, where they are the path of a file and no secret."""
        is_path = self.kind == "duckdb" and isinstance(self.credentials, (str, os.PathLike))
        return os.fspath(self.credentials) if is_path else None

    def __repr__(self) -> str:
        """Without the credentials, which may be secret."""
        return f"<{self.destination_type}(destination_name={self.destination_name!r})>"


def _refuse_options(kind: str, options: dict[str, Any]) -> None:
    if options:
        raise NotInTidegate(f"{', '.join(options)} of destinations.{kind}")


def duckdb(
    credentials: Any = None, create_indexes: bool = False, destination_name: str | None = None,
    environment: str | None = None, **kwargs: Any,
) -> Destination:
    """A DuckDB database.

    Args:
        credentials: A path, `duckdb:///path?threads=2`, `:pipeline:` (in the pipeline's working folder), a dict with
            `database`, or a connection of `duckdb`.
        create_indexes: Not in tidegate: tables of DuckDB get no index.
        destination_name: What it is called; without credentials its file is named so.
        environment: Kept in infos.
        kwargs: Nothing; dlt's other options are not in tidegate.

    Returns:
        A destination.

    Raises:
        ValueError: `:memory:`, which nobody else could read.
    """
    from tidegate.destinations.impl.configuration import refuse_memory

    _refuse_options("duckdb", kwargs | ({"create_indexes": True} if create_indexes else {}))
    refuse_memory(credentials)
    return Destination("duckdb", credentials, destination_name, environment)


def postgres(
    credentials: Any = None, create_indexes: bool | None = None, destination_name: str | None = None,
    environment: str | None = None, **kwargs: Any,
) -> Destination:
    """A PostgreSQL database, from version 15 on.

    Args:
        credentials: `postgresql://user:password@host:port/database?sslmode=require`, or its parts as a dict or as an
            object: database, username, password, host, port, and parameters of libpq.
        create_indexes: Whether new tables get dlt's unique constraints.
        destination_name: What it is called.
        environment: Kept in infos.
        kwargs: Nothing; dlt's other options are not in tidegate.

    Returns:
        A destination.
    """
    _refuse_options("postgres", kwargs)
    return Destination("postgres", credentials, destination_name, environment, create_indexes)


def sqlalchemy(
    credentials: Any = None, create_unique_indexes: bool = False, create_primary_keys: bool = False,
    destination_name: str | None = None, environment: str | None = None, **kwargs: Any,
) -> Destination:
    """A SQLite database, by its ADBC driver: `pip install adbc-driver-sqlite`.

    Args:
        credentials: `sqlite:///path`; URLs of PostgreSQL and DuckDB have destinations of their own.
        create_unique_indexes: Not in tidegate.
        create_primary_keys: Not in tidegate.
        destination_name: What it is called.
        environment: Kept in infos.
        kwargs: Nothing; dlt's other options are not in tidegate.

    Returns:
        A destination.
    """
    said = {"create_unique_indexes": create_unique_indexes, "create_primary_keys": create_primary_keys, **kwargs}
    _refuse_options("sqlalchemy", {name: value for name, value in said.items() if value})
    return Destination("sqlalchemy", credentials, destination_name, environment)


_KINDS: dict[str, Callable[..., Destination]] = {"duckdb": duckdb, "postgres": postgres, "sqlalchemy": sqlalchemy}


def __getattr__(name: str) -> Any:
    if name in _ABSENT:
        return Absent(f"destinations.{name}")
    raise AttributeError(f"module 'tidegate.destinations' has no attribute {name!r}")


def destination_of(said: Any, destination_name: str | None = None) -> Destination:
    """A destination of what a program says: one that was made, a kind, or a name that configuration has a kind for.

    Args:
        said: It.
        destination_name: What it is to be called.

    Raises:
        NotInTidegate: It is one of dlt's that tidegate does not have.
        UnknownDestinationModule: Nobody knows it.
    """
    if isinstance(said, Destination):
        return said
    for kind, make in _KINDS.items():
        if said is make:
            return _KINDS[kind](destination_name=destination_name)
    if isinstance(said, Absent):
        said()
    name = str(said)
    found, _ = find([["destination", name, "destination_type"]])
    kind = _kind_of(str(found.value) if found else name)
    if kind in _KINDS:
        return _KINDS[kind](destination_name=destination_name or (name if found else None))
    if kind in _ABSENT:
        raise NotInTidegate(f"the destination {kind!r}", f"it has {', '.join(_KINDS)}; use dlt for this")
    raise UnknownDestinationModule(name, list(_KINDS))


def _kind_of(name: str) -> str:
    for package in ("dlt.destinations.", "tidegate.destinations."):
        name = name.removeprefix(package)
    return name
