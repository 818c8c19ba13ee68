"""Loads as dlt tells them: `LoadPackageInfo` with its files, of what the library reports."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from typing import Any

JOB_STATES = ("new_jobs", "started_jobs", "failed_jobs", "completed_jobs")
_OWN_TABLES = "_tidegate_"


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
    rows: int = 0
    resource: str = ""

    def asdict(self) -> dict[str, Any]:
        """As a row."""
        return {
            "state": self.state, "file_path": self.file_path, "file_size": self.file_size,
            "created_at": self.created_at, "elapsed": self.elapsed,
            "failed_message": self.failed_message, **vars(self.job_file_info),
            "job_id": self.job_file_info.job_id(),
        }

    def __str__(self) -> str:
        return (
            f"Job: {self.job_file_info.job_id()}, table: {self.job_file_info.table_name} in {self.state}. "
            f"File type: {self.job_file_info.file_format}, size: {self.file_size}B. "
            f"Started on: {self.created_at} and completed in {self.elapsed:.2f} seconds."
        )


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

    def all_jobs(self) -> list[LoadJobInfo]:
        """Its files, whatever became of them."""
        return [job for jobs in self.jobs.values() for job in jobs]

    def asdict(self) -> dict[str, Any]:
        """As a row with nested rows."""
        return {
            "load_id": self.load_id, "package_path": self.package_path, "state": self.state,
            "completed_at": self.completed_at, "schema_hash": self.schema_hash,
            "schema_name": self.schema_name, "schema_migrated": bool(self.schema_update),
            "jobs": [job.asdict() for job in self.all_jobs()],
            "tables": [self._table(name, table) for name, table in self.schema_update.items()],
        }

    def _table(self, name: str, table: dict[str, Any]) -> dict[str, Any]:
        of = {"schema_name": self.schema_name, "load_id": self.load_id}
        columns = [{"table_name": name, **of, **column} for column in table["columns"].values()]
        return {**table, **of, "columns": columns}

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it: with its files.

        Args:
            verbosity: Not used: it is all there is.
        """
        done = f"was {self.state.upper()} at {self.completed_at}" if self.completed_at else "is NOT YET LOADED to the destination"
        lines = [
            f"The package with load id {self.load_id} for schema {self.schema_name} is in {self.state.upper()} state. "
            f"It updated schema for {len(self.schema_update)} tables. The package {done}.",
            "Jobs details:", *(str(job) for job in self.all_jobs()),
        ]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.asstr()


def schema_update_of(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What the schema has learnt by a load.

    Args:
        report: Of the library.

    Returns:
        By table: its new columns.
    """
    of = {table["name"]: table for table in report["tables"]}
    update: dict[str, dict[str, Any]] = {}
    for change in report["changes"]:
        if change["type_before"]:
            continue  # a column that is there, and wider
        name, column = change["table"], change["column"]
        table = update.setdefault(name, {"name": name, "columns": {}})
        if name in of:
            table["resource"] = of[name]["resource"]
        if column:
            table["columns"][column] = {"name": column, "data_type": change["data_type"]}
    return update


def jobs_of(
    path: str, files: list[dict[str, Any]], state: str, created: datetime.datetime, elapsed: float = 0.0
) -> dict[str, list[LoadJobInfo]]:
    """The files of a package, those of data, by what became of them.

    Args:
        path: Of its folder.
        files: With table, resource, name, bytes and rows.
        state: One of JOB_STATES.
        created: When they were made.
        elapsed: Seconds since then.
    """
    jobs: dict[str, list[LoadJobInfo]] = {name: [] for name in JOB_STATES}
    for file in files:
        if file["table"].startswith(_OWN_TABLES):
            continue
        number = file["name"].removeprefix(file["table"] + ".").split(".")[0]
        jobs[state].append(LoadJobInfo(
            state, os.path.join(path, file["name"]), file["bytes"], created, elapsed,
            ParsedLoadJobFileName(file["table"], number, 0, "parquet"), rows=file["rows"], resource=file["resource"],
        ))
    return jobs


def package_of(report: dict[str, Any], state: str) -> LoadPackageInfo:
    """The load of a report.

    Args:
        report: Of the library; it has a load.
        state: "extracted", "normalized" or "loaded".
    """
    is_loaded = state == "loaded"
    resources = {table["name"]: table["resource"] for table in report["tables"]}
    files = [{**file, "resource": resources.get(file["table"], file["table"])} for file in report["package_files"]]
    created = moment_of(report["started_us"])
    finished = moment_of(report["started_us"], report["seconds"])
    return LoadPackageInfo(
        report["load_id"], report["package"], state, report["schema"], report["schema_hash"],
        schema_update_of(report), finished if is_loaded else None,
        jobs_of(report["package"], files, "completed_jobs" if is_loaded else "new_jobs", created, report["seconds"]),
    )
