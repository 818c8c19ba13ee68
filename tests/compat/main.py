"""Runs the cases: main.py [--destination KIND] [TEXT]. Prints a line per case and a closing count; 1 when one failed.
Over DuckDB without TEXT random documents are compared, too; with --seeds (random_documents.py has more of such options)
only they are. With --loads A..B only the random loads of strategies.py and cursor_loads.py are, of these seeds."""
import concurrent.futures
import os
import sys
import time
import traceback

import continuing  # noqa: F401  (makes cases)
import cursor_loads
import harness
import places
import random_documents
import same_tables  # noqa: F401
import strategies

WORKERS = min(4 * (os.cpu_count() or 1), 8)  # dlt's threads wait for each other more than they compute
SEEDS = 1, 60  # of random documents
SECONDS = 200, 60  # all of it: no world is begun after so many, nor after so many of the worlds alone if that is later


def run(function):
    """Whether it passed, and its line, which ends with the seconds that it took."""
    start = time.time()
    passed, line = run_alone(function)
    return passed, f"{line} [{time.time() - start:.0f} s]"


def run_alone(function):
    name = " ".join(function.__doc__.split())
    try:
        more = function()
    except harness.Failure as failure:
        return False, f"not ok {name}: {failure}"
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(place.filename)}:{place.lineno}"
        return False, f"not ok {name}: {type(error).__name__} in {where}: {error}"
    return True, f"ok {name}" + (f": {more}" if more else "")


def main():
    if sys.argv[1:2] == ["--destination"]:
        places.kind = places.KINDS[sys.argv[2]]
        del sys.argv[1:3]
    if places.kind is places.Postgres:
        import on_postgres  # noqa: F401
    import keeping  # noqa: F401
    text = sys.argv[1] if len(sys.argv) > 1 else ""
    if text == "--loads":
        first, _, last = sys.argv[2].partition("..")
        harness.cases[:] = [make(seed) for seed in range(int(first), int(last or first) + 1)
                            for make in (strategies.loads_of, cursor_loads.loads_of)]
        text = "random loads"
    if text.startswith("--"):
        return random_documents.main(sys.argv[1:])
    start = time.time()
    todo = [function for function in harness.cases if text in " ".join(function.__doc__.split())]
    passed = 0
    with harness.processes(WORKERS), concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for ok, line in pool.map(run, todo):
            print(line, flush=True)
            passed += ok
    print(f"{passed} passed, {len(todo) - passed} failed [{time.time() - start:.0f} s]")
    same = bool(text) or places.kind is not places.DuckDB or random_documents.compare_seeds(
        *SEEDS, max(SECONDS[1], start + SECONDS[0] - time.time()))
    return 0 if todo and passed == len(todo) and same else 1


if __name__ == "__main__":
    sys.exit(main())
