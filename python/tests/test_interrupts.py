"""Ctrl-C ends a run wherever it is, and comes out as KeyboardInterrupt itself; so does what another handler raises.

Each case is a process of its own that says when it has come to the place, is sent SIGINT, and must end by it: what it is
in the middle of would take ten minutes. The seconds that it took stand in the output of the test.
"""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import _duckdb
import duckdb
import pytest

import tidegate as dlt
from tidegate import _core
from tidegate.destinations.impl.duckdb import Database
from tidegate.destinations.impl.watched import watched
from tidegate.extract.convert import convert

BEGIN = """
import os, sys, time
import tidegate as dlt

def say(*words):
    print(*words, flush=True)

def reached():
    say("reached")

pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
pipeline.run([{"id": 0}], table_name="before")
"""
END = """
try:
    pipeline.run(data)
except BaseException as error:
    say("raised", type(error).__name__, error.__cause__)
    say("waiting", pipeline.list_extracted_load_packages() + pipeline.list_normalized_load_packages())
    say("tables", sorted(name for name in pipeline.dataset().tables if name == "t" or name == "before"))
    say("again", pipeline.run([{"id": 1}], table_name="after").row_counts.get("after"))
"""

GENERATOR = """
@dlt.resource(name="other")
def other():
    try:
        yield {"id": 1}
        yield {"id": 2}
    finally:
        say("other closed")

@dlt.resource(name="t"%s)
def t():
    try:
        yield {"id": 1}
        %s
    finally:
        say("closed")

data = [other, t]
"""

PLACES = {
    "endless": GENERATOR % ("", "reached()\n        while True: yield {'id': 2}"),
    "sleeping": GENERATOR % ("", "reached(); time.sleep(600); yield {'id': 2}"),
    "a thread that sleeps": GENERATOR % (", parallelized=True", "reached(); time.sleep(5); yield {'id': 2}"),
    "a look at the cursor": GENERATOR % (
        ", incremental=dlt.sources.incremental('id')", "reached()\n        while True: yield {'id': 2}"
    ),
    "an iterator of C": """
import itertools
def items():
    reached()
    return itertools.repeat({"id": 1})
data = dlt.resource(items, name="t")
""",
    "a call that was put off": """
@dlt.defer
def later():
    reached(); time.sleep(5)
@dlt.resource(name="t")
def t():
    yield later()
data = t
""",
    "an awaitable": """
import asyncio
@dlt.resource(name="t")
async def t():
    reached(); await asyncio.sleep(600)
    yield {"id": 1}
data = t
""",
    "a statement of the load": """
from tidegate.destinations.impl import duckdb as duck
execute = duck.Session.execute
def slowly(self, sql):
    if "read_parquet" in sql:
        duck.Session.execute = execute
        reached()
        sql = "SELECT sum(range) FROM range(10000000000000)"
    return execute(self, sql)
duck.Session.execute = slowly
data = dlt.resource([{"id": 1}], name="t")
""",
}


#: What a scheduler does to end a run: Prefect's handler raises a BaseException of its own.
TERMINATED = """
import signal
class Terminated(BaseException):
    pass
def terminate(number, frame):
    raise Terminated
signal.signal(signal.SIGINT, terminate)
"""


def interrupted(code):
    """The lines that a process writes that is sent SIGINT where it says so, its exit code, and the seconds it took."""
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines, sent, took = [], 0.0, 0.0
    for line in child.stdout:
        lines.append(line.rstrip())
        if line == "reached\n" and not sent:
            sent = time.monotonic()
            child.send_signal(signal.SIGINT)
        if line.startswith("raised"):
            took = time.monotonic() - sent
    assert sent, lines
    return lines, child.wait(timeout=60), took


@pytest.mark.parametrize("where, handler, kind", [
    *((where, "", "KeyboardInterrupt") for where in PLACES), *((where, TERMINATED, "Terminated") for where in ("sleeping", "a statement of the load")),
])
def test_it_comes_out_as_itself(where, handler, kind):
    lines, code, took = interrupted(handler + BEGIN + PLACES[where] + END)
    print(f"{where}: {took:.3f} s")
    assert f"raised {kind} None" in lines and "tables ['before']" in lines and code == 0, lines
    assert "again 1" in lines
    if where == "a statement of the load":  # its rows are on disk, complete: the next run has written them
        assert not any(line == "waiting []" for line in lines)
    else:
        assert "waiting []" in lines
    if "closed" in PLACES[where]:
        assert "closed" in lines and "other closed" in lines


def test_exits_come_out_as_themselves():
    def leaves():
        yield {"id": 1}
        raise SystemExit(3)

    with pytest.raises(SystemExit) as caught:
        dlt.pipeline("p", destination="duckdb", dataset_name="d").run(leaves, table_name="t")
    assert caught.value.code == 3 and not os.path.exists(os.path.join("data", "pipelines", "p", "p", "sealed"))


def test_a_statement_has_ended_when_the_signal_goes_on():
    """Also where it is asked twice, and the interrupt comes before the statement has begun."""
    asked, ended = [], []

    def interrupt():
        asked.append(True)

    def statement():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)
        while len(asked) < 2:
            time.sleep(0.01)
        ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        watched(statement, interrupt)
    assert ended == [True] and watched(lambda: 5, interrupt) == 5
    with pytest.raises(ValueError, match="its own"):
        watched(lambda: int("its own"), interrupt)


def test_a_signal_may_come_before_the_statement_has_begun(monkeypatch):
    began = []

    def start(thread):
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(KeyboardInterrupt):
        watched(lambda: began.append(True), lambda: None)
    assert began == []


def test_other_threads_run_statements_themselves():
    names = []
    thread = threading.Thread(target=lambda: watched(lambda: names.append(threading.current_thread().name), lambda: None), name="own")
    thread.start()
    thread.join()
    assert names == ["own"]


def core_run(log):
    """A load of five rows, whose log is the given one; the count that is at the destination is printed."""
    connection = duckdb.connect(":memory:")
    pipeline = _core.Pipeline({
        "name": "p", "dataset": "d", "workdir": "w", "engine": _duckdb.__file__, "log": log,
        "destination_connection": Database(connection=connection),
    })
    pipeline.add({"name": "t", "open": lambda start, last, end: iter([{"id": n} for n in range(5)]), "convert": convert})
    try:
        pipeline.run()
    finally:
        pipeline.close()
    return connection.sql("select count(*) from d.t").fetchall()


def test_a_log_that_fails_does_not_end_a_run(monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda failed: told.append(str(failed.exc_value)))

    def log(level, component, message):
        raise ValueError(f"no paper: {message}")

    assert core_run(log) == [(5,)]
    assert told and all("no paper" in each for each in told)


class Stopped(BaseException):
    """As a scheduler's."""


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, Stopped])
def test_what_comes_while_the_log_is_written_ends_the_run(kind):
    lines = []

    def log(level, component, message):
        lines.append(message)
        if len(lines) == 1:
            raise kind

    with pytest.raises(kind):
        core_run(log)
    assert lines and not any("committed" in line for line in lines)
