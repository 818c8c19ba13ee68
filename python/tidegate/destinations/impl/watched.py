"""Statements that Ctrl-C ends.

Python hears of a signal when its main thread is back from the database, and a statement of a large load takes
minutes. So the main thread waits for a thread that runs it:

    call -> a thread runs the statement -> the main thread waits, and hears of signals
         -> a signal's exception -> the statement is interrupted, and has ended -> the exception goes on
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

T = TypeVar("T")

_AGAIN = 0.1  # seconds: an interrupt that came before the statement had begun is said again


def watched(statement: Callable[[], T], interrupt: Callable[[], None]) -> T:
    """Runs a statement; in another thread than the main one, where no signals come, as it is.

    Args:
        statement: What is run.
        interrupt: Ends it, from another thread.

    Returns:
        What it returns.

    Raises:
        KeyboardInterrupt: The statement was ended by it, or by what another signal's handler raises.

    Example:
        >>> watched(lambda: 5, lambda: None)
        5
    """
    if threading.current_thread() is not threading.main_thread():
        return statement()
    future: Future[T] = Future()  # before anything can run: a signal may come between any two steps
    try:
        threading.Thread(target=_run, args=(statement, future), name="tidegate-statement", daemon=True).start()
        return future.result()
    finally:
        _end(future, interrupt)


def _run(statement: Callable[[], T], future: Future[T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(statement())
    except BaseException as error:
        future.set_exception(error)


def _end(future: Future[T], interrupt: Callable[[], None]) -> None:
    """Leaves nothing running; a signal that comes meanwhile asks for no more than the one before."""
    while True:
        try:
            if future.done() or future.cancel():
                return
            interrupt()
            wait([future], _AGAIN)
        except Exception:
            raise
        except BaseException:  # of a signal's handler
            continue
