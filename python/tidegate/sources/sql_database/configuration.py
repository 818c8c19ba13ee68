"""Credentials of a database in the configuration: a URL, a table of its parts, or variables for them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from tidegate.common import context
from tidegate.common.configuration.exceptions import ConfigFieldMissingException
from tidegate.common.configuration.inject import paths_of
from tidegate.common.configuration.providers import files_looked_at, find
from tidegate.extract.decorators import source
from tidegate.extract.resource import DltResource
from tidegate.extract.source import DltSource
from tidegate.sources.sql_database.database import PARTS


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
    found, tried = find(paths, is_secret=True)
    if found:
        return found.value
    for path in paths:
        parts = {part: find([[*path, part]], is_secret=True)[0] for part in PARTS}
        if parts["drivername"]:
            return {part: each.value for part, each in parts.items() if each}
    raise ConfigFieldMissingException(section, {"credentials": tried}, files_looked_at())


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
