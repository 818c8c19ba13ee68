"""The lessons and the seed, cell by cell: what each cell gives, by tidegate and by dlt alike.

TIDEGATE_LESSONS=dlt has dlt itself go through them, as `make compat` does: these figures are its own.
"""

import datetime as dt
import importlib
import os
import re
import sqlite3
import subprocess
import sys

import pytest

MODULE = os.environ.get("TIDEGATE_LESSONS", "tidegate")
dlt = importlib.import_module(MODULE)
duckdb = importlib.import_module("duckdb")

PEOPLE = [
    {"id": 1, "name": "Ada", "country": "Peru"}, {"id": 2, "name": "Bo", "country": "Chad"},
    {"id": 3, "name": "Cy", "country": None},
]
NAME = "dummy_source_to_duckdb"
FILE = f"{NAME}.duckdb"


def part(name):
    """A module of the package: `from dlt.NAME import ...`."""
    return importlib.import_module(f"{MODULE}.{name}")


def make(destination="duckdb", **more):
    return dlt.pipeline(NAME, destination=destination, dataset_name="mydata", **more)


def rows(sql, file=FILE):
    with duckdb.connect(file) as connection:
        return connection.sql(sql).fetchall()


def count(table, file=FILE):
    return rows(f"SELECT count(*) FROM {table}", file)[0][0]


def tables(file=FILE, schema="mydata"):
    """Those of data, in their order."""
    found = rows(f"SELECT table_name FROM duckdb_tables() WHERE schema_name = '{schema}' ORDER BY 1", file)
    return [name for name, in found if not name.startswith(("_dlt_", "_tidegate_"))]


def read_configuration():
    """dlt reads it once for a process, which for it is a notebook."""
    if MODULE == "dlt":
        from dlt.common.configuration.container import Container
        from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

        Container()[PluggableRunContext].reload(os.getcwd())


def configure(file, text):
    os.makedirs(".dlt", exist_ok=True)
    with open(os.path.join(".dlt", file), "w", encoding="utf-8") as out:
        out.write(text)
    read_configuration()


@pytest.fixture(autouse=True)
def notebook(place, monkeypatch):
    """Each lesson has a folder and a configuration of its own."""
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    read_configuration()


def script(text):
    """What a program of its own has printed: on standard output, and on standard error."""
    with open("lesson.py", "w", encoding="utf-8") as out:
        out.write(text.replace("MODULE", MODULE))
    done = subprocess.run([sys.executable, "lesson.py"], capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


# ---- lesson 1: a load, a resource, a source, other sources, other files ----


def test_1_hello():
    make().run(PEOPLE, table_name="person")
    assert os.path.exists(FILE)
    assert rows("SELECT id, name, country FROM mydata.person ORDER BY id") == [tuple(p.values()) for p in PEOPLE]


def test_1_text_of_a_load():
    pipeline = make()
    info = pipeline.run(PEOPLE, table_name="person")
    assert re.fullmatch(
        rf"Pipeline {NAME} load step finished in \d+\.\d\d seconds\n"
        r"1 load package\(s\) were loaded to destination duckdb and into dataset mydata\n"
        rf"The duckdb destination used duckdb:///{re.escape(os.path.abspath(FILE))} location to store data\n"
        rf"Load package {info.loads_ids[0]} is LOADED and contains no failed jobs", str(info)
    )


def test_1_resource_that_is_not_called():
    @dlt.resource(table_name="person")
    def people():
        yield from PEOPLE

    pipeline = make()
    pipeline.run(PEOPLE, table_name="person")
    pipeline.run(people)
    assert count("mydata.person") == 6


def test_1_source_of_two_resources():
    @dlt.resource(table_name="person")
    def people():
        yield from PEOPLE

    @dlt.resource
    def country():
        yield [{"name": "Peru"}, {"name": "Chad"}]

    @dlt.source
    def dummy_data():
        return people, country

    pipeline = make()
    pipeline.run(PEOPLE, table_name="person")
    info = pipeline.run(data=dummy_data())
    assert "2 load package(s) were loaded to destination duckdb and into dataset mydata" in str(info)
    assert sorted(package.schema_name for package in info.load_packages) == ["dummy_data", NAME]
    assert sorted(pipeline.schema_names) == ["dummy_data", NAME]
    assert (count("mydata.person"), count("mydata.country")) == (6, 2)
    assert "1 load package(s) were loaded" in str(pipeline.run(data=dummy_data()))


def test_1_tables_of_a_database():
    with sqlite3.connect("rfam.db") as database:
        database.executescript("""
            CREATE TABLE family (rfam_acc VARCHAR(7) PRIMARY KEY, number INTEGER, share FLOAT, seen DATE);
            CREATE TABLE genome (upid VARCHAR(20) PRIMARY KEY, length BIGINT NOT NULL);
            CREATE TABLE author (id INTEGER PRIMARY KEY);
            INSERT INTO family VALUES ('RF00001', 712, 0.5, '2024-01-02'), ('RF00002', NULL, NULL, NULL);
            INSERT INTO genome VALUES ('UP1', 3000000000);
            INSERT INTO author VALUES (1);
        """)
    source = part("sources.sql_database").sql_database(f"sqlite:///{os.path.abspath('rfam.db')}")
    pipeline = make()
    pipeline.run(source.with_resources("family", "genome"))
    assert tables() == ["family", "genome"]
    assert rows("SELECT rfam_acc, number, share, seen FROM mydata.family ORDER BY 1") == [
        ("RF00001", 712, 0.5, dt.date(2024, 1, 2)), ("RF00002", None, None, None)
    ]
    assert rows("SELECT upid, length FROM mydata.genome") == [("UP1", 3000000000)]
    assert pipeline.default_schema_name == "sql_database"
    columns = pipeline.default_schema.tables["family"]["columns"]
    assert {name: column["data_type"] for name, column in columns.items() if not name.startswith("_dlt")} == {
        "rfam_acc": "text", "number": "bigint", "share": "double", "seen": "date"
    }


def test_1_another_file():
    make().run(PEOPLE, table_name="person")
    info = make(dlt.destinations.duckdb("db.duckdb")).run(PEOPLE, table_name="person")
    assert len(info.loads_ids) == 1
    assert (count("mydata.person"), count("mydata.person", "db.duckdb")) == (3, 3)


def test_1_reading_what_was_loaded():
    pipeline = make()
    pipeline.run(PEOPLE, table_name="person")
    with pipeline.sql_client() as client:
        with client.execute_query("SELECT * FROM person ORDER BY id") as cursor:
            frame = cursor.df()
    assert list(frame.columns) == ["id", "name", "country", "_dlt_load_id", "_dlt_id"]
    assert frame["name"].tolist() == ["Ada", "Bo", "Cy"]
    with pipeline.sql_client() as client:
        with client.execute_query("SELECT name FROM person WHERE id > %s ORDER BY id", 1) as cursor:
            assert cursor.fetchall() == [("Bo",), ("Cy",)]


# ---- lesson 2: the steps, configuration and secrets ----


def test_2_steps_are_looked_at():
    pipeline = make()
    info = pipeline.extract(PEOPLE, table_name="person")
    load_id, = info.loads_ids
    assert str(info) == (
        f"\nLoad package {load_id} is EXTRACTED and NOT YET LOADED to the destination and contains no failed jobs"
    )
    info = pipeline.normalize()
    lines = str(info).split("\n")
    assert lines[0] == "Normalized data for the following tables:"
    assert sorted(lines[1:3]) == ["- _dlt_pipeline_state: 1 row(s)", "- person: 3 row(s)"]
    assert lines[3:] == [
        "", f"Load package {load_id} is NORMALIZED and NOT YET LOADED to the destination and contains no failed jobs"
    ]
    jobs = info.load_packages[0].jobs
    assert sorted(jobs) == ["completed_jobs", "failed_jobs", "new_jobs", "started_jobs"]
    path = next(job.file_path for job in jobs["new_jobs"] if job.job_file_info.table_name == "person")
    assert os.path.getsize(path) > 0
    assert pipeline.load().loads_ids == [load_id]
    assert count("mydata.person") == 3
    assert str(pipeline.normalize()) == "No data found to normalize"


@pytest.mark.parametrize("section", [f"[{NAME}]", "[sources]", ""])
def test_2_a_secret(section):
    configure("secrets.toml", f'{section}\nsecret_country = "Republic of Poland"\n')

    @dlt.resource(table_name="person")
    def people(secret_country: str = dlt.secrets.value):
        yield {"id": 1, "country": secret_country}

    make().run(people)
    assert rows("SELECT country FROM mydata.person") == [("Republic of Poland",)]


def test_2_a_default_that_configuration_has_too():
    configure("secrets.toml", f'[{NAME}]\nsecret_country = "Republic of Poland"\n')

    @dlt.resource(table_name="person")
    def people(secret_country: str | None = None):
        yield {"id": 1, "country": secret_country or "of a vault"}

    pipeline = make()
    pipeline.run(people)
    pipeline.run(people(secret_country="said"))
    assert rows("SELECT country FROM mydata.person ORDER BY 1") == [("Republic of Poland",), ("said",)]


def test_2_a_secret_that_is_nowhere():
    missing = part("common.configuration.exceptions").ConfigFieldMissingException

    @dlt.resource(table_name="person")
    def people(secret_country: str = dlt.secrets.value):
        yield {"id": 1, "country": secret_country}

    with pytest.raises(Exception) as caught:
        make().run(people)
    error = caught.value
    while error is not None and not isinstance(error, missing):
        error = error.__cause__ or error.__context__
    assert error is not None and f"{NAME.upper()}__SOURCES__TEST_LESSONS__PEOPLE__SECRET_COUNTRY" in str(error)


# ---- lesson 3: a cursor, and merges ----

DAYS = [{"id": i, "name": f"n{i}", "updated_at": f"2024-01-{i:02d}T00:00:00Z"} for i in range(1, 11)]
TWO_CHANGED = [row | {"updated_at": f"2024-02-{row['id']:02d}T00:00:00Z"} for row in DAYS[:2]] + DAYS[2:]
TWO_NEW = DAYS + [{"id": i, "name": f"n{i}", "updated_at": f"2024-02-{i:02d}T00:00:00Z"} for i in (11, 12)]


def incremental():
    return dlt.pipeline("incremental", destination="duckdb", dataset_name="mydata")


def counted(data):
    """Rows of each table that a look at the data gives; nothing is loaded."""
    pipeline = incremental()
    pipeline.extract(data)
    info = pipeline.normalize()
    counts = dict(info.row_counts)
    text = str(info)
    assert all(f"- {table}: {n} row(s)" in text for table, n in counts.items())
    return counts


def person(given):
    """A resource of a generator's function, as the cells make it anew."""
    def read():
        yield from given

    return dlt.resource(read, name="person")


def by_cursor(given):
    return person(given).apply_hints(incremental=dlt.sources.incremental("updated_at"))


def test_3_without_a_cursor():
    assert counted(person(DAYS)) == {"person": 10, "_dlt_pipeline_state": 1}
    assert counted(person(DAYS)) == {"person": 10}


def test_3_in_the_order_of_the_cells():
    assert counted(person(DAYS))["person"] == 10
    assert counted(person(DAYS))["person"] == 10
    assert counted(by_cursor(DAYS))["person"] == 10
    assert counted(by_cursor(TWO_NEW))["person"] == 2
    # Four packages wait, 32 rows; the dataset is not there: a new pipeline's run begins anew.
    incremental().run(by_cursor(DAYS))
    assert count("mydata.person", "incremental.duckdb") == 10
    incremental().run(by_cursor(TWO_NEW))
    assert count("mydata.person", "incremental.duckdb") == 12
    os.remove("incremental.duckdb")
    incremental().run(by_cursor(DAYS))
    assert count("mydata.person", "incremental.duckdb") == 10
    os.remove("incremental.duckdb")
    for given in (DAYS, TWO_CHANGED):
        resource = by_cursor(given)
        resource.apply_hints(primary_key="id")
        incremental().run(resource, write_disposition="merge")
        assert count("mydata.person", "incremental.duckdb") == 10
    loads = rows("SELECT count(*) FROM mydata.person GROUP BY _dlt_load_id ORDER BY _dlt_load_id", "incremental.duckdb")
    assert loads == [(8,), (2,)]


def test_3_the_cursor_in_the_code_of_a_resource():
    seen = []

    @dlt.resource(primary_key="id")
    def pages(updated=dlt.sources.incremental("updated_at", initial_value="2024-01-01T00:00:00Z")):
        seen.append((updated.start_value, updated.last_value))
        for row in DAYS[:3]:
            yield row
            seen.append(updated.last_value)

    incremental().run(pages)
    first = "2024-01-01T00:00:00Z"
    assert seen == [(first, first), *(row["updated_at"] for row in DAYS[:3])]
    seen.clear()
    incremental().run(pages)
    assert seen[0] == (DAYS[2]["updated_at"], DAYS[2]["updated_at"])


def test_3_nothing_new():
    incremental().run(by_cursor(DAYS))
    info = incremental().run(by_cursor(DAYS))
    assert info.loads_ids == [] and info.is_empty
    lines = str(info).splitlines()
    assert lines[0] == "Pipeline incremental load step did not start"
    assert lines[1] == "0 load package(s) were loaded to destination duckdb and into dataset None"
    assert count("mydata.person", "incremental.duckdb") == 10


# ---- lesson 4: logs, progress, what a run tells ----


def test_4_log():
    configure("config.toml", '[runtime]\nlog_level = "INFO"\n')
    _, log = script("""
import MODULE as dlt
from MODULE.common import logger as dlt_logger

pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="mydata")
assert dlt_logger.LOGGER.name == "MODULE"
pipeline.run([{"id": 1}], table_name="person")
""")
    line = rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d,\d{{3}}\|\[INFO\]\|\d+\|\d+\|{MODULE}[\w.]*\|[^|]+\|[^|]+:\d+\|.+"
    assert len([each for each in log.splitlines() if re.fullmatch(line, each)]) >= 3, log


def test_4_progress(capsys):
    make(progress="log").run(PEOPLE, table_name="person")
    out = capsys.readouterr().out
    assert re.search(rf"^-+ Extract {NAME} -+$", out, re.MULTILINE)
    assert re.search(rf"^-+ Load {NAME}.* -+$", out, re.MULTILINE)
    assert re.search(r"^person: 3\b.*\| Time: \d+\.\d\ds \| Rate: \d+\.\d\d/s$", out, re.MULTILINE)
    assert re.search(r"^Memory usage: \d+\.\d\d MB \(\d+\.\d\d%\) \| CPU usage: \d+\.\d\d%$", out, re.MULTILINE)


def test_4_progress_into_a_logger(caplog):
    import logging

    log = logging.getLogger("of_a_lesson")
    caplog.set_level(logging.DEBUG, "of_a_lesson")
    progress = dlt.progress.log(log_period=5, logger=log, log_level=logging.DEBUG)
    make(progress=progress).run(PEOPLE, table_name="person")
    assert f"Extract {NAME}" in caplog.text and "person: 3" in caplog.text


def test_4_what_a_load_tells_is_loaded():
    pipeline = make()
    info = pipeline.run(PEOPLE, table_name="person")
    pipeline.run([info], table_name="_load_info")
    found = {name.removeprefix("_load_info") for name in tables() if name.startswith("_load_info")}
    assert found == {
        "", "__loads_ids", "__load_packages", "__load_packages__jobs", "__load_packages__tables",
        "__load_packages__tables__columns", "__job_metrics", "__outputs", "__outputs__schemas", "__outputs__tables",
    }
    assert rows("SELECT destination_name, dataset_name, first_run, pipeline__pipeline_name FROM mydata._load_info") == [
        ("duckdb", "mydata", True, NAME)
    ]
    assert rows("SELECT destination_type, destination_fingerprint FROM mydata._load_info") == [("dlt.destinations.duckdb", "")]
    assert rows("SELECT value FROM mydata._load_info__loads_ids") == [(info.loads_ids[0],)]
    assert count("mydata._load_info__load_packages") == 1


def test_4_the_trace_is_loaded():
    pipeline = make()
    pipeline.run(PEOPLE, table_name="person")
    trace = pipeline.last_trace
    assert [step.step for step in trace.steps] == ["extract", "normalize", "load", "run"]
    assert re.match(r"Run started at .* and COMPLETED in \d+\.\d\d seconds with 4 steps\.\n", str(trace))
    pipeline.run([trace], table_name="_trace")
    assert count("mydata._trace") == 1
    assert rows("SELECT step FROM mydata._trace__steps ORDER BY started_at") == [("extract",), ("normalize",), ("load",)]


@pytest.mark.skipif(MODULE == "dlt", reason="dlt 1.31 knows this argument of the lessons no more")
def test_4_dataset():
    pipeline = make()
    pipeline.run(PEOPLE, table_name="person")
    assert pipeline.dataset(dataset_type="default").person.df()["id"].tolist() == [1, 2, 3]


# ---- what the cells import ----


def test_imports():
    assert isinstance(make(), part("pipeline.pipeline").Pipeline)
    assert part("sources").incremental is dlt.sources.incremental
    assert part("common.logger").LOGGER.name == MODULE


# ---- the seed ----


class Source:
    """`person`: ten rows, of which two change on every run. `clickstream`: ten thousand more on every run."""

    def __init__(self):
        self.runs = 0
        start = dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc)
        self.people = [{"id": i, "name": f"n{i}", "updated_at": start} for i in range(10)]
        self.clicks = []

    def next_run(self):
        self.runs += 1
        for i in (self.runs % 10, (self.runs + 5) % 10) if self.runs > 1 else ():
            self.people[i] = self.people[i] | {"name": f"n{i} of run {self.runs}"}
            self.people[i]["updated_at"] += dt.timedelta(days=self.runs)
        at = len(self.clicks)
        self.clicks += [{"id": at + i, "person_id": i % 10, "url": f"/{i % 7}"} for i in range(10_000)]


def of_the_seed(source):
    @dlt.resource(write_disposition="merge", primary_key="id")
    def person(updated=dlt.sources.incremental("updated_at")):
        yield from source.people

    @dlt.resource(write_disposition="append")
    def clickstream(seen=dlt.sources.incremental("id", primary_key="id")):
        for at in range(0, len(source.clicks), 1000):
            yield source.clicks[at : at + 1000]

    return [person, clickstream]


def test_the_seed():
    source = Source()
    for run in range(1, 4):
        source.next_run()
        info = dlt.pipeline(NAME, destination="duckdb", dataset_name="bronze").run(of_the_seed(source))
        assert len(info.loads_ids) == 1 and not info.has_failed_jobs
        assert (count("bronze.person"), count("bronze.clickstream")) == (10, 10_000 * run)
        newest = rows(f"SELECT count(*) FROM bronze.person WHERE _dlt_load_id = '{info.loads_ids[0]}'")
        assert newest == [(10 if run == 1 else 2,)]
    assert rows("SELECT count(DISTINCT id), min(id), max(id) FROM bronze.clickstream") == [(30_000, 0, 29_999)]
    assert rows("SELECT id, name FROM bronze.person ORDER BY id") == [(p["id"], p["name"]) for p in source.people]
    info = dlt.pipeline(NAME, destination="duckdb", dataset_name="bronze").run(of_the_seed(source))
    assert info.is_empty and count("bronze.clickstream") == 30_000
    loads = "SELECT count(DISTINCT load_id) FROM bronze._dlt_loads"
    assert rows(loads) == [(3,)]
