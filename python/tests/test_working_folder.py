"""What a run meets on its machine: a working folder that it may not write to, a clock that is set back."""

import os
import shutil
import subprocess
import sys
import textwrap

import pytest

import tidegate as dlt

#: All modules are loaded before the process is nobody, who may not read where they are.
NOBODY = """
import os, sys
import pandas, pyarrow
import tidegate as dlt

top = os.getcwd()
for name, mode in [("free", 0o777), ("shut", 0o777), (".", 0o755)]:
    os.makedirs(name, exist_ok=True)
    os.chmod(name, mode)

def make(folder):
    return dlt.pipeline("p", folder, destination=dlt.destinations.duckdb(f"{top}/free/x.duckdb"), dataset_name="d")

def orders(*ids):
    return dlt.resource([{"id": n} for n in ids], name="orders", incremental=dlt.sources.incremental("id"))

def attempt(folder, data):
    try:
        make(folder).run(data)
    except Exception as error:
        print(folder, type(error).__name__, " / ".join(str(error).splitlines()), flush=True)

make("shut").run(orders(1))
attempt("free/one", dlt.resource([{"a": object()}], name="bad"))
print(make("shut").dataset().orders.fetchall(), file=sys.stderr)
os.chmod("free/x.duckdb", 0o666)
for folder, _, _ in os.walk("shut"):
    os.chmod(folder, 0o555)
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
attempt("shut", orders(1, 2))
attempt("closed", orders(1, 2))
print(make("free/two").run(orders(1, 2)).row_counts, make("free/two").dataset().orders.select("id").fetchall())
"""


def run(code, cwd, **environment):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=cwd, capture_output=True, text=True, env=os.environ | {"HOME": str(cwd), **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_folder_that_may_not_be_written_to():
    """Nothing of it is at the destination, and another folder goes on from there. (Of root's folders: the test's own are closed to others.)"""
    place = f"/tmp/tidegate-{os.getpid()}"
    os.mkdir(place)
    try:
        lines = run(NOBODY, place)
    finally:
        shutil.rmtree(place)
    assert lines[0].startswith("free/one PipelineStepFailed")
    for line, folder, what in [(lines[1], "shut", "lock file '{}/shut/p/p/lock' cannot be opened"), (lines[2], "closed", "folder '{}/closed' cannot be made")]:
        assert line.startswith(f"{folder} PipelineStepFailed ")
        assert f"pipeline 'p': the working directory cannot be used (--workdir or $TIDEGATE_HOME names another): {what.format(place)}: Permission denied" in line
        assert line.endswith(" / In Python: --workdir is pipeline(..., pipelines_dir=...)")
    assert lines[3:] == ["{'orders': 1} [(1,), (2,)]"]


def test_a_file_in_the_way_of_it(tmp_path):
    os.mkdir("folders")
    with open("folders/p", "w"):
        pass
    with pytest.raises(ValueError, match=f"the working folder is '{tmp_path}/folders/p', which cannot be a folder: .* is a file; say another path"):
        dlt.pipeline("p", "folders", destination="duckdb")


CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long offset(void)
{
    const char *said = getenv("CLOCK_OFFSET");
    return said ? atol(said) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int rc = real(clock, out);
    if (clock == CLOCK_REALTIME)
        out->tv_sec += offset();
    return rc;
}
"""

LOAD = """
import sys
import tidegate as dlt

@dlt.resource(primary_key="id", incremental=dlt.sources.incremental("id"))
def orders():
    yield from ({"id": n} for n in range(1, int(sys.argv[1]) + 1))

pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
if sys.argv[2] == "extract":
    print(*pipeline.extract(orders).loads_ids)
else:
    print(*pipeline.run(orders).loads_ids)
"""


@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler, for a clock of the test's own")
def test_a_clock_that_is_set_back(tmp_path):
    """Loads have growing ids all the same, those that wait are written in their order, and each row is there once."""
    (tmp_path / "clock.c").write_text(CLOCK)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "clock.so", "clock.c", "-ldl"], check=True)
    (tmp_path / "load.py").write_text(LOAD)
    ids, days = [], [0, 10, 10, 0, 0, -10]
    for number, (day, step) in enumerate(zip(days, ["run", "extract", "extract", "run", "run", "run"]), 1):
        environment = os.environ | {"LD_PRELOAD": str(tmp_path / "clock.so"), "CLOCK_OFFSET": str(day * 86400)}
        done = subprocess.run([sys.executable, "load.py", str(number), step], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        ids += [each for each in done.stdout.split() if each not in ids]
        assert ("the clock here says" in done.stderr) == (number >= 4), done.stderr
    assert float(ids[1]) - float(ids[0]) > 9 * 86400  # the clock was another one
    assert len(ids) == 6 and sorted(ids, key=float) == ids
    data = dlt.attach("p").dataset()
    loaded = dict(data.orders.select("id", "_dlt_load_id").fetchall())
    assert [loaded[n] for n in range(1, 7)] == ids and data.load_ids() == ids
