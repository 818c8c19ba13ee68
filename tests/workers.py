#!/usr/bin/env python3
"""Many workers on one backfill, killed again and again, with leases that are shorter than the work.

    tests/workers.py WORKERS WINDOWS KILLS [no_fence]     what spec.yaml of this folder says, resource t by its cursor id,
                                                          100 rows a window (the command is $TIDEGATE)

A worker that was killed is started again. Prints how many rows there are, how many different ones, and how many were to
be; how often a window was tried at most; and how many kills there were. With no_fence the workers do without it.
"""
import os
import random
import signal
import subprocess
import sys
import time

TIDEGATE = os.environ.get("TIDEGATE", "build/tidegate")
FAULTY = os.path.join(os.path.dirname(TIDEGATE), "tidegate-faulty")
ROWS = 100


def query(sql):
    out = subprocess.run([TIDEGATE, "sql", "spec.yaml", sql, "--csv"], check=True, capture_output=True, text=True).stdout
    return out.splitlines()[1].split(",")


def plan(windows):
    """Plans the backfill, and is killed before it begins."""
    subprocess.run([FAULTY, "backfill", "spec.yaml", "--from", "0", "--to", str(windows * ROWS), "--window", str(ROWS)],
                   env={**os.environ, "TG_FAIL_AT": "after_plan"}, capture_output=True)
    return query("select min(run_id) from _tidegate_windows")[0]


def work(command, run_id, number, environment):
    with open(f"said.{number}", "a") as said:
        return subprocess.Popen([command, "work", "spec.yaml", "--join", run_id, "--lease", "1s"], stdout=said, stderr=said,
                                env=environment)


def main():
    count, windows, kills = map(int, sys.argv[1:4])
    no_fence = "no_fence" in sys.argv
    environment = {**os.environ, "TG_FORCE": "no_fence"} if no_fence else dict(os.environ)
    command = FAULTY if no_fence else TIDEGATE
    run_id = plan(windows)
    workers = {number: work(command, run_id, number, environment) for number in range(count)}
    killed, next_kill = 0, time.monotonic()
    while workers:
        for number, worker in list(workers.items()):
            code = worker.poll()
            if code is None:
                continue
            if code == -signal.SIGKILL:
                workers[number] = work(command, run_id, number, environment)
            elif code != 0:
                sys.exit(f"a worker ended with {code}: {open(f'said.{number}').read()[-500:]}")
            else:
                del workers[number]
        if workers and killed < kills and time.monotonic() > next_kill:
            random.choice(list(workers.values())).kill()
            killed += 1
            next_kill = time.monotonic() + random.uniform(0.1, 0.6)
        time.sleep(0.05)
    rows, different = query("select count(*), count(distinct id) from t")
    tries = query("select max(tries) from _tidegate_windows")[0]
    print(f"{rows} {different} {windows * ROWS} {tries} {killed}")


main()
