"""`DltResource`: data with a name, hints and steps, which a run reads into a table."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from tidegate.common import context
from tidegate.common.configuration.inject import resolve
from tidegate.common.exceptions import refuse
from tidegate.extract import pipe
from tidegate.extract.arguments import bind, cursor_parameter, default_cursor, in_order, is_cursor, is_optional, parameters_of, required
from tidegate.extract.exceptions import (
    DltSourceException,
    ParametrizedResourceUnbound,
    PipeException,
    PipeNotBoundToData,
    ResourceCursorMissing,
    ResourceExtractionError,
    ResourceNameMissing,
)
from tidegate.extract.hints import Hints
from tidegate.extract.incremental import Incremental
from tidegate.extract.incremental.outside import filtered

_NO_CURSOR = Incremental[Any]()  # a call has taken it away


class DltResource:
    """Data that become the rows of a table. Made by `resource`, `transformer`, or from plain data.

    Args:
        data: An iterable, a generator, a function that yields, a data frame.
        name: Of the resource, and of its table unless a hint says otherwise.
        section: Where its configuration is looked for: the module.
        hints: What is known of its table.
        selected: Whether a run of its source reads it.
        parallelized: Whether its generator is drawn on a thread.
        parent: Of a transformer, the resource that it takes its items from.
        is_transformer: Whether the function's first argument is an item of another resource.
    """

    def __init__(
        self,
        data: Any,
        name: str | None,
        section: str = "",
        hints: Hints | None = None,
        selected: bool = True,
        parallelized: bool = False,
        parent: DltResource | None = None,
        is_transformer: bool = False,
    ) -> None:
        name = name or getattr(data, "__name__", None)
        if not name or name == "<lambda>":
            raise ResourceNameMissing()
        pipe.check_data(name, data)
        self.name: str = name
        self.section = section
        self.selected = selected
        self.source_name: str | None = None
        self._data = data
        self._hints = hints or Hints()
        self._steps: list[pipe.Step] = []
        self._parallelized = parallelized
        self._parent = parent
        self._is_transformer = is_transformer
        self._arguments: dict[str, Any] | None = None
        self._injected: Incremental[Any] | None = None  # by a call, over the hint
        # Of a source that the library reads, too: what it needs for that, of a resource as a run reads it, and of hints over its own.
        self._by_library: Callable[[DltResource, dict[str, Any]], dict[str, Any] | None] | None = None
        if callable(data):
            functools.update_wrapper(self, data, updated=())

    # ---- what it is ----

    @property
    def table_name(self) -> Any:
        """The table's name, or the function that gives one for each item."""
        return self._hints.table_name or self.name

    @property
    def has_dynamic_table_name(self) -> bool:
        """Whether each item has a table's name of its own."""
        return callable(self._hints.table_name)

    @property
    def write_disposition(self) -> Any:
        """append, replace, merge, or a dict with a strategy."""
        return self._hints.write_disposition or "append"

    @write_disposition.setter
    def write_disposition(self, value: Any) -> None:
        self.apply_hints(write_disposition=value)

    @property
    def columns(self) -> dict[str, dict[str, Any]]:
        """Hints of columns, by name."""
        return self._hints.columns

    @property
    def max_table_nesting(self) -> int | None:
        """Levels of nesting that become tables."""
        return self._hints.max_table_nesting

    @max_table_nesting.setter
    def max_table_nesting(self, value: int | None) -> None:
        self._hints.max_table_nesting = value

    @property
    def is_transformer(self) -> bool:
        """Whether it takes its items from another resource."""
        return self._is_transformer

    @property
    def incremental(self) -> Incremental[Any] | None:
        """The cursor: what a call said over what a hint said over the function's default."""
        if self._injected is _NO_CURSOR:
            return None
        cursor = default_cursor(self._cursor_parameter())
        for said in (self._hints.incremental, self._injected):
            if said is not None:
                cursor = cursor.merge(said) if cursor and (said is self._injected or not said.cursor_path) else said
        return cursor

    def _parameters(self) -> list[inspect.Parameter]:
        return parameters_of(self._data, self._is_transformer)

    def _cursor_parameter(self) -> inspect.Parameter | None:
        return cursor_parameter(self._parameters())

    # ---- calls ----

    def __call__(self, *args: Any, **kwargs: Any) -> DltResource:
        """A copy of it with its function's arguments.

        Raises:
            TypeError: They do not fit, or it was called already.
        """
        if self._arguments is not None or not callable(self._data):
            raise TypeError(f"the resource '{self.name}' has its arguments already")
        clone = self._clone()
        clone._bind(args, kwargs)
        return clone

    def bind(self, *args: Any, **kwargs: Any) -> DltResource:
        """The same in place.

        Returns:
            The resource itself.
        """
        self._bind(args, kwargs)
        return self

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        parameters = self._parameters()
        given = bind(self.name, parameters, args, kwargs)
        missing = required([each for each in parameters if each is not cursor_parameter(parameters)], given)
        if missing:
            raise TypeError(f"{self.name}(): missing a required argument: '{missing[0]}'")
        parameter = cursor_parameter(parameters)
        if parameter and parameter.name in given:
            self._take_cursor(parameter, given)
        self._arguments = given

    def _take_cursor(self, parameter: inspect.Parameter, given: dict[str, Any]) -> None:
        """What a call says for the cursor: another one, or where it begins."""
        said = given[parameter.name]
        if not is_cursor(parameter) and not isinstance(said, Incremental):
            return  # an argument that is called so
        del given[parameter.name]
        if said is None and not is_optional(parameter):
            raise ValueError(f"{self.name}(): '{parameter.name}' may be None only where its type is Optional")
        if said is None:
            said = _NO_CURSOR
        elif not isinstance(said, Incremental):
            said = Incremental(initial_value=said)
        self._injected = said

    def _clone(self) -> DltResource:
        clone = object.__new__(type(self))
        clone.__dict__.update(self.__dict__)
        clone._hints = self._hints.copy()
        clone._steps = list(self._steps)
        return clone

    # ---- hints ----

    def apply_hints(
        self,
        table_name: Any = None,
        parent_table_name: str | None = None,
        write_disposition: Any = None,
        columns: Any = None,
        primary_key: Any = None,
        merge_key: Any = None,
        incremental: Any = None,
        schema_contract: Any = None,
        additional_table_hints: dict[str, Any] | None = None,
        table_format: str | None = None,
        file_format: str | None = None,
        references: Any = None,
        create_table_variant: bool = False,
        nested_hints: Any = None,
    ) -> DltResource:
        """Changes what is known of the table, for all later uses of this resource.

        Args:
            table_name: The table's name, or a function of an item.
            parent_table_name: Not in tidegate.
            write_disposition: append, replace, merge, or a dict with a strategy.
            columns: Hints of columns; they are merged.
            primary_key: One name or several.
            merge_key: One name or several.
            incremental: The cursor.
            schema_contract: What new tables, columns and types do.
            additional_table_hints: Hints that begin with "x-".
            table_format: Not in tidegate: tables are the destination's own.
            file_format: Not in tidegate but for "parquet", which it is.
            references: Kept in the schema.
            create_table_variant: Not in tidegate yet.
            nested_hints: Not in tidegate yet.

        Returns:
            The resource itself.
        """
        refuse(
            create_table_variant=create_table_variant, nested_hints=nested_hints,
            parent_table_name=parent_table_name, table_format=table_format,
            file_format=None if file_format == "parquet" else file_format,
        )
        self._hints.apply(
            table_name=table_name, write_disposition=write_disposition, columns=columns, primary_key=primary_key,
            merge_key=merge_key, incremental=incremental, schema_contract=schema_contract,
            additional=additional_table_hints, references=references,
        )
        return self

    # ---- steps ----

    def add_step(self, step: pipe.Step, insert_at: int | None = None) -> DltResource:
        """Adds a function from an iterator of items to one.

        Returns:
            The resource itself.
        """
        self._steps.insert(len(self._steps) if insert_at is None else max(insert_at - 1, 0), step)
        return self

    def add_map(self, item_map: Callable[..., Any], insert_at: int | None = None) -> DltResource:
        """Puts `item_map(item)` in the place of each item.

        Example:
            >>> numbers = DltResource([1, 2], "numbers").add_map(lambda n: n * 10)
            >>> list(numbers)
            [10, 20]
        """
        return self.add_step(pipe.map_step(item_map), insert_at)

    def add_filter(self, item_filter: Callable[..., bool], insert_at: int | None = None) -> DltResource:
        """Leaves out items for which `item_filter` does not hold."""
        return self.add_step(pipe.filter_step(item_filter), insert_at)

    def add_yield_map(self, item_map: Callable[..., Iterator[Any]], insert_at: int | None = None) -> DltResource:
        """Puts all that `item_map(item)` yields in the place of each item."""
        return self.add_step(pipe.yield_map_step(item_map), insert_at)

    def add_limit(
        self, max_items: int | None = None, max_time: float | None = None, count_rows: bool = False
    ) -> DltResource:
        """Ends after so many yields (pages count as one), or seconds, and closes the generator."""
        step = pipe.limit_step(max_items, max_time, count_rows)
        self._steps.insert(0, step)
        return self

    def parallelize(self) -> DltResource:
        """Has its generator drawn on a thread."""
        self._parallelized = True
        return self

    def with_name(self, new_name: str) -> DltResource:
        """A copy of another name."""
        clone = self._clone()
        clone.name = new_name
        return clone

    def __or__(self, other: Any) -> DltResource:
        """`self | transformer`: a copy of the transformer that takes its items from here."""
        if not isinstance(other, DltResource):
            other = DltResource(other, None, is_transformer=True)
        clone: DltResource = other._clone()
        clone._parent = self
        return clone

    def __ror__(self, other: Any) -> DltResource:
        """`[1, 2] | transformer`."""
        joined: DltResource = DltResource(other, "iter") | self
        return joined

    def pipe_data_from(self, data_from: DltResource) -> None:
        """Takes the items of a transformer from another resource."""
        self._parent = data_from

    # ---- reading ----

    def _values(self, cursor: Incremental[Any] | None) -> inspect.BoundArguments:
        """What its function is called with: what a call has given, configuration gives, and the cursor."""
        parameters = self._parameters()
        given = dict(self._arguments or {})
        parameter = cursor_parameter(parameters)
        if parameter and parameter.name not in given:
            self._give_cursor(parameter, cursor, given)
        if required(parameters, given):
            raise ParametrizedResourceUnbound(self.name, str(inspect.Signature(parameters)))
        sections = ("sources", self.section, self.name)
        found = resolve(self._data, inspect.Signature(parameters), given, context.pipeline_name(), sections)
        return in_order(parameters, found)

    def _give_cursor(
        self, parameter: inspect.Parameter, cursor: Incremental[Any] | None, given: dict[str, Any]
    ) -> None:
        """What the function gets for it; one that is only called so gets nothing where there is none."""
        if cursor is not None or is_optional(parameter):
            given[parameter.name] = cursor
        elif is_cursor(parameter):
            raise ResourceCursorMissing(self.name, parameter.name)

    def _open(self, cursor: Incremental[Any] | None = None, opened: list[Any] | None = None) -> Iterator[Any]:
        """An iterator of its items: the data, and all steps.

        Args:
            cursor: Bound; what its function gets.
            opened: Gets what has to be closed in the end.
        """
        if self._is_transformer and self._parent is None:
            raise PipeNotBoundToData(self.name)
        items = self._transformed(cursor) if self._is_transformer else self._opened(cursor)
        if opened is not None:
            opened.append(items)
        if self._parallelized:
            items = pipe.ahead(items, self.name, waits=self._cursor_parameter() is not None)
        for step in self._steps:
            items = step(pipe.awaited(items, self.name))
        items = pipe.awaited(items, self.name)
        if opened is not None:
            opened.append(items)
        return items

    def _opened(self, cursor: Incremental[Any] | None) -> Iterator[Any]:
        if not callable(self._data):
            return pipe.open_data(self._data)
        bound = self._values(cursor)
        return pipe.open_data(self._data(*bound.args, **bound.kwargs))

    def _transformed(self, cursor: Incremental[Any] | None) -> Iterator[Any]:
        assert self._parent is not None
        bound = self._values(cursor)
        for item in self._parent._open():
            yield from pipe.open_data(self._data(item, *bound.args, **bound.kwargs))

    def __iter__(self) -> Iterator[Any]:
        """Its items one by one, pages as the items in them; a cursor begins at its initial value.

        Raises:
            ResourceExtractionError: Its own code has raised.
        """
        opened: list[Iterator[Any]] = []
        try:
            yield from pipe.singly(self._read_alone(opened))
        except (PipeException, DltSourceException):
            raise
        except Exception as error:
            raise self._error(error) from error
        finally:
            pipe.close_items(opened, self.name)

    def _read_alone(self, opened: list[Iterator[Any]]) -> Iterator[Any]:
        """Its items outside of a pipeline, as they are yielded."""
        cursor = self.incremental
        if cursor is None:
            return self._open(None, opened)
        bound = cursor._bind(self.name)
        bound._begin(None, None)
        return filtered(self._open(bound, opened), bound, self.name)

    def _error(self, error: BaseException) -> PipeException | DltSourceException:
        """What its code has raised, with its name; what has that already as it is."""
        if isinstance(error, (PipeException, DltSourceException)):
            return error
        kind = "generator" if inspect.isgeneratorfunction(self._data) else "function" if callable(self._data) else "data"
        told = ResourceExtractionError(self.name, self._data, str(error), kind)
        told.__cause__ = error
        return told

    # ---- texts ----

    def __repr__(self) -> str:
        kind = "transformer" if self._is_transformer else "resource"
        parts = [f"name={self.name!r}"]
        if self._parent is not None:
            parts.append(f"parent={self._parent.name!r}")
        if self.section:
            parts.append(f"section={self.section!r}")
        for name in ("table_name", "primary_key", "merge_key"):
            if getattr(self._hints, name):
                parts.append(f"{name}={getattr(self._hints, name)!r}")
        if self._hints.columns:
            parts.append("columns='{...}'")
        if self._hints.write_disposition:
            parts.append(f"write_disposition={self._hints.write_disposition!r}")
        return f"<@dlt.{kind}({', '.join(parts)})>"
