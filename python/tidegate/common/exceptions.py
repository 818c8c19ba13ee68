"""The roots of what the package raises. Their names are dlt's."""

from __future__ import annotations

from typing import Any


class DltException(Exception):
    """Everything that tidegate raises by itself."""


class MissingDependencyException(DltException, ImportError):
    """A package that is optional is needed and not installed.

    Args:
        what: What needs it, as the message begins.
        packages: What `pip install` is to be told.
    """

    def __init__(self, what: str, packages: list[str]) -> None:
        self.what = what
        self.packages = packages
        super().__init__(f"{what} needs a package that is not there: pip install {' '.join(packages)}")


class NotInTidegate(DltException, NotImplementedError):
    """Something of dlt that tidegate does not have.

    Args:
        what: What was asked for.
        instead: What to do in its place; without it: to use dlt.
    """

    def __init__(self, what: str, instead: str = "use dlt for this") -> None:
        super().__init__(f"{what} is not in tidegate; {instead}")


_NAME_FOR_NOW = -3  # getaddrinfo's EAI_AGAIN: no name server has answered


def is_retryable(error: BaseException | None) -> bool:
    """Whether what has failed may go through later, unchanged.

    The first error of the chain that says so itself decides (`error.retryable`, which the library's have); of
    others it is a connection that was refused, lost, or took too long.

    Args:
        error: What was raised, with its causes.

    Example:
        >>> is_retryable(ConnectionResetError()), is_retryable(ValueError())
        (True, False)
    """
    while error is not None:
        said = getattr(error, "retryable", None)
        if said is not None:
            return bool(said)
        if isinstance(error, (ConnectionError, TimeoutError)):
            return True
        if isinstance(error, OSError) and error.errno == _NAME_FOR_NOW:
            return True
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False


def refuse(**said: object) -> None:
    """Raises for an argument of dlt that would do nothing here.

    Args:
        said: Arguments by their names; None and False were not said.

    Raises:
        NotInTidegate: One of them was said.
    """
    for name, value in said.items():
        if value is not None and value is not False:
            raise NotInTidegate(f"{name}={value!r}")


class Absent:
    """A name of dlt that tidegate does not have: whatever is done with it is refused.

    Args:
        name: As a program says it: "destinations.snowflake".

    Example:
        >>> Absent("dlt.hub").transformation("x")
        Traceback (most recent call last):
        ...
        tidegate.common.exceptions.NotInTidegate: dlt.hub.transformation is not in tidegate; use dlt for this
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Absent:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}")

    def __call__(self, *args: object, **kwargs: object) -> Any:
        raise NotInTidegate(self._name)

    def __repr__(self) -> str:
        return f"<{self._name}, which is not in tidegate; use dlt for this>"
