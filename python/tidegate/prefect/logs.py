"""The package's log inside of a run: what `tidegate.*` says goes to the run's log, at its level.

Prefect does so by itself with `PREFECT_LOGGING_EXTRA_LOGGERS=tidegate`; here no variable is needed.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from prefect.logging import get_run_logger
from prefect.logging.handlers import APILogHandler

from tidegate.prefect.secrets import Mask

_logger = logging.getLogger("tidegate")
_at_work: ContextVar[logging.Handler | None] = ContextVar("at_work", default=None)


class RunHandler(APILogHandler):
    """Sends records to the run in which it was made; what other handlers get has no secrets, either.

    A process may have several runs: each has a handler, which takes the records of its own code, and those of
    the library's threads, which belong to nobody.

    Args:
        mask: Takes secrets out.
    """

    def __init__(self, mask: Mask) -> None:
        super().__init__()
        run: Any = get_run_logger()
        self._mask = mask
        self._run: dict[str, Any] = run.extra
        self.least: int = run.logger.getEffectiveLevel()

    def emit(self, record: logging.LogRecord) -> None:
        """A record becomes one of the run."""
        if _at_work.get() not in (self, None):
            return
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        record.msg, record.args, record.exc_info, record.exc_text = self._mask.text(text), None, None, None
        record.__dict__.update(self._run)
        if record.levelno >= self.least and not _sends_itself():
            super().emit(record)


def _sends_itself() -> bool:
    """Whether PREFECT_LOGGING_EXTRA_LOGGERS names the logger."""
    return any(isinstance(each, APILogHandler) and not isinstance(each, RunHandler) for each in _logger.handlers)


@contextlib.contextmanager
def run_log(mask: Mask) -> Iterator[None]:
    """Inside of `with` the package logs into the run.

    Args:
        mask: Takes secrets out.
    """
    handler = RunHandler(mask)
    level = _logger.level
    token = _at_work.set(handler)
    _logger.setLevel(min(handler.least, _logger.getEffectiveLevel()))
    _logger.handlers.insert(0, handler)  # the others get what it has left
    try:
        yield
    finally:
        _logger.removeHandler(handler)
        _logger.setLevel(level)
        _at_work.reset(token)
