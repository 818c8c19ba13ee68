"""PostgreSQL as a destination: credentials in every form, loads on a server, and no password anywhere."""

import logging
import os
import pathlib
import pickle
import subprocess
import sys

import pytest

import tidegate as dlt
from tidegate.common.configuration.exceptions import (
    ConfigFieldMissingException,
    ConfigValueCannotBeCoercedException,
    InvalidNativeValue,
    ValueNotSecretException,
)
from tidegate.common.configuration.specs import ConnectionStringCredentials
from tidegate.common.exceptions import NotInTidegate
from tidegate.destinations import postgres
from tidegate.destinations.exceptions import DatabaseException, DatabaseTransientException
from tidegate.pipeline.exceptions import PipelineStepFailed

from servers import PASSWORD, POSTGRES, ask, needs_postgres, new_name

PARTS = ConnectionStringCredentials.of(POSTGRES or "postgresql://u:p@h:1/d")


def url_of(destination=None, pipeline="p"):
    """The URL that the library is told."""
    return (destination or postgres()).database(pipeline, "w").options()["destination"]


def write(name, text):
    os.makedirs(".dlt", exist_ok=True)
    with open(f".dlt/{name}", "w") as file:
        file.write(text)


# ---- credentials ----


class OfAProgram:
    drivername = "postgresql"
    username, password, host, port, database = "u", "p", "h", 5433, "d"


@pytest.mark.parametrize(("said", "url"), [
    ("postgresql://u:p@h:5433/d", "postgresql://u:p@h:5433/d"),
    ("postgres://u:p@h/d?sslmode=require", "postgresql://u:p@h/d?sslmode=require"),
    ("postgresql+psycopg2://u:p%40%2F@h/d", "postgresql://u:p%40%2F@h/d"),
    ("postgresql://h1:1,h2:2/d?target_session_attrs=read-write", "postgresql://h1:1,h2:2/d?target_session_attrs=read-write"),
    ("postgresql://[::1]:5433/d", "postgresql://[::1]:5433/d"), ("postgresql://%2Frun%2Fpg/d", "postgresql://%2Frun%2Fpg/d"),
    ("postgresql://", "postgresql:///"), ("postgresql:///d%20b", "postgresql:///d%20b"),
    ({"host": "h", "database": "d", "username": "u", "password": "p:@/", "port": "5433", "sslmode": "require"}, "postgresql://u:p%3A%40%2F@h:5433/d?sslmode=require"),
    ({"host": "h", "query": {"sslmode": "disable"}, "connect_timeout": 3}, "postgresql://h/?sslmode=disable&connect_timeout=3"),
    (OfAProgram(), "postgresql://u:p@h:5433/d"), (ConnectionStringCredentials("postgresql", "d", "u", "p", "h"), "postgresql://u:p@h/d"),
])
def test_forms_of_credentials(said, url):
    assert url_of(postgres(said)) == url


@pytest.mark.parametrize("said", ["nonsense hush", "mysql://u:hush@h/d", "postgresql://u:hush@h:port/d", 7, "host=h password=hush"])
def test_what_are_no_credentials(said):
    with pytest.raises(InvalidNativeValue, match="is no .*Credentials: it is .*://username:password@host:port/database") as caught:
        url_of(postgres(said))
    assert "hush" not in str(caught.value)


def test_credentials_of_configuration(monkeypatch):
    write("secrets.toml", '[destination.postgres]\ncredentials = "postgresql://u:p@h/secrets"\n')
    assert url_of() == "postgresql://u:p@h/secrets"
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", "postgresql://u:p@h/environ")
    assert url_of() == "postgresql://u:p@h/environ" and url_of(postgres("postgresql://u:p@h/said")).endswith("/said")
    monkeypatch.setenv("P__DESTINATION__POSTGRES__CREDENTIALS", "postgresql://u:p@h/own")
    assert url_of() == "postgresql://u:p@h/own" and url_of(pipeline="q") == "postgresql://u:p@h/environ"
    write("config.toml", '[destination.mypg]\ndestination_type = "postgres"\n')
    write("secrets.toml", '[destination.mypg]\ncredentials = "postgresql://u:p@h/named"\n')
    assert url_of(dlt.pipeline("x", destination="mypg").destination) == "postgresql://u:p@h/named"


def test_parts_of_credentials(monkeypatch):
    write("secrets.toml", '[destination.postgres.credentials]\nhost = "h"\nport = 5433\nusername = "u"\ndatabase = "d"\nsslmode = "require"\npassword = "file"\n')
    assert url_of() == "postgresql://u:file@h:5433/d?sslmode=require"
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS__PASSWORD", "environ")
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS__PORT", "77")
    assert url_of() == "postgresql://u:environ@h:77/d?sslmode=require"
    monkeypatch.setenv("DESTINATION__CREDENTIALS__PASSWORD", "never")
    monkeypatch.setenv("P__CREDENTIALS__PASSWORD", "of the pipeline")
    assert url_of() == "postgresql://u:of%20the%20pipeline@h:77/d?sslmode=require"
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS__PORT", "abc")
    with pytest.raises(ConfigValueCannotBeCoercedException, match="'port' in Environment Variables, DESTINATION__POSTGRES__CREDENTIALS__PORT cannot be made int: 'abc'"):
        url_of()


def test_what_a_url_leaves_out_is_looked_for(monkeypatch):
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS__PASSWORD", "pw")
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS__PORT", "77")
    assert url_of(postgres("postgresql://u@h:5433/d")) == "postgresql://u:pw@h:5433/d"
    assert url_of(postgres("postgresql://u:own@h/d")) == "postgresql://u:own@h:77/d"
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", "postgresql://u@h/d?sslmode=require")
    assert url_of() == "postgresql://u:pw@h:77/d?sslmode=require"


def test_parts_that_are_no_secret_may_stand_in_config():
    write("config.toml", '[destination.postgres.credentials]\nhost = "h"\n')
    write("secrets.toml", '[destination.postgres.credentials]\npassword = "p"\nusername = "u"\n')
    assert url_of() == "postgresql://u:p@h/"
    write("config.toml", '[destination.postgres.credentials]\npassword = "hush"\n')
    write("secrets.toml", "")
    with pytest.raises(ValueNotSecretException, match="destination.postgres.credentials.password") as caught:
        url_of()
    assert "hush" not in str(caught.value)


def test_credentials_that_are_nowhere(monkeypatch):
    with pytest.raises(ConfigFieldMissingException) as caught:
        dlt.pipeline("p", destination="postgres", dataset_name="d").run([{"id": 1}], table_name="t")
    text = str(caught.value)
    assert "Missing 4 field(s) in configuration `PostgresCredentials`: `database`, `password`, `username`, `host`" in text
    keys = ["PP"]
    keys = [f"{prefix}{section}CREDENTIALS__HOST" for prefix in ("P__", "") for section in ("DESTINATION__POSTGRES__", "DESTINATION__", "")]
    lines = text.splitlines()
    first = lines.index("  for field `host` the following (config provider, key) were tried in order:")
    assert lines[first + 1 : first + 7] == [f"    (Environment Variables, {key})" for key in keys]
    monkeypatch.setenv("PGHOST", "h")
    assert url_of() == "postgresql:///"  # the rest is libpq's to know


def test_indexes(monkeypatch):
    assert postgres().create_indexes is False and postgres(create_indexes=True).create_indexes is True
    monkeypatch.setenv("DESTINATION__POSTGRES__CREATE_INDEXES", "true")
    assert postgres().create_indexes is True and postgres(create_indexes=False).create_indexes is False
    with pytest.raises(NotInTidegate, match="csv_format of destinations.postgres"):
        postgres(csv_format={})


# ---- loads ----


@pytest.fixture
def dataset():
    name = new_name()
    yield name
    ask(f'drop schema if exists "{name}" cascade')


@needs_postgres
@pytest.mark.parametrize("how", ["url", "dict", "configuration", "libpq"])
def test_a_load_in_each_form(monkeypatch, dataset, how):
    said = {"url": POSTGRES, "dict": {"host": PARTS.host, "port": PARTS.port, "username": PARTS.username, "password": PASSWORD, "database": PARTS.database}}.get(how)
    if how == "configuration":
        write("secrets.toml", f'[destination.postgres.credentials]\nhost = "{PARTS.host}"\nport = {PARTS.port}\nusername = "{PARTS.username}"\ndatabase = "{PARTS.database}"\n')
        monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS__PASSWORD", PASSWORD)
    if how == "libpq":
        for name, value in {"PGHOST": PARTS.host, "PGPORT": PARTS.port, "PGUSER": PARTS.username, "PGPASSWORD": PASSWORD, "PGDATABASE": PARTS.database}.items():
            monkeypatch.setenv(name, str(value))
    pipeline = dlt.pipeline("p", destination=postgres(said), dataset_name=dataset)
    info = pipeline.run([{"id": 1, "kids": [{"n": 1}]}], table_name="t")
    assert (info.destination_name, info.destination_type, info.dataset_name) == ("postgres", "dlt.destinations.postgres", dataset)
    assert ask(f'select id from "{dataset}".t') == [(1,)] and pipeline.dataset().t__kids.select("n").fetchall() == [(1,)]


@needs_postgres
def test_a_cursor_a_merge_and_an_undo_of_a_generator(dataset):
    pipeline = dlt.pipeline("p", destination=postgres(POSTGRES), dataset_name=dataset)
    rows = [{"id": n, "u": n, "v": "a"} for n in range(10)]

    @dlt.resource(primary_key="id", write_disposition="merge")
    def person(u=dlt.sources.incremental("u")):
        yield [row for row in rows if u.last_value is None or row["u"] >= u.last_value]

    pipeline.run(person)
    rows += [{"id": 3, "u": 11, "v": "b"}, {"id": 20, "u": 12, "v": "b"}]
    pipeline.run(person)
    data = pipeline.dataset()
    assert data("select v, count(*) from person group by v order by v").fetchall() == [("a", 9), ("b", 2)]
    assert len(data.load_ids()) == 2

    @dlt.resource(name="person")
    def broken():
        yield {"id": 100, "u": 100, "v": "c"}
        raise ZeroDivisionError

    with pytest.raises(PipelineStepFailed):
        pipeline.run(broken)
    assert data("select count(*) from person").fetchscalar() == 11


@needs_postgres
def test_steps_and_looks(dataset):
    """Cells that only look leave nothing behind, where the dataset is not there."""
    for n in range(2):
        pipeline = dlt.pipeline("p", destination=postgres(POSTGRES), dataset_name=dataset)
        pipeline.extract([{"id": n}], table_name="t")
        assert pipeline.normalize().row_counts["t"] == 1
    dlt.pipeline("p", destination=postgres(POSTGRES), dataset_name=dataset).run([{"id": 7}], table_name="t")
    assert ask(f'select id from "{dataset}".t') == [(7,)]
    pipeline.extract([{"id": 8}], table_name="t")
    assert pipeline.load().loads_ids and ask(f'select id from "{dataset}".t order by 1') == [(7,), (8,)]


@needs_postgres
def test_unique_constraints(dataset):
    dlt.pipeline("p", destination=postgres(POSTGRES, create_indexes=True), dataset_name=dataset).run([{"id": 1}], table_name="t")
    assert ask(f"select count(*) from pg_constraint where contype = 'u' and conrelid = '\"{dataset}\".t'::regclass") == [(1,)]


@needs_postgres
def test_a_dataset_that_needs_quotes():
    name = f"{new_name()} \"it's\""
    pipeline = dlt.pipeline("p", destination=postgres(POSTGRES), dataset_name=name)
    pipeline.run([{"select": 1}], table_name="order")
    with pipeline.sql_client() as client:
        assert client.execute_sql('select "select" from "order"') == [(1,)]
        client.drop_dataset()
        assert not client.has_dataset()


@needs_postgres
def test_errors_have_their_class(dataset):
    with dlt.pipeline("p", destination=postgres(POSTGRES), dataset_name=dataset).sql_client() as client:
        with pytest.raises(DatabaseException, match="division by zero"):
            client.execute_sql("select 1/0")
        with pytest.raises(DatabaseException, match="terminating connection .* run again when the server is back"):
            client.execute_sql("select pg_terminate_backend(pg_backend_pid())")
        with pytest.raises(DatabaseException):
            client.execute_sql("select 1")
    with dlt.pipeline("p", destination=postgres(POSTGRES), dataset_name=dataset).sql_client() as client:
        assert client.execute_sql("select 1") == [(1,)]


@needs_postgres
def test_an_error_behind_the_first_rows_has_its_class_too(dataset):
    pipeline = dlt.pipeline("late", destination=postgres(POSTGRES), dataset_name=dataset)
    with pipeline.sql_client() as client, client.execute_query("SELECT 1 / (200000 - n) FROM generate_series(1, 300000) n") as cursor:
        assert cursor.fetchmany(2) == [(0,), (0,)]
        with pytest.raises(DatabaseException, match="division by zero") as caught:
            cursor.fetchall()
    assert caught.value.__cause__.sqlstate == "22012"
    slow = "SELECT CASE WHEN n < 250000 THEN n ELSE (SELECT n FROM pg_sleep(5)) END FROM generate_series(1, 300000) n"
    with pipeline.sql_client() as client:
        client.execute_sql("SET statement_timeout = '300ms'")
        with pytest.raises(DatabaseTransientException, match="statement timeout") as caught, client.execute_query(slow) as cursor:
            cursor.fetchall()
    assert caught.value.__cause__.sqlstate == "57014"



@needs_postgres
def test_who_waits_for_a_lock_can_try_again(dataset):
    pipeline = dlt.pipeline("p", destination=postgres(POSTGRES), dataset_name=dataset)
    pipeline.run([{"id": 1}], table_name="t")
    with pipeline.sql_client() as one, pipeline.sql_client() as other, one.begin_transaction():
        one.execute_sql("update t set id = 2")
        other.execute_sql("set lock_timeout = '50ms'")
        with pytest.raises(DatabaseTransientException, match="lock timeout"):
            other.execute_sql("update t set id = 3")


# ---- the password ----


def everything(folder):
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


@needs_postgres
def test_the_password_is_nowhere(caplog, capfd, tmp_path, dataset):
    """Not in texts, logs and infos, in what is stored at the destination, nor in a file of the working folder."""
    caplog.set_level(logging.DEBUG)
    pipeline = dlt.pipeline("p", destination=postgres(POSTGRES), dataset_name=dataset)
    extracted = pipeline.extract([{"id": 1}], table_name="t")
    packed = list(everything(tmp_path))
    assert packed and not [path for path, content in packed if PASSWORD.encode() in content]
    load = pipeline.load()
    said = [
        repr(pipeline), repr(pipeline.destination), str(vars(pipeline.destination).keys()), str(load), str(load.asdict()), str(extracted),
        repr(pipeline.dataset()), repr(pipeline.destination.database("p", "w")), str(pipeline.destination.database("p", "w").credentials),
        repr(ConnectionStringCredentials.of(POSTGRES)), str(ConnectionStringCredentials.of(POSTGRES + "?sslpassword=" + PASSWORD)),
        str(ask(f'select * from "{dataset}"._dlt_pipeline_state')), str(ask(f'select * from "{dataset}"._dlt_version')),
    ]
    with pytest.raises(PipelineStepFailed) as caught:
        dlt.pipeline("q", destination=postgres(POSTGRES.replace(PASSWORD, PASSWORD + "x")), dataset_name=dataset).run([{"id": 1}], table_name="t")
    said += [str(caught.value), repr(caught.value), str(caught.value.exception), repr(vars(caught.value.exception))]
    assert "password authentication failed" in said[-4]
    with pytest.raises(DatabaseException) as caught, dlt.pipeline("r", destination=postgres(POSTGRES.replace(f":{PARTS.port}/", ":1/")), dataset_name=dataset).sql_client():
        pass
    said += [str(caught.value), repr(caught.value), repr(caught.value.dbapi_exception)]
    said += [record.getMessage() for record in caplog.records] + list(capfd.readouterr())
    assert not [text for text in said if PASSWORD in text]
    assert not [path for path, content in everything(tmp_path) if PASSWORD.encode() in content]


def test_the_password_is_not_in_the_text_of_what_has_it():
    credentials = ConnectionStringCredentials.of("postgresql://u:hush@h/d?sslpassword=hush&sslmode=require")
    for text in (str(credentials), repr(credentials), f"{credentials}", repr([credentials])):
        assert text.strip("[]") == "postgresql://u:***@h/d?sslpassword=***&sslmode=require"
    assert credentials.to_native_representation() == "postgresql://u:hush@h/d?sslpassword=hush&sslmode=require"
    assert "hush" not in repr(postgres(credentials)) and pickle.loads(pickle.dumps(credentials)) == credentials


@needs_postgres
def test_a_traceback_of_a_script_has_no_password(dataset):
    code = f"import tidegate as dlt; dlt.pipeline('p', destination='postgres', dataset_name={dataset!r}).run([{{'id': 1}}], table_name='t')"
    env = {**os.environ, "DESTINATION__POSTGRES__CREDENTIALS": POSTGRES.replace(f":{PARTS.port}/", ":1/"), "RUNTIME__LOG_LEVEL": "DEBUG"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 1 and "PipelineStepFailed" in done.stderr and PASSWORD not in done.stderr + done.stdout
