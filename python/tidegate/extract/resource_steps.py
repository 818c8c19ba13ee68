"""Steps of a resource: functions that its items go through, one after the other (pipe.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self

from tidegate.common.exceptions import NotInTidegate
from tidegate.extract import pipe
from tidegate.extract.exceptions import ResourceExtractionError
from tidegate.extract.hints import Hints
from tidegate.extract.items import TableNameMeta


def _function(call: str, said: Any) -> Any:
    if not callable(said):
        raise TypeError(f"{call} takes a function, not {said!r}")
    return said


class ResourceSteps:
    """The part of a DltResource that adds steps to it."""

    name: str
    _hints: Hints
    _steps: list[pipe.Step]
    _is_transformer: bool

    def add_step(self, step: pipe.Step, insert_at: int | None = None) -> Self:
        """Adds a function from an iterator of items to one; that of a transformer hands PAUSE on.

        Returns:
            The resource itself.
        """
        self._steps.insert(len(self._steps) if insert_at is None else max(insert_at - 1, 0), step)
        return self

    def add_map(self, item_map: Callable[..., Any], insert_at: int | None = None) -> Self:
        """Puts `item_map(item)` in the place of each item.

        Example:
            >>> from tidegate.extract.resource import DltResource
            >>> numbers = DltResource([1, 2], "numbers").add_map(lambda n: n * 10)
            >>> list(numbers)
            [10, 20]
        """
        return self.add_step(pipe.map_step(_function("add_map", item_map)), insert_at)

    def add_filter(self, item_filter: Callable[..., bool], insert_at: int | None = None) -> Self:
        """Leaves out items for which `item_filter` does not hold."""
        return self.add_step(pipe.filter_step(_function("add_filter", item_filter)), insert_at)

    def add_yield_map(self, item_map: Callable[..., Iterator[Any]], insert_at: int | None = None) -> Self:
        """Puts all that `item_map(item)` yields in the place of each item."""
        return self.add_step(pipe.yield_map_step(_function("add_yield_map", item_map)), insert_at)

    def add_limit(
        self, max_items: int | None = None, max_time: float | None = None, count_rows: bool = False
    ) -> Self:
        """Ends after so many yields (pages count as one), or seconds, and closes the generator.

        A transformer takes all that its resource gives: limit that.

        Args:
            max_items: How many yields.
            max_time: How many seconds.
            count_rows: Whether `max_items` are rows.

        Returns:
            The resource itself.

        Raises:
            ValueError: One of them is no number.
        """
        for name, said in (("max_items", max_items), ("max_time", max_time)):
            if isinstance(said, bool) or not (said is None or hasattr(said, "__float__")):
                raise ValueError(f"{name} is a number, not {said!r}")
        if self._is_transformer:
            pipe.logger.warning("a limit of the transformer '%s' does nothing: limit the resource that it takes items from", self.name)
            return self
        self._steps = [step for step in self._steps if not isinstance(step, pipe.LimitItem)]
        self._steps.insert(0, pipe.LimitItem(max_items, max_time, count_rows))
        return self

    def select_tables(self, *table_names: str) -> Self:
        """Leaves out items of other tables, where each item has a table's name of its own.

        Args:
            table_names: As `table_name` gives them.

        Returns:
            The resource itself.
        """
        def is_of_them(item: Any, meta: Any = None) -> bool:
            if isinstance(meta, TableNameMeta):
                return meta.table_name in table_names
            return self._table_of(item) in table_names

        return self.add_filter(is_of_them)

    def _table_of(self, item: Any) -> Any:
        name = self._hints.table_name
        if not callable(name):
            return name or self.name
        try:
            return name(item)
        except Exception as error:
            raise ResourceExtractionError.of(self.name, name, error, "table_name") from error

    def add_metrics(self, metrics_f: Any, insert_at: int | None = None) -> Self:
        """Not in tidegate."""
        raise NotInTidegate("add_metrics")
