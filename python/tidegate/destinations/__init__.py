"""Where data go: `duckdb`, `postgres`, by the name, or as an object with credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidegate.common.exceptions import NotInTidegate


class Destination:
    """A kind of database, and where one of it is.

    Args:
        kind: "duckdb" or "postgres".
        credentials: A path, a URL, a connection; None: what the configuration or the default says.
        name: What messages and infos call it.
        options: Of the kind.
    """

    def __init__(self, kind: str, credentials: Any = None, name: str | None = None, **options: Any) -> None:
        self.kind = kind
        self.credentials = credentials
        self.destination_name = name or kind
        self.options = options

    @property
    def destination_type(self) -> str:
        """As dlt calls it."""
        return f"dlt.destinations.{self.kind}"

    def __repr__(self) -> str:
        return f"<{self.destination_type}(destination_name={self.destination_name!r})>"


def duckdb(
    credentials: Any = None, create_indexes: bool = False, destination_name: str | None = None,
    environment: str | None = None, **kwargs: Any,
) -> Destination:
    """A DuckDB database.

    Args:
        credentials: A path, `duckdb:///path`, `:pipeline:`, or a connection of `duckdb`.
        create_indexes: Whether tables get unique indexes.
        destination_name: What it is called.
        environment: Kept in infos.
        kwargs: Nothing; dlt's options of other kinds.

    Returns:
        A destination.

    Raises:
        ValueError: `:memory:`, which nobody else could read.
    """
    if credentials == ":memory:":
        raise ValueError(
            "a database in memory is gone when the run ends: pass a connection, as in "
            "destinations.duckdb(duckdb.connect(':memory:'))"
        )
    return Destination("duckdb", credentials, destination_name, create_indexes=create_indexes)


def postgres(credentials: Any = None, destination_name: str | None = None, **kwargs: Any) -> Destination:
    """A PostgreSQL database.

    Args:
        credentials: `postgresql://user@host/database`.
        destination_name: What it is called.
        kwargs: Nothing; dlt's options of other kinds.

    Returns:
        A destination.
    """
    return Destination("postgres", credentials, destination_name)


_KINDS: dict[str, Callable[[], Destination]] = {"duckdb": duckdb, "postgres": postgres}


def destination_of(said: Any) -> Destination:
    """A destination of what a program says: a name, or one that was made.

    Raises:
        NotInTidegate: It is none that tidegate has.
    """
    if isinstance(said, Destination):
        return said
    for kind in _KINDS:
        if said is _KINDS[kind]:
            return _KINDS[kind]()
    name = str(said).removeprefix("dlt.destinations.").removeprefix("tidegate.destinations.")
    if name not in _KINDS:
        raise NotInTidegate(f"the destination {said!r}", f"it has {', '.join(_KINDS)}")
    return _KINDS[name]()
