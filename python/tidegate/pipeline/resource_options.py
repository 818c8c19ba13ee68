"""A resource as the library is told of it: a dict with the names of `tidegate.h`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from tidegate import _core
from tidegate.common import context
from tidegate.common.configuration.extract import ExtractConfiguration
from tidegate.common.exceptions import NotInTidegate
from tidegate.extract.convert import convert, refusal
from tidegate.extract.exceptions import ResourceExtractionError
from tidegate.extract.hint_options import (
    column_options,
    contract_options,
    disposition_options,
    key_text,
    keys_of_columns,
    table_hints,
)
from tidegate.extract.hints import Hints
from tidegate.extract.items import MARKS
from tidegate.extract.own_hints import detects_keys, own_options
from tidegate.extract.pipe import open_data, ready
from tidegate.extract.readers import Reader
from tidegate.extract.resource import DltResource
from tidegate.extract.source import DltSource
from tidegate.extract.state import RunState
from tidegate.extract.tables import Tables
from tidegate.extract.validation import contract_with_model


class Reading:
    """What a call of the library reads.

    Args:
        core: The extension's pipeline, which has the states of sources.
        state: Gives the state of the pipeline, as dlt has it.
        known: Gives the names of the tables of a schema, as the destination has them.
        how: How it reads.

    Attributes:
        resource: Whose code is at work.
    """

    def __init__(
        self, core: _core.Pipeline, state: Callable[[], dict[str, Any]], known: Callable[[str], Iterable[str]],
        how: ExtractConfiguration,
    ) -> None:
        self.core = core
        self.state = state
        self._known = known
        self.how = how
        self.resource: DltResource | None = None
        self._states: dict[str, RunState] = {}
        self._made: dict[str, set[str]] = {}

    def boundary_hashes(self, source: str, resource: str, cursor_path: str) -> list[str]:
        """The hashes of the rows at the last value of a cursor, as the destination has them."""
        kept: Any = self.state()
        for key in ("sources", source, "resources", resource, "incremental", cursor_path):
            kept = kept.get(key, {})
        return list(kept.get("unique_hashes", ()))

    def tables_of(self, reader: Reader) -> Tables:
        """Where the items of a resource go.

        Args:
            reader: Of the resource.

        Raises:
            NotInTidegate: Another of its name has another function that says so.
        """
        assert reader.source is not None
        source, name = reader.source, reader.resource._hints.table_name
        for other in reader.resource._joined:
            if other._hints.table_name != name and (other.has_dynamic_table_name or callable(name)):
                raise NotInTidegate(
                    f"another function as table_name for each of several resources '{other.name}'", "give them names of their own"
                )
        made = self._made.setdefault(source.name, set())
        return Tables(
            reader.resource, source.name, lambda hints: _further_options(hints, source), made, self._known, reader.has_table
        )

    def state_of(self, source: DltSource) -> RunState:
        """What the code of a source's resources keeps; they share it."""
        return self._states.setdefault(source.name, RunState(self.core))

    def enter(self, reader: Reader) -> None:
        """The code of a resource is at work."""
        self.resource = reader.resource
        self._show(reader)

    def close(self, reader: Reader) -> None:
        """A resource ends, whoever has failed."""
        self._show(reader)
        reader.close()

    def _show(self, reader: Reader) -> None:
        """What code asks `tidegate.current` for."""
        assert reader.source is not None
        context.source.set(reader.source)
        context.resource.set(reader.resource)
        context.run_state.set(self.state_of(reader.source))


#: What the library needs to read a resource by itself, by the resource's id.
Drivers = dict[int, dict[str, Any]]


def drivers_of(selected: Sequence[tuple[DltSource, DltResource]], hints: dict[str, Any]) -> Drivers:
    """Which resources the library reads by itself; of the others it draws the items, which transformers may look at, too.

    Args:
        selected: What a run reads.
        hints: Over what the resources say.
    """
    every = [each for source in dict(selected) for each in source.resources.extracted]
    drivers: Drivers = {}
    for _, resource in selected:
        if resource._by_library is None or resource._joined or resource.has_dynamic_table_name or any(map(resource.feeds, every)):
            continue
        options = resource._by_library(resource, hints)
        if options is not None:
            drivers[id(resource)] = options
    return drivers


def add_all(readers: Sequence[Reader], drivers: Drivers, hints: dict[str, Any], reading: Reading) -> None:
    """Adds resources to the extension's pipeline.

    Args:
        readers: Parents before their transformers.
        drivers: Of those that the library reads.
        hints: Over what the resources say.
        reading: What is read.
    """
    names: dict[Reader, str] = {}
    tables: set[str] = set()
    taken = {each.resource.name for each in readers if not each.is_unseen}
    for reader in readers:
        name = reader.resource.name
        while reader.is_unseen and name in taken:  # others may be called so: nothing goes by it
            name += "_"
        taken.add(name)
        names[reader] = name
        said, driver = hints if reader.has_table else {}, drivers.get(id(reader.resource))
        table = said.get("table_name") or reader.resource.table_name
        if reader.has_table and isinstance(table, str):
            if table in tables:  # to the library it is another's: this one's rows go there one by one
                said, driver = {**said, "table_name": functools.partial(_constant, table)}, None
            tables.add(table)
        options = resource_options(reader, driver, said, reading)
        if reader.parent:
            options["turns_with"] = names[reader.parent]
        reading.core.add({**options, "name": name, "by_turns": len(readers) > 1 and reading.how.turns > 1})


def _constant(name: str, item: Any) -> str:
    return name


def resource_options(
    reader: Reader, driver: dict[str, Any] | None, hints: dict[str, Any], reading: Reading
) -> dict[str, Any]:
    """A resource, for `_core.Pipeline.add`.

    Args:
        reader: Which one.
        driver: What the library needs to read it by itself.
        hints: Over what it says itself.
        reading: Is told when its code is at work.

    Returns:
        Its options; those of its cursor with them.
    """
    reader.apply(hints)
    resource, source, bound = reader.resource, reader.source, reader.cursor
    assert source is not None
    options = {**(driver or _item_options(reader, reading)), **_own_options(resource, source)}
    if not reader.has_table:
        options["no_table"] = True
    if bound is not None:
        if bound.commit_safe is not None and not driver:
            raise ValueError(f"the cursor of '{resource.name}': commit_safe is for tables of a database that the library reads")
        path, source_name = str(bound._path_text()), source.name
        bound._hashes = lambda: reading.boundary_hashes(source_name, resource.name, path)
        options.update(bound._options())
    return options


def _item_options(reader: Reader, reading: Reading) -> dict[str, Any]:
    """How its items are drawn, and where they go."""
    resource, bound = reader.resource, reader.cursor
    assert reader.source is not None
    state = reading.state_of(reader.source)
    reader.tables = reading.tables_of(reader)

    def open_items(start: Any, last: Any, end: Any) -> Any:
        if bound is not None:
            bound._begin(start, last)
            bound.end_value = bound._as_declared(end)
        if resource._parallelized:  # its threads find them there
            state.get(None), state.get(resource.name)
        return reader.open(reading.how)

    def finish() -> None:
        reader.finish()
        state.flush()

    options: dict[str, Any] = {
        "enter": lambda: reading.enter(reader), "open": open_items, "finish": finish, "convert": convert,
        "refuse": refusal(resource.name), "close": lambda outcome: reading.close(reader),
        "marks": MARKS, "spread": reader.spread,
    }
    if reader.outlets:
        options |= {"forward": reader.forward, "has_room": reader.has_room, "is_unseen": reader.is_unseen}
    if resource._hints.list_keys is not None:
        options["list_keys"] = lambda: _keys_of(reader, reading)
    elif detects_keys(resource._hints):
        raise ValueError(f"deletes='keys' of the resource '{resource.name}' needs list_keys=, a function that yields the keys of all rows")
    if bound is not None and resource._cursor_parameter():
        options["advance"] = bound._advance
    return options


def _own_options(resource: DltResource, source: DltSource) -> dict[str, Any]:
    """What is said of the resource's own table. Where a function says the tables, that one has no rows, and is not made."""
    said = resource._hints.without_functions()
    if not resource.has_dynamic_table_name:
        name = {"table_name": said.table_name} if said.table_name else {}
        return {**_table_options(said, source), **name}
    _further_options(said, source)  # which tells what cannot be
    way = said.write_disposition
    word = way.get("disposition") if isinstance(way, dict) else way
    options = _table_options(replace(said, write_disposition=word if word == "replace" else None), source)
    return {name: value for name, value in options.items() if not name.startswith("contract_")}


def _further_options(said: Hints, source: DltSource) -> dict[str, Any]:
    """The same of one of several tables of a resource.

    Raises:
        NotInTidegate: Rows are to be deleted that do not come: nobody knows of which table they would be.
    """
    options = _table_options(said, source)
    if any(name.startswith("deletes_") for name in options):
        raise NotInTidegate("deletes= of a resource with several tables", "make it a resource for each table")
    return {name: value for name, value in options.items() if not name.startswith("limit_")}  # those are of the resource


def _keys_of(reader: Reader, reading: Reading) -> Iterator[Any]:
    """The keys of all rows that there are, in any form that a resource may have.

    Raises:
        ResourceExtractionError: `list_keys` has raised, which it names: it is not the resource's own function.
    """
    reading.enter(reader)
    list_keys = reader.resource._hints.list_keys
    assert list_keys is not None
    try:
        for item in ready(open_data(list_keys()), reading.how, reader.resource.name):
            _check_key(item[0] if isinstance(item, list) and item else item)
            yield item
    except Exception as error:
        raise ResourceExtractionError.of(reader.resource.name, list_keys, error, "list_keys") from error


def _check_key(key: Any) -> None:
    """A key that is not in a row: the usual mistake, told in the words of who made it."""
    if isinstance(key, (str, bytes, int, float)):
        raise TypeError(f"a key comes as a row that has its fields, as {{'id': {key!r}}}, not as {key!r}")


def _table_options(said: Hints, source: DltSource) -> dict[str, Any]:
    """What is said of the table: by a hint, else by the source."""
    contract = contract_with_model(said.schema_contract, said.model)
    options = {
        "primary_key": key_text(said.primary_key or keys_of_columns(said.columns, "primary_key")),
        "merge_key": key_text(said.merge_key or keys_of_columns(said.columns, "merge_key")),
        "columns": column_options(said.columns), "hints": table_hints(said),
        **disposition_options(said.write_disposition), **contract_options(contract), **own_options(said),
    }
    nesting = source.max_table_nesting if said.max_table_nesting is None else said.max_table_nesting
    if nesting is not None:
        options["max_table_nesting"] = nesting or -1
    if contract is None:
        options.update(contract_options(source.schema_contract))
    return options
