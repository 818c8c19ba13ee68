"""Files of this machine, and of anything that fsspec reaches, as resources.

    filesystem -> place_of (items.py) -> pages of FileItemDict -> read_csv, read_json, read_parquet... (readers.py)

`filesystem(...) | read_csv()` loads rows, `filesystem(...)` alone the list of files. Files of this machine are
read by the library where nothing looks at them before (library.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from tidegate.common.configuration.accessors import config
from tidegate.common.configuration.specs import TCredentials
from tidegate.extract.decorators import resource, source, transformer
from tidegate.extract.incremental import Incremental
from tidegate.extract.resource import DltResource
from tidegate.sources.arguments import check_count, check_text
from tidegate.sources.filesystem.items import FileItemDict, Place, place_of
from tidegate.sources.filesystem.library import by_library
from tidegate.sources.filesystem.readers import _read_csv, _read_csv_duckdb, _read_json, _read_jsonl, _read_parquet

FileItem = dict[str, Any]

__all__ = [
    "FileItem", "FileItemDict", "filesystem", "read_csv", "read_csv_duckdb", "read_json", "read_jsonl", "read_parquet", "readers",
]


@resource(primary_key="file_url", section="filesystem")
def filesystem(
    bucket_url: str = config.value,
    credentials: TCredentials = None,
    file_glob: str = "*",
    files_per_page: int = 100,
    extract_content: bool = False,
    kwargs: dict[str, Any] | None = None,
    client_kwargs: dict[str, Any] | None = None,
    incremental: Incremental[Any] | None = None,
    fetch_file_info: bool = False,
) -> Iterator[list[FileItemDict]]:
    """Lists files.

    Args:
        bucket_url: Where they are: a path, or a URL; without it `sources.filesystem.bucket_url`.
        credentials: A file system of fsspec, or a dict of what it needs.
        file_glob: Which files; `**` stands for folders at any depth.
        files_per_page: How many a reader gets at once.
        extract_content: Whether items have the content, too, as `file_content`.
        kwargs: Of the file system of fsspec.
        client_kwargs: Of what that file system itself uses.
        incremental: The cursor: by `modification_date` only files that are new.
        fetch_file_info: Each file is asked for a size and a time that the listing lacks, as that of `http` does.

    Raises:
        ValueError: One of them is not as it has to be.

    Yields:
        Pages of files, each with file_name, relative_path, file_url, mime_type, modification_date and size_in_bytes.

    Example:
        >>> import os, tempfile
        >>> folder = tempfile.mkdtemp()
        >>> with open(os.path.join(folder, "a.csv"), "w") as file:
        ...     written = file.write("id")
        >>> [item["file_name"] for item in filesystem(folder)]
        ['a.csv']
    """
    check_text(file_glob=file_glob, bucket_url=os.fspath(bucket_url) if isinstance(bucket_url, os.PathLike) else bucket_url)
    check_count(files_per_page=files_per_page)
    found = place_of(bucket_url, credentials, kwargs, client_kwargs).list(file_glob, fetch_file_info)
    if incremental is not None and incremental.row_order and incremental.last_value_func in (max, min):
        falls, field = (incremental.row_order == "asc") != (incremental.last_value_func is max), str(incremental.cursor_path)
        found = iter(sorted(found, key=lambda item: item[field], reverse=falls))
    page: list[FileItemDict] = []
    for item in found:
        if extract_content:
            item["file_content"] = item.read_bytes()
        page.append(item)
        if len(page) >= files_per_page:
            yield page
            page = []
    if page:
        yield page


def place_of_arguments(arguments: dict[str, Any]) -> Place:
    """The place that a call of `filesystem` names.

    Args:
        arguments: Of the call.
    """
    return place_of(arguments["bucket_url"], *(arguments.get(name) for name in ("credentials", "kwargs", "client_kwargs")))


def _reader(function: Any, name: str | None = None) -> DltResource:
    made: DltResource = transformer(function, name=name, section="filesystem")
    made._by_library = by_library
    return made


read_csv = _reader(_read_csv)
read_jsonl = _reader(_read_jsonl)
read_json = _reader(_read_json)
read_parquet = _reader(_read_parquet)
read_csv_duckdb: DltResource = transformer(_read_csv_duckdb, section="filesystem")


@source(section="filesystem")
def readers(
    bucket_url: str = config.value,
    credentials: TCredentials = None,
    file_glob: str = "*",
    kwargs: dict[str, Any] | None = None,
    client_kwargs: dict[str, Any] | None = None,
    incremental: Incremental[Any] | None = None,
) -> tuple[DltResource, ...]:
    """The readers `read_csv`, `read_jsonl`, `read_parquet`, `read_csv_duckdb` and `read_json` of one listing.

    Args:
        bucket_url: As of `filesystem`, all of these.
        credentials: As there.
        file_glob: As there.
        kwargs: As there.
        client_kwargs: As there.
        incremental: As there.

    Returns:
        Resources; each may be called with its options, as `readers(...).read_csv(sep=";")`.
    """
    def listing() -> DltResource:
        made: DltResource = filesystem(
            bucket_url, credentials, file_glob=file_glob, kwargs=kwargs, client_kwargs=client_kwargs, incremental=incremental,
        )
        return made

    csv_by_duckdb: DltResource = transformer(_read_csv_duckdb, name="read_csv_duckdb", section="filesystem")
    named = [
        _reader(_read_csv, "read_csv"), _reader(_read_jsonl, "read_jsonl"), _reader(_read_parquet, "read_parquet"), csv_by_duckdb,
        _reader(_read_json, "read_json"),
    ]
    return tuple(listing() | each for each in named)
