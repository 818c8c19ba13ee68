"""Arguments of a resource's function: what a call gives, and the cursor, which a run gives.

A call may leave the cursor out, wherever it stands; what else is missing may come from configuration.
"""

from __future__ import annotations

import inspect
import typing
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from tidegate.extract.incremental import Incremental

#: A parameter of that name gets the cursor that is hinted, whatever its type is.
CURSOR_NAME = "cursor"

Parameters = Sequence[inspect.Parameter]


def parameters_of(function: Any, takes_item: bool) -> list[inspect.Parameter]:
    """The parameters that a call may give.

    Args:
        function: A resource's; other data have none.
        takes_item: Whether the first one is an item of another resource.

    Returns:
        In their order.
    """
    if not callable(function):
        return []
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # a function of C that says nothing
        return []
    return parameters[1:] if takes_item else parameters


def is_cursor(parameter: inspect.Parameter) -> bool:
    """Whether its default or its type says that it is a cursor."""
    annotation = str(parameter.annotation)
    return (
        isinstance(parameter.default, Incremental) or parameter.annotation is Incremental
        or "ncremental[" in annotation or annotation.endswith("ncremental")
    )


def is_optional(parameter: inspect.Parameter) -> bool:
    """Whether its type lets it be None."""
    return "Optional" in str(parameter.annotation) or "None" in str(parameter.annotation)


def cursor_parameter(parameters: Parameters) -> inspect.Parameter | None:
    """The parameter that gets the cursor: one that is declared so, else one of that name."""
    declared = next((each for each in parameters if is_cursor(each)), None)
    return declared or next((each for each in parameters if each.name == CURSOR_NAME), None)


def default_cursor(parameter: inspect.Parameter | None) -> Incremental[Any] | None:
    """The cursor that a parameter has as its default, of the type that is annotated.

    Args:
        parameter: Of `cursor_parameter`.

    Returns:
        The cursor; None: there is none.
    """
    if parameter is None or not isinstance(parameter.default, Incremental):
        return None
    cursor: Incremental[Any] = parameter.default
    if typing.get_args(parameter.annotation) and not hasattr(cursor, "__orig_class__"):
        cursor = cursor.copy()
        cursor.__orig_class__ = parameter.annotation  # type: ignore[attr-defined]
    return cursor


def bind(name: str, parameters: Parameters, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """What a call gives, by name.

    Args:
        name: Of the resource, for the error.
        parameters: Of its function.
        args: By place; the cursor may be left out.
        kwargs: By name.

    Returns:
        The arguments.

    Raises:
        TypeError: They do not fit.
    """
    cursor = cursor_parameter(parameters)
    others = [each for each in parameters if each is not cursor]
    for shape in (parameters, others):
        try:
            return dict(inspect.Signature(shape).bind(*args, **kwargs).arguments)
        except TypeError as error:
            told = error
            if cursor is None or cursor.name in kwargs:
                break
    raise TypeError(f"{name}(): {told}") from None


def in_order(parameters: Parameters, arguments: Mapping[str, Any]) -> inspect.BoundArguments:
    """The arguments as a call passes them: `function(*bound.args, **bound.kwargs)`.

    Args:
        parameters: Of the function.
        arguments: By name.

    Returns:
        What it is called with.
    """
    found = OrderedDict((each.name, arguments[each.name]) for each in parameters if each.name in arguments)
    return inspect.BoundArguments(inspect.Signature(parameters), found)


def required(parameters: Parameters, arguments: Mapping[str, Any]) -> list[str]:
    """The names of parameters that nobody gives."""
    return [
        each.name for each in parameters
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
        and each.name not in arguments
    ]

