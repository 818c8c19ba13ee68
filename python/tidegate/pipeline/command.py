"""`tidegate pipeline NAME ...`: a pipeline of a Python program, looked at from a terminal.

    tidegate pipeline --list-pipelines
    tidegate pipeline shop info | trace | schema | sync | drop-pending-packages | drop [RESOURCE ...]

It is found by its working folder, with the kind of destination and the dataset that it had; credentials are
those of the configuration here.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tidegate.common.exceptions import DltException
from tidegate.common.folders import data_dir

if TYPE_CHECKING:
    from tidegate.pipeline.pipeline import Pipeline

_Said = argparse.Namespace


def _info(pipeline: Pipeline, said: _Said) -> None:
    """Where it is, what waits, and where its cursors are."""
    for name, value in pipeline._attributes().items():
        print(f"{name}: {value}")
    for name in ("list_extracted_load_packages", "list_normalized_load_packages"):
        for load_id in getattr(pipeline, name)():
            print(f"load {load_id} waits")
    for source, kept in pipeline.state.get("sources", {}).items():
        for resource, state in kept.get("resources", {}).items():
            for path, cursor in state.get("incremental", {}).items():
                print(f"{source}.{resource}: cursor {path} at {cursor.get('last_value')}")


def _trace(pipeline: Pipeline, said: _Said) -> None:
    """The steps of its last run."""
    trace = pipeline.last_trace
    print(trace.asstr(said.verbosity) if trace else "No run of it is known on this machine")


def _schema(pipeline: Pipeline, said: _Said) -> None:
    """Its schemas, as YAML."""
    print("\n".join(pipeline.schemas[name].to_pretty_yaml() for name in pipeline.schema_names) or "Nothing was loaded yet")


def _sync(pipeline: Pipeline, said: _Said) -> None:
    """Reads state and schemas at the destination."""
    pipeline.sync_destination()
    _info(pipeline, said)


def _agreed(said: _Said, question: str) -> bool:
    """A person is asked; a program says --yes."""
    if said.yes:
        return True
    if not sys.stdin.isatty():
        raise DltException("this changes what is there, and nobody can be asked: say --yes")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _drop_pending(pipeline: Pipeline, said: _Said) -> None:
    """Deletes loads that wait."""
    waiting = pipeline.abort_packages(dry_run=True)
    print("\n".join(f"load {load_id}" for load_id in waiting) or "No load waits")
    if waiting and _agreed(said, "Drop them?"):
        pipeline.abort_packages()


def _drop(pipeline: Pipeline, said: _Said) -> None:
    """Drops tables of resources with all that is known of these, in one transaction."""
    if bool(said.resources) == said.drop_all:
        raise DltException("name resources, or say --drop-all")
    look = pipeline.reset(*said.resources, tables=True, schema=said.schema, look=True)
    print(look)
    if not look.is_empty and _agreed(said, "Drop them?"):
        print(pipeline.reset(*said.resources, tables=True, schema=said.schema, newest_load=look.newest_load))


_COMMANDS: dict[str, Callable[[Pipeline, _Said], None]] = {
    "info": _info, "trace": _trace, "schema": _schema, "sync": _sync,
    "drop-pending-packages": _drop_pending, "drop": _drop,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("tidegate pipeline", description="Looks at a pipeline of a Python program.")
    parser.add_argument("--list-pipelines", "-l", action="store_true", help="the names of those on this machine")
    parser.add_argument("--pipelines-dir", metavar="DIR", help="where their working folders are")
    parser.add_argument("--verbose", "-v", dest="verbosity", action="count", default=0, help="with ids, twice: with packages")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.add_argument("--drop-all", action="store_true", help="drop: all resources of the schema")
    parser.add_argument("--schema", metavar="NAME", help="drop: whose resources; else those of the first schema")
    parser.add_argument("name", metavar="NAME", nargs="?", help="the pipeline's")
    words = "; ".join(f"{name}: {(do.__doc__ or '').rstrip('.')}" for name, do in _COMMANDS.items())
    parser.add_argument("command", metavar="COMMAND", nargs="?", choices=_COMMANDS, default="info", help=words)
    parser.add_argument("resources", metavar="RESOURCE", nargs="*", help="drop: whose tables go")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Runs the command.

    Args:
        arguments: Those behind `tidegate pipeline`.

    Returns:
        The exit code: 0, 1 for what failed, 2 for what was not understood.
    """
    from tidegate.pipeline.factory import attach

    parser = _parser()
    said = parser.parse_intermixed_args(arguments)
    if said.command != "drop" and (said.resources or said.drop_all or said.schema):
        parser.error("RESOURCE, --drop-all and --schema belong to drop")
    folder = os.path.abspath(said.pipelines_dir or os.path.join(data_dir(), "pipelines"))
    if said.list_pipelines or not said.name:
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        print("\n".join(names) or f"There is no pipeline in {folder}")
        return 0
    try:
        _COMMANDS[said.command](attach(said.name, said.pipelines_dir), said)
    except DltException as error:
        print(f"tidegate: {error}", file=sys.stderr)
        return 1
    return 0
