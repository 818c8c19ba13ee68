"""What is wrong with configuration. Names are dlt's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidegate.common.exceptions import DltException


class ConfigurationException(DltException):
    """Something is wrong with configuration."""


class ConfigurationValueError(ConfigurationException, ValueError):
    """A value is none of those that it can be."""


@dataclass(frozen=True)
class LookupTrace:
    """One place where a value was looked for, and was not."""

    provider: str
    key: str


class ConfigFieldMissingException(ConfigurationException, KeyError):
    """A value is nowhere.

    Attributes:
        spec_name: Of what it is a value: a resource, a source.
        traces: By field, the places that were tried.
        files: The files that were read, and those that are not there.
    """

    def __init__(
        self, spec_name: str, traces: Mapping[str, Sequence[LookupTrace]], files: Sequence[tuple[str, bool]] = ()
    ) -> None:
        self.spec_name = spec_name
        self.traces = traces
        self.files = list(files)
        super().__init__(spec_name)

    @property
    def fields(self) -> list[str]:
        """The names that are missing."""
        return list(self.traces)

    def __str__(self) -> str:
        names = ", ".join(f"`{name}`" for name in self.traces)
        lines = [f"Missing {len(self.traces)} field(s) in configuration `{self.spec_name}`: {names}"]
        for name, traces in self.traces.items():
            lines.append(f"  for field `{name}` the following (config provider, key) were tried in order:")
            lines += [f"    ({trace.provider}, {trace.key})" for trace in traces]
        lines += [f"{path} was {'read' if found else 'not there'}" for path, found in self.files]
        lines.append("Say the value in the environment or in a TOML file under one of these keys, or as an argument.")
        return "\n".join(lines)


class ConfigValueCannotBeCoercedException(ConfigurationException, ValueError):
    """A value is of another type than its argument's.

    Args:
        field_name: The argument.
        field_value: The value.
        hint: The type.
        where: The provider and the key.
        hidden: Whether it is a secret: its text does not show the value then.
    """

    def __init__(self, field_name: str, field_value: Any, hint: Any, where: str = "", hidden: bool = False) -> None:
        self.field_name = field_name
        self.field_value = "***" if hidden else field_value
        self.hint = hint
        kind = hint.__name__ if isinstance(hint, type) else str(hint)
        super().__init__(
            f"the value of '{field_name}'{' in ' + where if where else ''} cannot be made {kind}: "
            f"{'***' if hidden else repr(field_value)}"
        )


class InvalidNativeValue(ConfigurationException, ValueError):
    """What was given for credentials says none; the value is not shown, for it may be secret.

    Args:
        spec_name: What was wanted.
        native_value_type: The type of what was given.
        expected: What it looks like.
    """

    def __init__(
        self, spec_name: str, native_value_type: type, expected: str = "scheme://username:password@host:port/database",
    ) -> None:
        self.spec_name = spec_name
        super().__init__(
            f"the {native_value_type.__name__} that was given is no {spec_name}: it is {expected}, or a dict or an "
            "object with these parts (the value may be a secret and is not shown)"
        )


class ValueNotSecretException(ConfigurationException):
    """A secret stands where everybody reads it."""

    def __init__(self, provider_name: str, key: str) -> None:
        self.provider_name = provider_name
        self.key = key
        super().__init__(
            f"the secret '{key}' is in {provider_name}, which holds no secrets: move it to secrets.toml "
            "or to the environment"
        )
