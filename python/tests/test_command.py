"""The command `tidegate` of the package: the plain one, in a process of Python's."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import threading

import _duckdb
import duckdb
import pytest

from tidegate.__main__ import main

SPEC = """pipeline: p
destination: duckdb:///x.duckdb
dataset: d
source: {type: files}
resources:
  t: {path: '*.jsonl', write_disposition: append, incremental: {cursor: id}}
"""
COMMAND = [sys.executable, "-m", "tidegate"]


@pytest.fixture(autouse=True)
def spec(place, monkeypatch):
    monkeypatch.delenv("TIDEGATE_DUCKDB", raising=False)
    with open("spec.yaml", "w", encoding="utf-8") as file:
        file.write(SPEC)
    write("a.jsonl", 1, 4)


def write(name, first, end):
    with open(name, "w", encoding="utf-8") as file:
        file.writelines(f'{{"id": {n}, "v": "text of row {n}"}}\n' for n in range(first, end))


def tidegate(*arguments, **more):
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, **more)


def rows(sql="select count(*) from d.t"):
    with duckdb.connect("x.duckdb") as connection:
        return connection.sql(sql).fetchall()


def test_a_load_a_look_and_nothing_new():
    first = tidegate("run", "spec.yaml")
    assert first.returncode == 0 and "is in dataset 'd'" in first.stdout and "extract" not in first.stdout
    assert rows() == [(3,)]
    look = tidegate("sql", "spec.yaml", "select id, v from t order by id", "--csv")
    assert look.stdout.splitlines()[:2] == ["id,v", "1,text of row 1"]
    second = json.loads(tidegate("run", "spec.yaml", "--json", "--progress", "none").stdout)
    assert second["tables"][0]["inserted"] == 0


def test_the_engine_is_the_one_of_python():
    said = tidegate("--version").stdout
    assert said.splitlines()[1] == f"DuckDB v{duckdb.__version__}, {os.path.realpath(_duckdb.__file__)}"
    said = tidegate("--version", env=os.environ | {"TIDEGATE_DUCKDB": "/none/libduckdb.so"}).stdout
    assert "/none/libduckdb.so" in said


@pytest.mark.parametrize(("arguments", "code", "says"), [
    ((), 2, "Usage: tidegate"),
    (("nope",), 2, "'nope' is no command of tidegate"),
    (("run",), 2, "SPEC is missing"),
    (("run", "none.yaml"), 2, "none.yaml"),
])
def test_exit_codes(arguments, code, says):
    done = tidegate(*arguments)
    assert done.returncode == code and says in done.stderr and done.stdout == ""


def test_names_that_are_no_text():
    name = b"sp\xe9c.yaml"
    os.rename("spec.yaml", name)
    done = subprocess.run([*map(os.fsencode, COMMAND), b"run", name], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert rows() == [(3,)]


def on_a_terminal(*arguments, says=""):
    """What a person sees who answers so."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([*COMMAND, *arguments], stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        os.write(ours, says.encode())
        seen = b""
        with contextlib.suppress(OSError):  # so ends a terminal that nobody has any more
            while piece := os.read(ours, 4096):
                seen += piece
    os.close(ours)
    return seen.decode()


def loaded():
    return json.loads(tidegate("run", "spec.yaml", "--json").stdout)["tables"][0]["inserted"]


def test_a_terminal():
    assert "\r" in on_a_terminal("run", "spec.yaml")
    assert loaded() == 0
    assert "[y/N]" in on_a_terminal("reset", "spec.yaml", says="n\n")
    assert loaded() == 0
    on_a_terminal("reset", "spec.yaml", says="y\n")
    assert loaded() == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_load(number):
    tidegate("run", "spec.yaml")
    write("b.jsonl", 4, 300_000)
    command = [*COMMAND, "run", "spec.yaml", "--progress", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stderr.readline()
        process.send_signal(number)
        _, said = process.communicate()
    assert process.returncode == 130, said
    assert rows() == [(3,)]
    assert tidegate("run", "spec.yaml").returncode == 0
    assert rows() == [(299_999,)]


def test_nobody_reads_what_it_prints():
    with subprocess.Popen([*COMMAND, "help", "--man"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == -signal.SIGPIPE


def test_python_has_its_signals_again():
    code = """
import os, signal
from tidegate.__main__ import main
assert main(["help"]) == 0
assert main(["run", "spec.yaml", "--progress", "none"]) == 0
read, write = os.pipe()
os.close(read)
try: os.write(write, b"x")
except BrokenPipeError: pass
try: os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt: os._exit(7)
"""
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 7


def test_a_file_that_this_process_has_open(capfd):
    with duckdb.connect("x.duckdb") as connection:
        connection.execute("create table mine(i int)")
        assert main(["run", "spec.yaml"]) == 3
        assert "is open in this process by another engine" in capfd.readouterr().err
        assert connection.sql("show tables").fetchall() == [("mine",)]


def test_two_threads(monkeypatch):
    """The signals are the process's, and so is what the command does with them."""
    from tidegate import _core

    begun, ends = threading.Event(), threading.Event()
    monkeypatch.setattr(_core, "main", lambda arguments: (begun.set(), ends.wait(20))[1] and 0)
    thread = threading.Thread(target=main, args=(["--version"],))
    thread.start()
    begun.wait(20)
    with pytest.raises(RuntimeError, match="at work in this process already"):
        main(["--version"])
    ends.set()
    thread.join()
    assert main(["--version"]) == 0
