"""What stands beside a run: what it has loaded, what the schema has learnt, what was kept out, how far it is."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

logger = logging.getLogger("tidegate.prefect")

COUNTS = ("read", "new", "inserted", "updated", "deleted", "filtered", "rejected")
_PERIOD_S = 1.0
_READ = 50  # per cent, when a resource has been read; the rest is writing


def tell_loads(loaded: Mapping[str, Any], rejects: Sequence[dict[str, Any]]) -> None:
    """The artifacts of a run that has ended.

    Args:
        loaded: What was loaded (`tidegate.jobs.Job.load`); its tables have `seconds`.
        rejects: The first rows that were kept out.
    """
    where = f"{loaded['pipeline']} into {loaded['dataset']} of {loaded['destination']}"
    shown = ("table", *COUNTS, "seconds")
    table = [{name: each[name] for name in shown} for each in loaded["tables"]]
    create_table_artifact(table=table, key="tidegate-load", description=where, _sync=True)
    if loaded["schema_changes"]:
        text = schema_changes(loaded["schema_changes"])
        create_markdown_artifact(markdown=text, key="tidegate-schema-changes", description=where, _sync=True)
    if rejects:
        create_table_artifact(table=list(rejects), key="tidegate-rejects", description=where, _sync=True)


def schema_changes(changes: Sequence[Mapping[str, Any]]) -> str:
    """New tables and columns, as Markdown.

    Args:
        changes: Each of a table, or of a column with its type.

    Example:
        >>> print(schema_changes([{"table": "t", "column": None}, {"table": "t", "column": "id", "data_type": "bigint"}]))
        ### `t` (new)
        <BLANKLINE>
        | column | type |
        | --- | --- |
        | `id` | bigint |
        <BLANKLINE>
    """
    lines: list[str] = []
    new = {change["table"] for change in changes if not change["column"]}
    for table in dict.fromkeys(change["table"] for change in changes):
        lines += [f"### `{table}`{' (new)' if table in new else ''}", "", "| column | type |", "| --- | --- |"]
        columns = [each for each in changes if each["table"] == table and each["column"]]
        lines += [f"| `{each['column']}` | {each['data_type']}{_before(each)} |" for each in columns]
        lines.append("")
    return "\n".join(lines)


def _before(change: Mapping[str, Any]) -> str:
    """Of a column that was there, and is wider now."""
    return f" (it was {change['type_before']})" if change.get("type_before") else ""


def key_of(resource: str) -> str:
    """The key of a resource's progress: artifacts have small letters, digits and dashes.

    Example:
        >>> key_of("Order_Lines")
        'tidegate-progress-order-lines'
    """
    return "tidegate-progress-" + re.sub(r"[^a-z0-9]+", "-", resource.lower()).strip("-")


def begin_progress(resources: Sequence[str]) -> dict[str, str]:
    """An artifact for each resource.

    Args:
        resources: Their names.

    Returns:
        By name: the artifact's id.
    """
    return {
        name: str(create_progress_artifact(progress=0.0, key=key_of(name), description=f"{name}: not begun", _sync=True))
        for name in resources
    }


class ProgressArtifacts:
    """Moves them while a job is at work: a collector (`tidegate.progress`).

    Args:
        ids: By resource: the artifact's id.
        sealed: While loads are written: what was sealed, of which tables with how many rows.
    """

    def __init__(self, ids: Mapping[str, str], sealed: Mapping[str, Any] | None = None) -> None:
        self._ids = dict(ids)
        self._rows: dict[str, int] = dict(sealed["rows"]) if sealed else {}
        self._resource: dict[str, str] = dict(sealed["resource"]) if sealed else {}
        self._written: dict[str, int] = {}
        self._moved: dict[str, float] = {}

    def start(self, step: str) -> None:
        """A step begins; nothing is to be told yet."""

    def stop(self) -> None:
        """The step has ended; whoever has called knows how."""

    def update(self, name: str, count: int, total: int | None = None) -> None:
        """So many rows of a resource were read, or so many written into a table."""
        if name in self._rows:
            self._write(name, count)
        elif not self._rows:
            share = min(count / total, 1.0) if total else 0.0
            self._move(name, _READ * share, f"{name}: {count:,} rows read")

    def _write(self, table: str, count: int) -> None:
        resource = self._resource[table]
        self._written[table] = max(self._written.get(table, 0), min(count, self._rows[table]))
        tables = [name for name, of in self._resource.items() if of == resource]
        total, written = (sum(counts.get(name, 0) for name in tables) for counts in (self._rows, self._written))
        share = written / total if total else 1.0
        self._move(resource, _READ + (99 - _READ) * share, f"{resource}: {written:,} of {total:,} rows written")

    def finish(self, resource: str, text: str, progress: float = 100.0) -> None:
        """The resource is through, or has been read.

        Args:
            resource: Which one.
            text: What is said of it.
            progress: Per cent.
        """
        self._moved.pop(resource, None)
        self._move(resource, progress, f"{resource}: {text}")

    def _move(self, resource: str, progress: float, text: str) -> None:
        """At most once a second. That a server is away is no reason to give a load up."""
        if resource not in self._ids or time.monotonic() - self._moved.get(resource, -_PERIOD_S) < _PERIOD_S:
            return
        self._moved[resource] = time.monotonic()
        try:
            update_progress_artifact(artifact_id=self._ids[resource], progress=progress, description=text, _sync=True)
        except Exception as error:
            logger.warning("the progress of '%s' is not told any more: %s", resource, error)
            del self._ids[resource]
