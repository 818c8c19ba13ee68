"""Arguments of the ready sources: one that cannot be is told by its name and value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def check_count(**said: Any) -> None:
    """That each is a number from 1 on.

    Raises:
        ValueError: One is none.

    Example:
        >>> check_count(chunk_size="many")
        Traceback (most recent call last):
        ...
        ValueError: chunk_size is a number from 1 on, not 'many'
    """
    for name, value in said.items():
        if type(value) is not int or value < 1:
            raise ValueError(f"{name} is a number from 1 on, not {value!r}")


def check_text(**said: Any) -> None:
    """That each is a text.

    Raises:
        ValueError: One is none.
    """
    for name, value in said.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} is a text, not {value!r}")


def check_names(**said: Any) -> None:
    """That each is a list of names, or None; one text would be taken for a list of its letters.

    Raises:
        ValueError: One is none.
    """
    for name, value in said.items():
        is_list = isinstance(value, Sequence) and not isinstance(value, (str, bytes)) and all(isinstance(each, str) for each in value)
        if value is not None and not is_list:
            raise ValueError(f"{name} is a list of names, as ['orders'], not {value!r}")


def check_word(words: Sequence[Any], **said: Any) -> None:
    """That each is one of the words.

    Args:
        words: Those that it can be.
        said: What was said, by the argument.

    Raises:
        ValueError: One is none.
    """
    for name, value in said.items():
        if value not in words:
            raise ValueError(f"{name} is {', '.join(filter(None, words))}, not {value!r}")
