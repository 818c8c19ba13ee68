"""The package's logger, for code that says `from dlt.common import logger`.

All messages go to loggers below `tidegate`: `logging.getLogger("tidegate").setLevel(...)`. What
`runtime.log_level` and `runtime.log_format` say is set when a pipeline is made, and left alone where
the program has set its own.
"""

from __future__ import annotations

import json
import logging
import sys

from tidegate.common.configuration.exceptions import ConfigurationException
from tidegate.common.configuration.runtime import RuntimeConfiguration

LOGGER = logging.getLogger("tidegate")


class _JsonFormatter(logging.Formatter):
    """A line of JSON for each message."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": self.formatTime(record), "level": record.levelname, "logger": record.name,
            "process": record.process, "thread": record.thread, "message": record.getMessage(),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told)


class _Console(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to stderr what no handler of the program's own shows."""

    level_set: int | None = None  # on LOGGER, by us

    def emit(self, record: logging.LogRecord) -> None:
        if logging.getLogger().handlers or LOGGER.handlers != [self]:
            return
        self.stream = sys.stderr  # a notebook, or a test, puts another one in its place
        super().emit(record)


_console = _Console()


def init_logging(config: RuntimeConfiguration) -> None:
    """Shows messages of the level, and on stderr, unless the program has said what it wants of them.

    Args:
        config: The level and the format.

    Raises:
        ConfigurationException: There is no such level, or the format is none.
    """
    if LOGGER.level in (logging.NOTSET, _console.level_set):
        try:
            LOGGER.setLevel(int(config.log_level) if config.log_level.isdecimal() else config.log_level.upper())
        except ValueError as error:
            raise ConfigurationException(f"runtime.log_level: {error}") from None
        _console.level_set = LOGGER.level
    try:
        is_json = config.log_format == "JSON"
        _console.setFormatter(_JsonFormatter() if is_json else logging.Formatter(config.log_format, style="{"))
    except ValueError as error:
        raise ConfigurationException(f"runtime.log_format: {error}") from None
    if not LOGGER.handlers:
        LOGGER.addHandler(_console)
