"""`Pipeline.dataset()`: the loaded tables as relations, which are read when they are asked for.

    data = pipeline.dataset()
    data.person.where("id", "gt", 5).select("id", "name").limit(10).df()
    data("select count(*) from person").fetchscalar()

Each question opens a connection; inside of `with data:` one stays open.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tidegate.common.exceptions import NotInTidegate, refuse
from tidegate.common.tables import table_html
from tidegate.destinations import destination_of
from tidegate.destinations.dialects import Dialect
from tidegate.destinations.relation import Relation
from tidegate.destinations.sql_client import SqlClient

_OWN = ("_dlt_", "_tidegate_")
_KEPT = "_tidegate_undo_"  # what an undo would bring back: `_tidegate_undo` tells of it


class Dataset:
    """The tables of a dataset, by their names.

    Args:
        client: Makes a SqlClient.
        dialect: What SQL looks like there.
        dataset_name: What it is called at the destination.
    """

    def __init__(self, client: Callable[[], SqlClient] | None, dialect: Dialect, dataset_name: str) -> None:
        self._client = client
        self.dialect = dialect
        self._dataset_name = dataset_name
        self._opened: SqlClient | None = None

    @property
    def dataset_name(self) -> str:
        """What it is called."""
        return self._dataset_name

    @property
    def sql_client(self) -> SqlClient:
        """A client of it: the one that is open, else a new one."""
        if self._opened is not None:
            return self._opened
        assert self._client is not None
        return self._client()

    @contextlib.contextmanager
    def opened(self) -> Iterator[SqlClient]:
        """A client that is open inside of `with`."""
        if self._opened is not None:
            yield self._opened
            return
        with self.sql_client as client:
            yield client

    def __enter__(self) -> Dataset:
        client = self.sql_client
        client.open_connection()
        self._opened = client
        return self

    def __exit__(self, *error: object) -> None:
        client, self._opened = self._opened, None
        if client is not None:
            client.close_connection()

    # ---- tables ----

    @property
    def tables(self) -> list[str]:
        """The names of its tables, those of the pipeline itself last; what is kept for an undo is left out."""
        shown = (name for name in self._names() if not name.startswith(_KEPT))
        return sorted(shown, key=lambda name: name.startswith(_OWN))

    def _names(self) -> list[str]:
        with self.opened() as client:
            return client.table_names()

    def _ipython_key_completions_(self) -> list[str]:
        return self.tables

    def _missing(self, name: str) -> str | None:
        """What is wrong with a name; None: there is such a table."""
        if name in self._names():
            return None
        return f"the dataset '{self.dataset_name}' has no table '{name}'; it has {', '.join(self.tables) or 'none'}"

    def table(self, table_name: str, *, load_ids: Sequence[str] | None = None, incremental: Any = None) -> Relation:
        """A table as a relation.

        Args:
            table_name: Its name.
            load_ids: Rows of these loads alone.
            incremental: Not in tidegate: `where` says it.

        Raises:
            ValueError: It is not there.
        """
        if incremental is not None:
            raise NotInTidegate("incremental= of Dataset.table", "say it by where")
        wrong = self._missing(table_name)
        if wrong:
            raise ValueError(wrong)
        relation = Relation(self, table_name=table_name)
        return relation.from_loads(load_ids) if load_ids else relation

    def __getitem__(self, name: str) -> Relation:
        wrong = self._missing(name)
        if wrong:
            raise KeyError(wrong)
        return Relation(self, table_name=name)

    def __getattr__(self, name: str) -> Relation:
        if name.startswith("__") or name in ("_client", "_opened", "_dataset_name", "dialect"):
            raise AttributeError(name)
        wrong = self._missing(name)
        if wrong:
            raise AttributeError(wrong)
        return Relation(self, table_name=name)

    def query(self, query: str, query_dialect: str | None = None) -> Relation:
        """A query as a relation.

        Args:
            query: SQL of the destination.
            query_dialect: Not in tidegate: a query is in the destination's own words.
        """
        if query_dialect is not None:
            raise NotInTidegate(f"query_dialect={query_dialect!r}", "write the query in the destination's own SQL")
        if not isinstance(query, str):
            raise NotInTidegate(f"a query of the type {type(query).__name__}", "give it as text")
        return Relation(self, query)

    __call__ = query

    def row_counts(
        self, table_names: Sequence[str] | None = None, *, data_tables: bool = True, dlt_tables: bool = False,
        load_id: str | None = None,
    ) -> Relation:
        """How many rows the tables have: `table_name`, `row_count`.

        Args:
            table_names: These; None: those with data.
            data_tables: Whether tables with data count.
            dlt_tables: Whether those of the pipeline itself do.
            load_id: Rows of this load alone, of tables that say which load a row came with.
        """
        wanted = [data_tables, dlt_tables]
        names = [table_names] if isinstance(table_names, str) else list(table_names or [name for name in self.tables if wanted[name.startswith(_OWN)]])
        where = ""
        if load_id is not None:
            names = [name for name in names if "_dlt_load_id" in Relation(self, table_name=name).columns]
            where = f" WHERE {self.dialect.quoted('_dlt_load_id')} = {self.dialect.literal(load_id)}"
        counts = [
            Relation(self, f"SELECT {self.dialect.literal(name)} AS table_name, count(*) AS row_count FROM "
                     f"{Relation(self, table_name=name)._select.source}{where}").to_sql()
            for name in names
        ]
        return Relation(self, " UNION ALL ".join(counts) or "SELECT '' AS table_name, 0 AS row_count WHERE 1 = 0")

    # ---- loads ----

    def loads_table(self) -> Relation:
        """The table `_dlt_loads`."""
        return Relation(self, table_name="_dlt_loads")

    def load_ids(self, schema_name: str | None = None) -> list[str]:
        """The ids of the loads, the first one first.

        Args:
            schema_name: Of this schema alone; None: of all.
        """
        loads = self.loads_table()
        chosen = loads if schema_name is None else loads.where("schema_name", "eq", schema_name)
        return [row[0] for row in chosen.select("load_id").order_by("load_id").fetchall()]

    def latest_load_id(self, schema_name: str | None = None) -> str | None:
        """The id of the newest load; None: there is none.

        Args:
            schema_name: Of this schema alone; None: of all.
        """
        ids = self.load_ids(schema_name)
        return ids[-1] if ids else None

    # ---- what dlt has beside ----

    def ibis(self, *args: Any, **kwargs: Any) -> Any:
        """Not in tidegate."""
        raise NotInTidegate("Dataset.ibis")

    # ---- texts ----

    def __repr__(self) -> str:
        return f"<dlt.dataset(dataset_name={self.dataset_name!r}, tables={self.tables!r})>"

    def _repr_html_(self) -> str:
        counts = self.row_counts().fetchall()
        return table_html(["table_name", "row_count"], counts)


def dataset(destination: Any, dataset_name: str, schema: Any = None) -> Dataset:
    """A dataset that is there, without the pipeline that has loaded it.

    Args:
        destination: As of `pipeline`.
        dataset_name: What it is called there.
        schema: Not in tidegate: what is there is asked of the database.

    Returns:
        Its tables.

    Example:
        >>> dataset("duckdb", "bronze").nope  # doctest: +SKIP
        Traceback (most recent call last):
        ...
        AttributeError: the dataset 'bronze' has no table 'nope'; it has none
    """
    from tidegate.pipeline import Pipeline

    refuse(schema=schema)
    return Pipeline("dataset", None, destination_of(destination), dataset_name).dataset()


__all__ = ["Dataset", "Relation", "dataset"]
