"""Models of pydantic: the columns that they describe, and models that let in what a contract lets in.

Imported only where a model is used: `columns=Model` of a resource.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import types
import typing
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from pydantic import BaseModel, Json, create_model

_EXTRA = {"evolve": "allow", "discard_value": "ignore", "freeze": "forbid", "discard_row": "forbid"}
_MODE = {"allow": "evolve", "ignore": "discard_value", "forbid": "freeze"}

#: Of a value's type, the first that fits.
_DATA_TYPES: list[tuple[type, str]] = [
    (bool, "bool"), (int, "bigint"), (float, "double"), (str, "text"), (datetime.datetime, "timestamp"),
    (datetime.date, "date"), (datetime.time, "time"), (decimal.Decimal, "decimal"), (bytes, "binary"),
    (uuid.UUID, "text"), (BaseModel, "json"), (Mapping, "json"), (Sequence, "json"), (set, "json"),
]


class DltConfig(TypedDict, total=False):
    """What a model says of itself as `dlt_config`.

    Attributes:
        skip_nested_types: Fields of a nested model are columns of their own, as any nested document's; without it
            the nested model is one JSON column. Lists and dicts make no hint then.
        return_validated_models: Steps that come behind get models, not dicts.
        is_authoritative_model: The model's columns are there before any contract is asked: as they are without it.
    """

    skip_nested_types: bool
    return_validated_models: bool
    is_authoritative_model: bool | None


def is_model(columns: Any) -> bool:
    """Whether it is a model, a class that is."""
    return isinstance(columns, type) and issubclass(columns, BaseModel)


def columns_of_model(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """The columns that a model describes, by their aliases.

    Args:
        model: The class.

    Returns:
        Hints by name: a type, and whether it may be NULL; none for `Any`.
    """
    skips = bool(getattr(model, "dlt_config", {}).get("skip_nested_types"))
    columns: dict[str, dict[str, Any]] = {}
    for field, each in model.model_fields.items():
        name, (kind, nullable) = each.alias or field, _kind_of(each.annotation)
        data_type = _data_type(kind)
        if data_type is None or (data_type == "json" and skips and not is_model(kind)):
            continue
        if is_model(kind) and skips:
            nested = columns_of_model(typing.cast(type[BaseModel], kind))
            columns |= {f"{name}__{inner}": {**hints, "nullable": hints["nullable"] or nullable} for inner, hints in nested.items()}
        else:
            columns[name] = {"data_type": data_type, "nullable": nullable}
    return columns


def _kind_of(annotation: Any) -> tuple[Any, bool]:
    """The class that is meant by an annotation, and whether None is one of its values."""
    if annotation is Json or getattr(annotation, "inner_type", None) is not None:
        return _kind_of(getattr(annotation, "inner_type", Any))
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind_of(args[0])
    if origin in (typing.Union, types.UnionType):
        kinds = [kind for kind in args if kind is not type(None)]
        return _kind_of(kinds[0])[0], len(kinds) < len(args)
    if origin is typing.Literal:
        return type(args[0]), None in args
    return origin or annotation, False


def _data_type(kind: Any) -> str | None:
    if kind is Any or isinstance(kind, typing.TypeVar):
        return None
    if not isinstance(kind, type):
        return "text"
    if issubclass(kind, enum.Enum):
        kind = type(next(iter(kind)).value)
    return next((data_type for base, data_type in _DATA_TYPES if issubclass(kind, base)), "text")


def contract_of_model(model: type[BaseModel]) -> dict[str, str]:
    """The contract that a model stands for: what it forbids of fields that it has not, of types all that do not fit."""
    extra = str(model.model_config.get("extra") or "ignore")
    return {"tables": "evolve", "columns": _MODE[extra], "data_type": "freeze"}


def with_contract(model: type[BaseModel], columns_mode: str) -> type[BaseModel]:
    """The model, and those nested in it, so that they let in what a contract lets in.

    Args:
        model: The class.
        columns_mode: What happens to fields that it has not.

    Returns:
        The class itself, where it is so already, else one that derives from it.
    """
    return _with_extra(model, _EXTRA[columns_mode], {})


def _with_extra(model: type[BaseModel], extra: str, made: dict[type, type]) -> type[BaseModel]:
    if model in made:
        return made[model]
    if getattr(model, "__pydantic_root_model__", False) or str(model.model_config.get("extra") or "ignore") == extra:
        return model
    made[model] = model  # one that holds itself keeps its own inside
    fields: dict[str, Any] = {name: (_rebuilt(each.annotation, extra, made), each) for name, each in model.model_fields.items()}
    derived = create_model(f"{model.__name__}{extra.title()}", __base__=model, **fields)
    derived.model_config = {**model.model_config, "extra": extra}  # type: ignore[typeddict-item]
    derived.model_rebuild(force=True)
    made[model] = derived
    return derived


def _rebuilt(annotation: Any, extra: str, made: dict[type, type]) -> Any:
    """The annotation, with the models in it replaced."""
    if is_model(annotation):
        return _with_extra(annotation, extra, made)
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (None, typing.Literal):
        return annotation
    if origin is typing.Annotated:
        return typing.Annotated[(_rebuilt(args[0], extra, made), *args[1:])]
    replaced = tuple(_rebuilt(each, extra, made) for each in args)
    if replaced == args:
        return annotation
    return typing.Union[replaced] if origin in (typing.Union, types.UnionType) else origin[replaced]
