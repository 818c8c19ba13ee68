"""Where values are looked for: the environment, `secrets.toml`, `config.toml`, in this order.

    find(paths) -> each provider, in it each path -> the first value, or all places that were tried

The files are those of the program's `.dlt`, over those of the user's folder (`common.folders`). They
are read again when they have changed. What a program assigns (`config["a.b"] = 5`) goes over the file
of that name, in memory alone. What a scheduler gives to one run (`run.given`) goes before them all, there.
"""

from __future__ import annotations

import contextlib
import copy
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tidegate.common import folders
from tidegate.common.configuration import run
from tidegate.common.configuration.exceptions import (
    ConfigurationException,
    LookupTrace,
    ValueNotSecretException,
)

Reader = Callable[[Sequence[str]], Any]

_SETTLED_S = 0.1  # a file whose last change is younger may change again within the clock's grain


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

    def reader(self) -> Reader:
        """`get`, of what there is now."""
        return self.get


class TomlProvider:
    """A TOML file of the project, over that of the user.

    Args:
        name: "secrets.toml" or "config.toml".
        holds_secrets: Whether secrets may stand in it.
    """

    def __init__(self, name: str, holds_secrets: bool) -> None:
        self.name = name
        self.holds_secrets = holds_secrets
        self._assigned: dict[str, Any] = {}
        self._read: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {}

    def key_of(self, path: Sequence[str]) -> str:
        """How a value is called here."""
        return ".".join(path)

    def paths(self) -> list[str]:
        """The files, in the order in which they are read."""
        return [os.path.join(folder, self.name) for folder in (folders.settings_dir(), folders.global_dir())]

    def get(self, path: Sequence[str]) -> Any:
        """The value, or None; tables of several files are one, an empty one is none."""
        return self.reader()(path)

    def reader(self) -> Reader:
        """`get`, of what there is now."""
        layers = [self._assigned, *map(self._document, self.paths())]

        def get(path: Sequence[str]) -> Any:
            found = [value for value in (_at(layer, path) for layer in layers) if value is not None and value != {}]
            return _merged(found) if found else None

        return get

    def set(self, path: Sequence[str], value: Any) -> None:
        """Keeps a value; None takes it away."""
        table = self._assigned
        for part in path[:-1]:
            if not isinstance(table.get(part), dict):
                table[part] = {}
            table = table[part]
        if value is None:
            table.pop(path[-1], None)
        else:
            table[path[-1]] = copy.deepcopy(value)

    @contextlib.contextmanager
    def preserve(self) -> Iterator[None]:
        """What is assigned inside of `with` is gone behind it."""
        before = copy.deepcopy(self._assigned)
        try:
            yield
        finally:
            self._assigned = before

    def _document(self, path: str) -> dict[str, Any]:
        """The file's content; that of one that is not there is empty."""
        try:
            status = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise ConfigurationException(f"{path} cannot be read: {error.strerror}") from error
        changed = (status.st_mtime_ns, status.st_size, status.st_ino)
        is_settled = time.time() - status.st_mtime > _SETTLED_S
        if not is_settled or self._read.get(path, (None,))[0] != changed:
            self._read[path] = (changed, _parse(path))
        return self._read[path][1]


def _parse(path: str) -> dict[str, Any]:
    import tomllib

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationException(f"{path} is no TOML: {error}") from error
    except OSError as error:
        raise ConfigurationException(f"{path} cannot be read: {error.strerror}") from error


def _at(document: dict[str, Any], path: Sequence[str]) -> Any:
    value: Any = document
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _merged(values: Sequence[Any]) -> Any:
    """The first of them; where that is a table, with what the other tables have beside it."""
    if not isinstance(values[0], dict):
        return copy.copy(values[0])
    tables = [value for value in values if isinstance(value, dict)]
    keys = dict.fromkeys(key for table in tables for key in table)
    return {key: _merged([table[key] for table in tables if key in table]) for key in keys}


Provider = run.RunProvider | EnvironProvider | TomlProvider
environ = EnvironProvider()
secrets_toml = TomlProvider("secrets.toml", True)
config_toml = TomlProvider("config.toml", False)


def all_providers() -> list[Provider]:
    """All of them, the first that has a value decides."""
    given = [run.provider] if run.provider.is_there() else []
    return [*given, environ, secrets_toml, config_toml]


def files_looked_at() -> list[tuple[str, bool]]:
    """The TOML files, and whether they are there."""
    return [
        (path, os.path.exists(path)) for each in (secrets_toml, config_toml) for path in each.paths()
    ]


@dataclass(frozen=True)
class Found:
    """A value, and where it was."""

    value: Any
    provider: str
    key: str

    @property
    def place(self) -> str:
        """As messages say it."""
        return f"{self.provider}, {self.key}"


def find(
    paths: Sequence[Sequence[str]], is_secret: bool = False, fits: Callable[[Any], bool] = lambda value: True
) -> tuple[Found | None, list[LookupTrace]]:
    """The first value under one of some keys.

    Args:
        paths: The keys, in their order, as parts.
        is_secret: Whether it must not stand where everybody reads it.
        fits: Whether a value can be meant; one that cannot is passed over.

    Returns:
        The value, or None, and the places that were tried until then.

    Raises:
        ValueNotSecretException: It stands in config.toml.
    """
    tried = []
    for provider in all_providers():
        get = provider.reader()
        for path in paths:
            key, value = provider.key_of(path), get(path)
            tried.append(LookupTrace(provider.name, key))
            if value is None or not fits(value):
                continue
            if is_secret and not provider.holds_secrets:
                raise ValueNotSecretException(provider.name, key)
            return Found(value, provider.name, key), tried
    return None, tried


def paths_below(pipeline: str | None, sections: Sequence[str], *field: str) -> list[list[str]]:
    """The keys of a field in sections, of which the innermost ones may be left out.

    Args:
        pipeline: The name of the active pipeline, whose own keys come first.
        sections: From the outermost on.
        field: The parts that each key ends with.

    Returns:
        Paths of parts, the longest first.

    Example:
        >>> [".".join(path) for path in paths_below(None, ["destination", "duckdb"], "credentials")]
        ['destination.duckdb.credentials', 'destination.credentials', 'credentials']
    """
    paths = [[*sections[:count], *field] for count in range(len(sections), -1, -1)]
    return [[pipeline, *path] for path in paths] + paths if pipeline else paths
