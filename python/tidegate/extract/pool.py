"""What code does beside the run: calls that were put off, awaitables, and resources that are drawn ahead.

    items, the first of which was put off -> resolve: calls on threads, awaitables on an event loop, their
    results in the order of the items
    a resource that is `parallelized` -> ahead, of a transformer side_by_side
"""

from __future__ import annotations

import contextvars
import inspect
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tidegate._core import PAUSE
from tidegate.extract.items import marked, unmarked

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

    from tidegate.common.configuration.extract import ExtractConfiguration

_END = object()


class Deferred:
    """A call that `defer` has put off: it is made on a thread of a pool.

    Args:
        call: A function without arguments.
    """

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call


def is_put_off(item: Any) -> bool:
    """Whether an item, marked or not, is a call or an awaitable whose result is meant."""
    item, _ = unmarked(item)
    return not isinstance(item, (dict, list)) and (isinstance(item, Deferred) or inspect.isawaitable(item))


class Pool:
    """Where what was put off is done: calls on threads, awaitables on an event loop of their own.

    Args:
        name: Of the resource, for the names of the threads.
        workers: How many threads there are for calls.
    """

    def __init__(self, name: str, workers: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._prefix = f"dlt-pool-{name}-threads"
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=self._prefix)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None  # of the loop

    def call(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Has a function called on a thread, with the context of who asks for it."""
        return self._threads.submit(contextvars.copy_context().run, function, *args)

    def submit(self, item: Any) -> Future[Any]:
        """Has the call made, or the awaitable awaited; the result of a marked one is marked."""
        item, meta = unmarked(item)
        if isinstance(item, Deferred):
            return self.call(_made, item, meta)
        import asyncio

        return asyncio.run_coroutine_threadsafe(_wait(item, meta), self._running_loop())

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        import asyncio

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=_serve, args=(self._loop,), name=f"{self._prefix}_loop")
            self._thread.start()
        return self._loop

    def close(self) -> None:
        """Calls that are made end by themselves; those that are not begun are left, awaitables are cancelled."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """Runs a loop until it is stopped, and ends what is left on it."""
    loop.run_forever()
    loop.run_until_complete(_cancel_all())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


async def _cancel_all() -> None:
    import asyncio

    left = asyncio.all_tasks() - {asyncio.current_task()}
    for each in left:
        each.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _made(deferred: Deferred, meta: Any) -> Any:
    return marked(deferred.call(), meta)


async def _wait(awaitable: Any, meta: Any) -> Any:
    return marked(await awaitable, meta)


def _is_there(waiting: Any) -> bool:
    return not hasattr(waiting, "add_done_callback") or bool(waiting.done())


def _result(waiting: Any) -> Any:
    return waiting.result() if hasattr(waiting, "add_done_callback") else waiting


def loop_is_running() -> bool:
    """Whether this thread runs an event loop, beside which it can run no other."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def drawn_beside(draw: Callable[[], Any], end: Any) -> Iterator[Any]:
    """What an asynchronous function gives again and again, awaited on a loop of another thread.

    Args:
        draw: The function.
        end: What it gives at last.

    Yields:
        What it gives before.
    """
    pool = Pool("async", 1)
    try:
        while (item := pool.submit(draw()).result()) is not end:
            yield item
    finally:
        pool.close()  # which closes the generators of its loop, too


def resolve(items: Iterator[Any], how: ExtractConfiguration, name: str) -> Iterator[Any]:
    """Puts the results of what was put off in the place of it, in order.

    Args:
        items: With Deferred calls and awaitables among them.
        how: How many may be at work.
        name: Of the resource, for the names of the threads.

    Yields:
        The items, each as soon as it and all before it are there.
    """
    pool = Pool(name, how.workers)
    waiting: deque[Any] = deque()
    try:
        for item in items:
            if item is PAUSE and not waiting:
                yield item
            elif item is PAUSE and len(waiting) < how.max_parallel_items and not _is_there(waiting[0]):
                yield item  # more may come before it is there
            elif item is PAUSE:
                yield _result(waiting.popleft())
            else:
                waiting.append(pool.submit(item) if is_put_off(item) else item)
            while waiting and (len(waiting) >= how.max_parallel_items or _is_there(waiting[0])):
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())
    finally:
        pool.close()


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
    pool = Pool(name, 1)
    here = contextvars.copy_context()  # the same for all of its draws
    try:
        future = pool.call(here.run, next, items, _END)
        while (item := future.result()) is not _END:
            if not waits:
                future = pool.call(here.run, next, items, _END)
            yield item
            if waits:
                future = pool.call(here.run, next, items, _END)
    finally:
        pool.close()


def side_by_side(
    feed: Iterator[Any], transform: Callable[[Any], Iterator[Any]], how: ExtractConfiguration, name: str
) -> Iterator[Any]:
    """What becomes of the items of another resource, of several at once on threads.

    Args:
        feed: The items.
        transform: Gives what one of them becomes.
        how: How many threads there are.
        name: For their names.

    Yields:
        What they have become, in the order of the items; PAUSE, while one has to be waited for.
    """
    def begin(item: Any) -> tuple[Iterator[Any], Any]:
        return go_on(transform(item))

    def go_on(made: Iterator[Any]) -> tuple[Iterator[Any], Any]:
        return made, next(made, _END)

    pool = Pool(name, how.workers)
    window: deque[Future[tuple[Iterator[Any], Any]]] = deque()
    more = True
    try:
        while more or window:
            starves = False
            while more and not starves and len(window) < how.workers:
                item = next(feed, _END)
                starves, more = item is PAUSE, item is not _END
                if more and not starves:
                    window.append(pool.call(begin, item))
            if starves and not (window and window[0].done()):
                yield PAUSE
            elif window:
                made, result = window.popleft().result()
                if result is not _END:
                    window.appendleft(pool.call(go_on, made))
                    yield result
    finally:
        pool.close()
