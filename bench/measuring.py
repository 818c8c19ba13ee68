"""What the benchmarks share: a process measured, figures as text."""
import glob
import os
import re
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build", "release")
WORK = os.path.join(ROOT, "build", "bench")
TIDEGATE = os.path.join(BUILD, "tidegate")
GENERATE = os.path.join(BUILD, "bench", "generate")
PARSE = os.path.join(BUILD, "bench", "parse")
DUCKDB = os.path.join(BUILD, "bench", "duckdb")
PYTHON = os.path.join(ROOT, "build", "deps", "python", "bin", "python")  # the tests' environment


def version_of(python):
    """(1, 31) of build/compat/dlt-1.31/bin/python"""
    return tuple(map(int, re.search(r"/dlt-([0-9.]+)/", python)[1].split(".")))


# of the newest dlt that make compat has brought; None: there is none
COMPAT_PYTHON = max(glob.glob(os.path.join(ROOT, "build", "compat", "dlt-[0-9]*", "bin", "python")), key=version_of, default=None)


def path(name):
    return os.path.join(WORK, name)


def measure(command, stdin=None, stdout=subprocess.DEVNULL):
    """Seconds, peak MB and CPU seconds of one process."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=WORK, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)
    said = process.stderr.read().decode("utf-8", "replace")
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    if status:
        sys.exit(f"bench: {' '.join(command[:2])} failed: {said}")
    return seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def make(name, *arguments):
    if not os.path.exists(path(name)):
        print(f"making {name} ...", file=sys.stderr)
        with open(path(name + ".part"), "wb") as file:
            subprocess.run([GENERATE, *arguments], stdout=file, check=True)
        os.rename(path(name + ".part"), path(name))


def lend_pyarrow():
    """A folder for dlt's PYTHONPATH: its fastest way needs pyarrow, which the tests' environment has. None: that is not there."""
    found = subprocess.run([PYTHON, "-c", "import pyarrow; print(pyarrow.__path__[0])"], capture_output=True, text=True) \
        if os.path.exists(PYTHON) else None
    if not found or found.returncode:
        return None
    os.makedirs(path("lent"), exist_ok=True)
    remove(os.path.join("lent", "pyarrow"))
    os.symlink(found.stdout.strip(), path(os.path.join("lent", "pyarrow")))
    return path("lent")


def remove(*names):
    for name in names:
        subprocess.run(["rm", "-rf", path(name), path(name) + ".wal"], check=True)


def median(figures, index):
    return statistics.median(figure[index] for figure in figures) if figures else None


def text(value, form):
    return "" if value is None else form.format(value)
