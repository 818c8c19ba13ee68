"""Arguments of resources and sources that configuration gives.

    resolve -> for each argument that was not given: paths_of, the keys in their order -> find (providers)
    -> coerce to the argument's type -> missing ones in one error with all places

Every argument with a default is looked for, unless `runtime.inject_defaults` is false; those with
`config.value` or `secrets.value` have to be found.
"""

from __future__ import annotations

import inspect
import logging
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tidegate.common.configuration.accessors import ConfigValue
from tidegate.common.configuration.coerce import coerce, is_secret, meant
from tidegate.common.configuration.exceptions import ConfigFieldMissingException, LookupTrace
from tidegate.common.configuration.providers import Found, files_looked_at, find
from tidegate.common.configuration.runtime import runtime_config

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
        ConfigValueCannotBeCoercedException: A value is of another type.
        ValueNotSecretException: A secret stands in config.toml.
    """
    hints = _hints_of(function)
    arguments = dict(given)
    missing: dict[str, list[LookupTrace]] = {}
    for parameter in _looked_for(signature, given):
        hint = hints.get(parameter.name, parameter.annotation)
        hidden = getattr(parameter.default, "is_secret", False) or is_secret(hint)
        found, tried = find(paths_of(pipeline, sections, parameter.name), hidden, _fits(hint, parameter.default))
        if found:
            arguments[parameter.name] = _value_of(parameter, hint, found, hidden)
            logger.info("'%s' of %s is %s in %s", parameter.name, sections[-1], found.key, found.provider)
        elif isinstance(parameter.default, ConfigValue):
            missing[parameter.name] = tried
    if missing:
        raise ConfigFieldMissingException(sections[-1], missing, files_looked_at())
    return arguments


def _looked_for(signature: inspect.Signature, given: Mapping[str, Any]) -> list[inspect.Parameter]:
    """The parameters with a mark, and with any other default, if these are asked for, too."""
    parameters = [p for p in signature.parameters.values() if p.name not in given and p.default is not p.empty]
    marked = [p for p in parameters if isinstance(p.default, ConfigValue)]
    return parameters if len(marked) < len(parameters) and runtime_config().inject_defaults else marked


def _fits(hint: Any, default: Any) -> Callable[[Any], bool]:
    """A table is a value where one is wanted; else it is the section of somebody else's keys."""
    if hint is inspect.Parameter.empty:
        wants_table = isinstance(default, (dict, ConfigValue))
    else:
        kind = meant(hint)
        wants_table = kind is None or kind not in (str, int, float, bool, list, bytes)
    return lambda value: wants_table or not isinstance(value, dict)


def _value_of(parameter: inspect.Parameter, hint: Any, found: Found, hidden: bool) -> Any:
    default = None if isinstance(parameter.default, ConfigValue) else parameter.default
    return coerce(parameter.name, found.value, hint, default, found.place, hidden)


def _hints_of(function: Any) -> dict[str, Any]:
    """The annotations; one of a name that type checkers alone know is left as its text."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError:
        module = sys.modules.get(getattr(function, "__module__", ""))
        return {name: _evaluated(hint, vars(module) if module else {}) for name, hint in _annotations(function)}
    except TypeError:  # a callable object has none
        return {}


def _annotations(function: Any) -> list[tuple[str, Any]]:
    return list(getattr(function, "__annotations__", {}).items())


def _evaluated(hint: Any, names: dict[str, Any]) -> Any:
    try:
        return eval(hint, dict(names)) if isinstance(hint, str) else hint
    except Exception:  # whatever it says, it says nothing here
        return hint
