"""PostgreSQL as a destination: the library has a client of its own, by libpq."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tidegate import _core
from tidegate.common.configuration.exceptions import ConfigFieldMissingException, InvalidNativeValue
from tidegate.common.configuration.providers import files_looked_at
from tidegate.common.configuration.specs import ConnectionStringCredentials
from tidegate.destinations.database import Connection
from tidegate.destinations.dialects import POSTGRES
from tidegate.destinations.impl.configuration import credentials_of
from tidegate.destinations.impl.library import connection_of

if TYPE_CHECKING:
    from tidegate.destinations import Destination

PostgresCredentials = ConnectionStringCredentials

_PARTS = ("database", "password", "username", "host", "port")
_PARAMETERS = (
    "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "connect_timeout", "application_name", "options",
    "client_encoding", "target_session_attrs", "channel_binding", "passfile", "service", "keepalives",
    "keepalives_idle", "gssencmode", "require_auth",
)
# By any of these libpq knows by itself where the server is.
_OF_LIBPQ = ("PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE", "PGUSER")


class Database:
    """A PostgreSQL database.

    Args:
        credentials: Where it is; what they do not say libpq does.
        create_indexes: Whether new tables get dlt's unique constraints.
    """

    words = POSTGRES

    def __init__(self, credentials: ConnectionStringCredentials, create_indexes: bool = False) -> None:
        self.credentials = credentials
        self.create_indexes = create_indexes

    @property
    def name(self) -> str:
        """The URL, without secrets."""
        return str(self.credentials)

    def options(self) -> dict[str, Any]:
        """What the library is told of it."""
        return {
            "destination": self.credentials.to_native_representation(), "create_indexes": self.create_indexes,
        }

    def options_to_try(self) -> dict[str, Any]:
        """The same for a load that is rolled back."""
        return self.options()

    def connect(self, library: Callable[[], _core.Pipeline]) -> Connection:
        """A connection of its own."""
        return connection_of(library, POSTGRES)


def database_of(destination: Destination, pipeline_name: str) -> Database:
    """The database of a destination.

    Args:
        destination: Of this kind.
        pipeline_name: Whose own keys of configuration come first.

    Raises:
        ConfigFieldMissingException: Nothing says where it is: no credentials, and no variable of libpq's.
        InvalidNativeValue: The credentials are none.
    """
    found, missing = credentials_of(destination, pipeline_name, _PARTS, _PARAMETERS)
    if found.drivername is None and len(missing) == len(_PARTS) and not any(map(os.environ.get, _OF_LIBPQ)):
        missing.pop("port")
        raise ConfigFieldMissingException("PostgresCredentials", missing, files_looked_at())
    scheme = (found.drivername or "postgresql").partition("+")[0]
    if scheme not in ("postgresql", "postgres"):
        raise InvalidNativeValue("PostgresCredentials", str, "postgresql://username:password@host:port/database")
    found.drivername = "postgresql"
    return Database(found, destination.create_indexes)
