"""`WithOwn`: what a pipeline can beside what dlt's can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tidegate.pipeline import steps
from tidegate.pipeline.data import sources_of
from tidegate.pipeline.plan import Plan, plan_of
from tidegate.pipeline.undo import UndoInfo, undo
from tidegate.pipeline.window import Window, window_options

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline


class WithOwn:
    """A part of `Pipeline`."""

    refresh: str | None

    def _self(self) -> Pipeline:
        return cast("Pipeline", self)

    def plan(
        self, data: Any = None, *, rows: bool = False, samples: int = 5, table_name: str | None = None,
        write_disposition: Any = None, columns: Any = None, primary_key: Any = None, schema: Any = None,
        schema_contract: Any = None, refresh: str | None = None, window: Window | None = None,
    ) -> Plan:
        """Says what `run` of the same would do, and does nothing.

        Args:
            data: As of `run`, like those below `samples`.
            rows: Whether `data` are read, and all is tried in a transaction that is rolled back. Generator
                objects are used up by that; functions that yield are called anew by the run.
            samples: With rows: so many changed, inserted and deleted rows of each table are shown.
            table_name: For data without a name.
            write_disposition: Over what the resources say.
            columns: Over what the resources say.
            primary_key: Over what the resources say.
            schema: In the place of the sources' own.
            schema_contract: Over what the resources say.
            refresh: What the run would forget before.
            window: Of the run.

        Returns:
            The plan; a limit that is exceeded is told in it.

        Raises:
            PipelineStepFailed: Of the step "plan": the run would fail, too; or, with rows, a load waits that
                the run would write first.
        """
        this = self._self()
        this._aim(None, None, "plan")
        hints = {
            "write_disposition": write_disposition, "columns": columns, "primary_key": primary_key,
            "schema_contract": schema_contract,
        }
        sources = [] if data is None else sources_of(this, data, table_name, schema)
        groups = steps.groups_of(this, sources) if sources else []
        asked = steps.Asked(hints, refresh or self.refresh, window_options(window) if window else None)
        return plan_of(this, groups, asked, rows, samples)

    def undo(self, load_id: str | None = None, *, look: bool = False, newest_load: str | None = None) -> UndoInfo:
        """Takes the last load back, or all since one: rows, cursors and schema are as they were before.

        That is for pipelines with `undo_loads`, of as many loads as that says; all in one transaction. Called
        twice it does nothing the second time, as the last load has been undone already.

        Args:
            load_id: This load, and all that came after it; None: the last one.
            look: Only tells what would be done.
            newest_load: The newest load that there may be (`undone[0]` of a look): where another has come since,
                nothing is undone.

        Returns:
            What was done.

        Raises:
            PipelineStepFailed: Of the step "undo", from LoadCannotBeUndone: what was replaced was not kept, or
                what the load had left is not as it was. Nothing was written.
        """
        this = self._self()
        this._aim(None, None, "undo")
        return undo(this, load_id, look, newest_load)
