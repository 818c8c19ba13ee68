"""The command `tidegate`, as the package brings it: `python -m tidegate` is the same.

It is the one that is built without Python, in the extension; the engine is the installed `duckdb`. Beside it
stands `tidegate pipeline NAME`, for pipelines of Python programs.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Sequence

from tidegate import _core

_AT_WORK = threading.Lock()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: Those behind its name; None: of this process.

    Returns:
        The exit code.

    Raises:
        RuntimeError: Another thread is in it.
    """
    given = sys.argv[1:] if arguments is None else arguments
    if given and given[0] == "pipeline":
        from tidegate.pipeline.command import main as main_of_pipelines

        return main_of_pipelines(given[1:])
    _choose_engine()
    if not _AT_WORK.acquire(blocking=False):
        raise RuntimeError("the command is at work in this process already, and has its signals: run the other one as a process")
    try:
        return _core.main([os.fsencode(each) for each in ("tidegate", *given)])
    finally:
        _AT_WORK.release()


def _choose_engine() -> None:
    """DuckDB's own library in its package, which is not imported for it; what the user has said wins."""
    found = importlib.util.find_spec("_duckdb")
    if found and found.origin:
        os.environ.setdefault("TIDEGATE_DUCKDB", found.origin)


if __name__ == "__main__":
    sys.exit(main())
