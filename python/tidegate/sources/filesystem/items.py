"""Files: what a listing says of each, and how one is opened.

    place_of(url, credentials) -> Folder (this machine's files) or Bucket (fsspec) -> list -> FileItemDict

fsspec is needed for what is not on this machine.
"""

from __future__ import annotations

import datetime
import email.utils
import glob
import gzip
import io
import mimetypes
import os
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import unquote, urlparse

from tidegate.common.exceptions import MissingDependencyException

#: Where listings have the time of the last change; the first that is there counts.
_CHANGED = ("LastModified", "last_modified", "updated", "modifiedTime", "mtime", "created", "Last-Modified")

#: Names of credentials as configuration has them, and fsspec's.
_CREDENTIALS = {
    "aws_access_key_id": "key", "aws_secret_access_key": "secret", "aws_session_token": "token",
    "profile_name": "profile", "endpoint_url": "endpoint_url",
    "azure_storage_account_name": "account_name", "azure_storage_account_key": "account_key",
    "azure_storage_sas_token": "sas_token", "azure_client_id": "client_id",
    "azure_client_secret": "client_secret", "azure_tenant_id": "tenant_id",
    "sftp_username": "username", "sftp_password": "password", "sftp_port": "port", "sftp_key_filename": "key_filename",
}


class FileItemDict(dict[str, Any]):
    """What is known of a file: file_name, relative_path, file_url, mime_type, modification_date, size_in_bytes.

    A compressed one has `encoding`, too; where the content was asked for, it is in `file_content`.

    Args:
        mapping: What is known.
        fsspec: The file system that has it; None: this machine's.
    """

    def __init__(self, mapping: Mapping[str, Any], fsspec: Any = None) -> None:
        super().__init__(mapping)
        self._fsspec = fsspec

    @property
    def fsspec(self) -> Any:
        """The file system of fsspec that has it.

        Raises:
            MissingDependencyException: fsspec is not installed.
        """
        return self._fsspec if self._fsspec is not None else _fsspec("a file system").filesystem("file")

    @property
    def local_file_path(self) -> str:
        """The path of a file of this machine."""
        return local_path(self["file_url"])

    def open(self, mode: str = "rb", compression: str = "auto", **kwargs: Any) -> IO[Any]:
        """Opens it.

        Args:
            mode: As of Python's `open`, to read.
            compression: "auto": gzip where `encoding` says so; "enable", "disable".
            kwargs: Of the file system's `open`; encoding, errors and newline of a text.

        Returns:
            A file.

        Raises:
            ValueError: `compression` is another word.
        """
        if compression not in ("auto", "enable", "disable"):
            raise ValueError(f"compression is auto, enable or disable, not {compression!r}")
        packed = compression == "enable" or (compression == "auto" and self.get("encoding") == "gzip")
        is_text = "t" in mode
        words = {name: kwargs.pop(name) for name in ("encoding", "errors", "newline") if is_text and name in kwargs}
        file: Any = self._bytes(mode.replace("t", "") if "b" in mode else mode.replace("t", "") + "b", **kwargs)
        if packed:
            file = _Unpacked(file)
        return io.TextIOWrapper(file, **{"encoding": "utf-8", **words}) if is_text else file

    def _bytes(self, mode: str, **kwargs: Any) -> Any:
        if self.get("file_content") is not None:
            return io.BytesIO(self["file_content"])
        if self._fsspec is None:
            return open(self.local_file_path, mode, **kwargs)
        is_local = "file" in self._fsspec.protocol
        return self._fsspec.open(self.local_file_path if is_local else self["file_url"], mode=mode, **kwargs)

    def read_bytes(self) -> bytes:
        """Its content, as it is stored."""
        with self.open(compression="disable") as file:
            content: bytes = file.read()
        return content


class _Unpacked(gzip.GzipFile):
    """Closes the file below it, too."""

    def __init__(self, file: Any) -> None:
        super().__init__(fileobj=file)
        self._below = file

    def close(self) -> None:
        super().close()
        self._below.close()


class Place(Protocol):
    """Where files are."""

    def list(self, file_glob: str, fetch_file_info: bool = False) -> Iterator[FileItemDict]:
        """The files that a pattern matches.

        Args:
            file_glob: A pattern below the place; `**` stands for folders at any depth.
            fetch_file_info: Each file is asked for a size and a time that the listing lacks.
        """


class Folder:
    """A folder of this machine.

    Args:
        path: Of the folder.
        fsspec: A file system of fsspec that the program gave for it; None: Python opens the files.
    """

    def __init__(self, path: str, fsspec: Any = None) -> None:
        self.path = os.path.abspath(path)
        self._fsspec = fsspec

    def list(self, file_glob: str, fetch_file_info: bool = False) -> Iterator[FileItemDict]:
        """The files that a pattern matches, by name.

        Args:
            file_glob: A pattern below the folder.
            fetch_file_info: Not used: all is known.

        Raises:
            NotADirectoryError: There is none, which is not the same as one without files: a replace would empty its table.
        """
        if not os.path.isdir(self.path):
            raise NotADirectoryError(f"bucket_url: there is no folder {self.path}")
        for name in sorted(glob.glob(file_glob, root_dir=self.path, recursive=True)):
            path = os.path.join(self.path, name)
            if not os.path.isfile(path):
                continue
            found = os.stat(path)
            changed = datetime.datetime.fromtimestamp(0, datetime.timezone.utc) + datetime.timedelta(microseconds=found.st_mtime_ns // 1000)
            relative = Path(os.path.relpath(path, self.path)).as_posix()
            yield _item(relative, Path(path).as_uri(), changed, found.st_size, self._fsspec)


class Bucket:
    """A place that fsspec reaches.

    Args:
        fs: The file system.
        url: Of the place.
    """

    def __init__(self, fs: Any, url: str) -> None:
        self.fs = fs
        self.root = fs._strip_protocol(url)
        self.scheme = urlparse(url).scheme

    def list(self, file_glob: str, fetch_file_info: bool = False) -> Iterator[FileItemDict]:
        """The files that a pattern matches, by name.

        Args:
            file_glob: A pattern below the place.
            fetch_file_info: Each file is asked for a size and a time that the listing lacks.
        """
        for path, known in sorted(self.fs.glob(posixpath.join(self.root, file_glob), detail=True).items()):
            if known["type"] != "file":
                continue
            changed = _changed(known)
            if fetch_file_info and (known.get("size") is None or changed is None):
                known = self.fs.info(path)
                changed = _changed(known)
            changed = changed or datetime.datetime.now(datetime.timezone.utc)
            url = path if self.scheme in ("http", "https") else f"{self.scheme}://{path}"
            yield _item(posixpath.relpath(path, self.root), url, changed, known.get("size"), self.fs)


def _item(relative: str, url: str, changed: datetime.datetime, size: int | None, fsspec: Any) -> FileItemDict:
    kind, encoding = mimetypes.guess_type(posixpath.basename(relative), strict=False)
    extension = posixpath.splitext(relative)[1][1:]
    item = {
        "file_name": posixpath.basename(relative), "relative_path": relative, "file_url": url,
        "mime_type": kind or f"application/{extension or 'octet-stream'}", "modification_date": changed,
    }
    if size is not None:
        item["size_in_bytes"] = int(size)
    if encoding:
        item["encoding"] = encoding
    return FileItemDict(item, fsspec)


def _changed(known: Mapping[str, Any]) -> datetime.datetime | None:
    value: Any = next((known[name] for name in _CHANGED if known.get(name) is not None), None)
    if value is None and isinstance(known.get("last_commit"), Mapping):
        value = known["last_commit"].get("date")
    if isinstance(value, (int, float)):
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    if isinstance(value, str):
        value = email.utils.parsedate_to_datetime(value) if "," in value else datetime.datetime.fromisoformat(value)
    moment: datetime.datetime | None = value
    return moment.replace(tzinfo=datetime.timezone.utc) if moment and not moment.tzinfo else moment


# ---- places ----


def is_local(url: str) -> bool:
    """Whether a URL, or a path, is of this machine's files."""
    scheme = urlparse(url).scheme
    return scheme in ("", "file") or len(scheme) == 1  # a drive


def local_path(url: str) -> str:
    """The path of a `file:` URL, or the path that it is already."""
    return unquote(urlparse(url).path) if url.startswith("file:") else os.path.expanduser(url)


def place_of(
    url: str, credentials: Any = None, kwargs: dict[str, Any] | None = None, client_kwargs: dict[str, Any] | None = None,
) -> Place:
    """Where a URL leads.

    Args:
        url: A path, or a URL of anything that fsspec knows.
        credentials: A file system of fsspec, or a dict: names of configuration, or fsspec's own.
        kwargs: Of the file system.
        client_kwargs: Of what the file system itself uses.

    Raises:
        MissingDependencyException: fsspec, or its package for this URL, is not installed.
    """
    given = credentials if hasattr(credentials, "protocol") else None
    if is_local(url) and (given is None or "file" in given.protocol):
        return Folder(local_path(url), given)
    if given is not None:
        return Bucket(given, url)
    package = _fsspec(f"the place '{urlparse(url).scheme}://'")
    said: dict[str, Any] = credentials or {}
    options = {_CREDENTIALS.get(name, name): value for name, value in said.items() if value is not None}
    client = dict(client_kwargs or {})
    if "region_name" in options:
        client.setdefault("region_name", options.pop("region_name"))
    if client:
        options["client_kwargs"] = client
    try:
        fs, _ = package.core.url_to_fs(url, **{**options, **(kwargs or {})})
    except ImportError as error:
        raise MissingDependencyException(f"the place '{urlparse(url).scheme}://'", [f"'fsspec[{urlparse(url).scheme}]'"]) from error
    fs.invalidate_cache()  # a listing of this process may be old
    return Bucket(fs, url)


def _fsspec(what: str) -> Any:
    try:
        import fsspec
    except ModuleNotFoundError:
        raise MissingDependencyException(what, ["'tidegate[files]'"]) from None
    return fsspec
