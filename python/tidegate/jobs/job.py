"""`Job`: what is run, with what, and what became of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tidegate import _core
from tidegate.common.configuration.run import given
from tidegate.jobs.exceptions import JobError
from tidegate.jobs.kinds import FunctionKind, Kind, Outline, SpecKind, chosen_of, rows_of
from tidegate.pipeline.packages import url_of
from tidegate.pipeline.window import Window
from tidegate.progress import Collector

_NOT_THERE = ("42P01", "3F000")  # a table, a schema
_COUNTS = ("read", "new", "inserted", "updated", "deleted", "unchanged", "filtered", "rejected")


@dataclass(frozen=True)
class Job:
    """A pipeline as a scheduler runs it.

    Args:
        pipeline: The path of a spec, or "module:function" with a function that returns a pipeline and its data.
        config: For a function values of configuration by their keys, over all other providers; for a spec
            what `${NAME}` stands for.
        secrets: The same, of values that nobody is to see.
        full_refresh: Whether cursors are forgotten, and tables replaced.
        progress: Is told how far it is.
        environment: Of a spec which of its environments; None: what `$TIDEGATE_ENV` or the spec says.

    Example:
        >>> Job("shop:job", secrets={"api_key": "s3cr3t"})
        Job(pipeline='shop:job', config={}, full_refresh=False)
    """

    pipeline: str
    config: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    full_refresh: bool = False
    progress: Collector | None = field(default=None, repr=False)
    environment: str | None = field(default=None, repr=False)

    def resources(self) -> list[Outline]:
        """What a run reads. Of a spec the sources are opened for it.

        Raises:
            JobError: There is no such pipeline.
        """
        with self._open() as kind:
            return kind.outlines()

    def waiting(self) -> list[str]:
        """The ids of loads that an earlier step has sealed, and none has written yet."""
        with self._open() as kind:
            return _waiting(kind)

    def outline(self, resources: Sequence[str] | None = None, window: Window | None = None) -> dict[str, Any]:
        """What a run has to do.

        Args:
            resources: Their names; None: all.
            window: That is asked for.

        Returns:
            `waiting`, loads to be written first, and `parts`, pairs of names and a window, each one load: one
            for each source of a function; of what has no cursor the window is None, and it is read as ever.

        Raises:
            JobError: There is no such resource.
        """
        _check_asked(resources)
        with self._open() as kind:
            chosen = chosen_of(resources, kind.outlines(), self.pipeline)
            waiting = _waiting(kind)
        parts: dict[tuple[str, bool], list[str]] = {}
        for each in sorted(chosen, key=lambda each: each.has_cursor and bool(window)):
            parts.setdefault((each.schema, each.has_cursor and bool(window)), []).append(each.name)
        ends = list(window) if window else None
        return {"waiting": waiting, "parts": [[names, ends if has else None] for (_, has), names in parts.items()]}

    def extract(self, resources: Sequence[str] | None = None, window: Window | None = None) -> dict[str, Any]:
        """Reads what is new, and seals it on disk: `load` writes it.

        Args:
            resources: Their names; None: all.
            window: Two ends: this range of the cursors is loaded, and they stay where they are; nothing is
                read again that append has loaded already.

        Returns:
            `load_ids` (none, where nothing was new), `rows` by table, `resource` by table, `warnings`, `seconds`.

        Raises:
            JobError: There is no such resource.
            tidegate._core.Error: Of a spec: nothing is sealed.
            PipelineStepFailed: Of a function.
        """
        if window and self.full_refresh:
            raise JobError("a full refresh begins anew, and a window is a part: say one of them")
        _check_asked(resources)
        with self._open() as kind:
            return _sealed(kind.extract(resources, window, self.full_refresh))

    def load(self) -> dict[str, Any]:
        """Writes all loads that wait, the oldest first, each in one transaction.

        Returns:
            `load_ids`, `pipeline`, `destination`, `dataset`, `tables` with their counts, `schema_changes`,
            `warnings`, `seconds`.

        Raises:
            tidegate._core.Error: Of a spec: what was written until then stays, the others wait or are given up.
            PipelineStepFailed: The same, of a function.
        """
        with self._open() as kind:
            reports = [each for each in kind.load() if each["load_id"]]
            with contextlib.closing(kind.core()) as core:
                names = core.names()
        return {"pipeline": names["name"], "destination": url_of(names["destination"]), "dataset": names["dataset"], **_loaded(reports)}

    def run(self, resources: Sequence[str] | None = None, window: Window | None = None) -> dict[str, Any]:
        """Writes what waits, reads what is new, and writes that.

        Args:
            resources: As of `extract`.
            window: As of `extract`; what has no cursor is read as ever.

        Returns:
            As `load`, of both.

        Raises:
            JobError: As `extract`.
        """
        todo = self.outline(resources, window)
        results = [self.load()] if todo["waiting"] else []
        for names, part in todo["parts"]:
            self.extract(names, part)
            results.append(self.load())
        return joined(results)

    def rejects(self, load_ids: Sequence[str], limit: int = 100) -> list[dict[str, Any]]:
        """Rows of these loads that a contract kept out, with the reason.

        Args:
            load_ids: Which loads.
            limit: So many at most.
        """
        if not load_ids:
            return []
        ids = ", ".join("'" + each.replace("'", "''") + "'" for each in load_ids)
        sql = f"SELECT * FROM _tidegate_rejects WHERE load_id IN ({ids}) LIMIT {int(limit)}"
        with self._open() as kind, contextlib.closing(kind.core()) as core:
            try:
                return rows_of(core.query(sql))
            except _core.Error as error:
                if error.sqlstate in _NOT_THERE:  # no row was ever kept out
                    return []
                raise

    def columns(self) -> dict[str, dict[str, str]]:
        """By table the types of its columns, in dlt's words, as the destination has them."""
        with self._open() as kind:
            schemas = kind.schemas()
        return {
            name: {column: said["data_type"] for column, said in table["columns"].items() if "data_type" in said}
            for schema in schemas for name, table in schema["tables"].items()
        }

    @contextlib.contextmanager
    def _open(self) -> Iterator[Kind]:
        values = {**self.config, **self.secrets}
        if _is_spec(self.pipeline):
            yield SpecKind(self.pipeline, values, self.progress, self.environment)
            return
        if self.environment is not None:
            raise JobError(f"environment={self.environment!r} is one of a spec's, and {self.pipeline} is a function")
        with given(values):
            yield FunctionKind(self.pipeline, self.progress)


def _check_asked(resources: Sequence[str] | None) -> None:
    if isinstance(resources, str) or (resources is not None and not resources):
        raise JobError(f"resources are a list of names, and left out for all of them, not {resources!r}")


def _waiting(kind: Kind) -> list[str]:
    with contextlib.closing(kind.core()) as core:
        names, found = core.names(), rows_of(core.show("packages"))
    here = ("sealed", url_of(names["destination"]), names["dataset"])
    return [each["load_id"] for each in found if (each["status"], url_of(each["destination"]), each["dataset"]) == here]


def _is_spec(pipeline: str) -> bool:
    if os.path.isfile(pipeline) or pipeline.endswith((".yaml", ".yml")):
        return True
    if pipeline.count(":") != 1:
        raise JobError(f"'{pipeline}' is neither a spec (a file) nor a function, as in module:function")
    return False


def _sealed(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    tables = [table for report in reports for table in report["tables"]]
    return {
        "load_ids": [report["load_id"] for report in reports if report["load_id"]],
        "rows": {table["name"]: table["rows_new"] for table in tables},
        "resource": {table["name"]: table["resource"] for table in tables},
        "warnings": [text for report in reports for text in report["warnings"]],
        "seconds": sum(report["seconds"] for report in reports),
    }


def _loaded(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "load_ids": [report["load_id"] for report in reports],
        "tables": [
            {"table": table["name"], "resource": table["resource"], "nested": table["nested"],
             **{name: table[f"rows_{name}"] for name in _COUNTS}, "load_id": report["load_id"]}
            for report in reports for table in report["tables"]
        ],
        "schema_changes": [
            {**change, "load_id": report["load_id"]} for report in reports for change in report["changes"]
        ],
        "warnings": [text for report in reports for text in report["warnings"]],
        "seconds": sum(report["seconds"] for report in reports),
    }


def joined(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What several calls of `load` returned, as one.

    Args:
        results: At least one.
    """
    lists = ("load_ids", "tables", "schema_changes", "warnings")
    return {
        **results[-1], **{name: [item for each in results for item in each[name]] for name in lists},
        "seconds": sum(each["seconds"] for each in results),
    }
