"""What is known of a pipeline: its state and its schemas, as the destination has them.

Loads that wait on disk count: what is known is what there will be when they are written. It is read
when it is first asked for, and again after each step.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tidegate import _core
from tidegate.common.schema.exceptions import SchemaNotFoundError
from tidegate.common.schema.schema import Schema
from tidegate.extract.state import decode
from tidegate.pipeline.library import ask, database_of

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline

_ENGINE_VERSION = 4


def _document(core: _core.Pipeline, what: str) -> str | None:
    """What the destination has; None: nothing, of this pipeline."""
    try:
        return core.document(what)
    except _core.Error as error:
        if error.reason == "TG_REASON_NOTHING_LOADED":
            return None
        raise


class Known(Mapping[str, Schema]):
    """The state of a pipeline, and (as a mapping by name) its schemas.

    Args:
        pipeline: Whose.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._default: str | None = None  # these two are once and for all
        self._seen: set[str] = set()
        self.forget()

    def forget(self) -> None:
        """It is to be read again, after a step."""
        self._state: dict[str, Any] | None = None
        self._schemas: dict[str, Schema | None] = {}

    # ---- the state ----

    @property
    def is_there(self) -> bool:
        """Whether a load of the pipeline was ever committed, or waits."""
        return bool(self._stored()["_state_version"])

    @property
    def state(self) -> dict[str, Any]:
        """A copy of the state, in dlt's form; before the first load it has names alone."""
        return copy.deepcopy(self._stored())

    def _stored(self) -> dict[str, Any]:
        if self._state is None:
            self._state = self._empty() | self._read_state()
            self._default = self._state["default_schema_name"]
            self._seen.update(self._state["schema_names"])
        return self._state

    def _empty(self) -> dict[str, Any]:
        destination = self._pipeline.destination
        return {
            "_state_version": 0, "_state_engine_version": _ENGINE_VERSION,
            "dataset_name": self._pipeline.dataset_name, "pipeline_name": self._pipeline.pipeline_name,
            "default_schema_name": None, "schema_names": [],
            "destination_type": destination.destination_type if destination else None, "destination_name": None,
        }

    def _read_state(self) -> dict[str, Any]:
        waiting = self._pipeline._sealed()
        if waiting:
            return decode(json.dumps(waiting[-1].manifest["state"]))
        return decode(self._read("state", None))

    def _read(self, what: str, schema: str | None) -> str | None:
        if self._pipeline.destination is None:
            return None
        path = getattr(database_of(self._pipeline), "path", None)
        if path and not os.path.exists(path):  # looking makes no file
            return None
        found: str | None = ask(self._pipeline, lambda core: _document(core, what), schema)
        return found

    # ---- the schemas ----

    @property
    def default_schema_name(self) -> str | None:
        """Of the schema that the pipeline began with."""
        if self._default is None:
            self._stored()
        return self._default

    def new_among(self, names: list[str]) -> list[str]:
        """Those that the state does not list.

        Args:
            names: Of schemas.
        """
        if not self._seen.issuperset(names):
            self._stored()
        return [name for name in names if name not in self._seen]

    def _schema(self, name: str) -> Schema | None:
        if name not in self._schemas:
            waiting = [each for each in self._pipeline._sealed() if each.manifest["schema"] == name]
            text = json.dumps(waiting[-1].manifest["catalog"]) if waiting else self._read("schema", name)
            self._schemas[name] = Schema.from_dict(json.loads(text)) if text else None
        return self._schemas[name]

    def table_names(self, schema: str) -> list[str]:
        """Those of a schema; none where it is not there.

        Args:
            schema: Its name.
        """
        return list(self[schema].tables) if schema in self else []

    def __getitem__(self, name: str) -> Schema:
        found = self._schema(name) if name in self._stored()["schema_names"] else None
        if found is None:
            raise SchemaNotFoundError(name, list(self))
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored()["schema_names"])

    def __len__(self) -> int:
        return len(self._stored()["schema_names"])

    def __repr__(self) -> str:
        return f"<dlt.schemas({list(self)!r})>"
