"""`DltResource`: data with a name, hints and steps, which a run reads into a table."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from tidegate.common import context
from tidegate.common.configuration.extract import ExtractConfiguration
from tidegate.common.configuration.inject import resolve
from tidegate.common.exceptions import NotInTidegate, refuse
from tidegate.common.schema.exceptions import TableNotFound
from tidegate.extract import describe, pipe
from tidegate.extract.arguments import bind, cursor_parameter, default_cursor, in_order, is_cursor, is_optional, required
from tidegate.extract.exceptions import (
    DltSourceException,
    ParametrizedResourceUnbound,
    PipeException,
    PipeNotBoundToData,
    ResourceCursorMissing,
    ResourceExtractionError,
    ResourceNameMissing,
    ResourceNotATransformer,
    StepRaised,
)
from tidegate.extract.hint_shapes import check_name
from tidegate.extract.hints import Hints
from tidegate.extract.incremental import Incremental
from tidegate.extract.pool import ahead, side_by_side
from tidegate.extract.readers import read_outside
from tidegate.extract.resource_facts import ResourceFacts
from tidegate.extract.resource_steps import ResourceSteps

_NO_CURSOR = Incremental[Any]()  # a call has taken it away


class DltResource(ResourceFacts, ResourceSteps):
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
        check_name("name", name)
        pipe.check_data(name, data)
        self.name: str = name
        self.section = section
        self.selected = selected
        self.source_name: str | None = None
        self._data = data
        self._hints = hints or Hints()
        self._variants: dict[str, Hints] = {}  # of further tables, by their names
        self._steps: list[pipe.Step] = []
        self._parallelized = parallelized
        self._parent = parent
        self._is_transformer = is_transformer
        self._arguments: dict[str, Any] | None = None
        self._joined: list[DltResource] = []  # of the same name, read after it
        self._copy_of = object()  # what copies have in common
        self._injected: Incremental[Any] | None = None  # by a call, over the hint
        # Of a source that the library reads, too: what it needs for that, of a resource as a run reads it, and of hints over its own.
        self._by_library: Callable[[DltResource, dict[str, Any]], dict[str, Any] | None] | None = None
        if callable(data):
            functools.update_wrapper(self, data, updated=())

    # ---- what it is ----

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

    # ---- calls ----

    def __call__(self, *args: Any, **kwargs: Any) -> DltResource:
        """A copy of it with its function's arguments.

        Raises:
            TypeError: They do not fit, or it was called already.
        """
        if self._arguments is not None or not callable(self._data):
            raise TypeError(f"the resource '{self.name}' has its arguments already")
        clone = self._clone()
        clone._copy_of = object()  # it reads something else
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
        clone._variants = dict(self._variants)
        clone._steps = list(self._steps)
        clone._joined = [each._clone() for each in self._joined]
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
        description: str | None = None,
        deletes: Any = None,
        list_keys: Callable[[], Any] | None = None,
        limits: Any = None,
        row_ids: str | None = None,
        on_bad_row: Any = None,
    ) -> DltResource:
        """Changes what is known of the table, for all later uses of this resource.

        Args:
            table_name: The table's name, or a function of an item: then the hints behind it may be functions, too.
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
            create_table_variant: They are of one more table, which `table_name` names, over what is known of the
                resource's own: `mark.with_table_name`, or a function as the resource's table_name, sends items there.
            nested_hints: Not in tidegate.
            description: What the table is. Not in dlt, like those below, which are as of `resource`.
            deletes: What becomes of rows that the source has no more.
            list_keys: For deletes="keys": yields the keys of all rows.
            limits: What a load may do.
            row_ids: Where `_dlt_id` comes from.
            on_bad_row: What becomes of a row that cannot be loaded.

        Returns:
            The resource itself.

        Raises:
            InconsistentTableTemplate: They do not go together, or with what is known already.
        """
        refuse(
            nested_hints=nested_hints, parent_table_name=parent_table_name, table_format=table_format,
            file_format=None if file_format == "parquet" else file_format,
        )
        said = {
            "write_disposition": write_disposition, "columns": columns, "primary_key": primary_key, "merge_key": merge_key,
            "incremental": incremental, "schema_contract": schema_contract, "additional": additional_table_hints,
            "references": references, "description": description, "deletes": deletes, "list_keys": list_keys, "limits": limits,
            "row_ids": row_ids, "on_bad_row": on_bad_row,
        }
        if create_table_variant:
            self._variants[table_name] = self._hints.variant(table_name, self._variants.get(table_name), said)
            return self
        self._hints = self._hints.applied(table_name=table_name, **said)
        return self

    def add_pipe(self, data: Any) -> None:
        """Not in tidegate: resources of one name are loaded into one table."""
        raise NotInTidegate("add_pipe", "run([one, other]) loads resources of one name into one table")

    def parallelize(self) -> DltResource:
        """Has its generator drawn on a thread."""
        self._parallelized = True
        return self

    def with_name(self, new_name: str, new_section: str | None = None) -> DltResource:
        """A copy of another name.

        Args:
            new_name: Of the resource, and of its table unless a hint says otherwise.
            new_section: Where its configuration is looked for; None: as before.

        Returns:
            The copy.

        Raises:
            ValueError: The name is none.
        """
        check_name("new_name", new_name)
        clone = self._clone()
        clone._copy_of = object()
        clone.name = new_name
        clone.section = self.section if new_section is None else new_section
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

    def feeds(self, other: DltResource) -> bool:
        """Whether another resource takes its items from this one, or from a copy of it."""
        return other._parent is not None and other._parent._copy_of == self._copy_of

    def pipe_data_from(self, data_from: DltResource) -> DltResource:
        """Takes the items of a transformer from another resource.

        Returns:
            The transformer itself.

        Raises:
            ResourceNotATransformer: It takes none.
        """
        if not self._is_transformer:
            raise ResourceNotATransformer(self.name)
        self._parent = data_from
        return self

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

    def _open(
        self, cursor: Incremental[Any] | None, how: ExtractConfiguration, opened: list[Any],
        feed: Iterator[Any] | None, frames: pipe.Frames = pipe.as_stream,
    ) -> Iterator[Any]:
        """An iterator of its items: the data, and all steps.

        Args:
            cursor: Bound; what its function gets.
            how: How many calls may be at work for it.
            opened: Gets what has to be closed in the end.
            feed: Of a transformer, the items that it takes.
            frames: What is made of data frames.
        """
        items = self._opened(cursor) if feed is None else self._transformed(cursor, how, feed)
        opened.append(items)
        if self._parallelized and feed is None:
            items = ahead(items, self.name, waits=self._cursor_parameter() is not None)
        steps, validator = list(self._steps), self.validator
        if validator:
            steps.append(validator)
        for step in steps:
            items = step(pipe.ready(items, how, self.name, frames))
        items = pipe.ready(items, how, self.name, frames)
        opened.append(items)
        return items

    def _opened(self, cursor: Incremental[Any] | None) -> Iterator[Any]:
        if not callable(self._data):
            return pipe.open_data(self._data)
        bound = self._values(cursor)
        return pipe.open_data(self._data(*bound.args, **bound.kwargs))

    def _transformed(
        self, cursor: Incremental[Any] | None, how: ExtractConfiguration, feed: Iterator[Any]
    ) -> Iterator[Any]:
        bound = self._values(cursor)

        @pipe.with_marks
        def transform(item: Any) -> Iterator[Any]:
            return pipe.open_result(self._data(item, *bound.args, **bound.kwargs))

        if self._parallelized:
            return side_by_side(feed, transform, how, self.name)
        return pipe.each_of(feed, transform)

    def __iter__(self) -> Iterator[Any]:
        """Its items one by one, pages as the items in them; a cursor begins at its initial value.

        Raises:
            ResourceExtractionError: Its own code has raised.
        """
        return pipe.singly(read_outside([self]))

    def _error(self, error: Exception) -> Exception:
        """What its code, or a step of it, has raised, with its name; what has that already, or needs none, as it is."""
        kind = "generator" if inspect.isgeneratorfunction(self._data) else "function" if callable(self._data) else "data"
        code = self._data
        if isinstance(error, StepRaised):
            kind, code, error = error.kind, error.function, error.error
        if isinstance(error, (PipeException, DltSourceException, NotInTidegate, TableNotFound)):
            return error
        return ResourceExtractionError.of(self.name, code, error, kind)

    # ---- texts ----

    def __repr__(self) -> str:
        return describe.resource_repr(self)

    def __str__(self) -> str:
        return describe.resource_text(self)

    def _repr_html_(self) -> str:
        return describe.resources_html(str(self).splitlines()[0].rstrip(":"), [self])
