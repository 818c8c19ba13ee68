"""The flow `extract_and_load` and its tasks.

    extract_and_load -> outline (a task: what there is to read, and what an earlier run has left sealed)
      -> for each resource: extract (seals a load on disk) -> load (writes it, in one transaction)
      -> artifacts, and an event for each load

The loads of a pipeline go in their order, each from where the one before has ended: so one resource follows the
other, in the process and the thread of the flow, which signals reach. What is sealed is on disk: a load that is
tried again finds it there, and so does the next run, whatever has become of this one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event
from prefect.logging import get_run_logger

from tidegate.common.exceptions import is_retryable
from tidegate.jobs import Job, JobError
from tidegate.jobs.job import joined
from tidegate.prefect.artifacts import COUNTS, ProgressArtifacts, begin_progress, tell_loads
from tidegate.prefect.logs import run_log
from tidegate.prefect.schedule import window_ends
from tidegate.prefect.secrets import Mask, secret_values

_DELAY_S_MAX = 600.0


def may_be_retried(task: Any, task_run: Any, state: Any) -> bool:
    """Whether a task that has failed is to be tried again: its error says so.

    Args:
        task: Of Prefect, like the next two.
        task_run: Which one.
        state: With the error.
    """
    return isinstance(state.data, BaseException) and is_retryable(state.data)


@contextlib.contextmanager
def _job(said: Mapping[str, Any], progress: ProgressArtifacts | None = None) -> Iterator[tuple[Job, Mask]]:
    """The job of a task: with secrets, which are not in what it logs and raises."""
    values = secret_values(said["secrets"])
    mask = Mask(values)
    try:
        with run_log(mask):
            yield Job(said["pipeline"], said["config"], values, said["full_refresh"], progress, said["environment"]), mask
    except Exception as error:
        told = mask.error(error)
        if told is error:
            raise
        raise told from None


_task: dict[str, Any] = {
    "cache_policy": NO_CACHE, "persist_result": False, "retry_condition_fn": may_be_retried, "retry_jitter_factor": 0.5,
}


@task(name="outline", **_task)
def outline(job: dict[str, Any], resources: list[str] | None, window: Sequence[str] | None) -> dict[str, Any]:
    """What a run has to do.

    Args:
        job: The pipeline, with the names of its secrets.
        resources: That are asked for; None: all.
        window: Two ends.

    Returns:
        `parts`, what is loaded together, and `waiting`, the loads that an earlier run has sealed.
    """
    with _job(job) as (made, mask):
        found: dict[str, Any] = mask.told(made.outline(resources, window))
        return found


@task(name="extract", task_run_name="extract {name}", **_task)
def extract(
    job: dict[str, Any], name: str, resources: list[str], window: Sequence[str] | None, bars: dict[str, str]
) -> dict[str, Any]:
    """Reads what is new of some resources, and seals it on disk.

    Args:
        job: The pipeline, with the names of its secrets.
        name: Of the task's run.
        resources: What is read.
        window: Two ends.
        bars: By resource: its progress artifact.

    Returns:
        What was sealed (`tidegate.jobs.Job.extract`).
    """
    progress = ProgressArtifacts(bars)
    with _job(job, progress) as (made, mask):
        sealed: dict[str, Any] = mask.told(made.extract(resources, window))
    for resource in resources:
        rows = sum(sealed["rows"][table] for table, of in sealed["resource"].items() if of == resource)
        progress.finish(resource, f"{rows:,} rows read", 50.0)
    return sealed


@task(name="load", task_run_name="load {name}", **_task)
def load(job: dict[str, Any], name: str, sealed: dict[str, Any] | None, bars: dict[str, str]) -> dict[str, Any]:
    """Writes all loads that are sealed, the oldest first, each in one transaction.

    Args:
        job: The pipeline, with the names of its secrets.
        name: Of the task's run.
        sealed: What `extract` has returned; None: an earlier run has sealed them.
        bars: By resource: its progress artifact.

    Returns:
        What was loaded (`tidegate.jobs.Job.load`).
    """
    progress = ProgressArtifacts(bars, sealed)
    with _job(job, progress) as (made, mask):
        loaded: dict[str, Any] = mask.told(made.load())
        rejected = any(each["rejected"] for each in loaded["tables"])
        loaded["rejects"] = mask.told(made.rejects(loaded["load_ids"])) if rejected else []
    for table in loaded["tables"]:
        table["seconds"] = round(loaded["seconds"] + (sealed["seconds"] if sealed else 0.0), 3)
    for resource in bars:
        rows = sum(each["new"] for each in loaded["tables"] if each["resource"] == resource)
        progress.finish(resource, f"{rows:,} rows loaded")
    _tell_event(loaded)
    return loaded


def _tell_event(loaded: Mapping[str, Any]) -> None:
    """For automations: one for each task that has loaded anything."""
    if not loaded["load_ids"]:
        return
    said = {name: loaded[name] for name in ("pipeline", "destination", "dataset")}
    resource = {
        "prefect.resource.id": f"tidegate.pipeline.{said['pipeline']}", "prefect.resource.name": said["pipeline"],
        "tidegate.dataset": said["dataset"], "tidegate.destination": said["destination"],
    }
    counts = {each["table"]: {name: each[name] for name in COUNTS} for each in loaded["tables"]}
    payload = {**said, "load_ids": loaded["load_ids"], "tables": counts}
    emit_event(event="tidegate.load.completed", resource=resource, payload=payload)


class _Run:
    """The tasks of one run of the flow, what they have returned, and what they have raised."""

    def __init__(self, job: dict[str, Any], retries: int, delay: float) -> None:
        self.job = job
        self.loads: list[dict[str, Any]] = []
        self.errors: list[Exception] = []
        delays = [min(delay * 2**n, _DELAY_S_MAX) for n in range(retries)]
        self._often: dict[str, Any] = {"retries": retries, "retry_delay_seconds": delays}

    def outline(self, resources: list[str] | None, window: Sequence[str] | None) -> dict[str, Any]:
        found: dict[str, Any] = outline.with_options(**self._often)(self.job, resources, window)
        return found

    def part(self, resources: list[str], window: Sequence[str] | None, bars: Mapping[str, str]) -> bool:
        """Extracts and loads; whether the run may go on. What cannot be read holds nothing else up."""
        name, own = ", ".join(resources), {each: bars[each] for each in resources}
        try:
            sealed = extract.with_options(**self._often)(self.job, name, resources, window, own)
        except Exception as error:
            self.errors.append(error)
            return True
        return self.load(name, sealed, own)

    def load(self, name: str, sealed: dict[str, Any] | None, bars: dict[str, str]) -> bool:
        """Whether the run may go on: where the error may pass, what is sealed waits, and all others behind it."""
        try:
            self.loads.append(load.with_options(**self._often)(self.job, name, sealed, bars))
        except Exception as error:
            self.errors.append(error)
            return not is_retryable(error)
        return True

    def parts(self, found: Mapping[str, Any], mode: str) -> None:
        """All that is to be loaded."""
        if found["waiting"] and not self.load("what waits", None, {}):
            return
        parts = found["parts"]
        if mode == "tasks":
            parts = [[[name], ends] for names, ends in parts for name in names]
        bars = begin_progress([name for names, _ in parts for name in names])
        for names, ends in parts:
            if not self.part(names, ends, bars):
                return

    def tell(self) -> dict[str, Any]:
        """The artifacts, of all that was loaded; the first error, if there is one."""
        rejects = [row for each in self.loads for row in each.pop("rejects")][:100]
        result = joined(self.loads) if self.loads else {}
        if result:
            tell_loads(result, rejects)
        if self.errors:
            raise self.errors[0]
        return result


@flow(name="extract_and_load")
def extract_and_load(
    pipeline: str,
    config: dict[str, Any] | None = None,
    resources: list[str] | None = None,
    secrets: dict[str, str] | None = None,
    window: Literal["schedule"] | dict[str, str] | None = None,
    full_refresh: bool = False,
    mode: Literal["tasks", "single"] = "tasks",
    retries: int = 3,
    retry_delay_seconds: float = 10.0,
    environment: str | None = None,
) -> dict[str, Any]:
    """Loads what is new of a pipeline, exactly once.

    Args:
        pipeline: The path of a spec, or "module:function" with a function that returns a pipeline and its data.
        config: For a function values of configuration by their keys; for a spec what `${NAME}` stands for.
        resources: Their names; without it all.
        secrets: As `config`, but names of what is not to be seen: a Secret block's, or `env:NAME` of a variable.
        window: "schedule": from the time before to the time that the schedule has started this run for;
            or {"start": ..., "end": ...}. Without it: what is new since the last run.
        full_refresh: Whether cursors are forgotten, and tables replaced.
        mode: "tasks": a load for each resource; "single": one for all of a source, in one transaction.
        retries: How often a task is tried again whose error may pass: a lock, a connection.
        retry_delay_seconds: Before the first of them; it doubles each time.
        environment: Of a spec which of its environments; without it what `$TIDEGATE_ENV` or the spec says.

    Returns:
        What was loaded: `load_ids`, `tables` with their counts, `schema_changes`, `warnings`, `seconds`.
    """
    if full_refresh and window:
        raise JobError("a full refresh begins anew, and a window is a part: say one of them")
    if retries < 0 or retry_delay_seconds < 0:
        raise JobError("retries, and the seconds before them, are not less than 0")
    ends = window_ends(window)
    said = {
        "pipeline": pipeline, "config": config or {}, "secrets": secrets or {}, "full_refresh": full_refresh,
        "environment": environment,
    }
    run = _Run(said, retries, retry_delay_seconds)
    run.parts(run.outline(resources, ends), mode)
    result = run.tell()
    get_run_logger().info("loaded %d rows", sum(each["new"] for each in result["tables"]))
    return result
