"""What reads files, page by page: CSV, JSON lines, JSON, Parquet.

Each takes a page of files, as `filesystem` lists them, and yields pages of rows. Files of this machine are
read by the library instead where nobody looks at rows (library.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from tidegate.common import context
from tidegate.common.exceptions import MissingDependencyException
from tidegate.extract.incremental.path import Step, matches, steps_of
from tidegate.sources.filesystem.items import FileItemDict


#: What stands between the documents of a file.
_BLANK = re.compile("[ \\t\\r\\n\x1e]*")


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


def _read_json(items: Iterable[FileItemDict], chunksize: int = 1000, select: str | None = None) -> Iterator[Any]:
    """Reads JSON files: lists, or objects and lists one behind the other, over lines or on one.

    Args:
        items: Files.
        chunksize: Rows of a page.
        select: The path to the rows where they stand inside of something else: `data.items`, `pages[*].items`. A list
            gives its elements, an object is a row, null is none.
    """
    steps = [] if select is None else _steps(select)
    for item in items:
        with item.open("rt", encoding="utf-8-sig") as file:
            rows = list(_rows(file.read(), steps, select, item["file_url"]))
        for start in range(0, len(rows), chunksize):
            yield rows[start : start + chunksize]


def _steps(select: str) -> list[Step]:
    steps = steps_of(select, "select", "name the key: items, or data.items for a nested one, pages[*].items for one in each element of a list")
    if any(is_deep or (isinstance(key, int) and key < 0) for is_deep, key in steps):
        raise ValueError(f"select '{select}' goes down anywhere (..), or counts from the end of a list: name the way from the top")
    return steps


def _rows(text: str, steps: list[Step], select: str | None, url: str) -> Iterator[Any]:
    """Those that a file has, or that are selected in each of its documents."""
    is_empty, has_rows = True, False
    for document in _documents(text, url):
        is_empty = False
        for value in matches(steps, document):
            if select is not None and not isinstance(value, (list, dict, type(None))):
                raise ValueError(f"{url}: what select '{select}' leads to is no object and no list, but {value!r:.40}")
            has_rows = True
            yield from value if isinstance(value, list) else [] if value is None else [value]
    if select is not None and not is_empty and not has_rows:
        raise ValueError(f"{url}: select '{select}' matches nothing in it")


def _documents(text: str, url: str) -> Iterator[Any]:
    """The values of a text, one behind the other; between them may be blanks, and the marks of RFC 7464."""
    decoder, at = json.JSONDecoder(), 0
    while (at := _BLANK.match(text, at).end()) < len(text):  # type: ignore[union-attr]
        try:
            document, at = decoder.raw_decode(text, at)
        except ValueError as error:
            raise ValueError(f"{url}: {error}") from error
        yield document


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
