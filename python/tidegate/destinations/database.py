"""What a destination leads to: a database, and connections to it that run a program's statements.

`destinations/impl` has one of each for each kind.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from tidegate import _core
from tidegate.destinations.cursor import Cursor
from tidegate.destinations.dialects import Dialect


class Connection(Protocol):
    """A connection of its own: settings, temporary tables and transactions last until it is closed."""

    #: Of the database's module.
    native: Any

    def execute(self, sql: str, args: Sequence[Any], named: dict[str, Any]) -> Cursor:
        """Runs a statement, with its values in place of `%s`."""

    def told(self) -> contextlib.AbstractContextManager[None]:
        """What the database raises inside of `with` comes out as an exception of this package."""

    def use(self, dataset: str) -> None:
        """Makes a dataset the default schema, if it is there."""

    def begin(self) -> None:
        """Begins a transaction."""

    def commit(self) -> None:
        """Ends it, and says so only when all is done."""

    def rollback(self) -> None:
        """Ends it as if it had not been."""

    def close(self) -> None:
        """Ends the connection; what was not committed is rolled back."""


class Database(Protocol):
    """A database that a destination leads to."""

    #: What SQL looks like there.
    words: Dialect

    @property
    def name(self) -> str:
        """What stands in messages and infos, without secrets."""

    def options(self) -> dict[str, Any]:
        """What the library is told of it, with the names of `tg_pipeline_options`."""

    def options_to_try(self) -> dict[str, Any]:
        """The same for a load that is rolled back: where there is no file yet, none is made."""

    def connect(self, library: Callable[[], _core.Pipeline]) -> Connection:
        """A new connection.

        Args:
            library: Opens a pipeline of the library, for databases that it reaches.
        """
