"""Which step of a pipeline is at work, for a collector: what the library tells of a call, as dlt's steps.

    run        Extract NAME, Normalize NAME in LOAD_ID, Load NAME in LOAD_ID; before them the last for each load that waits
    extract    the first of them
    load       the last, for each load

Rows are typed while they are extracted: the step Normalize tells what is sealed of them. Of loads that wait the library
tells when all are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.pipeline.packages import Sealed
from tidegate.progress import Collector

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline


class Follower:
    """A collector follows one call of the library.

    Args:
        collector: What is told.
        pipeline: Whose call it is.
        step: "run", "extract" or "load".
    """

    def __init__(self, collector: Collector, pipeline: Pipeline, step: str) -> None:
        self._collector = collector
        self._pipeline = pipeline
        self._step = step
        self._resources = 0
        self._read: set[str] = set()
        self._load: Sealed | None = None
        self._waiting: list[Sealed] = []  # which a run writes first
        self._is_open = self._is_writing = False

    def begin(self, resources: int) -> None:
        """The call begins; of a load this is shown when it is known which.

        Args:
            resources: How many are read.
        """
        self._resources = resources
        self._waiting = self._pipeline._sealed() if self._step == "run" else []
        if self._waiting:
            self._begin_load(self._waiting[0])
        elif self._step in ("run", "extract"):
            self._extract()

    def _extract(self) -> None:
        self._open(f"Extract {self._pipeline.pipeline_name}")
        if self._resources:
            self._collector.update("Resources", 0, self._resources)

    def _settled(self) -> None:
        """Of the loads that were waiting those are written that are no longer there."""
        waiting, self._waiting = self._waiting, []
        left = {each.load_id for each in self._pipeline._sealed()}
        for load in waiting:
            if not self._is_open:
                self._begin_load(load)
            if load.load_id not in left:
                for table, rows in load.row_counts().items():
                    self._collector.update(table, rows)
                self._tell_jobs(load, ended=True)
            self.end()
        self._extract()

    def end(self) -> None:
        """The call has ended, or failed."""
        if self._is_open:
            self._collector.stop()
        self._is_open = False

    def __call__(
        self, phase: str, resource: str | None, table: str | None, rows: int, bytes_read: int,
        bytes_total: int, ended: bool,
    ) -> None:
        """What the library calls."""
        if phase == "settle" and (table or not ended):
            return  # of loads that were waiting, which are told once they are written
        if self._waiting:
            self._settled()
        if resource:
            count(self._collector, resource, rows, bytes_read, bytes_total)
            if ended:
                self._read.add(resource)
                self._collector.update("Resources", len(self._read), self._resources)
        elif phase == "seal" and self._step == "run":
            self.end()
            self._load = self._pipeline._sealed()[-1]
            tell_normalized(self._collector, self._pipeline, self._load)
        elif phase == "write":
            self._write(table, rows, ended)

    def _write(self, table: str | None, rows: int, ended: bool) -> None:
        if not self._is_writing:
            self._is_writing = True
            self._load = self._load or next(iter(self._pipeline._sealed()), None)
            self._begin_load(self._load)
        if table:
            self._collector.update(table, rows)
        elif self._load:
            self._tell_jobs(self._load, ended)

    def _begin_load(self, load: Sealed | None) -> None:
        which = f" in {load.load_id}" if load else ""  # one of when its destination was named otherwise
        self._open(f"Load {self._pipeline.pipeline_name}{which}")

    def _tell_jobs(self, load: Sealed, ended: bool) -> None:
        """The files of a load are there all at once, by the commit."""
        files = len(load.files())
        self._collector.update("Jobs", files if ended else 0, files)

    def _open(self, step: str) -> None:
        self._is_open = True
        self._collector.start(step)


def count(collector: Collector, resource: str, rows: int, bytes_read: int, bytes_total: int) -> None:
    """Rows read of a resource.

    Args:
        collector: What is told.
        resource: Its name.
        rows: So many so far.
        bytes_read: Of its source.
        bytes_total: If it is known, rows have a total: about so many.
    """
    total = round(rows * bytes_total / bytes_read) if bytes_read and bytes_total else None
    collector.update(resource, rows, total)


def tell_normalized(collector: Collector, pipeline: Pipeline, load: Sealed) -> None:
    """The step Normalize, of a load that is sealed.

    Args:
        collector: What is told.
        pipeline: Whose.
        load: What is told of.
    """
    files = len(load.files())
    collector.start(f"Normalize {pipeline.pipeline_name} in {load.load_id}")
    collector.update("Files", files, files)
    for table, rows in load.row_counts().items():
        collector.update(table, rows)
    collector.stop()
