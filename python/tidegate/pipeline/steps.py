"""The steps of a run: what the library is called for, a load for each schema, and what is told of it.

    one schema   a run: what waits is settled, then it is read, sealed and written in one call
    several      each is sealed (they go on from each other), then they are written in their order;
                 where one fails before, what was sealed of the others is dropped: nothing was read

Each load is there whole or not at all. A schema that the pipeline does not have yet is entered into its
state by a load of its first schema, as dlt does it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tidegate.common.logger import LOGGER
from tidegate.extract.source import DltSource
from tidegate.pipeline.exceptions import PipelineStepFailed
from tidegate.pipeline.info import ExtractInfo, LoadInfo, NormalizeInfo
from tidegate.pipeline.library import call, database_of
from tidegate.pipeline.load_package import LoadPackageInfo, moment_of, package_of, schema_update_of
from tidegate.pipeline.metrics import loaded_metrics, written_metrics
from tidegate.pipeline.options import check_options
from tidegate.pipeline.packages import Extracted, Sealed, extracted
from tidegate.pipeline.progress import tell_normalized
from tidegate.pipeline.trace import add_step
from tidegate.pipeline.window import Window, window_options

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline

Report = dict[str, Any]


@dataclass
class Group:
    """What one load is of.

    Attributes:
        schema: Its name.
        sources: Whose resources are read.
        others: Schemas that the pipeline's state is to list besides.
    """

    schema: str
    sources: list[DltSource]
    others: list[str] = field(default_factory=list)


@dataclass
class Asked:
    """How sources are to be read.

    Attributes:
        hints: Over what the resources say.
        refresh: What is forgotten before.
        window: Of the cursors, for the library; None: what is new.
        accept: What may be this time, that is refused else: options of the library.
        workers: Over what is configured under `extract`.
        max_parallel_items: Over what is configured under `extract`.
    """

    hints: dict[str, Any]
    refresh: str | None
    window: dict[str, Any] | None = None
    accept: dict[str, Any] = field(default_factory=dict)
    workers: int | None = None
    max_parallel_items: int | None = None


@dataclass
class Loaded:
    """Loads that were written, with the reports of the calls that have written them."""

    reports: list[Report] = field(default_factory=list)
    packages: list[LoadPackageInfo] = field(default_factory=list)
    metrics: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, report: Report, packages: list[LoadPackageInfo], dataset: str | None) -> None:
        """The loads of a call; rows that were put aside are told."""
        self.reports.append(report)
        _tell_rejected(report, dataset)
        for package in packages:
            self.packages.append(package)
            self.metrics |= loaded_metrics(package, report, dataset)


def _tell_rejected(report: Report, dataset: str | None) -> None:
    """A run says OK, though not all rows are where they were to go."""
    for table in report["tables"]:
        if rows := table["rows_rejected"]:
            LOGGER.warning(
                "table '%s': %d %s not loaded, and kept in %s._tidegate_rejects with the reason of each (load_id '%s')",
                table["name"], rows, "row was" if rows == 1 else "rows were", dataset, report["load_id"],
            )


def groups_of(pipeline: Pipeline, sources: list[DltSource]) -> list[Group]:
    """Sources by their schemas, in the order of the names; the state is told of new ones.

    Args:
        pipeline: Has a destination.
        sources: What is to be read.
    """
    by_name: dict[str, list[DltSource]] = {}
    for source in sources:
        by_name.setdefault(source.name, []).append(source)
    groups = [Group(name, by_name[name]) for name in sorted(by_name)]
    first = pipeline.default_schema_name or groups[0].schema
    others = pipeline._known.new_among([group.schema for group in groups if group.schema != first])
    if not others:
        return groups
    carrier = next((group for group in groups if group.schema == first), None)
    if carrier is None:
        carrier = Group(first, [])
        groups.insert(0, carrier)
    carrier.others = others
    return groups


_ACCEPT = {"cursor_change": 1, "rows": 2}


def accept_options(said: str | Sequence[str] | None) -> dict[str, Any]:
    """What may be this time.

    Args:
        said: Of "cursor_change", "rows", "limits": one or several.

    Returns:
        Options of the library.

    Raises:
        ValueError: There is no such word.

    Example:
        >>> accept_options(["cursor_change", "limits"])
        {'accept': 1, 'accept_limits': True}
    """
    found: list[Any] = list(said) if isinstance(said, (list, tuple, set, frozenset)) else [said] if said else []
    for word in found:
        if not isinstance(word, str) or word not in (*_ACCEPT, "limits"):
            raise ValueError(f"accept is of cursor_change, rows, limits, not {word!r}")
    words = set(found)
    options: dict[str, Any] = {"accept": sum(_ACCEPT[word] for word in words - {"limits"})} if words - {"limits"} else {}
    return options | ({"accept_limits": True} if "limits" in words else {})


def asked_of(
    pipeline: Pipeline, hints: dict[str, Any], refresh: str | None, window: Window | None, accept: str | Sequence[str] | None,
    workers: int | None = None, max_parallel_items: int | None = None,
) -> Asked:
    """What a program says of a call, for the library.

    Args:
        pipeline: Says what its calls forget, where this one does not.
        hints: Over what the resources say.
        refresh: What is forgotten before.
        window: Its two ends; None: what is new.
        accept: As of `accept_options`.
        workers: Over what is configured under `extract`.
        max_parallel_items: Over what is configured under `extract`.

    Raises:
        ValueError: One of them is not as it has to be.
    """
    check_options(refresh=refresh)
    range_ = None if window is None else window_options(window)
    return Asked(hints, refresh or pipeline.refresh, range_, accept_options(accept), workers, max_parallel_items)


# ---- extract ----


def call_group(
    pipeline: Pipeline, step: str, do: Any, group: Group, asked: Asked, over: Mapping[str, Any] | None = None
) -> Report:
    """A call of the library for one schema.

    Args:
        pipeline: Has a destination.
        step: As an error names it.
        do: Is given the extension's pipeline.
        group: What is read.
        asked: How.
        over: Options of the library, over the pipeline's.

    Returns:
        What `do` returns.

    Raises:
        PipelineStepFailed: From what was raised.
    """
    report: Report = call(
        pipeline, step, do, group.sources, asked.hints, asked.refresh, group.schema, group.others,
        asked.workers, asked.max_parallel_items, {**asked.accept, **(over or {})},
    )
    pipeline._known.forget()
    return report


def _extract(pipeline: Pipeline, group: Group, asked: Asked) -> Report:
    window = asked.window if group.sources else None  # one without any carries the state alone
    report = call_group(
        pipeline, "extract", lambda core: core.extract_window(window) if window else core.extract(), group, asked
    )
    if report["load_id"]:
        extracted[report["package"]] = Extracted(pipeline, schema_update_of(report))
    return report


def _drop(pipeline: Pipeline, report: Report) -> None:
    """A load that is sealed and not wanted; one that cannot be dropped is written by the next run."""
    try:
        if report["load_id"]:
            call(pipeline, "load", lambda core: core.drop_packages(report["load_id"]))
    except PipelineStepFailed as error:
        LOGGER.warning("load '%s' stays sealed, and is written by the next run: %s", report["load_id"], error.exception)
    pipeline._known.forget()


def _has_to_wait(error: PipelineStepFailed) -> bool:
    """Whether what is sealed has to be written before more can be sealed; nothing was read."""
    return getattr(error.exception, "code", "") == "TG_CONFLICT"


def extract_all(
    pipeline: Pipeline, groups: list[Group], asked: Asked, loaded: Loaded | None = None
) -> list[Report]:
    """Seals a load for each group, or none of them.

    Args:
        pipeline: Has a destination.
        groups: A load each.
        asked: How they are read.
        loaded: Takes loads that have to be written in between; None: it fails then.

    Raises:
        PipelineStepFailed: Nothing is sealed.
    """
    reports: list[Report] = []
    sealed: list[Report] = []
    try:
        for group in groups:
            try:
                report = _extract(pipeline, group, asked)
            except PipelineStepFailed as error:
                if loaded is None or not sealed or not _has_to_wait(error):
                    raise
                write_all(pipeline, loaded, asked.accept)
                sealed.clear()
                report = _extract(pipeline, group, asked)
            reports.append(report)
            sealed.append(report)
    except BaseException:
        for report in reversed(sealed):
            _drop(pipeline, report)
        raise
    return reports


def extract_info(pipeline: Pipeline, reports: list[Report], first_run: bool) -> ExtractInfo:
    """What was extracted.

    Args:
        pipeline: Whose.
        reports: Of `extract_all`, or of a run.
        first_run: Whether no load was there before.
    """
    packages = [package_of(report, "extracted") for report in reports if report["load_id"]]
    metrics = {name: each for package in packages for name, each in written_metrics(package).items()}
    started, finished = _times(reports)
    info = ExtractInfo(pipeline, packages, first_run, started, finished, metrics)
    info.reports = reports
    return info


def _times(reports: list[Report]) -> tuple[datetime.datetime, datetime.datetime]:
    """When the first of them began, and the last one ended."""
    return moment_of(reports[0]["started_us"]), moment_of(reports[-1]["started_us"], reports[-1]["seconds"])


# ---- normalize ----


def normalize_info(pipeline: Pipeline, loads: list[Sealed], first_run: bool) -> NormalizeInfo:
    """What was extracted, once more: its rows are typed already.

    Args:
        pipeline: Whose.
        loads: Those that nobody has told yet.
        first_run: Whether no load was there before.
    """
    started = datetime.datetime.now(datetime.timezone.utc)
    counts: dict[str, int] = {}
    for each in loads:
        if each.known:
            each.known.is_normalized = True
        if pipeline.progress:
            tell_normalized(pipeline.progress, pipeline, each)
        for table, rows in each.row_counts().items():
            counts[table] = counts.get(table, 0) + rows
    packages = [each.info() for each in loads]
    metrics = {name: each for package in packages for name, each in written_metrics(package).items()}
    info = NormalizeInfo(pipeline, packages, first_run, started, datetime.datetime.now(datetime.timezone.utc), metrics)
    info.row_counts = counts
    return info


# ---- load ----


def write_all(pipeline: Pipeline, loaded: Loaded, accept: Mapping[str, Any]) -> None:
    """Writes all that is sealed, in its order.

    Args:
        pipeline: Has a destination.
        loaded: Takes what was written.
        accept: What may be this time.

    Raises:
        PipelineStepFailed: Those before it are there.
    """
    while True:
        report = call(pipeline, "load", lambda core: core.write(), over=accept)
        pipeline._known.forget()
        written = [package_of(report, "loaded")] if report["load_id"] else []
        loaded.add(report, written, pipeline.dataset_name)
        if not written:
            return


def load_info(pipeline: Pipeline, loaded: Loaded, first_run: bool) -> LoadInfo:
    """What was written.

    Args:
        pipeline: Whose; it remembers the loads.
        loaded: With a report at least.
        first_run: Whether no load was there before.
    """
    started, finished = _times(loaded.reports)
    for package in loaded.packages:
        package.completed_at = package.completed_at or finished
        pipeline._completed[package.load_id] = package
        extracted.pop(package.package_path, None)
    info = LoadInfo(pipeline, loaded.packages, first_run, started, finished, loaded.metrics)
    info.reports = loaded.reports
    assert pipeline.destination is not None
    info.destination_type = pipeline.destination.destination_type
    info.destination_name = pipeline.destination.destination_name
    info.destination_displayable_credentials = database_of(pipeline).name
    info.environment = pipeline.destination.environment
    info.dataset_name = pipeline.dataset_name
    info.row_counts = {}
    for report in loaded.reports:
        for table in report["tables"]:
            info.row_counts[table["name"]] = info.row_counts.get(table["name"], 0) + table["rows_inserted"]
    return info


# ---- run ----


def run(pipeline: Pipeline, groups: list[Group], asked: Asked) -> LoadInfo:
    """Reads and writes; the trace has its steps.

    Args:
        pipeline: Has a destination.
        groups: A load each.
        asked: How they are read.

    Raises:
        PipelineStepFailed: Of the loads that are at the destination each is whole.
    """
    first_run = pipeline.first_run
    if len(groups) == 1:
        return _run_at_once(pipeline, groups[0], asked, first_run)
    loaded = Loaded()
    write_all(pipeline, loaded, asked.accept)
    reports = extract_all(pipeline, groups, asked, loaded)
    add_step(pipeline, "extract", extract_info(pipeline, reports, first_run))
    told = [each for each in pipeline._sealed() if each.state == "extracted"]
    add_step(pipeline, "normalize", normalize_info(pipeline, told, first_run))
    write_all(pipeline, loaded, asked.accept)
    info = load_info(pipeline, loaded, first_run)
    add_step(pipeline, "load", info)
    return info


def _run_at_once(pipeline: Pipeline, group: Group, asked: Asked, first_run: bool) -> LoadInfo:
    waiting = pipeline._sealed()
    window = asked.window
    report = call_group(pipeline, "run", lambda core: core.run_window(window) if window else core.run(), group, asked)
    left = {each.load_id for each in pipeline._sealed()}
    settled = [each.info("loaded") for each in waiting if each.load_id not in left]
    own = [package_of(report, "loaded")] if report["load_id"] else []
    loaded = Loaded()
    loaded.add(report, (settled if len(settled) == report["settled"] else []) + own, pipeline.dataset_name)
    _tell_steps(pipeline, report, first_run)
    info = load_info(pipeline, loaded, first_run)
    info.started_at = moment_of(report["started_us"], report["seconds"] - report["phases"]["write"])
    add_step(pipeline, "load", info)
    return info


def _tell_steps(pipeline: Pipeline, report: Report, first_run: bool) -> None:
    """What a run at once has done before it wrote."""
    read = report["phases"]["settle"] + report["phases"]["extract"]
    sealed = moment_of(report["started_us"], read + report["phases"]["seal"])
    info = extract_info(pipeline, [report], first_run)
    info.finished_at = moment_of(report["started_us"], read)
    add_step(pipeline, "extract", info)
    packages = [package_of(report, "normalized")] if report["load_id"] else []
    metrics = {name: each for package in packages for name, each in written_metrics(package).items()}
    typed = NormalizeInfo(pipeline, packages, first_run, info.finished_at, sealed, metrics)
    typed.row_counts = {table["name"]: table["rows_new"] for table in report["tables"] if table["rows_new"]}
    if report["state_changed"]:
        typed.row_counts["_dlt_pipeline_state"] = 1
    add_step(pipeline, "normalize", typed)
