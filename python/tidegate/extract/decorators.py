"""`resource`, `source`, `transformer` and `defer`: functions become what a run reads."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypedDict, Unpack, overload

from tidegate.common import context
from tidegate.common.configuration.inject import resolve
from tidegate.common.exceptions import refuse
from tidegate.common.schema.schema import checked_name, name_of
from tidegate.extract.arguments import in_order
from tidegate.extract.exceptions import ExplicitSourceNameInvalid
from tidegate.extract.hints import Hints
from tidegate.extract.pool import Deferred
from tidegate.extract.resource import DltResource
from tidegate.extract.source import DltSource, resources_of


P = ParamSpec("P")
_Function = Callable[..., Any]


class ResourceArguments(TypedDict, total=False):
    """What `resource` and `transformer` are told beside their data, for who checks types."""

    name: str | None
    table_name: str | Callable[[Any], str] | None
    max_table_nesting: int | None
    write_disposition: Any
    columns: Any
    primary_key: str | Sequence[str] | None
    merge_key: str | Sequence[str] | None
    schema_contract: Any
    table_format: str | None
    file_format: str | None
    references: Any
    nested_hints: Any
    selected: bool
    spec: Any
    parallelized: bool
    incremental: Any
    section: str | None
    standalone: bool | None
    data_from: Any
    description: str | None
    deletes: Any
    list_keys: Callable[[], Any] | None
    limits: Any
    row_ids: str | None
    on_bad_row: Any


class SourceArguments(TypedDict, total=False):
    """The same of `source`."""

    name: str | None
    section: str | None
    max_table_nesting: int | None
    root_key: bool | None
    schema: Any
    schema_contract: Any
    spec: Any
    parallelized: bool


def _module_of(function: Any) -> str:
    """Where configuration of a function is looked for: its module's name, of a script its file's."""
    name = getattr(function, "__module__", "") or ""
    if name == "__main__":
        file = getattr(sys.modules.get("__main__"), "__file__", None)
        return file.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".py") if file else "__main__"
    return name.rsplit(".", 1)[-1]


def _hints_of(said: dict[str, Any]) -> Hints:
    hints = Hints()
    hints.apply(**said)
    return hints


@overload
def resource(data: None = None, /, **said: Unpack[ResourceArguments]) -> Callable[[_Function], DltResource]: ...
@overload
def resource(data: Any, /, **said: Unpack[ResourceArguments]) -> DltResource: ...
def resource(
    data: Any = None,
    /,
    name: str | None = None,
    table_name: Any = None,
    max_table_nesting: int | None = None,
    write_disposition: Any = None,
    columns: Any = None,
    primary_key: Any = None,
    merge_key: Any = None,
    schema_contract: Any = None,
    table_format: str | None = None,
    file_format: str | None = None,
    references: Any = None,
    nested_hints: Any = None,
    selected: bool = True,
    spec: Any = None,
    parallelized: bool = False,
    incremental: Any = None,
    section: str | None = None,
    standalone: bool | None = None,
    data_from: Any = None,
    description: str | None = None,
    deletes: Any = None,
    list_keys: Callable[[], Any] | None = None,
    limits: Any = None,
    row_ids: str | None = None,
    on_bad_row: Any = None,
) -> Any:
    """Makes a resource of a function that yields rows, or of data.

    Args:
        data: The function (as a decorator), or data: a list, a generator, a data frame.
        name: Of the resource; without it the function's.
        table_name: The table's, or a function of an item; without it the resource's.
        max_table_nesting: Levels of nesting that become tables.
        write_disposition: append, replace, merge, or a dict with a strategy.
        columns: Hints of columns.
        primary_key: One name or several.
        merge_key: One name or several.
        schema_contract: What new tables, columns and types do.
        table_format: Not in tidegate: tables are the destination's own.
        file_format: Not in tidegate but for "parquet", which it is.
        references: Kept in the schema.
        nested_hints: Hints of nested tables.
        selected: Whether a run of its source reads it.
        spec: Not in tidegate: configuration is found by the function's arguments.
        parallelized: Whether the generator is drawn on a thread.
        incremental: The cursor.
        section: Where configuration is looked for; without it the module.
        standalone: Every resource can stand alone here, whatever is said.
        data_from: A resource whose items the function takes (a transformer).
        description: What the table is. Not in dlt, like those below.
        deletes: What becomes of rows that the source has no more: "snapshot", "keys", or a map of detect, apply,
            limit, allow_empty.
        list_keys: For deletes="keys": a function that yields the keys of all rows, as rows.
        limits: What a load may do, beyond which nothing is written: a map of rows_deleted ("10%", 100),
            tables_added, columns_added, type_changes.
        row_ids: Where `_dlt_id` comes from: "random", "key", "row".
        on_bad_row: What becomes of a row that cannot be loaded: "fail", "reject", or a map of action and limit.

    Returns:
        A DltResource, or a decorator that makes one.

    Example:
        >>> @resource(primary_key="id")
        ... def person():
        ...     yield {"id": 1}
        >>> list(person)
        [{'id': 1}]
    """
    said = {
        "table_name": table_name, "max_table_nesting": max_table_nesting,
        "write_disposition": write_disposition, "columns": columns, "primary_key": primary_key,
        "merge_key": merge_key, "schema_contract": schema_contract, "references": references,
        "incremental": incremental, "description": description, "deletes": deletes, "list_keys": list_keys,
        "limits": limits, "row_ids": row_ids, "on_bad_row": on_bad_row,
    }
    refuse(table_format=table_format, file_format=None if file_format == "parquet" else file_format)

    refuse(spec=spec)

    def make(given: Any) -> DltResource:
        made = DltResource(
            given, name, section or _module_of(given), _hints_of(dict(said)), selected,
            parallelized, parent=data_from, is_transformer=data_from is not None,
        )
        return made.apply_hints(nested_hints=nested_hints)

    return make if data is None else make(data)


_EMPTY: Any = object()


@overload
def transformer(f: None = None, /, **said: Unpack[ResourceArguments]) -> Callable[[_Function], DltResource]: ...
@overload
def transformer(f: _Function, /, **said: Unpack[ResourceArguments]) -> DltResource: ...
def transformer(f: Any = None, /, data_from: Any = _EMPTY, **hints: Any) -> Any:
    """Makes a resource of a function whose first argument is an item of another resource.

    Args:
        f: The function (as a decorator).
        data_from: The resource; without it `resource | transformer` says which.
        hints: As those of `resource`.

    Returns:
        A DltResource, or a decorator that makes one.

    Example:
        >>> @transformer
        ... def tenfold(n):
        ...     yield n * 10
        >>> list([1, 2] | tenfold)
        [10, 20]
    """

    def make(given: Any) -> DltResource:
        made: DltResource = resource(given, **hints)
        made._is_transformer = True
        made._parent = None if data_from is _EMPTY else data_from
        return made

    return make if f is None else make(f)


@overload
def source(func: Callable[P, Any], /, **said: Unpack[SourceArguments]) -> Callable[P, DltSource]: ...
@overload
def source(
    func: None = None, /, **said: Unpack[SourceArguments]
) -> Callable[[Callable[P, Any]], Callable[P, DltSource]]: ...
def source(
    func: Any = None,
    /,
    name: str | None = None,
    section: str | None = None,
    max_table_nesting: int | None = None,
    root_key: bool | None = None,
    schema: Any = None,
    schema_contract: Any = None,
    spec: Any = None,
    parallelized: bool = False,
) -> Any:
    """Makes a function that returns or yields resources one that gives a source.

    Args:
        func: The function (as a decorator).
        name: Of the source and its schema; without it the function's.
        section: Where configuration is looked for; without it the module.
        max_table_nesting: Of resources that say nothing.
        root_key: Whether rows of nested tables carry the id of their root row.
        schema: A Schema without tables, or a name: the source is called so, too.
        schema_contract: Of resources that say nothing.
        spec: Not in tidegate: configuration is found by the function's arguments.
        parallelized: Whether all generators are drawn on threads.

    Returns:
        A function that gives a DltSource, or a decorator that makes one.

    Example:
        >>> @source
        ... def shop():
        ...     return [resource([{"id": 1}], name="orders")]
        >>> shop()
        <@dlt.source(name='shop', section='decorators', n_resources=1, resources=['orders'])>
    """

    refuse(spec=spec)
    if func is not None and not callable(func):
        raise TypeError(f"source is a decorator of a function that returns or yields resources, not of {func!r}")
    if name is not None:
        checked_name(name)
    schema_name = None if schema is None else name_of(schema)
    if schema_name and name not in (None, schema_name):
        raise ExplicitSourceNameInvalid(str(name), schema_name)

    def make(function: Callable[..., Any]) -> Callable[..., DltSource]:
        own_name, own_section = schema_name or name or function.__name__, section or _module_of(function)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> DltSource:
            signature = inspect.signature(function)
            try:
                bound = signature.bind_partial(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{own_name}(): {error}") from None
            sections = ("sources", own_section, own_name)
            found_values = resolve(
                function, signature, dict(bound.arguments), context.pipeline_name(), sections
            )
            bound = in_order(list(signature.parameters.values()), found_values)
            found = resources_of(own_name, own_section, function(*bound.args, **bound.kwargs))
            made = DltSource(
                own_name, own_section, found,
                max_table_nesting=max_table_nesting, root_key=root_key,
                schema_contract=schema_contract,
            )
            return made.parallelize() if parallelized else made

        call._is_source = True  # type: ignore[attr-defined]
        return call

    return make if func is None else make(func)


def defer(function: Callable[P, Any]) -> Callable[P, Deferred]:
    """A function whose calls are made on a pool of threads when they are yielded.

    Args:
        function: What is called.

    Returns:
        A function that gives the call instead of making it.
    """

    @functools.wraps(function)
    def put_off(*args: P.args, **kwargs: P.kwargs) -> Deferred:
        return Deferred(functools.partial(function, *args, **kwargs))

    return put_off


def is_source_function(data: Any) -> bool:
    """Whether it is a function that `source` has made, not called yet."""
    return inspect.isfunction(data) and getattr(data, "_is_source", False)
