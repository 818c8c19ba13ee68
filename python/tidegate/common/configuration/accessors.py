"""`config` and `secrets`: values by their keys, and the marks for arguments that get them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from tidegate.common.configuration import providers
from tidegate.common.configuration.coerce import by_itself, coerce
from tidegate.common.configuration.exceptions import ConfigFieldMissingException, LookupTrace


class ConfigValue:
    """The default of an argument that configuration has to give.

    Args:
        is_secret: Whether it must not stand in config.toml.
    """

    def __init__(self, is_secret: bool) -> None:
        self.is_secret = is_secret

    def __repr__(self) -> str:
        return f"{'secrets' if self.is_secret else 'config'}.value"


class Accessor:
    """Values of configuration by their keys: `config["a.b"]`.

    Args:
        is_secret: Whether values of config.toml are left out.
    """

    def __init__(self, is_secret: bool) -> None:
        self.is_secret = is_secret
        #: The default of an argument that is to be injected.
        self.value: Any = ConfigValue(is_secret)

    def _providers(self) -> list[providers.Provider]:
        return [each for each in providers.all_providers() if each.holds_secrets or not self.is_secret]

    def _own(self) -> providers.TomlProvider:
        return providers.secrets_toml if self.is_secret else providers.config_toml

    def get(self, field: str, expected_type: Any = None) -> Any:
        """The value as it stands, or None.

        Args:
            field: The key, its parts with dots between them.
            expected_type: What it is to become.

        Raises:
            ConfigValueCannotBeCoercedException: It is no such value.
        """
        path = field.split(".")
        for provider in self._providers():
            value = provider.get(path)
            if value is None:
                continue
            place = f"{provider.name}, {provider.key_of(path)}"
            return value if expected_type is None else coerce(field, value, expected_type, None, place, self.is_secret)
        return None

    def __getitem__(self, field: str) -> Any:
        """The value; a text that is a number, a bool, or a list or dict in JSON, as that.

        Raises:
            ConfigFieldMissingException: It is nowhere; a KeyError, too.
        """
        value = self.get(field)
        if value is None:
            path = field.split(".")
            tried = [LookupTrace(each.name, each.key_of(path)) for each in self._providers()]
            name = "secrets" if self.is_secret else "config"
            raise ConfigFieldMissingException(name, {field: tried}, providers.files_looked_at())
        return by_itself(value) if isinstance(value, str) else value

    def __setitem__(self, field: str, value: Any) -> None:
        """Assigns a value for this process; the environment goes before it. None takes it away."""
        self._own().set(field.split("."), value)

    def __contains__(self, field: str) -> bool:
        return self.get(field) is not None

    @contextlib.contextmanager
    def values(self, values: Mapping[str, Any]) -> Iterator[None]:
        """Assigns values, by their keys, inside of `with`.

        Args:
            values: As they are assigned one by one.
        """
        with self._own().preserve():
            for field, value in values.items():
                self[field] = value
            yield


config = Accessor(is_secret=False)
secrets = Accessor(is_secret=True)
