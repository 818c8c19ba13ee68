"""What the steps of a run tell: `ExtractInfo`, `NormalizeInfo`, `LoadInfo`, and the packages in them.

Their attributes and their texts are dlt's.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline


def moment_of(microseconds: int, seconds: float = 0.0) -> datetime.datetime:
    """A time of UTC.

    Args:
        microseconds: Since 1970.
        seconds: Added to them.
    """
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return epoch + datetime.timedelta(microseconds=microseconds + round(seconds * 1e6))


@dataclass
class ParsedLoadJobFileName:
    """The parts of a file's name: `table.file_id.retry.format`."""

    table_name: str
    file_id: str
    retry_count: int
    file_format: str
    is_compressed: bool = False

    def job_id(self) -> str:
        """The name without the number of retries."""
        return f"{self.table_name}.{self.file_id}.{self.file_format}"

    def file_name(self) -> str:
        """The name."""
        return f"{self.table_name}.{self.file_id}.{self.retry_count}.{self.file_format}"


@dataclass
class LoadJobInfo:
    """One file of a package."""

    state: str
    file_path: str
    file_size: int
    created_at: datetime.datetime
    elapsed: float
    job_file_info: ParsedLoadJobFileName
    failed_message: str | None = None

    def asdict(self) -> dict[str, Any]:
        """As a row."""
        return {
            "state": self.state, "file_path": self.file_path, "file_size": self.file_size,
            "created_at": self.created_at, "elapsed": self.elapsed,
            "failed_message": self.failed_message, **vars(self.job_file_info),
            "job_id": self.job_file_info.job_id(),
        }


@dataclass
class LoadPackageInfo:
    """One load: its files, and what the schema has learnt by it."""

    load_id: str
    package_path: str
    state: str
    schema_name: str
    schema_hash: str
    schema_update: dict[str, dict[str, Any]]
    completed_at: datetime.datetime | None
    jobs: dict[str, list[LoadJobInfo]]
    schema: Any = field(default=None, repr=False)

    def asdict(self) -> dict[str, Any]:
        """As a row with nested rows."""
        return {
            "load_id": self.load_id, "package_path": self.package_path, "state": self.state,
            "schema_name": self.schema_name, "schema_hash": self.schema_hash,
            "completed_at": self.completed_at,
            "jobs": [job.asdict() for jobs in self.jobs.values() for job in jobs],
            "tables": [
                {"name": name, "columns": [
                    {"name": column, **hints} for column, hints in table["columns"].items()
                ]}
                for name, table in self.schema_update.items()
            ],
        }

    def __str__(self) -> str:
        return self.asstr()

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it.

        Args:
            verbosity: 1 and more: with the files.
        """
        text = f"The package with load id {self.load_id} for schema {self.schema_name} is in {self.state.upper()} state"
        if verbosity > 0:
            for jobs in self.jobs.values():
                text += "".join(f"\n\t{job.job_file_info.file_name()}" for job in jobs)
        return text


class StepInfo:
    """What the infos of all steps have.

    Args:
        pipeline: Whose step it was.
        packages: The loads that it worked on.
        first_run: Whether the destination had nothing of this pipeline before.
        started_at: When the step began.
        finished_at: When it ended.
        metrics: By load id: what was measured.

    Attributes:
        reports: What the library tells of each of its calls, as it does: `load_id`, `tables` with their
            counts, `changes` of the schema, `warnings`, `seconds`.
    """

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
        self.reports: list[dict[str, Any]] = []

    @property
    def loads_ids(self) -> list[str]:
        """The ids of the loads."""
        return [package.load_id for package in self.load_packages]

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to do."""
        return not self.load_packages

    def asdict(self) -> dict[str, Any]:
        """As a row with nested rows; `run([info], table_name=...)` loads it."""
        return {
            "pipeline": {"pipeline_name": self.pipeline.pipeline_name},
            "load_packages": [package.asdict() for package in self.load_packages],
            "loads_ids": self.loads_ids, "first_run": self.first_run,
            "started_at": self.started_at, "finished_at": self.finished_at,
        }

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.asstr()

    def _package_lines(self, done: str) -> str:
        return "".join(
            f"\nLoad package {package.load_id} is {done} and contains no failed jobs"
            for package in self.load_packages
        )


class ExtractInfo(StepInfo):
    """What `Pipeline.extract` did."""

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it."""
        return self._package_lines("EXTRACTED and NOT YET LOADED to the destination")


class NormalizeInfo(StepInfo):
    """What `Pipeline.normalize` did: with the library the rows are typed when they are extracted."""

    row_counts: dict[str, int]

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it."""
        if self.is_empty:
            return "No data found to normalize"
        lines = [f"- {table}: {count} row(s)" for table, count in self.row_counts.items()]
        return "\n".join(
            ["Normalized data for the following tables:", *lines]
        ) + "\n" + self._package_lines("NORMALIZED and NOT YET LOADED to the destination")


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
        return [metric for metrics in self.metrics.values() for metric in metrics]

    def raise_on_failed_jobs(self) -> None:
        """Does nothing: where a load fails, `run` raises."""

    def asdict(self) -> dict[str, Any]:
        """As a row with nested rows."""
        return super().asdict() | {
            "destination_type": self.destination_type,
            "destination_displayable_credentials": self.destination_displayable_credentials,
            "destination_name": self.destination_name,
            "destination_fingerprint": self.destination_fingerprint,
            "dataset_name": self.dataset_name,
            "job_metrics": self.job_metrics,
        }

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it: the four lines of dlt."""
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
        return "\n".join(lines) + self._package_lines("LOADED")

    def __iter__(self) -> Iterator[Any]:
        yield from (self.pipeline, self.metrics, self.destination_type)
