"""Arguments of resources and sources that configuration gives.

    resolve -> for each argument that was not given: paths_of, the keys in their order -> each
    provider -> coerce to the argument's type -> missing ones in one error with all places

Every argument with a default is looked for, those with `config.value` or `secrets.value` have to be
found.
"""

from __future__ import annotations

import inspect
import logging
import typing
from collections.abc import Sequence
from typing import Any

from tidegate.common.configuration import providers
from tidegate.common.configuration.accessors import ConfigValue
from tidegate.common.configuration.coerce import coerce
from tidegate.common.configuration.exceptions import (
    ConfigFieldMissingException,
    LookupTrace,
    ValueNotSecretException,
)

logger = logging.getLogger("tidegate.config")


def paths_of(pipeline: str | None, sections: Sequence[str], field: str) -> list[list[str]]:
    """The keys of a field, the longest first: of the pipeline, then of all.

    Args:
        pipeline: The name of the active pipeline.
        sections: "sources", the module, the name of the resource or source.
        field: The argument.

    Returns:
        Paths of parts.

    Example:
        >>> [".".join(path) for path in paths_of(None, ["sources", "m", "r"], "token")]
        ['sources.m.r.token', 'sources.m.token', 'sources.r.token', 'sources.token', 'token']
    """
    kind, *rest = sections
    module, name = (rest + ["", ""])[:2]
    shapes = [[kind, module, name], [kind, module], [kind, name], [kind], []]
    paths: list[list[str]] = []
    for shape in shapes:
        path = [part for part in shape if part] + [field]
        if path not in paths:
            paths.append(path)
    return [[pipeline, *path] for path in paths] + paths if pipeline else paths


def resolve(
    function: Any, signature: inspect.Signature, given: dict[str, Any], pipeline: str | None,
    sections: Sequence[str],
) -> dict[str, Any]:
    """The arguments of a call, with those that configuration gives.

    Args:
        function: What is called, for its annotations.
        signature: Its parameters.
        given: What the caller has given, by name.
        pipeline: The name of the active pipeline.
        sections: Where its values are looked for.

    Returns:
        `given` and what was found.

    Raises:
        ConfigFieldMissingException: A value that has to be there is nowhere.
        ValueNotSecretException: A secret stands in config.toml.
    """
    hints = _hints_of(function)
    arguments = dict(given)
    missing: dict[str, list[LookupTrace]] = {}
    for parameter in signature.parameters.values():
        if parameter.name in given or parameter.default is parameter.empty:
            continue
        is_wanted = isinstance(parameter.default, ConfigValue)
        is_secret = is_wanted and parameter.default.is_secret
        paths = paths_of(pipeline, sections, parameter.name)
        found = _find(paths, is_secret)
        if isinstance(found, list):
            if is_wanted:
                missing[parameter.name] = found
            continue
        value, provider, key = found
        default = None if is_wanted else parameter.default
        hint = hints.get(parameter.name, parameter.annotation)
        arguments[parameter.name] = coerce(parameter.name, value, hint, default, f"{provider}, {key}")
        logger.info("'%s' of %s is %s in %s", parameter.name, sections[-1], key, provider)
    if missing:
        raise ConfigFieldMissingException(sections[-1], missing, providers.files_looked_at())
    return arguments


def _hints_of(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:  # names that are known to a type checker alone
        return {}


def _find(paths: Sequence[Sequence[str]], is_secret: bool) -> tuple[Any, str, str] | list[LookupTrace]:
    """The value with the provider and the key that has it, else the places that were tried."""
    tried = []
    for provider in providers.all_providers():
        for path in paths:
            key = provider.key_of(path)
            value = provider.get(path)
            if provider is not providers.memory:
                tried.append(LookupTrace(provider.name, key))
            if value is None or (isinstance(value, dict) and len(path) == 1 and provider is not providers.memory):
                continue
            if is_secret and not provider.holds_secrets:
                raise ValueNotSecretException(provider.name, key)
            return value, provider.name, key
    return tried
