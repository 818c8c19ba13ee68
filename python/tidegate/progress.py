"""Progress: how far a run is, on the terminal or in a log.

A collector has `start(step)`, `update(...)` and `stop(step)`; the library calls some ten times a second.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
import time
from typing import Any, Protocol

from tidegate.common.exceptions import MissingDependencyException

_WIDTH = 80


class Collector(Protocol):
    """What is told how far a run is."""

    def start(self, step: str) -> None:
        """A step begins: "Extract NAME"."""

    def update(self, name: str, count: int, total: int | None = None) -> None:
        """A counter, of a resource or a table, is at `count`."""

    def stop(self) -> None:
        """The step has ended."""


class LogCollector:
    """Writes all counters as a block of lines, at the begin and end of a step and each period.

    Args:
        log_period: Seconds between two blocks.
        logger: "stdout", "stderr", a stream, or a `logging.Logger`.
        log_level: Of the lines, where they go to a logger.
        dump_system_stats: Whether a line says the memory and the time of processors.

    Example:
        >>> collector = LogCollector(dump_system_stats=False)
        >>> collector.start("Extract shop")
        --------------------------------- Extract shop ---------------------------------
        <BLANKLINE>
    """

    def __init__(
        self, log_period: float = 1.0, logger: Any = "stdout", log_level: int = logging.INFO,
        dump_system_stats: bool = True,
    ) -> None:
        self.log_period = log_period
        self.logger = logger
        self.log_level = log_level
        self.dump_system_stats = dump_system_stats
        self._step = ""
        self._counters: dict[str, tuple[int, int | None]] = {}
        self._began = self._shown = 0.0
        self._cpu = 0.0

    def start(self, step: str) -> None:
        """Begins a step."""
        self._step, self._counters = step, {}
        self._began, self._cpu = time.monotonic(), time.process_time()
        self._show()

    def update(self, name: str, count: int, total: int | None = None) -> None:
        """Sets a counter; shows all, if the last time is long enough ago."""
        self._counters[name] = (count, total)
        if time.monotonic() - self._shown >= self.log_period:
            self._show()

    def stop(self) -> None:
        """Ends the step."""
        self._show()

    def _lines(self) -> list[str]:
        seconds = max(time.monotonic() - self._began, 1e-6)
        lines = [f" {self._step} ".center(_WIDTH, "-")]
        for name, (count, total) in self._counters.items():
            share = f"/{total} ({100 * count / total:.1f}%)" if total else " "
            lines.append(f"{name}: {count}{share} | Time: {seconds:.2f}s | Rate: {count / seconds:.2f}/s")
        if self.dump_system_stats:
            lines.append(_system_stats(time.process_time() - self._cpu, seconds))
        return lines

    def _show(self) -> None:
        self._shown = time.monotonic()
        text = "\n".join(self._lines() + [""])
        if isinstance(self.logger, logging.Logger):
            self.logger.log(self.log_level, "%s", text)
            return
        stream = {"stdout": sys.stdout, "stderr": sys.stderr}.get(self.logger, self.logger) if isinstance(self.logger, str) else self.logger
        print(text, file=stream, flush=True)


def _system_stats(cpu: float, seconds: float) -> str:
    page = os.sysconf("SC_PAGE_SIZE")
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[1]) * page
    whole = os.sysconf("SC_PHYS_PAGES") * page
    return (
        f"Memory usage: {used / 1e6:.2f} MB ({100 * used / whole:.2f}%) | "
        f"CPU usage: {100 * cpu / seconds:.2f}%"
    )


class TqdmCollector:
    """A bar of tqdm for each counter.

    Args:
        options: Of `tqdm.tqdm`.
    """

    def __init__(self, **options: Any) -> None:
        self._tqdm = _module("tqdm", "tqdm.auto").tqdm
        self._options = options
        self._bars: dict[str, Any] = {}
        self._step = ""

    def start(self, step: str) -> None:
        """Begins a step."""
        self._step = step

    def update(self, name: str, count: int, total: int | None = None) -> None:
        """Moves the counter's bar."""
        bar = self._bars.get(name)
        if bar is None:
            bar = self._bars[name] = self._tqdm(desc=f"{self._step}: {name}", total=total, **self._options)
        bar.update(count - bar.n)

    def stop(self) -> None:
        """Ends the bars."""
        for bar in self._bars.values():
            bar.close()
        self._bars = {}


class EnlightenCollector:
    """A counter of enlighten for each counter.

    Args:
        options: Of `enlighten.Manager`.
    """

    def __init__(self, **options: Any) -> None:
        self._manager = _module("enlighten", "enlighten").Manager(**options)
        self._counters: dict[str, Any] = {}
        self._step = ""

    def start(self, step: str) -> None:
        """Begins a step."""
        self._step = step

    def update(self, name: str, count: int, total: int | None = None) -> None:
        """Moves the counter."""
        counter = self._counters.get(name)
        if counter is None:
            counter = self._counters[name] = self._manager.counter(desc=f"{self._step}: {name}", total=total)
        counter.update(count - counter.count)

    def stop(self) -> None:
        """Ends the counters."""
        for counter in self._counters.values():
            counter.close()
        self._counters = {}


class AliveCollector:
    """One bar of alive_progress for a step; its text says which counter moves.

    Args:
        options: Of `alive_progress.alive_bar`.
    """

    def __init__(self, **options: Any) -> None:
        self._make = _module("alive_progress", "alive_progress").alive_bar
        self._options = options
        self._context: Any = None
        self._bar: Any = None
        self._counts: dict[str, int] = {}

    def start(self, step: str) -> None:
        """Begins a step."""
        self._context = self._make(title=step, **self._options)
        self._bar = self._context.__enter__()
        self._counts = {}

    def update(self, name: str, count: int, total: int | None = None) -> None:
        """Moves the bar by what the counter has grown."""
        self._bar(count - self._counts.get(name, 0))
        self._bar.text = name
        self._counts[name] = count

    def stop(self) -> None:
        """Ends the bar."""
        if self._context:
            self._context.__exit__(None, None, None)
        self._context = None


def _module(package: str, module: str) -> Any:
    if importlib.util.find_spec(package) is None:
        raise MissingDependencyException(f"progress='{package}'", [package.replace("_", "-")])
    return importlib.import_module(module)


log = LogCollector
tqdm = TqdmCollector
enlighten = EnlightenCollector
alive_progress = AliveCollector

_BY_NAME: dict[str, Any] = {
    "log": LogCollector, "tqdm": TqdmCollector, "enlighten": EnlightenCollector,
    "alive_progress": AliveCollector,
}


def collector_of(said: Any) -> Collector | None:
    """A collector of what a program says: a name, one that was made, or None.

    Raises:
        ValueError: There is none of that name.
        MissingDependencyException: Its package is not installed.
    """
    if said is None or not isinstance(said, str):
        return said
    if said not in _BY_NAME:
        raise ValueError(f"progress is one of {', '.join(_BY_NAME)}, not {said!r}")
    made: Collector = _BY_NAME[said]()
    return made
