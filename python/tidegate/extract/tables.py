"""Which table each item of a resource goes to.

    items as they are yielded, marked or not -> spread -> rows, pages and frames, and before those of another table a
    Table, by which the library has what follows go there, until the next one

This step stands in the way of a resource whose table's name is a function, and from its first mark on in that of any
other: the library asks for it there (Reader.spread), and a resource without marks pays nothing.

    static name:   a mark says the table, else the resource does
    a function:    it is asked for each row of a page, for a frame as a whole; it decides, whatever a mark says
    variants:      hints of single tables, by `apply_hints` or `with_hints` with create_table_variant
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tidegate._core import PAUSE, Table
from tidegate.common.exceptions import NotInTidegate
from tidegate.common.schema.exceptions import TableNotFound
from tidegate.extract import pipe
from tidegate.extract.convert import convert
from tidegate.extract.exceptions import InvalidTableName, ResourceExtractionError
from tidegate.extract.hints import Hints, by_fields, is_model
from tidegate.extract.incremental.path import letters
from tidegate.extract.items import DataItemWithMeta, HintsMeta, MaterializedEmptyList, TableNameMeta
from tidegate.extract.pool import is_put_off

if TYPE_CHECKING:
    from tidegate.extract.resource import DltResource

Part = tuple[Table | None, Any]


class Tables:
    """The tables of a resource that is read.

    Args:
        resource: Which one; what marks say changes nothing of it.
        schema: The name of its source's schema.
        options: Gives hints as the library has them.
        made: The names of tables that its source's resources have made in this run; its own come to them.
        known: Gives the names of the tables of a schema that were there before.
        has_table: Whether it has rows at all.

    Attributes:
        meta: What the mark of the item that is on its way says.
        in_order: Whether rows of a page stay in their order also where they go to different tables.
        give: Takes pages whole, of which `take` got the parts; None: nobody wants them.
    """

    def __init__(
        self, resource: DltResource, schema: str, options: Callable[[Hints], dict[str, Any]], made: set[str],
        known: Callable[[str], Iterable[str]], has_table: bool,
    ) -> None:
        self.meta: Any = None
        self.in_order = False
        self.give: Callable[[Any], None] | None = None
        self._resource = resource
        self._schema = schema
        self._options = options
        self._made = made
        self._known = known
        self._has_table = has_table
        self._set_hints(resource._hints)
        self._variants = dict(resource._variants)
        self._own = Table(None, None)
        self._current = self._own
        self._said: dict[tuple[str, bool], tuple[dict[str, Any], Table]] = {}
        self._page: list[Any] | None = None

    @property
    def is_dynamic(self) -> bool:
        """Whether the table's name is a function."""
        return self._table_of is not None

    def _set_hints(self, hints: Hints) -> None:
        self._hints = hints
        self._functions = hints.functions
        self._table_of = functools.partial(self._by_function, hints.table_name) if callable(hints.table_name) else None

    def spread(self, items: Iterator[Any]) -> Iterator[Any]:
        """The items, each behind the Table that it goes to where that is another one than before.

        Args:
            items: As they come from the resource's last step.

        Raises:
            TableNotFound: A mark names a table that is not there, and none may be made.
            InvalidTableName: The function gives no name.
        """
        for item in items:
            if item is PAUSE:
                yield item
                continue
            item = self._unmarked(item)
            parts = self._parts(item)
            self._page = [] if self.give and _is_split(item, parts) else None
            for table, part in parts:
                if table is not None and table is not self._current:
                    self._current = table
                    yield table
                yield part
            if self._page is not None:
                self._give_page()
                yield PAUSE

    def take(self, part: Any) -> bool:
        """Keeps what is new of a part of a page for `give`; False: it is no part, but a whole item."""
        if self._page is None:
            return False
        self._page += part if isinstance(part, list) else [part]
        return True

    def _give_page(self) -> None:
        page, self._page = self._page, None
        if page and self.give:
            self.give(page)

    # ---- marks ----

    def _unmarked(self, item: Any) -> Any:
        """The item itself; what its mark says is done."""
        while is_put_off(item):
            item = DataItemWithMeta(item.meta, convert(item.data)) if isinstance(item, DataItemWithMeta) else convert(item)
        self.meta = None
        if not isinstance(item, DataItemWithMeta):
            return item
        self.meta = item.meta
        if isinstance(item.meta, HintsMeta) and item.meta.hints:
            self._take_hints(by_fields(item.meta.hints), item.meta.create_table_variant)
        return item.data

    def _take_hints(self, said: dict[str, Any], is_variant: bool) -> None:
        """They hold from here on."""
        self._said.clear()
        if is_variant:
            name = said.pop("table_name", None)
            self._variants[name] = self._hints.variant(name, self._variants.get(name), said)
            return
        if is_model(said.get("columns")):
            raise NotInTidegate("a model of pydantic as columns of mark.with_hints", "say it of the resource")
        self._set_hints(self._hints.applied(**said))

    def _name_of_mark(self) -> str | None:
        """Of the table that the mark names."""
        if isinstance(self.meta, TableNameMeta):
            return self.meta.table_name
        is_variant = isinstance(self.meta, HintsMeta) and self.meta.hints and self.meta.create_table_variant
        return self.meta.hints["table_name"] if is_variant else None

    # ---- tables ----

    def _parts(self, item: Any) -> list[Part]:
        """What goes to the same table of an item, with that."""
        if item is None:
            return []
        if isinstance(item, list) and item and pipe.is_frame(item[0]):
            return [part for frame in item for part in self._parts(frame)]
        if pipe.is_frame(item):
            item = pipe.as_table(item) if self.is_dynamic or self.give else pipe.as_stream(item)
        materialize = isinstance(item, MaterializedEmptyList)
        if materialize:  # what goes on is a page: a mark would come here again
            item = []
        if not self._has_table:
            return [(None, item)]
        if self._table_of is None:
            return [(self._by_mark(materialize), item)]
        if not isinstance(item, list):
            return [(self._table_of(item), item)]
        return _runs(item, self._table_of) if self.in_order or self.give else _groups(item, self._table_of)

    def _by_mark(self, materialize: bool) -> Table:
        own = self._hints.table_name if isinstance(self._hints.table_name, str) else self._resource.name
        name = self._name_of_mark() or own
        if not isinstance(name, str):
            raise InvalidTableName(self._resource.name, name)
        if name == own and self._hints is self._resource._hints and name not in self._variants and not materialize:
            return self._own
        hints = self._variants.get(name)
        if hints is None and name != own and self._hints.table_name and not self._is_known(name):
            raise TableNotFound(self._schema, name)
        return self._table(name, hints or self._hints, {}, materialize)

    def _by_function(self, name_of: Callable[[Any], Any], item: Any) -> Table:
        name = self._ask("table_name", name_of, item)
        if not isinstance(name, str) or not name:
            raise InvalidTableName(self._resource.name, name)
        if name in self._variants:
            return self._table(name, self._variants[name], {})
        return self._table(name, self._hints, {hint: self._ask(hint, function, item) for hint, function in self._functions.items()})

    def _ask(self, hint: str, function: Callable[[Any], Any], item: Any) -> Any:
        try:
            return function(item)
        except Exception as error:
            raise ResourceExtractionError.of(self._resource.name, function, error, hint) from error

    def _table(self, name: str, hints: Hints, values: dict[str, Any], materialize: bool = False) -> Table:
        """The same object, as long as its hints are the same."""
        said = self._said.get((name, materialize))
        if said and said[0] == values:
            return said[1]
        options = self._options(hints.with_values(values))
        table = Table(name, options | {"materialize": True} if materialize else options)
        self._said[name, materialize] = values, table
        self._made.add(name)
        return table

    def _is_known(self, name: str) -> bool:
        return name in self._made or letters(name) in {letters(each) for each in (*self._made, *self._known(self._schema))}


def _is_split(item: Any, parts: list[Part]) -> bool:
    """Whether the parts are less than an item, each by itself."""
    return len(parts) > 1 or (len(parts) == 1 and isinstance(item, list) and not isinstance(parts[0][1], list))


def _runs(page: list[Any], table_of: Callable[[Any], Table]) -> list[Part]:
    """Rows of a page that follow each other and go to the same table."""
    return [(table, list(rows)) for table, rows in itertools.groupby(page, table_of)]


def _groups(page: list[Any], table_of: Callable[[Any], Table]) -> list[Part]:
    """Rows of a page by their tables."""
    found: dict[Table, list[Any]] = {}
    for row in page:
        found.setdefault(table_of(row), []).append(row)
    return list(found.items())
