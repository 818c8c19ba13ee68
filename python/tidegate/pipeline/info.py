"""What the steps of a run tell: `ExtractInfo`, `NormalizeInfo`, `LoadInfo`.

Their attributes, their texts and their rows (`asdict`) are dlt's.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tidegate.common.tables import escaped
from tidegate.pipeline.load_package import LoadPackageInfo
from tidegate.pipeline.metrics import rows_of

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline

_COUNTS = ("read", "new", "inserted", "updated", "deleted")


class StepInfo:
    """What the infos of all steps have.

    Args:
        pipeline: Whose step it was.
        packages: The loads that it worked on.
        first_run: Whether the destination had nothing of this pipeline before.
        started_at: When the step began.
        finished_at: When it ended.
        metrics: By load id: what was measured (metrics.py).

    Attributes:
        reports: What the library told of the calls, as `tidegate_result.h` names it.
    """

    reports: list[dict[str, Any]]

    def __init__(
        self, pipeline: Pipeline, packages: list[LoadPackageInfo], first_run: bool,
        started_at: datetime.datetime, finished_at: datetime.datetime,
        metrics: dict[str, list[dict[str, Any]]],
    ) -> None:
        self.pipeline = pipeline
        self.load_packages = packages
        self.first_run = first_run
        self.started_at = started_at
        self.finished_at = finished_at
        self.metrics = metrics
        self.reports = []

    @property
    def loads_ids(self) -> list[str]:
        """The ids of the loads."""
        return [package.load_id for package in self.load_packages]

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to do."""
        return not self.load_packages

    def __repr__(self) -> str:
        return f"<dlt.{type(self).__name__}(pipeline_name={self.pipeline.pipeline_name!r}, loads_ids={self.loads_ids!r})>"

    def base_dict(self) -> dict[str, Any]:
        """Of `asdict` what all infos have."""
        return {
            "pipeline": {"pipeline_name": self.pipeline.pipeline_name},
            "load_packages": [package.asdict() for package in self.load_packages],
            "loads_ids": self.loads_ids, "first_run": self.first_run,
            "started_at": self.started_at, "finished_at": self.finished_at,
        }

    def asdict(self) -> dict[str, Any]:
        """As a row with nested rows; `run([info], table_name=...)` loads it."""
        return self.base_dict() | rows_of(self.metrics)

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it.

        Args:
            verbosity: 2: with the packages and their files.
        """
        raise NotImplementedError

    def __str__(self) -> str:
        return self.asstr()

    def _package_lines(self, done: str, verbosity: int) -> str:
        text = ""
        for package in self.load_packages:
            text += f"\nLoad package {package.load_id} is {done} and contains no failed jobs"
            if verbosity > 1:
                text += f"\nPackage details:\n{package.asstr(verbosity)}\n"
        return text


class ExtractInfo(StepInfo):
    """What `Pipeline.extract` did."""

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it.

        Args:
            verbosity: 2: with the packages and their files.
        """
        return self._package_lines("EXTRACTED and NOT YET LOADED to the destination", verbosity)


class NormalizeInfo(StepInfo):
    """What `Pipeline.normalize` did: with the library the rows are typed when they are extracted.

    Attributes:
        row_counts: Rows of each table, and one of the state where it has changed.
    """

    row_counts: dict[str, int]

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it.

        Args:
            verbosity: 2: with the packages and their files.
        """
        if self.is_empty:
            return "No data found to normalize"
        lines = [f"- {table}: {count} row(s)" for table, count in self.row_counts.items()]
        return "\n".join(
            ["Normalized data for the following tables:", *lines]
        ) + "\n" + self._package_lines("NORMALIZED and NOT YET LOADED to the destination", verbosity)


class LoadInfo(StepInfo):
    """What `Pipeline.run` and `Pipeline.load` did.

    Attributes:
        destination_type: "dlt.destinations.duckdb".
        destination_name: "duckdb".
        destination_displayable_credentials: Where the data are, without secrets.
        dataset_name: The schema that has the tables.
        has_failed_jobs: Always False: a load is there whole, or an exception was raised.
        row_counts: Rows that went into each table.
    """

    destination_type: str
    destination_name: str
    destination_displayable_credentials: str
    destination_fingerprint = ""
    environment: str | None = None
    staging_type: str | None = None
    staging_name: str | None = None
    staging_displayable_credentials: str | None = None
    dataset_name: str | None
    row_counts: dict[str, int]
    has_failed_jobs = False

    @property
    def job_metrics(self) -> list[dict[str, Any]]:
        """Of each file: its table, and when it was loaded."""
        found: list[dict[str, Any]] = rows_of(self.metrics).get("job_metrics", [])
        return found

    def raise_on_failed_jobs(self) -> None:
        """Does nothing: where a load fails, `run` raises."""

    def _destination(self) -> dict[str, Any]:
        return {
            "destination_type": self.destination_type, "destination_name": self.destination_name,
            "destination_fingerprint": self.destination_fingerprint, "dataset_name": self.dataset_name,
        }

    def _outputs(self) -> list[dict[str, Any]]:
        """Which tables each resource has written to."""
        outputs = []
        for package in self.load_packages:
            tables: dict[str, list[str]] = {}
            for job in package.all_jobs():
                tables.setdefault(job.resource, []).append(job.job_file_info.table_name)
            outputs += [{
                "load_id": package.load_id, "kind": "dataset", "resource_name": resource,
                "location": self.destination_displayable_credentials, **self._destination(),
                "schemas": [{"name": package.schema_name, "version_hash": package.schema_hash}],
                "tables": list(dict.fromkeys(names)),
            } for resource, names in tables.items()]
        return outputs

    def asdict(self) -> dict[str, Any]:
        """As a row with nested rows."""
        return super().asdict() | self._destination() | {
            "destination_displayable_credentials": self.destination_displayable_credentials,
            "environment": self.environment, "staging_type": self.staging_type, "staging_name": self.staging_name,
            "staging_displayable_credentials": self.staging_displayable_credentials,
            "outputs": self._outputs(),
        }

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it: the four lines of dlt.

        Args:
            verbosity: 2: with the packages and their files.
        """
        seconds = (self.finished_at - self.started_at).total_seconds()
        did = f"step finished in {seconds:.2f} seconds" if self.load_packages else "step did not start"
        dataset = self.dataset_name if self.load_packages else None
        lines = [
            f"Pipeline {self.pipeline.pipeline_name} load {did}",
            f"{len(self.load_packages)} load package(s) were loaded to destination "
            f"{self.destination_name} and into dataset {dataset}",
            f"The {self.destination_name} destination used "
            f"{self.destination_displayable_credentials} location to store data",
        ]
        return "\n".join(lines) + self._package_lines("LOADED", verbosity)

    def _repr_html_(self) -> str:
        """For notebooks: where the data are, and what became of each table."""
        tables = [table for report in self.reports for table in report["tables"]]
        head = "".join(f"<th>{name}</th>" for name in ("table", *_COUNTS))
        rows = "".join(
            f"<tr><td>{escaped(table['name'])}</td>"
            + "".join(f"<td style='text-align: right'>{table[f'rows_{name}']}</td>" for name in _COUNTS) + "</tr>"
            for table in tables
        )
        shown = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
        return f"<div><pre>{escaped(self.asstr())}</pre>{shown}</div>"

    def __iter__(self) -> Iterator[Any]:
        yield from (self.pipeline, self.metrics, self.destination_type)
