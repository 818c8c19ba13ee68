"""`runtime.*`: how the package itself behaves.

    runtime.log_level        of the package's loggers; "WARNING" where nothing says another
    runtime.log_format       of its lines on stderr, as `str.format` fills it, or "JSON"
    runtime.inject_defaults  whether configuration goes before plain defaults of arguments; true
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from tidegate.common import context
from tidegate.common.configuration.coerce import coerce
from tidegate.common.configuration.providers import find, paths_below


@dataclass(frozen=True)
class RuntimeConfiguration:
    """What `runtime.*` says.

    Attributes:
        log_level: A name of logging's, or a number.
        log_format: With the names of `logging.LogRecord` in braces; "JSON": an object a line.
        inject_defaults: Whether an argument's plain default is looked for in configuration first.
    """

    log_level: str = "WARNING"
    log_format: str = (
        "{asctime}|[{levelname}]|{process}|{thread}|{name}|{filename}|{funcName}:{lineno}|{message}"
    )
    inject_defaults: bool = True


def runtime_config() -> RuntimeConfiguration:
    """What it is now: of the environment and the files as they stand.

    Returns:
        A new object.

    Raises:
        ConfigValueCannotBeCoercedException: A value is of another type.
    """
    values: dict[str, Any] = {}
    for field in fields(RuntimeConfiguration):
        found, _ = find(paths_below(context.pipeline_name(), ["runtime"], field.name))
        if found:
            values[field.name] = coerce(field.name, found.value, type(field.default), None, found.place)
    return RuntimeConfiguration(**values)
