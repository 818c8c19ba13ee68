"""`Pipeline.undo()`: loads are taken back, in one transaction."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tidegate.common.tables import WithTable
from tidegate.pipeline.library import call, database_of
from tidegate.pipeline.load_package import moment_of

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline


@dataclass
class UndoInfo(WithTable):
    """What `Pipeline.undo` did, or would do.

    Attributes:
        pipeline_name: Whose loads.
        destination: Where they were, without secrets.
        dataset_name: The schema of the tables.
        load_id: Of the load that has undone them; None: none has.
        undone: Ids of the loads that are undone, or would be, the newest first; empty: there is nothing to do.
        tables: By name: how many rows go, and how many come back.
        started_at: When it began.
        finished_at: When it ended.
        warnings: What is well, but not as one would think.
    """

    _COLUMNS: ClassVar[tuple[str, ...]] = ("table", "rows that go", "that come back")

    pipeline_name: str
    destination: str
    dataset_name: str | None
    load_id: str | None
    undone: list[str]
    tables: dict[str, dict[str, int]]
    started_at: datetime.datetime
    finished_at: datetime.datetime
    warnings: list[str]

    @property
    def is_done(self) -> bool:
        """Whether something was undone."""
        return self.load_id is not None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to undo."""
        return not self.undone

    def asdict(self) -> dict[str, Any]:
        """As a row with nested rows."""
        return {**vars(self), "tables": [{"table_name": name, **counts} for name, counts in self.tables.items()]}

    def _rows(self) -> list[tuple[Any, ...]]:
        return [(name, counts["removed"], counts["restored"]) for name, counts in self.tables.items()]

    def _head(self) -> str:
        if self.is_empty:
            return "It has been undone already: nothing is to be done. To go further back, name a load: undo(load_id)"
        where = f"in dataset '{self.dataset_name}' of {self.destination}"
        loads = f"load{'s' if len(self.undone) > 1 else ''} {', '.join(self.undone)}"
        return f"Undone {where}, by load {self.load_id}: {loads}" if self.is_done else f"To be undone {where}: {loads}"

    def _warnings(self) -> list[str]:
        return self.warnings

    def __repr__(self) -> str:
        return f"<dlt.undo(pipeline_name={self.pipeline_name!r}, load_id={self.load_id!r}, undone={self.undone!r}, tables={self.tables!r})>"


def undo(pipeline: Pipeline, load_id: str | None, look: bool, newest_load: str | None) -> UndoInfo:
    """Takes loads back, or tells what that would do.

    Args:
        pipeline: Has a destination.
        load_id: This one, and all that came after it; None: the last one.
        look: Whether nothing is to be done.
        newest_load: The newest that there may be; None: any.

    Raises:
        PipelineStepFailed: Of the step "undo".
        TypeError: An id is no text.
    """
    for said in (load_id, newest_load):
        if said is not None and not isinstance(said, str):
            raise TypeError(f"undo takes the id of a load, as in undo(info.loads_ids[0]), not {said!r}")
    options = {"look_only": look} | {name: said for name, said in (("load_id", load_id), ("newest_load", newest_load)) if said}
    report = call(pipeline, "undo", lambda core: core.undo(options))
    pipeline._known.forget()
    tables = {
        table["name"]: {"removed": table["rows_deleted"], "restored": table["rows_inserted"]} for table in report["tables"]
    }
    return UndoInfo(
        pipeline.pipeline_name, database_of(pipeline).name, pipeline.dataset_name, report["load_id"] or None, report["undone"], tables,
        moment_of(report["started_us"]), moment_of(report["started_us"], report["seconds"]), report["warnings"],
    )
