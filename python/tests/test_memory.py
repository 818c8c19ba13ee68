"""What DuckDB keeps of a table that a load fills is limited, while nobody else has the database open."""

import subprocess
import sys

import duckdb
import pyarrow
import pytest

import tidegate as dlt
from tidegate.destinations.impl.duckdb import Database, Session
from tidegate.pipeline.exceptions import PipelineStepFailed

MIB = 1 << 20


def limit(connection):
    """Of the memory of its database, in MiB."""
    text = connection.execute("SELECT current_setting('memory_limit')").fetchone()[0]
    number, unit = text.split()
    return float(number) * {"KiB": 1 / 1024, "MiB": 1, "GiB": 1024}[unit]


@pytest.fixture
def usual():
    with duckdb.connect() as connection:
        return limit(connection)


def test_the_limit_is_there_while_a_load_is_written(usual):
    session = Database("shop.duckdb").open()
    joined = duckdb.connect("shop.duckdb")
    threads = joined.execute("SELECT current_setting('threads')").fetchone()[0]
    session.reserve(160 * MIB, 1 * MIB)
    assert limit(joined) == 160
    session.reserve(160 * MIB, 200 * MIB)
    assert limit(joined) == 200 * threads
    session.execute("BEGIN")
    with pytest.raises(duckdb.Error):
        session.execute("SELECT * FROM nothing")
    session.close()
    assert limit(joined) == usual
    joined.close()


def test_who_has_it_open_has_the_memory_that_he_had(usual):
    notebook = duckdb.connect("shop.duckdb")
    notebook.execute("SET GLOBAL memory_limit = '300MiB'")
    session = Database("shop.duckdb").open()
    session.reserve(160 * MIB, 4096 * MIB)
    assert limit(notebook) == 300
    session.close()
    assert limit(notebook) == 300
    given = Database(connection=notebook).open()
    assert limit(notebook) == 300
    given.close()
    notebook.close()


def test_what_the_destination_says_goes_before():
    session = Database("shop.duckdb", settings=["SET GLOBAL \"memory_limit\" = '500MiB'"]).open()
    session.reserve(160 * MIB, 4096 * MIB)
    joined = duckdb.connect("shop.duckdb")
    assert limit(joined) == 500
    session.close()
    joined.close()


def run_wide():
    pipeline = dlt.pipeline("wide", destination="duckdb", dataset_name="d")
    rows = pyarrow.table({f"c{k}": [f"{n} {k}" for n in range(1000)] for k in range(2000)})
    for _ in range(2):
        pipeline.run(rows, table_name="t", primary_key="c0", write_disposition="merge")


def test_a_wide_table_has_the_room_that_it_needs():
    run_wide()
    with duckdb.connect("wide.duckdb") as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT c1999) FROM d.t").fetchone() == (1000, 1000)


def test_without_it_would_not_fit(monkeypatch):
    reserve = Session.reserve
    monkeypatch.setattr(Session, "reserve", lambda self, size, thread_size: reserve(self, size, 0))
    with pytest.raises(PipelineStepFailed, match="could not allocate"):
        run_wide()


def test_the_limit_follows_the_budget():
    seen = []

    def note(self, size, thread_size):
        seen.append(size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "reserve", note)
        for memory in (None, "1GiB"):
            dlt.pipeline("p", destination="duckdb", dataset_name="d", memory=memory).run([{"n": 1}], table_name="t")
    assert set(seen) == {160 * MIB, 768 * MIB}


MANY_TABLES = """
import tidegate as dlt
rows = dlt.resource(({"k": n % 60, "v": n} for n in range(60_000)), name="r", table_name=lambda row: f"t{row['k']}")
dlt.pipeline("many", destination="duckdb", dataset_name="d").extract(rows)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def test_rows_of_many_tables_by_turns_are_no_batch_each():
    """When they were, each held 20 KiB until it was written: 1,300 MiB of these."""
    said = subprocess.run([sys.executable, "-c", MANY_TABLES], capture_output=True, text=True, check=True).stdout
    assert int(said) < 400 * 1024


BY_TURNS = """
import sys
import tidegate as dlt
turns = int(sys.argv[1])
columns = lambda row: {f"c{row['v'] % turns}": {"data_type": "bigint"}}
rows = dlt.resource(({"v": n} for n in range(30_000)), name="r", table_name=lambda row: "t", columns=columns)
dlt.pipeline("turns", destination="duckdb", dataset_name="d").extract(rows)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def test_hints_that_are_said_by_turns_are_kept_once():
    """When they were not, each row cost 2 KiB until the run ended."""
    always, by_turns = (
        int(subprocess.run([sys.executable, "-c", BY_TURNS, turns], capture_output=True, text=True, check=True).stdout)
        for turns in ("1", "2")
    )
    assert by_turns - always < 20 * 1024
