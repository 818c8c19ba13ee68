"""How the items of a resource come about: its data, and the steps that they go through.

    data -> open_data (a function is called, an awaitable awaited) -> items, one yield each
         -> steps (maps, filters, a limit, a transformer) -> what the library reads

Where there is no step the library reads the program's own generator: nothing of Python's stands
between them.
"""

from __future__ import annotations

import contextvars
import inspect
import itertools
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

from tidegate.extract.exceptions import InvalidResourceDataType, InvalidResourceDataTypeBasic

logger = logging.getLogger("tidegate.extract")
_WORKERS = 5  # as dlt's extract.workers

Step = Callable[[Iterator[Any]], Iterator[Any]]


class Deferred:
    """A call that `defer` has put off: it is made on a thread of a pool.

    Args:
        call: A function without arguments.
    """

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call


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


def one_after_the_other(opens: list[Callable[[Any], Iterator[Any]]], cursor: Any) -> Iterator[Any]:
    """The items of several, each opened when the one before has ended."""
    for open_items in opens:
        yield from open_items(cursor)


def as_stream(item: Any) -> Any:
    """An object with `__arrow_c_stream__` for one that is a frame of another kind.

    Args:
        item: A lazy frame of polars, a series, a batch of Arrow, or anything else.

    Returns:
        The item itself, where it needs no change.
    """
    kind = type(item)
    if hasattr(kind, "to_frame") and not hasattr(kind, "columns"):  # a series
        return item.to_frame("value")
    if hasattr(kind, "__arrow_c_stream__"):
        return item
    if hasattr(kind, "collect_schema"):  # polars.LazyFrame
        return item.collect()
    if hasattr(kind, "__arrow_c_array__"):
        import pyarrow

        return pyarrow.Table.from_batches([pyarrow.record_batch(item)])
    return item


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
    if isinstance(data, dict) or is_frame(data) or inspect.isawaitable(data):
        return iter([data])
    if data is None:
        return iter(())
    return iter(data)


def _async_items(data: AsyncIterator[Any]) -> Iterator[Any]:
    import asyncio  # which costs a fourth of this package's import

    loop = asyncio.new_event_loop()
    try:
        while True:
            try:
                yield loop.run_until_complete(data.__anext__())
            except StopAsyncIteration:
                return
    finally:
        close = getattr(data, "aclose", None)
        if close:
            loop.run_until_complete(close())
        loop.close()


def resolve(items: Iterator[Any], workers: int, name: str) -> Iterator[Any]:
    """Puts the results of what was deferred in the place of it, in order.

    Args:
        items: With Deferred calls and awaitables among them.
        workers: How many calls may be made at once.
        name: Of the pipeline's step, for the names of the threads.

    Yields:
        The items, those that were deferred as soon as all before them are there.
    """
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(workers, thread_name_prefix=f"dlt-pool-{name}-threads")
    waiting: list[Any] = []
    try:
        for item in items:
            if isinstance(item, Deferred):
                waiting.append(pool.submit(contextvars.copy_context().run, item.call))
            elif inspect.isawaitable(item):
                waiting.append(pool.submit(contextvars.copy_context().run, asyncio.run, _wait(item)))
            else:
                waiting.append(item)
            while waiting and (len(waiting) > workers or not hasattr(waiting[0], "result")):
                yield _result(waiting.pop(0))
        for item in waiting:
            yield _result(item)
    finally:
        pool.shutdown(cancel_futures=True)


def awaited(items: Iterator[Any], name: str) -> Iterator[Any]:
    """The items, those that are put off replaced by their results, if the first one is put off.

    Frames come as those that the extension reads, if the first item is one.

    Other sources are not slowed down: what they put off later is waited for where it comes.

    Args:
        items: Of a resource.
        name: For the names of the threads.
    """
    first = next(items, items)
    if first is items:
        return iter(())
    items = itertools.chain([first], items)
    if is_frame(first):
        return map(as_stream, items)
    return resolve(items, _WORKERS, name) if _is_put_off(first) else items


def _is_put_off(item: Any) -> bool:
    return isinstance(item, Deferred) or inspect.isawaitable(item)


async def _wait(awaitable: Any) -> Any:
    return await awaitable


def _result(item: Any) -> Any:
    return item.result() if hasattr(item, "result") and hasattr(item, "cancel") else item


def close_items(opened: list[Any], name: str) -> None:
    """Ends generators that were not read to their end; the program may have one of them still.

    Args:
        opened: What was read; it is empty afterwards.
        name: Of the resource, for the log.
    """
    while opened:
        items = opened.pop()
        if inspect.isgenerator(items):
            try:
                items.close()
            except Exception:  # the run is over, as it is
                logger.warning("the generator of the resource '%s' has raised when it was closed", name, exc_info=True)


def ahead(items: Iterator[Any], name: str, waits: bool) -> Iterator[Any]:
    """Draws each item on a thread while the one before is worked on.

    Args:
        items: An iterator; its `next` is called on one thread at a time.
        name: For the thread's name.
        waits: Whether an item is drawn only when it is asked for: its code looks at the cursor, which
            must have moved by then.

    Yields:
        The items, in order.
    """
    from concurrent.futures import ThreadPoolExecutor

    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix=f"dlt-pool-{name}-threads") as pool:
        here = contextvars.copy_context()

        def draw() -> Any:
            return here.run(lambda: next(items, end))

        future = pool.submit(draw)
        while (item := future.result()) is not end:
            if not waits:
                future = pool.submit(draw)
            yield item
            if waits:
                future = pool.submit(draw)


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


def _one(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return (lambda item: function(item, None)) if _takes_meta(function) else function


def map_step(function: Callable[..., Any]) -> Step:
    """A step that puts `function(item)` in the place of each item; None drops it."""
    call = _one(function)

    def step(items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            if isinstance(item, list):
                yield [made for each in item if (made := call(each)) is not None]
            else:
                yield call(item)

    return step


def filter_step(function: Callable[..., Any]) -> Step:
    """A step that leaves out the items for which `function` does not hold."""
    call = _one(function)

    def step(items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            if isinstance(item, list):
                yield [each for each in item if call(each)]
            elif item is not None and call(item):
                yield item

    return step


def yield_map_step(function: Callable[..., Iterator[Any]]) -> Step:
    """A step that puts what `function(item)` yields in the place of each item."""
    call = _one(function)

    def step(items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            for each in item if isinstance(item, list) else [item]:
                yield from call(each)

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
                count += len(item) if count_rows and isinstance(item, list) else 1
                yield item
        finally:
            close = getattr(items, "close", None)
            if close:
                close()
