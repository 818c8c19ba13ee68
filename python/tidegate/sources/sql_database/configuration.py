"""Credentials of a database in the configuration: a URL, a table of its parts, or variables for them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from tidegate.common import context
from tidegate.common.configuration import providers
from tidegate.common.configuration.exceptions import ConfigFieldMissingException, LookupTrace, ValueNotSecretException
from tidegate.common.configuration.inject import paths_of
from tidegate.extract.decorators import source
from tidegate.extract.resource import DltResource
from tidegate.extract.source import DltSource
from tidegate.sources.credentials import PARTS


def credentials_of(said: Any, section: str, name: str | None = None) -> Any:
    """What a program has given, else what the configuration has.

    Args:
        said: Credentials, or None.
        section: Under which they are looked for, below `sources`.
        name: Of the table, the same.

    Returns:
        A URL, or a dict of its parts.

    Raises:
        ConfigFieldMissingException: They are nowhere.
        ValueNotSecretException: They stand in config.toml.
    """
    if said is not None:
        return said
    paths = paths_of(context.pipeline_name(), ("sources", section, name or section), "credentials")
    tried = []
    for provider in providers.all_providers():
        for path in paths:
            tried.append(LookupTrace(provider.name, provider.key_of(path)))
            found = provider.get(path) or _parts(provider, path)
            if found and not provider.holds_secrets:
                raise ValueNotSecretException(provider.name, provider.key_of(path))
            if found:
                return found
    raise ConfigFieldMissingException(section, {"credentials": tried}, providers.files_looked_at())


def _parts(provider: providers.Provider, path: list[str]) -> dict[str, Any]:
    """`...CREDENTIALS__HOST` and its like, of the environment."""
    found = {name: provider.get([*path, name]) for name in PARTS}
    return {name: value for name, value in found.items() if value is not None} if found["drivername"] else {}


def database_source(section: str) -> Callable[[Callable[..., Iterator[DltResource]]], Callable[..., DltSource]]:
    """As `source`, of a function whose argument `credentials`, where it is not given, is looked for as a secret.

    Args:
        section: As of `credentials_of`.
    """

    def decorate(function: Callable[..., Iterator[DltResource]]) -> Callable[..., DltSource]:
        make: Callable[..., DltSource] = source(function, section=section)

        @functools.wraps(make)
        def call(*args: Any, **kwargs: Any) -> DltSource:
            given = inspect.signature(function).bind_partial(*args, **kwargs).arguments
            if given.get("credentials") is None:
                args, kwargs = args[1:], {**kwargs, "credentials": credentials_of(None, section)}
            return make(*args, **kwargs)

        return call

    return decorate
