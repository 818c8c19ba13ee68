"""What reads files, page by page: CSV, JSON lines, Parquet.

Each takes a page of files, as `filesystem` lists them, and yields pages of rows. Files of this machine are
read by the library instead where nobody looks at rows (library.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tidegate.common import context
from tidegate.common.exceptions import MissingDependencyException
from tidegate.sources.filesystem.items import FileItemDict


def _package(name: str, what: str, extra: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.split(".")[0]:
            raise
        raise MissingDependencyException(what, [extra]) from None


def _read_csv(items: Iterable[FileItemDict], chunksize: int = 10000, **pandas_kwargs: Any) -> Iterator[Any]:
    """Reads CSV files.

    Args:
        items: Files.
        chunksize: Rows of a page.
        pandas_kwargs: Of `pandas.read_csv`, which then reads.
    """
    pandas = _package("pandas", "read_csv with options, maps or of a remote file", "'tidegate[pandas]'")
    options: dict[str, Any] = {"header": "infer", "chunksize": chunksize, **pandas_kwargs}
    words: dict[str, Any] = {}
    if "encoding" in options:  # decoded where the file is opened: not every file system gives bytes
        words = {"mode": "rt", "encoding": options.pop("encoding")}
        if "encoding_errors" in options:
            words["errors"] = options.pop("encoding_errors")
    for item in items:
        with item.open(**words) as file:
            for frame in pandas.read_csv(file, **options):
                yield frame.astype(object).where(frame.notna(), None).to_dict(orient="records")


def _read_jsonl(items: Iterable[FileItemDict], chunksize: int = 1000) -> Iterator[Any]:
    """Reads files with a JSON document on each line.

    Args:
        items: Files.
        chunksize: Rows of a page.
    """
    for item in items:
        page: list[Any] = []
        with item.open() as file:
            for number, line in enumerate(file, 1):
                try:
                    page += [json.loads(line)] if line.strip() else []
                except ValueError as error:
                    raise ValueError(f"{item['file_url']}, line {number}: {error}") from error
                if len(page) >= chunksize:
                    yield page
                    page = []
        yield page


def _read_parquet(items: Iterable[FileItemDict], chunksize: int = 1000, use_pyarrow: bool = False) -> Iterator[Any]:
    """Reads Parquet files.

    Args:
        items: Files.
        chunksize: Rows of a page.
        use_pyarrow: Maps get batches of pyarrow in place of lists of dicts.
    """
    parquet = _package("pyarrow.parquet", "read_parquet with maps or of a remote file", "'tidegate[arrow]'")
    as_they_are = use_pyarrow or _nobody_looks(_read_parquet)  # then the types are those that the library reads
    for item in items:
        with item.open() as file:
            for batch in parquet.ParquetFile(file).iter_batches(batch_size=chunksize):
                yield batch if as_they_are else batch.to_pylist()


def _nobody_looks(reader: Any) -> bool:
    """Whether what a reader yields goes into its table as it is: to no map, and to no transformer."""
    source, resource = context.source.get(), context.resource.get()
    if source is None or resource is None or resource._data is not reader or resource._steps:
        return False
    return not any(resource.feeds(each) for each in source._all)


def _read_csv_duckdb(
    items: Iterable[FileItemDict], chunk_size: int = 5000, use_pyarrow: bool = False, **duckdb_kwargs: Any
) -> Iterator[Any]:
    """Reads CSV files by DuckDB, which finds out about types.

    Args:
        items: Files.
        chunk_size: Rows of a page.
        use_pyarrow: Pages are tables of pyarrow in place of lists of dicts.
        duckdb_kwargs: Of `duckdb.read_csv`; `filename`: rows have the name of their file.
    """
    import duckdb

    names = duckdb_kwargs.pop("filename", False)
    with duckdb.connect() as connection:
        for item in items:
            with item.open() as file:
                relation = connection.read_csv(file, **duckdb_kwargs)
                result = connection.execute("SELECT * FROM relation")
                columns = list(relation.columns)
                while rows := result.fetchmany(chunk_size):
                    page = [dict(zip(columns, row)) | ({"filename": item["file_name"]} if names else {}) for row in rows]
                    yield _table(page) if use_pyarrow else page


def _table(page: list[dict[str, Any]]) -> Any:
    return _package("pyarrow", "read_csv_duckdb(use_pyarrow=True)", "'tidegate[arrow]'").Table.from_pylist(page)
