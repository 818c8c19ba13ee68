"""`Pipeline.plan()`: what a run would do, without doing it.

    plan(data) -> a group for each schema, as of a run (steps.py) -> the library's plan of each -> Plan
    Plan -> plan_text.py -> its text, and its tables for notebooks

With rows all of the load is tried in a transaction that is rolled back.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidegate.pipeline import plan_text
from tidegate.pipeline.library import database_of
from tidegate.pipeline.steps import Asked, Group, call_group

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline

Rows = list[dict[str, Any]]
_LISTS = ("resources", "windows", "changes", "samples", "excesses", "statements")
_ROW = ("inserted", "updated", "deleted")


@dataclass
class Plan:
    """What a run would do. Entries of its lists are dicts with the names of `tidegate_plan.h`.

    Attributes:
        pipeline_name: Whose run.
        destination: Where its data would go, without secrets.
        dataset_name: The schema of the tables.
        with_rows: Whether the sources were read, and all of it was tried.
        pending: Ids of loads that wait, which a run writes first.
        resources: How each is read and written: table, write_disposition, strategy, primary_key, cursor, start_value.
        windows: Of a window: which part of it is loaded, and which would be.
        changes: Tables and columns that are new, or get another type.
        tables: With rows: how many of each table would be read, inserted, updated, deleted.
        samples: With rows: some that come ("inserted") or go ("deleted"), and cells that change ("updated").
        excesses: Limits that are exceeded: a run would fail.
        statements: The SQL, in its order.
        warnings: With rows: what the run would warn of.
    """

    pipeline_name: str
    destination: str
    dataset_name: str | None
    with_rows: bool
    pending: list[str] = field(default_factory=list)
    resources: Rows = field(default_factory=list)
    windows: Rows = field(default_factory=list)
    changes: Rows = field(default_factory=list)
    tables: Rows = field(default_factory=list)
    samples: Rows = field(default_factory=list)
    excesses: Rows = field(default_factory=list)
    statements: Rows = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def _add(self, found: dict[str, Any]) -> None:
        """What the library tells of one schema."""
        for name in _LISTS:
            getattr(self, name).extend(found[name])
        for sample in found["samples"]:
            sample["row"] = _ROW[sample["row"]]
        if found["result"]:
            self.tables += found["result"]["tables"]
            self.warnings += found["result"]["warnings"]

    @property
    def is_allowed(self) -> bool:
        """Whether no limit is exceeded."""
        return not self.excesses

    def asdict(self) -> dict[str, Any]:
        """As a row with nested rows."""
        return dataclasses.asdict(self)

    def asstr(self, verbosity: int = 0) -> str:
        """As a person reads it.

        Args:
            verbosity: 1: with the SQL.
        """
        return plan_text.text_of(self, verbosity)

    def __str__(self) -> str:
        return self.asstr()

    def __repr__(self) -> str:
        return f"<dlt.plan({', '.join(f'{name}={value!r}' for name, value in plan_text.summary_of(self).items())})>"

    def _repr_html_(self) -> str:
        """For notebooks: its tables."""
        return plan_text.html_of(self)


def plan_of(
    pipeline: Pipeline, groups: list[Group], asked: Asked, rows: bool, samples: int, by: str | None
) -> Plan:
    """What a run of these would do.

    Args:
        pipeline: Has a destination.
        groups: A load each.
        asked: How they would be read.
        rows: Whether they are read, and all is tried.
        samples: Changed rows of each table, at most.
        by: How long each window of a backfill is; None: it is a run.

    Raises:
        PipelineStepFailed: Of the step "plan": a run would fail, too, or (with rows) a load waits.
    """
    database = database_of(pipeline)
    plan = Plan(pipeline.pipeline_name, database.name, pipeline.dataset_name, rows, [each.load_id for each in pipeline._sealed()])
    options = {"rows": rows, "samples": samples or -1, "window": by, **(asked.window or {})}
    over = database.options_to_try()
    for group in groups:
        if group.sources:
            plan._add(call_group(pipeline, "plan", lambda core: core.plan(options), group, asked, over))
    return plan
