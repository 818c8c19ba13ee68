"""What is wrong with configuration. Names are dlt's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tidegate.common.exceptions import DltException


class ConfigurationException(DltException):
    """Something is wrong with configuration."""


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
        names = ", ".join(f"'{name}'" for name in self.traces)
        lines = [f"Missing {len(self.traces)} field(s) in configuration of `{self.spec_name}`: {names}"]
        for name, traces in self.traces.items():
            lines.append(f"\tfor field '{name}' the following (config provider, key) were tried in order:")
            lines += [f"\t\t({trace.provider}, {trace.key})" for trace in traces]
        for path, found in self.files:
            lines.append(f"\t{path} was {'read' if found else 'not there'}")
        lines.append("Say the value in the environment or in a TOML file under one of these keys, or as an argument.")
        return "\n".join(lines)


class ConfigValueCannotBeCoercedException(ConfigurationException, ValueError):
    """A value is of another type than its argument's."""

    def __init__(self, field_name: str, field_value: Any, hint: Any, where: str = "") -> None:
        self.field_name = field_name
        self.field_value = field_value
        self.hint = hint
        kind = getattr(hint, "__name__", str(hint))
        super().__init__(
            f"the value of '{field_name}'{' in ' + where if where else ''} cannot be made {kind}: "
            f"{field_value!r}"
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
