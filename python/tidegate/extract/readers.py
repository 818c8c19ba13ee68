"""Who reads what: each resource once, also where several take its items.

    readers_of(resources) -> a Reader for each that is read, parents before those that take items from them
    in a run:       the library draws from each by turns (pipeline/resource_options.py), judges what came by its
                    cursor, and has it told to `forward` -> the inlets of its transformers
    outside of one: read_outside does both in Python

A parent that nobody has selected is read unseen: it makes no table, its cursor and its state are kept.

Memory is flat: a parent gives its next item when all of its transformers have taken the one before. A
transformer whose inlet is empty yields PAUSE, and others are read.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tidegate._core import PAUSE
from tidegate.common.configuration.extract import ExtractConfiguration, extract_config
from tidegate.extract import pipe
from tidegate.extract.exceptions import DltSourceException, PipeException, PipeNotBoundToData
from tidegate.extract.incremental import Incremental
from tidegate.extract.incremental.outside import filtered
from tidegate.extract.items import marked, unmarked

if TYPE_CHECKING:
    from tidegate.extract.resource import DltResource
    from tidegate.extract.source import DltSource
    from tidegate.extract.tables import Tables

_END = object()


class Inlet:
    """Items on their way from a resource to a transformer of it."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []  # seldom more than one
        self.is_closed = False
        self._has_ended = False

    def end(self) -> None:
        """No more will come."""
        self._has_ended = True

    def put(self, item: Any) -> None:
        """An item has come."""
        if not self.is_closed:
            self.waiting.append(item)

    def close(self) -> None:
        """No more is wanted: the transformer has ended before its parent."""
        self.is_closed = True
        self.waiting.clear()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.waiting:
            return self.waiting.pop(0)
        if self._has_ended:
            raise StopIteration
        return PAUSE


class Reader:
    """A resource that is read: where its items come from, and where they go.

    Args:
        resource: Which one.
        source: Whose it is; None outside of a run.
        parent: Of a transformer, the reader of the resource that it takes items from.

    Attributes:
        has_table: Whether it is selected; else it is read for its transformers alone.
        cursor: Bound; None: it has none.
        outlets: The inlets of its transformers.
        tables: Where its items go; None outside of a run.
    """

    def __init__(self, resource: DltResource, source: DltSource | None, parent: Reader | None, has_table: bool) -> None:
        self.resource = resource
        self.source = source
        self.parent = parent
        self.has_table = has_table
        cursor = resource.incremental
        self.cursor: Incremental[Any] | None = cursor._bind(resource.name) if cursor else None
        self.outlets: list[Inlet] = []
        self.tables: Tables | None = None
        self._items: Iterator[Any] = iter(())
        self._parts: list[tuple[DltResource, Inlet | None]] = []
        self._opened: list[Any] = []
        self.add(resource, parent)

    def add(self, resource: DltResource, parent: Reader | None) -> None:
        """Another resource of its name, whose items come with its own."""
        inlet = Inlet() if parent else None
        self._parts.append((resource, inlet))
        if parent and inlet:
            parent.outlets.append(inlet)

    def apply(self, hints: dict[str, Any]) -> None:
        """Has it read with hints over its own."""
        for number, (resource, inlet) in enumerate(self._parts):
            copy = resource._clone()
            copy._hints.apply(**hints)
            self._parts[number] = copy, inlet
        self.resource = self._parts[0][0]

    @property
    def is_unseen(self) -> bool:
        """Whether its items are no rows to anybody: they only go on."""
        return not self.has_table and self.cursor is None

    def open(self, how: ExtractConfiguration) -> Iterator[Any]:
        """Its items; its cursor has begun.

        Args:
            how: How many may be at work for it.
        """
        frames = None if self.is_unseen else pipe.as_table if self.outlets else pipe.as_stream
        parts = [part._open(self.cursor, how, self._opened, inlet, frames) for part, inlet in self._parts]
        items = parts[0] if len(parts) == 1 else pipe.by_turns(parts)
        self._items = self._while_wanted(items) if self.is_unseen else items
        return self.spread() if self.tables and self.tables.is_dynamic else self._items

    def spread(self, item: Any = None) -> Iterator[Any]:
        """Its items from here on, with the tables that they go to.

        Args:
            item: The first one, which was drawn already.
        """
        assert self.tables is not None
        self.tables.in_order = self.cursor is not None
        self.tables.give = self._give if self.outlets else None
        return self.tables.spread(itertools.chain([item], self._items))

    def _while_wanted(self, items: Iterator[Any]) -> Iterator[Any]:
        """The items, as long as a transformer takes them."""
        for item in items:
            yield item
            if all(outlet.is_closed for outlet in self.outlets):
                return

    def has_room(self) -> bool:
        """Whether all that was forwarded has been taken."""
        return not any(outlet.waiting for outlet in self.outlets)

    def forward(self, item: Any, taken: bytes | None = None) -> None:
        """Gives an item to the transformers.

        Args:
            item: As it was yielded.
            taken: Of a page, a frame or a row that the cursor has judged, 1 for each row that is new; None: all are.
        """
        if item is not None and taken is not None:
            item = _new_rows(item, [bool(flag) for flag in taken])
        if item is not None and not (self.tables and self.tables.take(item)):
            self._give(item)

    def _give(self, item: Any) -> None:
        """A whole item, with its mark, to all of them."""
        item = marked(item, self.tables.meta if self.tables else None)
        for outlet in self.outlets:
            outlet.put(item)

    def finish(self) -> None:
        """It has ended."""
        self.close()
        for _, inlet in self._parts:
            if inlet:
                inlet.close()
        for outlet in self.outlets:
            outlet.end()

    def close(self) -> None:
        """Ends its generators, which may not have been read to their end."""
        pipe.close_items(self._opened, self.resource.name)


def _new_rows(item: Any, keep: list[bool]) -> Any:
    """What is left of an item; None: nothing is."""
    if not any(keep):
        return None
    if pipe.is_frame(item):
        return pipe.rows_of_frame(item, keep)
    if len(keep) == 1:
        return item
    return [each for each, is_new in zip(item, keep) if is_new]


def readers_of(resources: Iterable[tuple[DltSource | None, DltResource]], apart: Container[int] = ()) -> list[Reader]:
    """A reader for each resource that is read, parents before their transformers.

    Args:
        resources: Those that are selected, with their sources.
        apart: The ids of those that need nothing of their parents: the library reads them by itself.

    Returns:
        Theirs, and those of parents that are not selected.

    Raises:
        PipeNotBoundToData: A transformer has no parent.
    """
    selected = list(resources)
    sources = {id(resource): source for source, resource in selected}
    made: dict[int, Reader] = {}

    def parent_of(resource: DltResource, source: DltSource | None) -> Reader | None:
        if not resource.is_transformer or id(resource) in apart:
            return None
        if resource._parent is None:
            raise PipeNotBoundToData(resource.name)
        return reader_of(resource._parent, source)

    def reader_of(resource: DltResource, source: DltSource | None) -> Reader:
        if id(resource) not in made:
            source = sources.get(id(resource), source)
            reader = Reader(resource, source, parent_of(resource, source), has_table=id(resource) in sources)
            for each in resource._joined:
                reader.add(each, parent_of(each, source))
            made[id(resource)] = reader
        return made[id(resource)]

    for source, resource in selected:
        reader_of(resource, source)
    return list(made.values())


# ---- outside of a run ----


def read_outside(resources: Iterable[DltResource]) -> Iterator[Any]:
    """What resources give without a pipeline, by turns; each cursor begins at its initial value.

    Args:
        resources: Those whose items are wanted.

    Yields:
        The items as they are yielded; pages are lists.

    Raises:
        ResourceExtractionError: The code of one of them has raised.
    """
    readers = readers_of((None, each) for each in resources)
    try:
        drawn = {reader: _told(reader, lambda: _open_outside(reader)) for reader in readers}
        while drawn:
            for reader in list(drawn):
                if not reader.has_room():
                    continue
                item = _told(reader, lambda: next(drawn[reader], _END))
                if item is _END:
                    del drawn[reader]
                    reader.finish()
                elif item is not PAUSE and (data := unmarked(item)[0]) is not None:
                    reader.forward(item)
                    if reader.has_table:
                        yield data
    finally:
        for reader in readers:
            reader.close()


def _open_outside(reader: Reader) -> Iterator[Any]:
    how = extract_config(reader.resource.section, reader.resource.name)
    if reader.cursor is None:
        return reader.open(how)
    reader.cursor._begin(None, None)
    return filtered(reader.open(how), reader.cursor, reader.resource.name)


def _told(reader: Reader, step: Callable[[], Any]) -> Any:
    """What a step of reading gives; what it raises is told with the resource."""
    try:
        return step()
    except (PipeException, DltSourceException):
        raise
    except Exception as error:
        told = reader.resource._error(error)
        if told is error:
            raise
        raise told from told.__cause__
