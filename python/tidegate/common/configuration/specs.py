"""Types of arguments that say what configuration has to look for: secrets, credentials.

`ConnectionStringCredentials` is what a URL of a database says, part by part. Its text hides the
password.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from tidegate.common.configuration.exceptions import InvalidNativeValue

SECRET = "tidegate: a secret"

TSecretValue = Annotated[Any, SECRET]
TSecretStrValue = Annotated[str, SECRET]
TCredentials = Annotated[Any, SECRET]

_HIDDEN = "***"
_SECRET_WORDS = ("password", "secret", "token")


@dataclass
class ConnectionStringCredentials:
    """Where a database is, and who asks.

    Attributes:
        drivername: The scheme of the URL.
        database: Its name; of a file its path.
        username: Who asks.
        password: Not in the object's text.
        host: Of a server.
        port: Of a server.
        query: What follows behind `?`.

    Example:
        >>> ConnectionStringCredentials.of("postgresql://me:secret@db/shop?sslmode=require")
        postgresql://me:***@db/shop?sslmode=require
    """

    drivername: str | None = None
    database: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    query: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Any) -> ConnectionStringCredentials:
        """From what a program says.

        Args:
            said: A URL, a dict, or an object with these attributes.

        Returns:
            A copy; keys of a dict that are no part of a URL go to `query`.

        Raises:
            InvalidNativeValue: It is none of them.
        """
        if isinstance(said, str):
            return cls._of_url(said)
        if isinstance(said, Mapping):
            return cls._of_parts(dict(said))
        parts = {name: getattr(said, name) for name in cls.__dataclass_fields__ if hasattr(said, name)}
        if not parts:
            raise InvalidNativeValue(cls.__name__, type(said))
        return cls._of_parts(parts)

    @classmethod
    def _of_parts(cls, parts: dict[str, Any]) -> ConnectionStringCredentials:
        query = dict(parts.pop("query", None) or {})
        more = {name: parts.pop(name) for name in list(parts) if name not in cls.__dataclass_fields__}
        for name in ("drivername", "database", "username", "password", "host"):
            if not isinstance(parts.get(name), (str, type(None))):
                raise InvalidNativeValue(f"{name} of {cls.__name__}", type(parts[name]), "a text")
        if parts.get("port") is not None:
            parts["port"] = int(parts["port"])
        return cls(**parts, query={**query, **more})

    @classmethod
    def _of_url(cls, url: str) -> ConnectionStringCredentials:
        import urllib.parse  # late, for `import tidegate` costs enough

        parts = urllib.parse.urlsplit(url)
        if not parts.scheme or "://" not in url:
            raise InvalidNativeValue(cls.__name__, str)
        user, _, server = parts.netloc.rpartition("@")
        username, has_password, password = user.partition(":")
        host, port = cls._host_and_port(server)
        unquoted = urllib.parse.unquote
        return cls(
            drivername=parts.scheme, database=unquoted(parts.path[1:]) or None,
            username=unquoted(username) or None, password=unquoted(password) if has_password else None,
            host=unquoted(host) or None, port=port,
            query=dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True)),
        )

    @classmethod
    def _host_and_port(cls, server: str) -> tuple[str, int | None]:
        """Of several hosts all, with their ports, are one text."""
        host, _, port = server.rpartition(":")
        if not host or "," in server or port.endswith("]"):
            return server, None
        if not port.isdecimal():
            raise InvalidNativeValue(cls.__name__, str)
        return host, int(port)

    def to_native_representation(self) -> str:
        """The URL, with the password.

        Returns:
            What a client of the database takes.
        """
        return self._url(self.password, self.query)

    def _url(self, password: str | None, query: Mapping[str, Any]) -> str:
        import urllib.parse

        quote = urllib.parse.quote
        user = quote(self.username or "", safe="")
        if password is not None:
            user += ":" + quote(password, safe="*")
        host = quote(self.host or "", safe="[]:,") + (f":{self.port}" if self.port else "")
        database = quote(self.database or "", safe="/:")
        behind = "?" + urllib.parse.urlencode(query, quote_via=quote, safe="*") if query else ""
        return f"{self.drivername}://{user}{'@' if user else ''}{host}/{database}{behind}"

    def __str__(self) -> str:
        """The URL, without what is secret in it."""
        query = {
            name: _HIDDEN if any(word in name.lower() for word in _SECRET_WORDS) else value
            for name, value in self.query.items()
        }
        return self._url(None if self.password is None else _HIDDEN, query)

    __repr__ = __str__
