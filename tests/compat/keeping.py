"""What a program keeps in the state: by a callback of tidegate (examples/page_tokens.c), by dlt's resource_state and
source_state, and by turns. Its database is a file of its own, whatever the others are."""
import os
import shutil
import subprocess
import tempfile

import places
from harness import TIDEGATE, TIMEOUT_S, Failure, case, dlt_call, expect

EXAMPLE = os.path.join(os.path.dirname(os.path.realpath(TIDEGATE)), "examples", "page_tokens")
STAMP = "\uf0272024-01-02T00:00:00+00:00"  # as dlt writes a datetime


def by_example(folder, pages):
    """Its rows, and the state of its resource as JSON."""
    result = subprocess.run([EXAMPLE, str(pages)], cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S)
    if result.returncode:
        raise Failure(f"page_tokens ended with {result.returncode}: {result.stderr.strip()}")
    return result.stdout.splitlines()


def by_dlt(folder, home):
    """What it finds there; then it goes a page further, and leaves a time and something of the source."""
    return dlt_call("keep", folder=folder, home=home, name="page_tokens", dataset="api", file="page_tokens.duckdb")


def kept_by_turns():
    """what a program keeps is found by dlt, and the other way round"""
    folder = tempfile.mkdtemp(prefix="tidegate-compat-")
    try:
        expect("a first run", ["6 rows", '{"token":3}'], by_example(folder, 3))
        expect("what dlt finds", ({"token": 3}, None), by_dlt(folder, "home1"))
        expect("what is found of dlt's", ["6 rows", f'{{"token":7,"at":"{STAMP}"}}'], by_example(folder, 7))
        expect("what dlt finds of its own", ({"token": 7, "at": "datetime"}, {"a": [1, 2.5, None]}),
               by_dlt(folder, "home2"))
        expect("nothing new", ["0 rows", f'{{"token":8,"at":"{STAMP}"}}'], by_example(folder, 8))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if places.kind is places.DuckDB:
    case(kept_by_turns)
