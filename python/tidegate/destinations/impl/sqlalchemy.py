"""SQLite as a destination, which dlt reaches by SQLAlchemy: here by its ADBC driver."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidegate import _core
from tidegate.common.configuration.exceptions import ConfigFieldMissingException
from tidegate.common.configuration.providers import files_looked_at
from tidegate.common.exceptions import NotInTidegate
from tidegate.destinations.cursor import need
from tidegate.destinations.database import Connection
from tidegate.destinations.dialects import SQLITE
from tidegate.destinations.impl.configuration import credentials_of
from tidegate.destinations.impl.library import connection_of

if TYPE_CHECKING:
    from tidegate.destinations import Destination

_OTHERS = {"postgresql": "postgres", "postgres": "postgres", "duckdb": "duckdb"}


class Database:
    """A SQLite database.

    Args:
        path: Of its file.
    """

    words = SQLITE

    def __init__(self, path: str) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """Its URL."""
        return f"sqlite:///{self.path}"

    def options(self) -> dict[str, Any]:
        """What the library is told of it."""
        return {"destination_adbc": {"driver": _driver(), "uri": self.path}}

    def options_to_try(self) -> dict[str, Any]:
        """The same for a load that is rolled back."""
        return self.options()

    def connect(self, library: Callable[[], _core.Pipeline]) -> Connection:
        """A connection of its own."""
        return connection_of(library, SQLITE)


def _driver() -> str:
    """The driver's package beside this interpreter, else where the library finds drivers."""
    if os.environ.get("ADBC_DRIVER_PATH"):
        return "sqlite"
    need("a SQLite database", "adbc_driver_sqlite")
    path: str = importlib.import_module("adbc_driver_sqlite")._driver_path()
    return path


def database_of(destination: Destination, pipeline_name: str) -> Database:
    """The database of a destination.

    Args:
        destination: Of this kind.
        pipeline_name: Whose own keys of configuration come first.

    Raises:
        ConfigFieldMissingException: Nothing says where it is.
        NotInTidegate: It is no SQLite.
    """
    found, missing = credentials_of(destination, pipeline_name, ("drivername", "database"))
    if missing:
        raise ConfigFieldMissingException("SqlalchemyCredentials", missing, files_looked_at())
    kind = str(found.drivername).partition("+")[0]
    if kind != "sqlite":
        instead = f"say destinations.{_OTHERS[kind]}" if kind in _OTHERS else "use dlt for this"
        raise NotInTidegate(f"the destination sqlalchemy of {kind}", instead)
    if found.database == ":memory:":
        raise NotInTidegate("a SQLite database in memory", "name a file")
    return Database(os.path.join(destination.folder, str(found.database)))
