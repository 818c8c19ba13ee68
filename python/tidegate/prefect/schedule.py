"""The window of a run that a schedule has started: from the time before to the time that it stands for.

    the flow run -> its deployment -> the schedule that has started it -> the last two of its times that are
    not after the run's own
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import prefect.runtime
from prefect.client.orchestration import get_client
from prefect.utilities.asyncutils import run_coro_as_sync

from tidegate.jobs import JobError

Ends = tuple[str, str]

_KINDS = {"cron": "CronSchedule", "interval": "IntervalSchedule", "rrule": "RRuleSchedule"}
_DAY, _HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)


def window_ends(window: str | Mapping[str, str] | None) -> Ends | None:
    """The ends of a window.

    Args:
        window: "schedule", or `{"start": ..., "end": ...}`; None: there is none.

    Raises:
        JobError: It is something else, or no schedule has started the run.
    """
    if window is None:
        return None
    if window == "schedule":
        return schedule_window()
    if not isinstance(window, Mapping) or set(window) != {"start", "end"}:
        raise JobError(f"a window is 'schedule' or has a start and an end, not {window!r}")
    return window["start"], window["end"]


def schedule_window() -> Ends:
    """The window of the run that is at work: of its deployment's schedule.

    Raises:
        JobError: It has no deployment, or that has no schedule, or several that may be meant.
    """
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(prefect.runtime.flow_run.root_flow_run_id)
        if run.deployment_id is None:
            raise JobError("window='schedule' is for runs of a deployment: say {'start': ..., 'end': ...} here")
        deployment = client.read_deployment(run.deployment_id)
    schedule = _schedule_of(deployment, run.idempotency_key or "")
    start, end = times_before(schedule, run.expected_start_time)
    return _text(start), _text(end)


def _schedule_of(deployment: Any, key: str) -> Any:
    """The one that has started the run, else the only one that is active, else the only one."""
    every = list(deployment.schedules)
    started = [each for each in every if str(each.id) in key]
    active = [each for each in every if each.active]
    for found in (started, active, every):
        if len(found) == 1:
            return found[0].schedule
    raise JobError(
        f"the deployment '{deployment.name}' has {len(every) or 'no'} schedules: window='schedule' needs one, or a run "
        "that one of them has started"
    )


def times_before(schedule: Any, moment: datetime.datetime) -> tuple[datetime.datetime, datetime.datetime]:
    """The last two times of a schedule that are not after a moment.

    Args:
        schedule: With `cron`, `interval` or `rrule`.
        moment: The later one may be this very moment.

    Raises:
        JobError: There are no two.
    """
    from prefect.server.schemas import schedules  # which know their times; it takes a second

    said = schedule.model_dump(exclude_none=True)
    made = next(getattr(schedules, kind)(**said) for name, kind in _KINDS.items() if name in said)
    for span in _spans(said.get("interval")):
        found = run_coro_as_sync(made.get_dates(start=moment - span, end=moment))
        if found and len(found) >= 2:
            return found[-2], found[-1]
    raise JobError(f"the schedule {said} has no two times before {moment}")


def _spans(interval: datetime.timedelta | None) -> Sequence[datetime.timedelta]:
    """How far back two times are looked for: no span has more of them than Prefect lists."""
    if interval:
        return [3 * interval + (_DAY / 8 if interval > _HOUR else 0 * _DAY)]  # the clocks may repeat an hour
    return [_DAY / 288, _DAY / 12, 2 * _DAY, 70 * _DAY, 800 * _DAY, 9 * 366 * _DAY]


def _text(moment: datetime.datetime) -> str:
    """A date, where it is the first moment of one: cursors that are dates take nothing else."""
    there = moment.astimezone(datetime.timezone.utc)
    is_date = there.time() == datetime.time()
    return there.date().isoformat() if is_date else there.isoformat().replace("+00:00", "Z")
