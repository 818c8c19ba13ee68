"""Secrets of a run: parameters hold their names alone, a task looks them up, and nothing that it tells has them.

    secret_values({"api_key": "block-name", "token": "env:NAME"}) -> values, for the job's configuration
    Mask(values) -> texts, results and errors without them
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

from prefect.blocks.system import Secret

from tidegate.common.exceptions import DltException, is_retryable
from tidegate.jobs import JobError

_ENVIRONMENT = "env:"
_SHORTEST = 4  # what is shorter is no secret, and in every text
_HIDDEN = "********"


def secret_values(names: Mapping[str, str]) -> dict[str, Any]:
    """The values of secrets.

    Args:
        names: By the key of configuration: the name of a block, or `env:NAME`.

    Returns:
        By the key of configuration: the values.

    Raises:
        JobError: There is no such block or variable.
    """
    return {key: _value(key, name) for key, name in names.items()}


def _value(key: str, name: str) -> Any:
    if name.startswith(_ENVIRONMENT):
        variable = name.removeprefix(_ENVIRONMENT)
        if variable not in os.environ:
            raise JobError(f"the secret '{key}' is in no variable '{variable}' of the environment")
        return os.environ[variable]
    try:
        block: Any = Secret.load(name, _sync=True)
    except ValueError as error:
        raise JobError(f"the secret '{key}' is in no block '{name}': {error}") from error
    return block.get()


class MaskedError(DltException):
    """An error whose text, or that of one of its causes, had a secret in it.

    Args:
        text: All of it, without the secret.
        retryable: As the error said.
    """

    def __init__(self, text: str, retryable: bool) -> None:
        self.retryable = retryable
        super().__init__(text)


class Mask:
    """Takes secrets out of what is told.

    Args:
        values: Texts, or tables and lists of such.

    Example:
        >>> mask = Mask({"key": "s3cr3t"})
        >>> mask.told({"url": "http://x?key=s3cr3t", "n": 1})
        {'url': 'http://x?key=********', 'n': 1}
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        found = {text for text in _texts(values) if len(text) >= _SHORTEST}
        self._secrets = sorted(found, key=len, reverse=True)  # one may be a part of another

    def text(self, text: str) -> str:
        """The text without them."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text

    def told(self, value: Any) -> Any:
        """JSON without them."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.told(each) for key, each in value.items()}
        return [self.told(each) for each in value] if isinstance(value, list) else value

    def error(self, error: Exception) -> Exception:
        """The error itself, or one that tells the same without them."""
        whole = "".join(traceback.format_exception(error))
        if self.text(whole) == whole:
            return error
        return MaskedError(f"{type(error).__name__}: {self.text(str(error))}\n\n{self.text(whole)}", is_retryable(error))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
