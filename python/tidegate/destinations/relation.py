"""A query of a dataset, not read yet: `select`, `where`, `order_by` and `limit` give a narrower one.

Each is written into one SELECT as long as that says the same, else around it.
"""

from __future__ import annotations

import contextlib
import numbers
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tidegate.common.exceptions import NotInTidegate
from tidegate.common.tables import aligned, table_html
from tidegate.destinations.cursor import CHUNK_ROWS, Cursor, Row
from tidegate.destinations.dialects import Dialect

if TYPE_CHECKING:
    from tidegate.destinations.dataset import Dataset

_OPERATORS = {"eq": "=", "ne": "<>", "gt": ">", "lt": "<", "gte": ">=", "lte": "<="}
_KNOWN = [*_OPERATORS, "in", "not_in"]
_SHOWN_ROWS = 10


@dataclass(frozen=True)
class _Select:
    """A SELECT in its parts.

    Attributes:
        dialect: In whose words it is written.
        source: What it reads: a table, or a query in parentheses.
        columns: By name; None: all.
        what: In place of columns.
        where: Conditions, all of which hold.
        order: Terms.
        limit: At most so many rows.
        whole: A query that stands for itself, as long as nothing is added.
    """

    dialect: Dialect = field(repr=False)
    source: str
    columns: tuple[str, ...] | None = None
    what: str | None = None
    where: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    limit: int | None = None
    whole: str | None = None

    def sql(self) -> str:
        if self.whole and self == _Select(self.dialect, self.source, whole=self.whole):
            return self.whole
        columns = "*" if self.columns is None else ", ".join(map(self.dialect.quoted, self.columns))
        text = f"SELECT {self.what or columns} FROM {self.source}"
        if self.where:
            text += " WHERE " + " AND ".join(self.where)
        if self.order:
            text += " ORDER BY " + ", ".join(self.order)
        return text if self.limit is None else f"{text} LIMIT {self.limit}"

    def around(self) -> _Select:
        """A SELECT of this one's rows."""
        return _Select(self.dialect, f"({self.sql()}) AS rows_")

    def has(self, column: str) -> bool:
        """Whether its rows have the column, as far as it says."""
        return self.columns is None or column in self.columns


class Relation:
    """Rows of a query, not read yet.

    Args:
        dataset: Where it is run.
        query: SQL that reads.
        table_name: The table that it is, in place of a query.
    """

    def __init__(self, dataset: Dataset, query: str | None = None, table_name: str | None = None) -> None:
        self._dataset = dataset
        self._table = table_name
        self._words = dataset.dialect
        if table_name is not None:
            name = ".".join(map(self._words.quoted, (dataset.dataset_name, table_name)))
            self._select = _Select(self._words, name)
        else:
            text = str(query).strip().rstrip(";")
            self._select = _Select(self._words, f"({text}\n) AS rows_", whole=text)

    def to_sql(self, pretty: bool = False) -> str:
        """The query, with its values in place.

        Args:
            pretty: Not used: it stands in one line.

        Example:
            >>> from tidegate.destinations.dataset import Dataset
            >>> from tidegate.destinations.dialects import DUCKDB
            >>> Dataset(None, DUCKDB, "d").query("select 1 as a").limit(3).to_sql()
            'SELECT * FROM (select 1 as a\\n) AS rows_ LIMIT 3'
        """
        return self._select.sql()

    # ---- narrower ones ----

    def _with(self, select: _Select) -> Relation:
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__, _select=select)
        return made

    def _unlimited(self) -> _Select:
        """To which a condition or an order can be added."""
        return self._select if self._select.limit is None and not self._select.what else self._select.around()

    def select(self, *columns: str) -> Relation:
        """These columns alone."""
        if not columns:
            raise ValueError("select() takes the names of columns: name one at least")
        here = self._select
        fits = not here.what and all(map(here.has, columns))
        return self._with(replace(here if fits else here.around(), columns=columns))

    def where(self, column_or_expr: str, operator: str | None = None, value: Any = None) -> Relation:
        """Rows for which a condition holds.

        Args:
            column_or_expr: A column; without an operator a condition in SQL.
            operator: eq, ne, gt, lt, gte, lte, in, not_in.
            value: What it is compared with; of in and not_in a list.

        Raises:
            ValueError: There is no such operator.
        """
        here = self._unlimited()
        if operator is None:
            return self._with(replace(here, where=(*here.where, f"({column_or_expr}\n)")))
        condition = self._condition(column_or_expr, operator, value)
        here = here if here.has(column_or_expr) else here.around()
        return self._with(replace(here, where=(*here.where, condition)))

    filter = where

    def _condition(self, column: str, operator: str, value: Any) -> str:
        literal, quoted = self._words.literal, self._words.quoted
        if operator in _OPERATORS:
            return f"{quoted(column)} {_OPERATORS[operator]} {literal(value)}"
        if operator not in _KNOWN:
            raise ValueError(f"where knows {', '.join(_KNOWN)}, not {operator!r}")
        values = [value] if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__") else list(value)
        if not values:
            return "1 = 0" if operator == "in" else "1 = 1"
        return f"{quoted(column)} {'NOT IN' if operator == 'not_in' else 'IN'} ({', '.join(map(literal, values))})"

    def order_by(self, column_name: str, direction: str = "asc") -> Relation:
        """The rows in the order of a column, "asc" or "desc"; a second one orders those that the first leaves equal."""
        if direction not in ("asc", "desc"):
            raise ValueError(f"direction is asc or desc, not {direction!r}")
        here = self._unlimited()
        return self._with(replace(here, order=(*here.order, f"{self._words.quoted(column_name)} {direction.upper()}")))

    def limit(self, limit: int) -> Relation:
        """At most so many rows."""
        if not isinstance(limit, numbers.Integral) or limit < 0:
            raise ValueError(f"limit is how many rows at most, 0 or more, not {limit!r}")
        here = self._select
        return self._with(replace(here, limit=int(limit) if here.limit is None else min(here.limit, int(limit))))

    def head(self, limit: int = 5) -> Relation:
        """The first rows."""
        return self.limit(limit)

    def max(self, column: str | None = None) -> Relation:
        """The greatest value of a column (of a relation with one column: of that)."""
        return self._aggregated("MAX", column)

    def min(self, column: str | None = None) -> Relation:
        """The least value."""
        return self._aggregated("MIN", column)

    def _aggregated(self, function: str, column: str | None) -> Relation:
        if column is None and len(self.columns) != 1:
            raise ValueError(f"{function.lower()}() is of one column; there are {', '.join(self.columns)}: name one")
        here = self._select.around() if self._select.limit is not None or self._select.what else self._select
        name = column or self.columns[0]
        here = here if here.has(name) else here.around()
        return self._with(replace(here, columns=None, order=(), what=f"{function}({self._words.quoted(name)})"))

    def __getitem__(self, columns: str | Sequence[str]) -> Relation:
        names = [columns] if isinstance(columns, str) else list(columns)
        missing = [name for name in names if name not in self.columns]
        if missing:
            raise KeyError(f"there is no column {', '.join(missing)}; there are {', '.join(self.columns)}")
        return self.select(*names)

    def from_loads(self, load_ids: Sequence[str]) -> Relation:
        """Rows of a table that came with these loads; it has the column `_dlt_load_id`.

        Args:
            load_ids: Their ids.
        """
        return self.where("_dlt_load_id", "in", list(load_ids))

    # ---- what they are like ----

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.columns_schema)

    @property
    def columns_schema(self) -> dict[str, dict[str, Any]]:
        """By column: its name and data type, in dlt's words; of a table whether it may be NULL, too."""
        with self._dataset.opened() as client:
            if self._table is not None and not self._select.what:
                known = client.columns_of_table(self._table)
                names = known if self._select.columns is None else self._select.columns
                if all(name in known for name in names):
                    return {name: known[name] for name in names}
            return client.columns_of_query(self.to_sql())

    @property
    def schema(self) -> dict[str, Any]:
        """The same as a table of dlt's schema."""
        return {"columns": self.columns_schema}

    # ---- rows ----

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        with self._dataset.opened() as client, client.execute_query(self.to_sql()) as cursor:
            yield cursor

    def fetchall(self) -> list[Row]:
        """All rows."""
        with self._cursor() as cursor:
            return cursor.fetchall()

    def fetchmany(self, chunk_size: int = 1) -> list[Row]:
        """The first rows."""
        with self._cursor() as cursor:
            return cursor.fetchmany(chunk_size)

    def fetchone(self) -> Row | None:
        """The first row."""
        with self._cursor() as cursor:
            return cursor.fetchone()

    def fetchscalar(self) -> Any:
        """The only value of the only row; None where there is no row.

        Raises:
            ValueError: There are several rows, or columns.
        """
        rows = self.fetchmany(2)
        if len(rows) > 1:
            raise ValueError("fetchscalar is for one row, and there are more")
        if rows and len(rows[0]) != 1:
            raise ValueError(f"fetchscalar is for one column, and there are {len(rows[0])}")
        return rows[0][0] if rows else None

    def df(self, chunk_size: int | None = None) -> Any:
        """A data frame of pandas: of all rows, or of the first `chunk_size`."""
        with self._cursor() as cursor:
            return cursor.df(chunk_size)

    def arrow(self, chunk_size: int | None = None) -> Any:
        """A table of pyarrow: of all rows, or of the first `chunk_size`."""
        with self._cursor() as cursor:
            return cursor.arrow(chunk_size)

    def iter_df(self, chunk_size: int = CHUNK_ROWS) -> Iterator[Any]:
        """Data frames of so many rows."""
        with self._cursor() as cursor:
            yield from cursor.iter_df(chunk_size)

    def iter_arrow(self, chunk_size: int = CHUNK_ROWS) -> Iterator[Any]:
        """Tables of so many rows."""
        with self._cursor() as cursor:
            yield from cursor.iter_arrow(chunk_size)

    def iter_fetch(self, chunk_size: int = CHUNK_ROWS) -> Iterator[list[Row]]:
        """Lists of so many rows."""
        with self._cursor() as cursor:
            yield from cursor.iter_fetch(chunk_size)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The rows as an Arrow stream: `pyarrow.table(relation)`, `polars.DataFrame(relation)`."""
        return self.arrow().__arrow_c_stream__(requested_schema)

    # ---- what dlt has beside ----

    def join(self, *args: Any, **kwargs: Any) -> Relation:
        """Not in tidegate: `dataset("select ... join ...")` says it in SQL."""
        raise NotInTidegate("Relation.join", 'say it in SQL: dataset("select ... join ...")')

    def incremental(self, *args: Any, **kwargs: Any) -> Relation:
        """Not in tidegate: `where` says it."""
        raise NotInTidegate("Relation.incremental", "say it by where")

    def to_ibis(self) -> Any:
        """Not in tidegate."""
        raise NotInTidegate("Relation.to_ibis")

    def to_model(self) -> Any:
        """Not in tidegate."""
        raise NotInTidegate("Relation.to_model")

    # ---- texts ----

    def _shown(self) -> tuple[list[str], list[Row]]:
        with self.limit(_SHOWN_ROWS)._cursor() as cursor:
            return cursor.columns, cursor.fetchall()

    def __repr__(self) -> str:
        try:
            head, rows = self._shown()
        except Exception as error:  # a text is there even so
            return f"<dlt.Relation(dataset={self._dataset.dataset_name!r}, query={self.to_sql()!r}): {error}>"
        return "\n".join(aligned([head, *rows], has_rule=True))

    def _repr_html_(self) -> str:
        head, rows = self._shown()
        return table_html(head, rows)
