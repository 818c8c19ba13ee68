"""Where values are looked for: the environment, `secrets.toml`, `config.toml`, in this order.

The files are `.dlt/` of the current folder (or of `DLT_PROJECT_DIR`), then those of the global one.
What a program assigns (`config["a.b"] = 5`) is kept in memory, before them all.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from typing import Any

from tidegate.common.configuration.exceptions import ConfigurationException


class EnvironProvider:
    """Variables: `SOURCES__MODULE__NAME__FIELD`."""

    name = "Environment Variables"
    holds_secrets = True

    def key_of(self, path: Sequence[str]) -> str:
        """How a value is called here."""
        return "__".join(part.upper() for part in path)

    def get(self, path: Sequence[str]) -> Any:
        """The value, or None."""
        return os.environ.get(self.key_of(path))


class TomlProvider:
    """A TOML file of the project, over that of the user.

    Args:
        file_name: "secrets.toml" or "config.toml".
        holds_secrets: Whether secrets may stand in it.
    """

    def __init__(self, file_name: str, holds_secrets: bool) -> None:
        self.name = file_name
        self.holds_secrets = holds_secrets
        self._read: dict[str, tuple[float, dict[str, Any]]] = {}

    def key_of(self, path: Sequence[str]) -> str:
        """How a value is called here."""
        return ".".join(path)

    def paths(self) -> list[str]:
        """The files, in the order in which they are read."""
        project = os.environ.get("DLT_PROJECT_DIR", ".")
        home = os.environ.get("DLT_DATA_DIR") or os.path.expanduser("~/.dlt")
        return [os.path.join(os.path.abspath(project), ".dlt", self.name), os.path.join(home, self.name)]

    def get(self, path: Sequence[str]) -> Any:
        """The value, or None."""
        for file in self.paths():
            value: Any = self._document(file)
            for part in path:
                value = value.get(part) if isinstance(value, dict) else None
            if value is not None:
                return value
        return None

    def _document(self, path: str) -> dict[str, Any]:
        """The file's content; it is read again when it has changed."""
        try:
            changed = os.stat(path).st_mtime_ns
        except OSError:
            return {}
        if path not in self._read or self._read[path][0] != changed:
            with open(path, "rb") as file:
                try:
                    self._read[path] = (changed, tomllib.load(file))
                except tomllib.TOMLDecodeError as error:
                    raise ConfigurationException(f"{path} is no TOML: {error}") from error
        return self._read[path][1]


class MemoryProvider:
    """What the program has assigned."""

    name = "assigned"
    holds_secrets = True

    def __init__(self) -> None:
        self._values: dict[tuple[str, ...], Any] = {}

    def key_of(self, path: Sequence[str]) -> str:
        """How a value is called here."""
        return ".".join(path)

    def get(self, path: Sequence[str]) -> Any:
        """The value, or None; of a table its values as a dict."""
        path = tuple(path)
        if path in self._values:
            return self._values[path]
        below = {p[len(path):]: v for p, v in self._values.items() if p[: len(path)] == path}
        table: dict[str, Any] = {}
        for rest, value in below.items():
            at = table
            for part in rest[:-1]:
                at = at.setdefault(part, {})
            at[rest[-1]] = value
        return table or None

    def set(self, path: Sequence[str], value: Any) -> None:
        """Keeps a value; None takes it away."""
        if value is None:
            self._values.pop(tuple(path), None)
        else:
            self._values[tuple(path)] = value


Provider = EnvironProvider | TomlProvider | MemoryProvider
memory = MemoryProvider()
environ = EnvironProvider()
secrets_toml = TomlProvider("secrets.toml", True)
config_toml = TomlProvider("config.toml", False)


def all_providers() -> list[Provider]:
    """All of them, the first that has a value decides."""
    return [memory, environ, secrets_toml, config_toml]


def files_looked_at() -> list[tuple[str, bool]]:
    """The TOML files, and whether they are there."""
    return [
        (path, os.path.exists(path)) for each in (secrets_toml, config_toml) for path in each.paths()
    ]
