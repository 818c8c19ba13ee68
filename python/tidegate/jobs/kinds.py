"""What a job runs: a spec file, or a function that gives a pipeline and its data.

Both are made anew for each step. A kind has

    core()      an extension's pipeline, to look with
    outlines()  what is to be read
    extract()   reads some of it into sealed loads
    load()      writes what is sealed
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Protocol

from tidegate import _core
from tidegate.common import context
from tidegate.common.configuration.inject import resolve
from tidegate.extract.source import DltSource
from tidegate.jobs.exceptions import JobError
from tidegate.pipeline.data import sources_of
from tidegate.pipeline.library import log, open_library
from tidegate.pipeline.pipeline import Pipeline
from tidegate.pipeline.progress import count
from tidegate.pipeline.spec import open_spec
from tidegate.pipeline.window import Window, window_options
from tidegate.progress import Collector


@dataclass(frozen=True)
class Outline:
    """A resource that a job reads.

    Attributes:
        name: Of the resource.
        has_cursor: Whether it can load a window.
        schema: Of its source; a load is of one.
    """

    name: str
    has_cursor: bool
    schema: str


class Kind(Protocol):
    """What is run."""

    def core(self) -> _core.Pipeline:
        """The library's pipeline; it must be closed."""

    def outlines(self) -> list[Outline]:
        """The resources that a run reads."""

    def extract(
        self, names: Sequence[str] | None, window: Window | None, full_refresh: bool
    ) -> list[dict[str, Any]]:
        """Reads and seals; the library's reports."""

    def load(self) -> list[dict[str, Any]]:
        """Writes what is sealed, the oldest first; the library's reports."""

    def schemas(self) -> list[dict[str, Any]]:
        """As the destination has them, once something was loaded."""


def chosen_of(names: Sequence[str] | None, found: Sequence[Outline], pipeline: str) -> list[Outline]:
    """Those of the resources that are asked for.

    Args:
        names: Their names; None: all.
        found: What there is.
        pipeline: Whose, for the message.

    Raises:
        JobError: One of them is not there, or there is none at all.
    """
    known = [each.name for each in found]
    unknown = [name for name in names or [] if name not in known]
    if not known:
        raise JobError(f"there is nothing to read in {pipeline}: it has no resources")
    if unknown:
        raise JobError(f"there is no resource '{unknown[0]}' in {pipeline}; it has {', '.join(known)}")
    return [each for each in found if names is None or each.name in names]


def rows_of(stream: _core.Stream) -> list[dict[str, Any]]:
    """The rows of a small result, as JSON has them.

    Args:
        stream: Of the library.
    """
    names = [name for name, _, _ in stream.columns()]
    rows: list[dict[str, Any]] = json.loads(json.dumps([dict(zip(names, row)) for row in stream.fetch()], default=str))
    return rows


# ---- a spec ----


class SpecKind:
    """A spec file.

    Args:
        path: Where it is.
        variables: What `${NAME}` stands for in it, before the environment is asked.
        progress: Is told how far it is.
        environment: Which of the spec's; None: what `$TIDEGATE_ENV` or the spec says.
    """

    def __init__(
        self, path: str, variables: Mapping[str, Any], progress: Collector | None, environment: str | None = None
    ) -> None:
        for name, value in variables.items():
            if isinstance(value, (Mapping, list)) or value is None:
                kind = type(value).__name__
                raise JobError(f"'{name}' stands for ${{{name}}} in {path}: a text, a number or a bool, not {kind}")
        self.path = path
        self.variables = {
            name: json.dumps(value) if isinstance(value, bool) else str(value) for name, value in variables.items()
        }
        self.progress = progress
        self.environment = environment

    def core(self, **options: Any) -> _core.Pipeline:
        """The library's pipeline; it must be closed."""
        if self.environment is not None:
            options["environment"] = self.environment
        return open_spec(self.path, self.variables, log=log, progress=self._tell if self.progress else None, **options)

    def outlines(self) -> list[Outline]:
        """The resources of the spec, and the tables of its sources."""
        with contextlib.closing(self.core()) as core:
            pipeline, found = core.names()["name"], rows_of(core.show("resources"))
        return [Outline(each["resource"], bool(each["cursor"]), pipeline) for each in found]

    def extract(
        self, names: Sequence[str] | None, window: Window | None, full_refresh: bool
    ) -> list[dict[str, Any]]:
        """Reads and seals."""
        select = {} if names is None else {"select": ", ".join(names)}
        with self._step("Extract", full_refresh=full_refresh, **select) as core:
            return [core.extract_window(window_options(window)) if window else core.extract()]

    def load(self) -> list[dict[str, Any]]:
        """Writes what is sealed, the oldest first."""
        reports = []
        with self._step("Load") as core:
            while (report := core.write())["load_id"]:
                reports.append(report)
        return reports

    def schemas(self) -> list[dict[str, Any]]:
        """As the destination has them: a spec has one."""
        with contextlib.closing(self.core()) as core:
            try:
                return [json.loads(core.document("schema"))]
            except _core.Error as error:
                if error.reason == "TG_REASON_NOTHING_LOADED":
                    return []
                raise

    def _tell(
        self, phase: str, resource: str | None, table: str | None, rows: int, bytes_read: int,
        bytes_total: int, ended: bool,
    ) -> None:
        assert self.progress
        if name := resource or table:
            count(self.progress, name, rows, bytes_read, bytes_total)

    @contextlib.contextmanager
    def _step(self, name: str, **options: Any) -> Iterator[_core.Pipeline]:
        core = self.core(**options)
        try:
            if self.progress:
                self.progress.start(f"{name} {core.names()['name']}")
            yield core
        finally:
            core.close()
            if self.progress:
                self.progress.stop()


# ---- a function ----


class FunctionKind:
    """A function that gives a pipeline and its data.

    Args:
        name: "module:function"; modules of the current folder are found.
        progress: Is told how far it is.

    Raises:
        JobError: There is no such function, or it gives something else.
    """

    def __init__(self, name: str, progress: Collector | None) -> None:
        self.name = name
        made = _call(name, _find(name))
        if not (isinstance(made, tuple) and len(made) == 2 and isinstance(made[0], Pipeline)):
            raise JobError(
                f"{name} has to return a pipeline and its data, as in `return pipeline, shop()`; it returned "
                f"{type(made).__name__}"
            )
        self.pipeline: Pipeline = made[0]
        self.sources = sources_of(self.pipeline, made[1], None)
        if progress:
            self.pipeline.progress = progress

    def core(self) -> _core.Pipeline:
        """The library's pipeline; it must be closed."""
        return open_library(self.pipeline)

    def outlines(self) -> list[Outline]:
        """The selected resources of its sources."""
        return [
            Outline(each.name, each.incremental is not None, source.name)
            for source in self.sources for each in source.selected_resources.values()
        ]

    def extract(
        self, names: Sequence[str] | None, window: Window | None, full_refresh: bool
    ) -> list[dict[str, Any]]:
        """Reads and seals."""
        wanted = {each.name for each in chosen_of(names, self.outlines(), self.name)}
        chosen = [part for part in (_select(source, wanted) for source in self.sources) if part is not None]
        refresh = "drop_data" if full_refresh else None
        return self.pipeline.extract(chosen, refresh=refresh, window=window).reports

    def load(self) -> list[dict[str, Any]]:
        """Writes what is sealed, the oldest first."""
        return self.pipeline.load().reports

    def schemas(self) -> list[dict[str, Any]]:
        """As the destination has them: one for each source."""
        return [self.pipeline.schemas[name].to_dict() for name in self.pipeline.schema_names]


def _select(source: DltSource, names: Set[str]) -> DltSource | None:
    here = names & source.selected_resources.keys()
    return source.with_resources(*here) if here else None


def _find(name: str) -> Callable[..., Any]:
    module_name, _, function_name = name.partition(":")
    if os.getcwd() not in sys.path:  # of a worker it is another one
        sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and not (module_name + ".").startswith(error.name + "."):
            raise  # one that the module itself imports
        raise JobError(f"there is no module '{module_name}' in {os.getcwd()} or in {sys.prefix}") from error
    function = getattr(module, function_name, None)
    if not callable(function):
        raise JobError(f"the module '{module_name}' has no function '{function_name}'")
    found: Callable[..., Any] = function
    return found


def _call(name: str, function: Callable[..., Any]) -> Any:
    """Its arguments are configuration, as those of a source."""
    signature = inspect.signature(function)
    bare = [p.name for p in signature.parameters.values() if p.default is p.empty and p.kind < p.VAR_POSITIONAL]
    if bare:
        wanted = ", ".join(bare)
        raise JobError(f"{name} is called without arguments: let {wanted} have defaults, as `= dlt.config.value`")
    context.active_pipeline = None  # of the job before, under whose name nothing is to be looked for
    module_name, _, function_name = name.partition(":")
    sections = ("sources", module_name.rpartition(".")[2], function_name)
    return function(**resolve(function, signature, {}, None, sections))
