"""What a database says, as exceptions. Names are dlt's."""

from __future__ import annotations

from tidegate.common.exceptions import DltException


class DestinationException(DltException):
    """Something went wrong at a destination."""


class DatabaseException(DestinationException):
    """A database refused a statement; `dbapi_exception` is its own error.

    Args:
        dbapi_exception: What the database's module raised.
    """

    def __init__(self, dbapi_exception: Exception) -> None:
        self.dbapi_exception = dbapi_exception
        super().__init__(str(dbapi_exception))


class DatabaseTerminalException(DatabaseException):
    """The statement is wrong: again it would fail again."""


class DatabaseUndefinedRelation(DatabaseException):
    """A table, a column or a schema is not there."""


class DatabaseTransientException(DatabaseException):
    """Somebody else was in the way: it may go through later."""


class DatasetNotAvailable(DestinationException):
    """There is no dataset of that name yet."""

    def __init__(self, dataset_name: str | None) -> None:
        super().__init__(f"the dataset '{dataset_name}' is not there: nothing was loaded yet")
