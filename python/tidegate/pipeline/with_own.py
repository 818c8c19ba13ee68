"""`WithOwn`: what a pipeline can beside what dlt's can. What does it is imported when it is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, cast

from tidegate.pipeline import steps
from tidegate.pipeline.data import sources_of
from tidegate.pipeline.window import Window, length_of

if TYPE_CHECKING:
    from tidegate.pipeline.backfill import BackfillInfo
    from tidegate.pipeline.pipeline import Pipeline
    from tidegate.pipeline.plan import Plan
    from tidegate.pipeline.reset import ResetInfo
    from tidegate.pipeline.undo import UndoInfo
    from tidegate.pipeline.why import Story


class HintArguments(TypedDict, total=False):
    """What `run` is told of data beside them, for who checks types."""

    table_name: str | None
    schema: Any
    write_disposition: Any
    columns: Any
    primary_key: Any
    schema_contract: Any


class WithOwn:
    """A part of `Pipeline`."""

    def _self(self) -> Pipeline:
        return cast("Pipeline", self)

    def _read(
        self, data: Any, step: str, said: HintArguments, refresh: str | None, window: Window | None,
        accept: str | Sequence[str] | None = None,
    ) -> tuple[list[steps.Group], steps.Asked]:
        """What is to be read, and how."""
        this = self._self()
        if unknown := set(said) - HintArguments.__annotations__.keys():
            raise TypeError(f"{step}() has no argument {unknown.pop()!r}")
        this._aim(None, None, step)
        hints: dict[str, Any] = dict(said)
        table_name, schema = hints.pop("table_name", None), hints.pop("schema", None)
        sources = [] if data is None else sources_of(this, data, table_name, schema)
        asked = steps.asked_of(this, hints, refresh, window, accept)
        return steps.groups_of(this, sources) if sources else [], asked

    def plan(
        self, data: Any = None, *, rows: bool = False, samples: int = 5, refresh: str | None = None,
        window: Window | None = None, by: str | int | None = None, accept: str | Sequence[str] | None = None,
        **hints: Unpack[HintArguments],
    ) -> Plan:
        """Says what `run` of the same would do, and does nothing.

        Args:
            data: As of `run`.
            rows: Whether `data` are read, and all is tried in a transaction that is rolled back. Generator
                objects are used up by that; functions that yield are called anew by the run.
            samples: With rows: so many changed, inserted and deleted rows of each table are shown.
            refresh: What the run would forget before.
            window: Of the run.
            accept: Of the run.
            by: With a window: it is one of `backfill`, whose windows are so long.
            hints: Of `run`: table_name, schema, write_disposition, columns, primary_key, schema_contract.

        Returns:
            The plan; a limit that is exceeded is told in it.

        Raises:
            PipelineStepFailed: Of the step "plan": the run would fail, too; or, with rows, a load waits that
                the run would write first.
            ValueError: `by` without a window, or an argument that is not as it has to be.
        """
        from tidegate.pipeline.plan import plan_of

        groups, asked = self._read(data, "plan", hints, refresh, window, accept)
        if by is not None and asked.window is None:
            raise ValueError("by is how long each window of a backfill is: say window= beside it, from where to where")
        return plan_of(self._self(), groups, asked, rows, samples, None if by is None else length_of(by))

    def backfill(
        self, data: Any, *, window: Window, by: str | int, lease: str | None = None, **hints: Unpack[HintArguments]
    ) -> BackfillInfo:
        """Loads a long range of the past, window by window, each in a transaction of its own.

        The cursors stay where they are. What is loaded is left out, so that who was killed and calls again goes on
        where it was. Several processes may call it at once, where the destination is a server.

        Args:
            data: As of `run`; functions that yield are called for each window, an iterator is refused.
            window: The range: its two ends, as of `run`.
            by: How long each window is: "1d", "6h", "15m", "2w", "1mo", "1y"; of numbers 1000.
            lease: How long a window is this process's own: "30s", "2h"; None: ten minutes.
            hints: Of `run`: table_name, schema, write_disposition, columns, primary_key, schema_contract.

        Returns:
            The windows that this call has loaded.

        Raises:
            PipelineStepFailed: Of the step "backfill"; windows before stay loaded, and stand in `step_info`.
            ValueError: A resource can be read but once, or takes its items from another one; an argument is not as it has to be.
        """
        from tidegate.pipeline.backfill import backfill

        if data is None:
            raise ValueError("a backfill reads data: say which")
        if lease is not None and not isinstance(lease, str):
            raise ValueError(f"lease is a time such as '30s', '10m' or '2h', not {lease!r}")
        groups, asked = self._read(data, "backfill", hints, None, window)
        if asked.window is None:
            raise ValueError("a backfill has a window: say from where to where")
        return backfill(self._self(), groups, asked, length_of(by), lease)

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
        from tidegate.pipeline.undo import undo

        this = self._self()
        this._aim(None, None, "undo")
        return undo(this, load_id, look, newest_load)

    def why(self, resource: str, key: Any, data: Any = None, **hints: Unpack[HintArguments]) -> Story:
        """Tells the story of one row: which loads brought it, replaced it or rejected it.

        Args:
            resource: A resource that was loaded, or its table.
            key: The value of its key, or a dict of columns with their values.
            data: As of `run`: is read from the beginning to its end, and the rule is named by which a run would
                take each row of the key now, or leave it out. Nothing is loaded. None: no source is read.
            hints: Of `run`: table_name, schema (also without data: whose table it is), write_disposition, columns,
                primary_key, schema_contract.

        Returns:
            Its facts; `print` tells them.

        Raises:
            PipelineStepFailed: There is no such table or column; or what reading the data comes to.
            ValueError: A text that is no single value, or a resource that is none of the data.

        Example:
            >>> print(pipeline.why("orders", 17))  # doctest: +SKIP
            - the row is in table 'orders'; load 1717171717.1 brought it so, and was committed at 2024-05-31T...
        """
        from tidegate.pipeline.why import why

        groups, asked = self._read(data, "why", hints, None, None)
        schema = hints.get("schema")
        return why(self._self(), resource, key, groups, asked, getattr(schema, "name", schema))

    def reset(
        self, *resources: str, parts: str | Sequence[str] | None = None, tables: bool = False, schema: str | None = None,
        look: bool = False, newest_load: str | None = None,
    ) -> ResetInfo:
        """Forgets what is known of resources, so that the next run reads them from the beginning.

        Args:
            resources: Their names; none: all of the schema.
            parts: Of "cursors" (and what code keeps in the state), "packages" (loads that wait), "files" (that were
                loaded); None: all.
            tables: Whether their tables are dropped, too: the next run is as the first one was. Else rows stay.
            schema: Whose resources; None: those of the schema that the pipeline began with.
            look: Only tells what would be forgotten.
            newest_load: The newest load that there may be, as a look has told; where another has come since, nothing is
                done.

        Returns:
            What was forgotten.

        Raises:
            PipelineStepFailed: Of the step "reset": there is no such resource, or another load has come.
            ValueError: There is no such part.
            SchemaNotFoundError: The pipeline has no such schema.
        """
        from tidegate.pipeline.reset import reset

        this = self._self()
        this._aim(None, None, "reset")
        return reset(this, resources, schema, parts, tables, look, newest_load)
