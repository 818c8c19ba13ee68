"""What the library advises, in words of Python: its messages name options of the command.

    "... or run once with --accept-limits" -> "In Python: --accept-limits is run(..., accept='limits')"
"""

from __future__ import annotations

import functools
import re

#: What the command is told, and what a program says in its place. The longest that fits wins.
_WORDS = {
    "--accept": "run(..., accept='rows')",
    "--accept-cursor-change": "run(..., accept='cursor_change')",
    "--accept-limits": "run(..., accept='limits')",
    "--again": "window={'from': ..., 'to': ..., 'again': True}",
    "--cursors": "reset(..., parts='cursors')",
    "--from": "run(..., window=(from, to))",
    "--full-refresh": "run(..., refresh='drop_data')",
    "--memory": "pipeline(..., memory='1GiB')",
    "--refresh": "run(..., refresh=...)",
    "--rows": "plan(..., rows=True)",
    "--select": "source.with_resources(...)",
    "--to": "run(..., window=(from, to))",
    "tidegate backfill": "Pipeline.backfill(...)",
    "tidegate plan": "Pipeline.plan(...)",
    "tidegate reset": "Pipeline.reset(...)",
    "tidegate run": "Pipeline.run(...)",
    "tidegate show SPEC loads": "Pipeline.dataset()['_dlt_loads']",
    "tidegate show SPEC state": "Pipeline.state",
    "undo: {loads: N}": "pipeline(..., undo_loads=N)",
}


@functools.cache
def _pattern() -> re.Pattern[str]:
    return re.compile("|".join(rf"{re.escape(word)}(?![\w-])" for word in sorted(_WORDS, key=len, reverse=True)))


def in_python(text: str) -> str:
    """What a text's advice is in Python.

    Args:
        text: Of the library.

    Returns:
        A line for each word of the command; "" where there is none.

    Example:
        >>> print(in_python("load it again with --full-refresh --select people"))
        In Python: --full-refresh is run(..., refresh='drop_data')
        In Python: --select is source.with_resources(...)
    """
    found = dict.fromkeys(_pattern().findall(text))
    return "\n".join(f"In Python: {word} is {_WORDS[word]}" for word in found)
