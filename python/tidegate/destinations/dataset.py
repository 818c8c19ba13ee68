"""`Pipeline.dataset()`: the loaded tables as relations, which are read when they are asked for.

    data = pipeline.dataset()
    data.person.where("id", "gt", 5).select("id", "name").limit(10).df()
    data("select count(*) from person").fetchscalar()

A relation is a query; `select`, `where`, `order_by`, `limit` give a new one around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tidegate.destinations.sql_client import quoted

_OPERATORS = {"eq": "=", "ne": "<>", "gt": ">", "lt": "<", "gte": ">=", "lte": "<="}
_OWN = ("_dlt_", "_tidegate_")


class Relation:
    """Rows of a query, not read yet.

    Args:
        dataset: Where it is run.
        sql: The query.
        values: For its placeholders.
        table: The table that it is, if it is a whole one.
    """

    def __init__(self, dataset: Dataset, sql: str, values: Sequence[Any] = (), table: str | None = None) -> None:
        self._dataset = dataset
        self._sql = sql
        self._values = list(values)
        self._table = table

    def to_sql(self) -> str:
        """The query.

        Returns:
            SQL, with `%s` where a value goes.
        """
        return self._sql

    # ---- narrower ones ----

    def _around(self, sql: str, *values: Any) -> Relation:
        return Relation(self._dataset, sql.replace("{}", f"({self._sql}) AS rows_", 1), [*self._values, *values])

    def select(self, *columns: str) -> Relation:
        """These columns alone.

        Example:
            >>> Relation(None, "SELECT * FROM t").select("a").to_sql()  # doctest: +SKIP
            'SELECT "a" FROM (SELECT * FROM t) AS rows_'
        """
        return self._around(f"SELECT {', '.join(map(quoted, columns))} FROM {{}}")

    def where(self, column: str, operator: str, value: Any) -> Relation:
        """Rows for which a condition holds.

        Args:
            column: The column.
            operator: eq, ne, gt, lt, gte, lte, in, not_in.
            value: What it is compared with; of in and not_in a list.

        Raises:
            ValueError: There is no such operator.
        """
        if operator in ("in", "not_in"):
            marks = ", ".join(["%s"] * len(value))
            negated = "NOT " if operator == "not_in" else ""
            return self._around(f"SELECT * FROM {{}} WHERE {quoted(column)} {negated}IN ({marks})", *value)
        if operator not in _OPERATORS:
            raise ValueError(f"where knows {', '.join([*_OPERATORS, 'in', 'not_in'])}, not {operator!r}")
        return self._around(f"SELECT * FROM {{}} WHERE {quoted(column)} {_OPERATORS[operator]} %s", value)

    def order_by(self, column: str, direction: str = "asc") -> Relation:
        """The rows in the order of a column, "asc" or "desc"."""
        if direction not in ("asc", "desc"):
            raise ValueError(f"direction is asc or desc, not {direction!r}")
        return self._around(f"SELECT * FROM {{}} ORDER BY {quoted(column)} {direction}")

    def limit(self, limit: int) -> Relation:
        """At most so many rows."""
        return self._around(f"SELECT * FROM {{}} LIMIT {int(limit)}")

    def head(self, limit: int = 5) -> Relation:
        """The first rows."""
        return self.limit(limit)

    def max(self, column: str | None = None) -> Relation:
        """The greatest value of a column (of a relation with one column: of that)."""
        return self._around(f"SELECT max({self._one(column)}) FROM {{}}")

    def min(self, column: str | None = None) -> Relation:
        """The least value."""
        return self._around(f"SELECT min({self._one(column)}) FROM {{}}")

    def _one(self, column: str | None) -> str:
        return quoted(column or self.columns[0])

    def __getitem__(self, columns: str | Sequence[str]) -> Relation:
        names = [columns] if isinstance(columns, str) else list(columns)
        missing = [name for name in names if name not in self.columns]
        if missing:
            raise KeyError(f"there is no column {', '.join(missing)}; there are {', '.join(self.columns)}")
        return self.select(*names)

    # ---- what they are like ----

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.columns_schema)

    @property
    def columns_schema(self) -> dict[str, dict[str, Any]]:
        """By column: its name and data type, in dlt's words."""
        with self._dataset.client() as client:
            with client.execute_query(f"DESCRIBE {self._sql}", *self._values) as cursor:
                return {row[0]: {"name": row[0], "data_type": _type_of(row[1])} for row in cursor.fetchall()}

    # ---- rows ----

    def _fetch(self, name: str, *args: Any) -> Any:
        with self._dataset.client() as client:
            with client.execute_query(self._sql, *self._values) as cursor:
                return getattr(cursor, name)(*args)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows."""
        rows: list[tuple[Any, ...]] = self._fetch("fetchall")
        return rows

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """The first rows."""
        rows: list[tuple[Any, ...]] = self._fetch("fetchmany", size)
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """The first row."""
        row: tuple[Any, ...] | None = self._fetch("fetchone")
        return row

    def fetchscalar(self) -> Any:
        """The only value of the first row.

        Raises:
            ValueError: It has several columns.
        """
        row = self.fetchone()
        if row is not None and len(row) != 1:
            raise ValueError(f"fetchscalar is for one column; there are {len(row)}")
        return row[0] if row else None

    def df(self) -> Any:
        """A data frame of pandas."""
        return self._fetch("df")

    def arrow(self) -> Any:
        """A table of pyarrow."""
        return self._fetch("arrow")

    def _iterate(self, name: str, chunk_size: int) -> Iterator[Any]:
        with self._dataset.client() as client:
            with client.execute_query(self._sql, *self._values) as cursor:
                yield from getattr(cursor, name)(chunk_size)

    def iter_df(self, chunk_size: int = 2048) -> Iterator[Any]:
        """Data frames of so many rows."""
        return self._iterate("iter_df", chunk_size)

    def iter_arrow(self, chunk_size: int = 2048) -> Iterator[Any]:
        """Tables of so many rows."""
        return self._iterate("iter_arrow", chunk_size)

    def iter_fetch(self, chunk_size: int = 2048) -> Iterator[list[tuple[Any, ...]]]:
        """Lists of so many rows."""
        return self._iterate("iter_fetch", chunk_size)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The rows as an Arrow stream: `pyarrow.table(relation)`, `polars.DataFrame(relation)`."""
        return self.arrow().__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        rows = self.limit(10).fetchall()
        return _table([tuple(self.columns), *rows])

    def _repr_html_(self) -> str:
        head, rows = self.columns, self.limit(10).fetchall()
        return (
            "<table><thead><tr>" + "".join(f"<th>{_escaped(name)}</th>" for name in head) + "</tr></thead><tbody>"
            + "".join("<tr>" + "".join(f"<td>{_escaped(cell)}</td>" for cell in row) + "</tr>" for row in rows)
            + "</tbody></table>"
        )


def _escaped(cell: Any) -> str:
    return str(cell).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _table(rows: Sequence[Sequence[Any]]) -> str:
    """Rows as aligned text, a line each, the first as a head."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in texts) for i in range(len(texts[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in texts]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


_TYPES = {
    "BIGINT": "bigint", "INTEGER": "bigint", "SMALLINT": "bigint", "TINYINT": "bigint", "HUGEINT": "decimal",
    "DOUBLE": "double", "FLOAT": "double", "BOOLEAN": "bool", "BLOB": "binary", "DATE": "date", "JSON": "json",
}


def _type_of(sql_type: str) -> str:
    if sql_type.startswith("TIMESTAMP"):
        return "timestamp"
    if sql_type.startswith("TIME"):
        return "time"
    return "decimal" if sql_type.startswith("DECIMAL") else _TYPES.get(sql_type, "text")


class Dataset:
    """The tables of a dataset, by their names.

    Args:
        client: Makes a SqlClient.
        dataset_name: What it is called.
    """

    def __init__(self, client: Any, dataset_name: str) -> None:
        self.client: Any = client
        self.dataset_name = dataset_name

    @property
    def tables(self) -> list[str]:
        """The names of its tables, those of the pipeline itself last."""
        sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s ORDER BY 1"
        with self.client() as client:
            names = [row[0] for row in client.execute_sql(sql, client.dataset_name)]
        return sorted(names, key=lambda name: name.startswith(_OWN))

    def _known(self, name: str) -> str | None:
        return name if name in self.tables else None

    def _nothing(self, name: str) -> str:
        return f"the dataset '{self.dataset_name}' has no table '{name}'; it has {', '.join(self.tables) or 'none'}"

    def _relation(self, name: str) -> Relation:
        return Relation(self, f"SELECT * FROM {quoted(name)}", table=name)

    def table(self, name: str) -> Relation:
        """A table as a relation.

        Raises:
            ValueError: It is not there.
        """
        if not self._known(name):
            raise ValueError(self._nothing(name))
        return self._relation(name)

    def __getitem__(self, name: str) -> Relation:
        if not self._known(name):
            raise KeyError(self._nothing(name))
        return self._relation(name)

    def __getattr__(self, name: str) -> Relation:
        if name.startswith("__") or not self._known(name):
            raise AttributeError(self._nothing(name) if not name.startswith("__") else name)
        return self._relation(name)

    def query(self, sql: str) -> Relation:
        """A query as a relation."""
        return Relation(self, sql)

    __call__ = query

    def row_counts(self, table_names: Sequence[str] | None = None) -> Relation:
        """How many rows the tables have: `table_name`, `row_count`; without names all with data."""
        names = table_names or [name for name in self.tables if not name.startswith(_OWN)]
        parts = [f"SELECT %s AS table_name, count(*) AS row_count FROM {quoted(name)}" for name in names]
        empty = "SELECT '' AS table_name, 0 AS row_count WHERE false"
        return Relation(self, " UNION ALL ".join(parts) or empty, list(names))

    def __enter__(self) -> Dataset:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __repr__(self) -> str:
        return f"<dlt.dataset(dataset_name={self.dataset_name!r}, tables={self.tables!r})>"


__all__ = ["Dataset", "Relation"]
