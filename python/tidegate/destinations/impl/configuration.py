"""Credentials of a destination: what the program says, and what configuration has of the parts that are missing.

    credentials_of -> the program's (a URL, a dict, an object), else `destination.NAME.credentials`, a URL
    -> each part that is not said: `destination.NAME.credentials.PART`
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tidegate.common.configuration.coerce import coerce
from tidegate.common.configuration.exceptions import LookupTrace
from tidegate.common.configuration.providers import find, paths_below
from tidegate.common.configuration.specs import ConnectionStringCredentials

if TYPE_CHECKING:
    from tidegate.destinations import Destination


def refuse_memory(said: Any) -> None:
    """A database in memory can only be the program's own.

    Raises:
        ValueError: `:memory:` was said.
    """
    if isinstance(said, str) and said.removeprefix("duckdb:///") == ":memory:":
        raise ValueError(
            "a database in memory is gone when the run ends: pass a connection, as in "
            "destinations.duckdb(duckdb.connect(':memory:'))"
        )


def said_of(destination: Destination, pipeline_name: str) -> Any:
    """The credentials as they are said in one piece: by the program, else by configuration.

    Returns:
        A URL or what else the kind takes; None: they are not.

    Raises:
        ValueNotSecretException: They stand in config.toml.
    """
    if destination.credentials is not None:
        return destination.credentials
    paths = paths_below(pipeline_name, ["destination", destination.destination_name], "credentials")
    found, _ = find(paths, True, lambda value: not isinstance(value, dict))
    return found.value if found else None


def part_of(
    destination: Destination, pipeline_name: str, part: str, kind: Any = None
) -> tuple[Any, list[LookupTrace]]:
    """One part of them, by a key of its own.

    Args:
        destination: Whose they are.
        pipeline_name: Whose own keys come first.
        part: Its name.
        kind: Its type.

    Returns:
        The value, or None, and the places that were tried.
    """
    sections = ["destination", destination.destination_name]
    is_secret = "password" in part
    found, tried = find(paths_below(pipeline_name, sections, "credentials", part), is_secret)
    if not found:
        return None, tried
    return coerce(part, found.value, kind, None, found.place, is_secret), tried


def credentials_of(
    destination: Destination, pipeline_name: str, parts: Sequence[str], parameters: Sequence[str] = ()
) -> tuple[ConnectionStringCredentials, dict[str, list[LookupTrace]]]:
    """Credentials of a server, put together.

    Args:
        destination: Whose they are.
        pipeline_name: Whose own keys come first.
        parts: Attributes that may stand under keys of their own.
        parameters: The same of what goes behind `?`.

    Returns:
        The credentials, and by part that nobody says, the places that were tried.

    Raises:
        InvalidNativeValue: What is said is none.
    """
    said = said_of(destination, pipeline_name)
    found = copy.deepcopy(ConnectionStringCredentials.of(said)) if said is not None else ConnectionStringCredentials()
    missing: dict[str, list[LookupTrace]] = {}
    for part in parts:
        if getattr(found, part) is not None:
            continue
        value, tried = part_of(destination, pipeline_name, part, int if part == "port" else str)
        setattr(found, part, value)
        if value is None:
            missing[part] = tried
    for parameter in parameters:
        value, _ = part_of(destination, pipeline_name, parameter, str)
        if value is not None:
            found.query.setdefault(parameter, value)
    return found, missing
