"""How the items of a resource come about: its data, and the steps that they go through.

    data -> open_data (a function is called) -> items, one yield each
         -> steps (maps, filters, a limit), before each what is put off is waited for (pool.py)
         -> what the library reads

Where there is no step the library reads the program's own generator: nothing of Python's stands
between them.

A transformer's data are what it makes of each item of another resource (each_of). Where the next of
these is not there yet it yields PAUSE, which all steps hand on: others are read meanwhile.
"""

from __future__ import annotations

import inspect
import itertools
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tidegate._core import PAUSE
from tidegate.extract.exceptions import InvalidResourceDataType, InvalidResourceDataTypeBasic, StepRaised
from tidegate.extract.items import DataItemWithMeta, marked, unmarked
from tidegate.extract.pool import drawn_beside, is_put_off, loop_is_running, resolve

if TYPE_CHECKING:
    from tidegate.common.configuration.extract import ExtractConfiguration

logger = logging.getLogger("tidegate.extract")
_END = object()

Step = Callable[[Iterator[Any]], Iterator[Any]]
Frames = Callable[[Any], Any] | None


# ---- what is read ----


def check_data(name: str | None, data: Any) -> None:
    """Raises where `data` cannot be a resource.

    Args:
        name: Of the resource, for the message.
        data: What was given.

    Raises:
        InvalidResourceDataTypeBasic: A dict, a text or bytes.
        InvalidResourceDataType: Anything else that cannot be iterated or called.
    """
    if isinstance(data, (dict, str, bytes, bytearray)):
        raise InvalidResourceDataTypeBasic(name, data)
    if not (callable(data) or is_frame(data) or isinstance(data, (Iterable, AsyncIterator))):
        raise InvalidResourceDataType(name, data)


def is_frame(item: Any) -> bool:
    """Whether an object is a table, or a piece of one: it speaks Arrow, or can be made to."""
    if isinstance(item, (dict, list)):  # by far the most, and looking in vain takes time
        return False
    kind = type(item)
    return any(hasattr(kind, name) for name in ("__arrow_c_stream__", "__arrow_c_array__", "collect_schema"))


def singly(items: Iterable[Any]) -> Iterator[Any]:
    """The items, pages as the items in them; None is none."""
    for item in items:
        if isinstance(item, list):
            yield from item
        elif item is not None:
            yield item


def by_turns(each_s_items: list[Iterator[Any]]) -> Iterator[Any]:
    """One item of each iterator in turn, until all are at their end.

    Args:
        each_s_items: The iterators; the list is emptied.

    Yields:
        The items.

    Example:
        >>> list(by_turns([iter("abc"), iter("x")]))
        ['a', 'x', 'b', 'c']
    """
    while each_s_items:
        for items in list(each_s_items):
            item: Any = next(items, items)
            if item is items:
                each_s_items.remove(items)
            else:
                yield item


def rows_of_frame(frame: Any, keep: list[bool]) -> Any:
    """Some rows of a frame.

    Args:
        frame: A table of pyarrow, or a frame of polars or pandas.
        keep: Whether a row stays, for each.

    Returns:
        A frame of the same kind.
    """
    return frame[keep] if hasattr(frame, "iloc") else frame.filter(keep)


def as_table(frame: Any) -> Any:
    """A frame that can be looked at again and again: a stream becomes a table of pyarrow."""
    frame = as_stream(frame)
    if any(hasattr(frame, name) for name in ("iloc", "get_column", "to_pydict")):
        return frame
    import pyarrow

    return pyarrow.table(frame)


def as_stream(item: Any) -> Any:
    """An object with `__arrow_c_stream__` for one that is a frame of another kind.

    Args:
        item: A lazy frame of polars, a series, a batch of Arrow, or anything else.

    Returns:
        The item itself, where it needs no change.

    Raises:
        TypeError: It has a column of Python's own objects.
    """
    kind = type(item)
    if hasattr(kind, "to_frame") and not hasattr(kind, "columns"):  # a series
        return as_stream(item.to_frame("value"))
    if hasattr(kind, "__arrow_c_stream__"):
        _refuse_objects(item)
        return item
    if hasattr(kind, "collect_schema"):  # polars.LazyFrame
        return as_stream(item.collect())
    if hasattr(kind, "__arrow_c_array__"):
        import pyarrow

        return pyarrow.Table.from_batches([pyarrow.record_batch(item)])
    return item


def _refuse_objects(frame: Any) -> None:
    """Raises for a column of polars' Object, whose values would be their addresses in memory."""
    for name, kind in frame.schema.items() if hasattr(frame, "get_column") else ():
        if str(kind) == "Object":
            raise TypeError(f"column '{name}' has objects of Python: make its values numbers, texts or times, or drop it")


def open_data(data: Any) -> Iterator[Any]:
    """An iterator of what is yielded, of data that were opened or returned.

    Args:
        data: What a resource's function returned, or was given in its place.

    Returns:
        A generator as it is; of one value an iterator of that value.
    """
    if isinstance(data, AsyncIterator) or hasattr(data, "__anext__"):
        return _async_items(data)
    if inspect.isgenerator(data):
        return data
    if isinstance(data, dict) or is_frame(data) or is_put_off(data):
        return iter([data])
    if data is None:
        return iter(())
    return iter(data)


def open_result(result: Any) -> Iterator[Any]:
    """An iterator of what a transformer has made of an item.

    Args:
        result: What its function returned: a generator, or an item of any kind.

    Returns:
        The items; None is none.
    """
    if isinstance(result, (Iterator, AsyncIterator)):
        return open_data(result)
    return iter(() if result is None else (result,))


def with_marks(transform: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Iterator[Any]]:
    """The same function, of marked items, too: what becomes of one has its mark.

    Args:
        transform: Gives what becomes of an item.
    """

    def of(item: Any) -> Iterator[Any]:
        if isinstance(item, DataItemWithMeta):
            return map(marked, transform(item.data), itertools.repeat(item.meta))
        return transform(item)

    return of


def each_of(feed: Iterator[Any], transform: Callable[[Any], Iterator[Any]]) -> Iterator[Any]:
    """What becomes of the items of another resource, one after the other.

    Args:
        feed: The items.
        transform: Gives what one of them becomes.

    Yields:
        What they have become; PAUSE, while one has to be waited for.
    """
    for item in feed:
        if item is PAUSE:
            yield item
        else:
            yield from transform(item)


def _async_items(data: AsyncIterator[Any]) -> Iterator[Any]:
    """The items of an asynchronous generator; where a loop runs already, as in a notebook, on another thread."""
    import asyncio  # which costs a fourth of this package's import

    async def draw() -> Any:
        return await anext(data, _END)

    if loop_is_running():
        yield from drawn_beside(draw, _END)
        return
    with asyncio.Runner() as runner:  # which ends what waits where a signal comes
        try:
            while (item := runner.run(draw())) is not _END:
                yield item
        finally:
            if hasattr(data, "aclose"):
                runner.run(data.aclose())


def ready(items: Iterator[Any], how: ExtractConfiguration, name: str, frames: Frames = as_stream) -> Iterator[Any]:
    """The items as others take them: what was put off is waited for, frames are of one kind.

    The first item tells whether there are such at all, so that others are not slowed down: what is put off
    later is waited for where it comes.

    Args:
        items: Of a resource.
        how: How many may be at work.
        name: Of the resource, for the names of threads.
        frames: What is made of a frame; None: nothing.

    Returns:
        An iterator of items.
    """
    first = next(items, _END)
    if _says_nothing(first):
        return _ready_later(first, items, how, name, frames)
    if first is _END:
        return iter(())
    items = itertools.chain([first], items)
    if is_put_off(first):
        return ready(resolve(items, how, name), how, name, frames)
    return map(frames, items) if frames and is_frame(first) else items


def _says_nothing(item: Any) -> bool:
    """Whether an item does not tell what comes: it is not there yet, or nothing."""
    return item is PAUSE or item is None or (isinstance(item, list) and not item)


def _ready_later(
    nothing: Any, items: Iterator[Any], how: ExtractConfiguration, name: str, frames: Frames
) -> Iterator[Any]:
    """The same where the first item says nothing."""
    yield nothing
    for first in items:
        if not _says_nothing(first):
            yield from ready(itertools.chain([first], items), how, name, frames)
            return
        yield first


def close_items(opened: list[Any], name: str) -> None:
    """Ends generators that were not read to their end; the program may have one of them still.

    Args:
        opened: What was read; it is empty afterwards.
        name: Of the resource, for the log.
    """
    while opened:
        items = opened.pop()
        if inspect.isgenerator(items) and not items.gi_running:  # a thread draws of it still: it ends by itself
            try:
                items.close()
            except Exception:  # the run is over, as it is
                logger.warning("the generator of the resource '%s' has raised when it was closed", name, exc_info=True)


# ---- steps ----


def _takes_meta(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin
        return False
    required = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(required) > 1 and required[1].name in ("meta", "_meta") or (
        len([p for p in required if p.default is p.empty]) > 1
    )


Call = Callable[[Any], Any]


def _step(kind: str, function: Callable[..., Any], of: Callable[[Any, Call], Any]) -> Step:
    """A step that puts one item in the place of each, or none; what is made of a marked one is marked.

    Args:
        kind: What an error calls it.
        function: The program's own, of an item, or of one and what its mark says.
        of: Gives what becomes of an item (a page, too) and a function of a single one.
    """
    takes_meta = _takes_meta(function)
    plain: Call = (lambda item: function(item, None)) if takes_meta else function

    def become(item: Any, meta: Any) -> Any:
        made = of(item, (lambda each: function(each, meta)) if takes_meta else function)
        return None if made is None else marked(made, meta)

    def step(items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            if item is PAUSE:
                yield item
                continue
            try:  # here alone: what the steps before raise is theirs
                if isinstance(item, DataItemWithMeta):
                    made = become(item.data, item.meta)
                else:
                    made = None if item is None else of(item, plain)
            except Exception as error:
                raise StepRaised(kind, function, error) from error
            if made is not None:
                yield made

    return step


def map_step(function: Callable[..., Any]) -> Step:
    """A step that puts `function(item)` in the place of each item; None drops it."""

    def of(item: Any, call: Call) -> Any:
        if not isinstance(item, list):
            return call(item)
        return [made for each in item if (made := call(each)) is not None] if item else item

    return _step("map", function, of)


def filter_step(function: Callable[..., Any]) -> Step:
    """A step that leaves out the items for which `function` does not hold."""

    def of(item: Any, call: Call) -> Any:
        if not isinstance(item, list):
            return item if call(item) else None
        return [each for each in item if call(each)] if item else item

    return _step("filter", function, of)


def yield_map_step(function: Callable[..., Iterator[Any]]) -> Step:
    """A step that puts what `function(item)` yields in the place of each item."""
    takes_meta = _takes_meta(function)

    def step(items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            data, meta = unmarked(item)
            if _says_nothing(data):
                yield item
                continue
            try:
                for each in data if isinstance(data, list) else [data]:
                    made = function(each, meta) if takes_meta else function(each)
                    yield from made if meta is None else map(marked, made, itertools.repeat(meta))
            except Exception as error:
                raise StepRaised("yield_map", function, error) from error

    return step


class LimitItem:
    """A step that ends after so many yields (or rows), or so many seconds, and closes what is read.

    Args:
        max_items: How many yields, or rows; None: any.
        max_time: How many seconds; None: any.
        count_rows: Whether rows count, not yields. A page is not cut.
    """

    def __init__(self, max_items: int | None, max_time: float | None, count_rows: bool) -> None:
        self.max_items = max_items
        self.max_time = max_time
        self.count_rows = count_rows

    def __call__(self, items: Iterator[Any]) -> Iterator[Any]:
        """The items up to the limit."""
        max_items, max_time, count_rows = self.max_items, self.max_time, self.count_rows
        count, until = 0, None if max_time is None else time.monotonic() + max_time
        try:
            while (max_items is None or count < max_items) and (until is None or time.monotonic() < until):
                item: Any = next(items, items)
                if item is items:
                    return
                data = unmarked(item)[0] if count_rows else None
                count += len(data) if isinstance(data, list) else 1
                yield item
        finally:
            close = getattr(items, "close", None)
            if close:
                close()
