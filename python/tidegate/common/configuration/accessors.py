"""`config` and `secrets`: values by their keys, and the marks for arguments that get them."""

from __future__ import annotations

from typing import Any

from tidegate.common.configuration import providers
from tidegate.common.configuration.coerce import coerce
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
        every = providers.all_providers()
        return [each for each in every if each.holds_secrets] if self.is_secret else every

    def get(self, field: str, expected_type: Any = None) -> Any:
        """The value, or None.

        Args:
            field: The key, its parts with dots between them.
            expected_type: What it is to become.
        """
        path = field.split(".")
        for provider in self._providers():
            value = provider.get(path)
            if value is not None:
                return value if expected_type is None else coerce(field, value, expected_type)
        return None

    def __getitem__(self, field: str) -> Any:
        value = self.get(field)
        if value is None:
            path = field.split(".")
            tried = [LookupTrace(each.name, each.key_of(path)) for each in self._providers()]
            raise ConfigFieldMissingException("configuration", {field: tried}, providers.files_looked_at())
        return value

    def __setitem__(self, field: str, value: Any) -> None:
        providers.memory.set(field.split("."), value)

    def __contains__(self, field: str) -> bool:
        return self.get(field) is not None


config = Accessor(is_secret=False)
secrets = Accessor(is_secret=True)
