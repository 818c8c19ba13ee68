"""`Pipeline.backfill()`: a long range of the past, window by window.

    plan_backfill: which windows are missing -> work: each in a transaction of its own -> again, until
    nothing is missing

The windows stand at the destination, so that who is killed goes on where it was, and several processes may
call it at once where the destination is a server.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from tidegate import _core
from tidegate.common.logger import LOGGER
from tidegate.common.tables import WithTable
from tidegate.pipeline.exceptions import PipelineStepFailed
from tidegate.pipeline.library import database_of
from tidegate.pipeline.steps import Asked, Group, call_group

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline

_SHOWN = 20
_TRIES = 10


@dataclass(repr=False)
class BackfillInfo(WithTable):
    """What `Pipeline.backfill` did.

    Attributes:
        pipeline_name: Whose.
        destination: Where the rows are, without secrets.
        dataset_name: The schema of the tables.
        window: The range: from, to and what else was said of it.
        by: How long each window is.
        windows: Those that this call has loaded, in their order: resource, from, to, rows, load_id, seconds, run_id, number.
    """

    _COLUMNS: ClassVar[tuple[str, ...]] = ("resource", "from", "to", "rows", "load_id")

    pipeline_name: str
    destination: str
    dataset_name: str | None
    window: dict[str, Any]
    by: str
    windows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the range was missing."""
        return not self.windows

    @property
    def row_counts(self) -> dict[str, int]:
        """Rows that came, by resource."""
        counts: dict[str, int] = {}
        for each in self.windows:
            counts[each["resource"]] = counts.get(each["resource"], 0) + each["rows"]
        return counts

    def asdict(self) -> dict[str, Any]:
        """As a row with nested rows."""
        return dataclasses.asdict(self)

    def _head(self) -> str:
        return (
            f"All windows of {self.by} from {self.window['from']} to {self.window['to']} are loaded in dataset "
            f"'{self.dataset_name}' of {self.destination}, {len(self.windows)} of them by this call"
        )

    def __repr__(self) -> str:
        return f"<dlt.backfill(pipeline_name={self.pipeline_name!r}, window={self.window!r}, by={self.by!r}, windows={len(self.windows)})>"

    def _rows(self) -> list[list[Any]]:
        """The last ones of very many."""
        return [[each[name] for name in self._COLUMNS] for each in self.windows[-_SHOWN:]]


def backfill(
    pipeline: Pipeline, groups: list[Group], asked: Asked, by: str, lease: str | None
) -> BackfillInfo:
    """Loads what is missing of a range.

    Args:
        pipeline: Has a destination.
        groups: Resources of each schema.
        asked: How they are read, with the window.
        by: How long each window is.
        lease: How long a window is this process's own.

    Raises:
        PipelineStepFailed: Of the step "backfill"; `step_info` tells the windows before.
        ValueError: A resource can be read but once, or takes its items from another one.
    """
    assert asked.window is not None
    _check_readable(groups)
    range_ = {name: said for name, said in asked.window.items() if name != "skip_loaded"}
    info = BackfillInfo(pipeline.pipeline_name, database_of(pipeline).name, pipeline.dataset_name, range_, by)

    def told(window: dict[str, Any]) -> None:
        LOGGER.info("window %s to %s of '%s': %d rows", window["from"], window["to"], window["resource"], window["rows"])
        info.windows.append({name: said for name, said in window.items() if name not in ("loaded", "windows")})

    options = {**range_, "window": by}
    try:
        for group in groups:
            if group.sources:
                call_group(pipeline, "backfill", lambda core: _load_all(core, options, lease, told), group, asked)
    except PipelineStepFailed as error:
        error.step_info = info
        raise
    finally:
        pipeline._known.forget()
    return info


def _load_all(
    core: _core.Pipeline, options: dict[str, Any], lease: str | None, told: Callable[[dict[str, Any]], None]
) -> None:
    """Until nothing is missing; with `again` once."""
    is_first = True
    while True:
        plan = _planned(core, options)
        if not plan["run_id"] or (options.get("again") and not is_first):
            return
        is_first = False
        core.work({"run_id": plan["run_id"], "lease": lease}, told)


def _planned(core: _core.Pipeline, options: dict[str, Any]) -> dict[str, Any]:
    """The plan of what is missing; where another process has planned meanwhile, its plan."""
    for _ in range(_TRIES - 1):
        try:
            return core.plan_backfill(options)
        except _core.Error as error:
            if error.code != "TG_CONFLICT":
                raise
    return core.plan_backfill(options)


def _check_readable(groups: list[Group]) -> None:
    """Each window reads its resource anew, and no other."""
    for group in groups:
        for each in (each for source in group.sources for each in source.selected_resources.values()):
            if each.is_transformer:
                raise ValueError(
                    f"'{each.name}' takes its items from another resource, and a backfill reads one at a time: load its "
                    "windows by run(..., window=(from, to))"
                )
            if hasattr(each._data, "__next__") or hasattr(each._data, "__anext__"):
                raise ValueError(
                    f"the resource '{each.name}' is of an iterator, which can be read but once, and a backfill reads "
                    "it for each window: make it of the function that yields"
                )
