"""What was measured of a load, by what it is of: its files, tables, resources.

    metrics = {load_id: [{"job_metrics": {job_id: {...}}, "table_metrics": {...}, ...}]}, as dlt has it
    rows_of(metrics) -> the same as lists, each entry with its load's id: rows for `asdict`
"""

from __future__ import annotations

from typing import Any

from tidegate.pipeline.load_package import LoadPackageInfo, moment_of

_NAMES = {"job_metrics": "job_id", "table_metrics": "table_name", "resource_metrics": "resource_name"}
Metrics = dict[str, list[dict[str, Any]]]


def rows_of(metrics: Metrics) -> dict[str, list[dict[str, Any]]]:
    """Metrics as rows.

    Args:
        metrics: By load id.

    Returns:
        Of each kind a list.

    Example:
        >>> rows_of({"1.5": [{"table_metrics": {"t": {"items_count": 3}}}]})
        {'table_metrics': [{'load_id': '1.5', 'table_name': 't', 'items_count': 3}]}
    """
    rows: dict[str, list[dict[str, Any]]] = {}
    for load_id, steps in metrics.items():
        for kind, name in _NAMES.items():
            found = [
                {"load_id": load_id, name: of, **values}
                for step in steps for of, values in step.get(kind, {}).items()
            ]
            if found:
                rows.setdefault(kind, []).extend(found)
    return rows


def _written(rows: int, size: int, created: float, path: str = "") -> dict[str, Any]:
    return {"file_path": path, "items_count": rows, "file_size": size, "created": created, "last_modified": created}


def _sum(entries: list[tuple[str, int, int]], created: float) -> dict[str, dict[str, Any]]:
    """Of (name, rows, bytes), by name."""
    sums: dict[str, tuple[int, int]] = {}
    for name, rows, size in entries:
        before = sums.get(name, (0, 0))
        sums[name] = (before[0] + rows, before[1] + size)
    return {name: _written(rows, size, created) for name, (rows, size) in sums.items()}


def written_metrics(package: LoadPackageInfo) -> Metrics:
    """What an extract, or a normalize, has made: the files of a load, its tables and (extract) resources.

    Args:
        package: With its files.
    """
    jobs = package.all_jobs()
    created = jobs[0].created_at.timestamp() if jobs else 0.0
    read = [(job.resource, job.rows, job.file_size) for job in jobs if package.state == "extracted"]
    return {package.load_id: [{
        "job_metrics": {
            job.job_file_info.job_id(): {"table_name": job.job_file_info.table_name, **_written(job.rows, job.file_size, created, job.file_path)}
            for job in jobs
        },
        "table_metrics": _sum([(job.job_file_info.table_name, job.rows, job.file_size) for job in jobs], created),
        "resource_metrics": _sum(read, created),
    }]}


def loaded_metrics(package: LoadPackageInfo, report: dict[str, Any], dataset: str | None) -> Metrics:
    """When the files of a load were written.

    Args:
        package: With its files.
        report: Of the library, of the call that has written it.
        dataset: Where to.
    """
    ended = report["seconds"]
    times = {
        "started_at": moment_of(report["started_us"], ended - report["phases"]["write"]),
        "finished_at": moment_of(report["started_us"], ended),
    }
    return {package.load_id: [{
        **times, "job_metrics": {
            job.job_file_info.job_id(): {
                "dataset_name": dataset, "file_path": job.file_path, "table_name": job.job_file_info.table_name,
                **times, "state": "completed", "retry_count": 0,
            }
            for job in package.all_jobs()
        },
    }]}
