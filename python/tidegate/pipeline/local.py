"""What a working folder keeps for its pipeline: `WORKING_DIR/local.json`, on this machine alone.

Values that a program has set, where the pipeline was run from, and which destination it had: enough for
`attach` to find it by its name.
"""

from __future__ import annotations

import os
from typing import Any

from tidegate.common.exceptions import DltException
from tidegate.extract.state import decode, encode

_FILE = "local.json"


def _path(working_dir: str) -> str:
    return os.path.join(working_dir, _FILE)


def read(working_dir: str) -> dict[str, Any]:
    """What is kept.

    Args:
        working_dir: Of the pipeline.

    Returns:
        An empty dict where nothing is.

    Raises:
        DltException: It is damaged, or not to be read.
    """
    try:
        with open(_path(working_dir), encoding="utf-8") as file:
            found = decode(file.read())
        if not isinstance(found, dict):
            raise ValueError("it is no object")
        return found
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DltException(f"{_path(working_dir)} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DltException(
            f"{_path(working_dir)} cannot be read ({error}): delete it, and run the pipeline as its program makes it; what set_local_state_val "
            "has kept is lost, loads and cursors are not"
        ) from error


def update(working_dir: str, values: dict[str, Any]) -> None:
    """Keeps more values, whole or not at all.

    Args:
        working_dir: Of the pipeline; it is made.
        values: Such as a state can keep.
    """
    before = read(working_dir)
    if all(name in before and before[name] == value for name, value in values.items()):
        return
    os.makedirs(working_dir, exist_ok=True)
    text = encode(before | values)
    scratch = f"{_path(working_dir)}.{os.getpid()}"
    with open(scratch, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(scratch, _path(working_dir))
