"""What a database says, as exceptions. Names are dlt's."""

from __future__ import annotations

from collections.abc import Sequence

from tidegate.common.exceptions import DltException


class DestinationException(DltException):
    """Something went wrong at a destination."""


class DestinationTerminalException(DestinationException):
    """Again it would go wrong again."""


class DestinationTransientException(DestinationException):
    """Again it may go well."""


class DestinationUndefinedEntity(DestinationTerminalException):
    """Something is not there."""


class DestinationConnectionError(DestinationTransientException):
    """The database cannot be opened, or not as it has to be.

    Args:
        text: What is wrong, and what to do.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)


class UnknownDestinationModule(DestinationException, ValueError):
    """There is no destination of that name.

    Args:
        name: The name.
        kinds: Those that there are.
    """

    def __init__(self, name: str, kinds: Sequence[str]) -> None:
        self.name = name
        super().__init__(
            f"there is no destination {name!r}; there are {', '.join(kinds)}, and those that configuration names, as in "
            f"[destination.{name}] destination_type = \"duckdb\", or "
            f"DESTINATION__{name.upper()}__DESTINATION_TYPE=duckdb"
        )


class DatabaseException(DestinationException):
    """A database refused a statement; `dbapi_exception` is its own error.

    Args:
        dbapi_exception: What the database's module raised.
    """

    def __init__(self, dbapi_exception: Exception) -> None:
        self.dbapi_exception = dbapi_exception
        super().__init__(str(dbapi_exception))


class DatabaseTerminalException(DestinationTerminalException, DatabaseException):
    """The statement is wrong: again it would fail again."""


class DatabaseUndefinedRelation(DestinationUndefinedEntity, DatabaseException):
    """A table, a view or a schema is not there."""


class DatabaseTransientException(DestinationTransientException, DatabaseException):
    """Somebody else was in the way: it may go through later."""
