"""When the library reads the files of a listing by itself.

It does so for files of this machine, while nothing of Python's looks at them, at their rows or at what the
reader is told: then a run has a resource of the library's source `files`, with the files that are there now.
"""

from __future__ import annotations

import glob
import logging
from typing import Any

from tidegate.extract.resource import DltResource
from tidegate.sources.filesystem.items import is_local, local_path

logger = logging.getLogger("tidegate.sources")

#: What pandas takes for NULL in a CSV file.
_NULLS = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None",
    "n/a", "nan", "null",
)
#: By the reader's function: the format, and what else is said so that a file means the same.
_FORMATS: dict[str, dict[str, str]] = {
    "_read_csv": {"format": "csv", "delimiter": ",", "null": "\n".join(_NULLS)},
    "_read_jsonl": {"format": "jsonl"},
    "_read_json": {"format": "json"},
    "_read_parquet": {"format": "parquet"},
}
#: Arguments of the readers that change nothing of the rows.
_HARMLESS = {"chunksize", "use_pyarrow"}
#: Of `read_csv`, those of pandas that the library has, too: its word, and which characters it takes.
_CSV_CHARACTERS = {
    "sep": ("delimiter", ",;|:~^\t"), "delimiter": ("delimiter", ",;|:~^\t"), "quotechar": ("quote", "\"'"), "escapechar": ("escape", "\\"),
    "decimal": ("decimal", ".,"), "thousands": ("thousands", ".,' _"),
}
_CSV_ENCODINGS = {"utf-8", "utf8", "latin-1", "latin1", "iso-8859-1", "cp1252", "windows-1252", "utf-16"}


def by_library(resource: DltResource, hints: dict[str, Any]) -> dict[str, Any] | None:
    """What the library needs to read files by itself.

    Args:
        resource: A reader that takes its files from `filesystem`, as a run reads it.
        hints: Of the run, over its own.

    Returns:
        Options of the extension's `Pipeline.add`; None: the reader reads.
    """
    parent = resource._parent
    listing = _listing(parent) if parent is not None else None
    reason = _why_not(resource, parent, listing)
    if reason is None and listing is not None:
        names = [item["relative_path"] for item in listing["place"].list(listing["file_glob"])]
        reason = _why_not_these(names)
    if reason or listing is None:
        logger.info("files of '%s' are read by Python: %s", resource.name, reason)
        return None
    logger.info("files of '%s' are read by the library", resource.name)
    options = {**_FORMATS[resource._data.__name__], **(_options(resource) or {}), "path": "\n".join(map(glob.escape, names))}
    disposition = hints.get("write_disposition") or resource.write_disposition
    if (disposition.get("disposition") if isinstance(disposition, dict) else disposition) in ("append", None):
        options["on_loaded"] = "load"
    return {
        "source": "files",
        "source_options": [{"name": "root", "text": listing["place"].path}],
        "options": [{"name": name, "text": text} for name, text in options.items()],
    }


def _listing(parent: DltResource) -> dict[str, Any] | None:
    """The arguments of `filesystem`, with its place; None: it is another resource."""
    from tidegate.sources.filesystem import place_of_arguments

    if getattr(parent._data, "__name__", "") != "filesystem" or parent.section != "filesystem":
        return None
    bound = parent._values(None)
    bound.apply_defaults()
    arguments = bound.arguments
    return {**arguments, "place": place_of_arguments(arguments)} if is_local(arguments["bucket_url"]) else None


def _why_not(resource: DltResource, parent: DltResource | None, listing: dict[str, Any] | None) -> str | None:
    reasons: dict[str, Any] = {
        "they are not of this machine, or of no listing": listing is None,
        "maps, filters or a limit look at them": resource._steps or (parent and parent._steps),
        "the listing has a cursor": parent and parent.incremental,
        "the reader has options": _options(resource) is None,
        "the file system is the program's": listing and listing.get("credentials") is not None,
        "their content is read before": listing and listing.get("extract_content"),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _options(resource: DltResource) -> dict[str, str] | None:
    """What was said to a reader in the library's words; None: not all of it has some."""
    given = dict(resource._arguments or {})
    said = {name: value for name, value in {**given.pop("pandas_kwargs", {}), **given}.items() if name not in _HARMLESS}
    if resource._data.__name__ == "_read_csv":
        return _csv_options(said)
    select = said.pop("select", None) if resource._data.__name__ == "_read_json" else None
    if said or not isinstance(select, (str, type(None))):
        return None
    return {} if select is None else {"select": select}


def _csv_options(said: dict[str, Any]) -> dict[str, str] | None:
    options: dict[str, str] = {}
    for name, value in said.items():
        word, characters = _CSV_CHARACTERS.get(name, ("", ""))
        if isinstance(value, str) and len(value) == 1 and value in characters:
            options[word] = "tab" if value == "\t" else value
        elif name == "encoding" and str(value).lower() in _CSV_ENCODINGS:
            options["encoding"] = str(value)
        elif name == "skiprows" and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            options["skip"] = str(value)
        else:
            return None
    return options if options.get("thousands") != options.get("decimal", ".") else None


def _why_not_these(names: list[str]) -> str | None:
    if not names:
        return "there are none"
    return "a name has a line break or {date in it" if any("\n" in name or "{date" in name for name in names) else None
