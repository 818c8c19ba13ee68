"""The roots of what the package raises. Their names are dlt's."""

from __future__ import annotations


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
