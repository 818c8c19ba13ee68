"""Credentials of sources, for code that says `from dlt.sources.credentials import ...`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tidegate.common.exceptions import MissingDependencyException, NotInTidegate

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

#: The parts of a database's URL, by the names that configuration has.
PARTS = ("drivername", "username", "password", "host", "port", "database", "query")


class ConnectionStringCredentials:
    """Where a database is: a URL of SQLAlchemy, or its parts.

    Args:
        said: The URL as a text or an object, or a dict of its parts: drivername, username,
            password, host, port, database, query.

    Raises:
        ValueError: It is no URL, or has parts of other names.

    Example:
        >>> credentials = ConnectionStringCredentials("postgresql://ann:secret@host:5433/shop")
        >>> credentials.database, credentials.port
        ('shop', 5433)
        >>> credentials
        ConnectionStringCredentials('postgresql://ann:***@host:5433/shop')
    """

    def __init__(self, said: Any = None) -> None:
        self.drivername: str | None = None
        self.username: str | None = None
        self.password: str | None = None
        self.host: str | None = None
        self.port: int | None = None
        self.database: str | None = None
        self.query: dict[str, Any] = {}
        if isinstance(said, Mapping):
            self._take_parts(said)
        elif said is not None:
            self.parse_native_representation(said)

    def _take_parts(self, parts: Mapping[str, Any]) -> None:
        strange = set(parts) - set(PARTS)
        if strange:
            raise ValueError(f"a database's credentials have {', '.join(PARTS)}, not {', '.join(sorted(strange))}")
        for name, value in parts.items():
            setattr(self, name, int(value) if name == "port" and value is not None else value)
        if not self.drivername:
            raise ValueError("a database's credentials need a drivername: \"postgresql\", \"mysql+pymysql\", ...")

    def parse_native_representation(self, said: Any) -> None:
        """Takes the parts of a URL.

        Args:
            said: A text, or a URL of SQLAlchemy.

        Raises:
            ValueError: It is no URL.
        """
        from sqlalchemy.exc import ArgumentError

        try:
            url = sqlalchemy("a database's URL").make_url(said)
        except ArgumentError:  # whose text has the URL, and so its password
            raise ValueError(
                "the credentials of a database are a URL such as postgresql://user:password@host/database, "
                "and this is none"
            ) from None
        for name in PARTS:
            setattr(self, name, getattr(url, name))
        self.query = dict(url.query)

    def to_url(self) -> URL:
        """As a URL of SQLAlchemy."""
        url: URL = sqlalchemy("a database's URL").URL.create(**{name: getattr(self, name) for name in PARTS})
        return url

    def to_native_representation(self) -> str:
        """As a text, with the password."""
        return self.to_url().render_as_string(hide_password=False)

    def __str__(self) -> str:
        return self.to_url().render_as_string(hide_password=True)

    def __repr__(self) -> str:
        return f"ConnectionStringCredentials({str(self)!r})"


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


def __getattr__(name: str) -> Any:
    if name.endswith("Credentials"):
        raise NotInTidegate(f"sources.credentials.{name}", "give fsspec's own options by `kwargs=`")
    raise AttributeError(f"tidegate.sources.credentials has no '{name}'")
