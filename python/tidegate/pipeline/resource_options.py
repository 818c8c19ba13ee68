"""A resource as the library is told of it: a dict with the names of `tidegate.h`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidegate import _core
from tidegate.common import context
from tidegate.common.exceptions import NotInTidegate
from tidegate.extract.convert import convert, refusal
from tidegate.extract.hints import (
    Hints,
    column_options,
    contract_options,
    disposition_options,
    key_text,
    keys_of_columns,
    table_hints,
)
from tidegate.extract.incremental import Incremental
from tidegate.extract.pipe import close_items
from tidegate.extract.resource import DltResource
from tidegate.extract.source import DltSource
from tidegate.extract.state import RunState
from tidegate.extract.validation import contract_with_model


class Reading:
    """What a call of the library reads.

    Args:
        state: Gives the state of the pipeline, as dlt has it.

    Attributes:
        resource: Whose code is at work.
    """

    def __init__(self, state: Callable[[], dict[str, Any]]) -> None:
        self.state = state
        self.resource: DltResource | None = None

    def boundary_hashes(self, source: str, resource: str, cursor_path: str) -> list[str]:
        """The hashes of the rows at the last value of a cursor, as the destination has them."""
        kept: Any = self.state()
        for key in ("sources", source, "resources", resource, "incremental", cursor_path):
            kept = kept.get(key, {})
        return list(kept.get("unique_hashes", ()))


def resource_options(
    core: _core.Pipeline, source: DltSource, resource: DltResource, hints: dict[str, Any], reading: Reading
) -> dict[str, Any]:
    """A resource, for `_core.Pipeline.add`.

    Args:
        core: Has its state.
        source: Whose resource it is.
        resource: Which one.
        hints: Over what it says itself.
        reading: Is told when its code is at work.

    Returns:
        Its options; those of its cursor with them.
    """
    _check_parents(resource)
    driver = _driver_options(source, resource, hints)
    resource = resource._clone()
    resource._hints.apply(**hints)
    said = resource._hints
    cursor = resource.incremental
    bound = cursor._bind(resource.name) if cursor else None
    items = driver or _item_options(core, source, resource, bound, reading)
    options = {"name": resource.name, **items, **_table_options(said, source)}
    if bound is not None:
        if bound.commit_safe is not None and not driver:
            raise ValueError(f"the cursor of '{resource.name}': commit_safe is for tables of a database that the library reads")
        path = str(bound._path_text())
        bound._hashes = lambda: reading.boundary_hashes(source.name, resource.name, path)
        options.update(bound._options())
    return options


def _item_options(
    core: _core.Pipeline, source: DltSource, resource: DltResource, bound: Incremental[Any] | None, reading: Reading
) -> dict[str, Any]:
    """How its items are drawn."""
    run_state = RunState(core)
    opened: list[Any] = []

    def open_items(start: Any, last: Any, end: Any) -> Any:
        if bound is not None:
            bound._begin(start, last)
            bound.end_value = bound._as_declared(end)
        reading.resource = resource
        context.source.set(source)
        context.resource.set(resource)
        context.run_state.set(run_state)
        return resource._open(bound, opened)

    options = {
        "open": open_items, "finish": run_state.flush, "convert": convert, "refuse": refusal(resource.name),
        "close": lambda outcome: close_items(opened, resource.name),
    }
    if bound is not None and resource._cursor_parameter():
        options["advance"] = bound._advance
    return options


def _driver_options(source: DltSource, resource: DltResource, hints: dict[str, Any]) -> dict[str, Any] | None:
    """How the library reads it by itself; None: it draws the resource's items, which a transformer may look at, too."""
    feeds = any(each.selected and resource.feeds(each) for each in source._all)
    return None if feeds or resource._by_library is None else resource._by_library(resource, hints)


def _check_parents(resource: DltResource) -> None:
    """A cursor of a resource that others take items from is not kept: it would let all of them through, each time."""
    parent = resource._parent
    while parent is not None:
        if parent.incremental is not None:
            raise NotInTidegate(
                f"the cursor of '{parent.name}', whose items '{resource.name}' takes,",
                f"give the transformer the cursor, or load '{parent.name}' by itself",
            )
        parent = parent._parent


def _table_options(said: Hints, source: DltSource) -> dict[str, Any]:
    """What is said of the table: by a hint, else by the source."""
    contract = contract_with_model(said.schema_contract, said.model)
    options = {
        "primary_key": key_text(said.primary_key or keys_of_columns(said.columns, "primary_key")),
        "merge_key": key_text(said.merge_key or keys_of_columns(said.columns, "merge_key")),
        "columns": column_options(said.columns), "hints": table_hints(said),
        **disposition_options(said.write_disposition), **contract_options(contract),
    }
    if said.table_name:
        options["table_name"] = said.table_name
    nesting = source.max_table_nesting if said.max_table_nesting is None else said.max_table_nesting
    if nesting is not None:
        options["max_table_nesting"] = nesting or -1
    if contract is None:
        options.update(contract_options(source.schema_contract))
    return options
