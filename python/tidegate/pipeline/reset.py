"""`Pipeline.reset()`: what is known of resources is forgotten, and, if it is wanted, their tables go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tidegate.common.tables import WithTable
from tidegate.pipeline.known import Known
from tidegate.pipeline.library import call, database_of

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline

_PARTS = {"cursors": 1, "packages": 2, "files": 4}


@dataclass(repr=False)
class ResetInfo(WithTable):
    """What `Pipeline.reset` did, or would do. Entries of its lists are dicts with the names of `tidegate_reset.h`.

    Attributes:
        pipeline_name: Whose resources.
        destination: Where, without secrets.
        dataset_name: The schema of the tables.
        is_look: Whether nothing was done.
        load_id: Of the load that has written it; None: there was nothing to be written.
        newest_load: The newest load before; None: there is none.
        resources: Those of which something is forgotten.
        cursors: Their cursors, with the last value.
        packages: Loads that wait, and go.
        tables: That are dropped, with their rows.
    """

    _COLUMNS: ClassVar[tuple[str, ...]] = ("resource", "forgotten", "")

    pipeline_name: str
    destination: str
    dataset_name: str | None
    is_look: bool
    load_id: str | None
    newest_load: str | None
    resources: list[dict[str, Any]]
    cursors: list[dict[str, Any]]
    packages: list[dict[str, Any]]
    tables: list[dict[str, Any]]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to forget."""
        return not (self.resources or self.packages or self.tables)

    def asdict(self) -> dict[str, Any]:
        """As a row with nested rows."""
        return dict(vars(self))

    def _rows(self) -> list[tuple[str, str, str]]:
        rows = [(each["resource"], f"cursor {each['path']}", f"at {each['last_value']}" if each["last_value"] else "") for each in self.cursors]
        rows += [(each["name"], "files", str(each["files"])) for each in self.resources if each["files"]]
        rows += [(each["name"], "state", "") for each in self.resources if each["has_state"]]
        rows += [(each["name"], "windows", str(each["windows"])) for each in self.resources if each["windows"]]
        rows += [(each["resource"], f"table {each['name']}", f"{each['rows']} rows") for each in self.tables]
        return rows + [("", f"load {each['load_id']}, which waits", f"{each['rows']} rows") for each in self.packages]

    def _head(self) -> str:
        did = "There is nothing to be forgotten" if self.is_empty else "This would be forgotten" if self.is_look else "This is forgotten"
        return f"{did} in dataset '{self.dataset_name}' of {self.destination}"

    def __repr__(self) -> str:
        names = {what: [each["name"] for each in getattr(self, what)] for what in ("resources", "tables")}
        return f"<dlt.reset(pipeline_name={self.pipeline_name!r}, load_id={self.load_id!r}, {', '.join(f'{name}={said!r}' for name, said in names.items())})>"


def reset(
    pipeline: Pipeline, resources: Sequence[str], schema: str | None, parts: str | Sequence[str] | None, tables: bool,
    look: bool, newest_load: str | None,
) -> ResetInfo:
    """Forgets, or tells what that would be.

    Args:
        pipeline: Has a destination.
        resources: Their names; none: all.
        schema: Whose they are; None: the one that the pipeline began with.
        parts: Of "cursors", "packages", "files"; None: all.
        tables: Whether their tables go, too.
        look: Whether nothing is to be done.
        newest_load: The newest that there may be; None: any.

    Raises:
        PipelineStepFailed: Of the step "reset".
        ValueError: There is no such part.
        TypeError: A name is none: an empty one does not stand for all.
        SchemaNotFoundError: The pipeline has no such schema.
    """
    for name in resources:
        if not isinstance(name, str) or not name:
            raise TypeError(f"reset takes names of resources, as in reset('orders', 'people'), not {name!r}")
    said: list[Any] = list(parts) if isinstance(parts, (list, tuple, set, frozenset)) else [] if parts is None else [parts]
    for part in said:
        if not isinstance(part, str) or part not in _PARTS:
            raise ValueError(f"parts are {', '.join(_PARTS)}, not {part!r}")
    if said and tables:
        raise ValueError("with tables all is forgotten: say parts, or tables")
    if newest_load is not None and not isinstance(newest_load, str):
        raise TypeError(f"newest_load is the id of a load, not {newest_load!r}")
    if schema is not None:
        pipeline._known = Known(pipeline)
        pipeline.schemas[schema]
    options = {
        "select": ", ".join(resources) or None, "parts": sum(_PARTS[part] for part in set(said)), "look_only": look, "newest_load": newest_load,
    }
    report = call(pipeline, "reset", lambda core: core.reset(options, tables), schema=schema)
    pipeline._known = Known(pipeline)
    return ResetInfo(
        pipeline.pipeline_name, database_of(pipeline).name, pipeline.dataset_name, look, report["load_id"] or None,
        report["newest_load"] or None, report["resources"], report["cursors"], report["packages"], report["tables"],
    )
