"""Tables of a database: types, keys and rows as dlt has them, by the library and by SQLAlchemy, and what is new alone."""

import datetime
import decimal
import json
import logging
import os
import shutil
import sqlite3
import subprocess
import urllib.parse

import pytest

import in_memory
import tidegate as dlt
from tidegate.common.configuration.exceptions import ConfigFieldMissingException, ValueNotSecretException
from tidegate.common.exceptions import MissingDependencyException, NotInTidegate
from tidegate.pipeline.exceptions import PipelineStepFailed
from tidegate.sources.credentials import ConnectionStringCredentials
from tidegate.sources.sql_database import (
    TableLoader,
    register_table_loader_backend,
    remove_nullability_adapter,
    sql_database,
    sql_table,
)
from tidegate.sources.sql_database import database as where
from tidegate.sources.sql_database import helpers

sqlalchemy = pytest.importorskip("sqlalchemy")
pytest.importorskip("sqlalchemy.dialects.mysql")

SCRIPT = """
create table types (id integer primary key, name varchar(20) not null, price decimal(10,2), num numeric, f float,
    b boolean, at datetime, day date, t time, blob blob, j json, big bigint, s smallint, ch char(3), txt text, bare);
insert into types values (1, 'Ann', 12.50, 3, 1.5, 1, '2024-01-01 10:00:00.000000', '2024-01-01', '10:00:00.000000',
    x'00ff', '{"a": 1}', 9007199254740993, 5, 'abc', 'x', 'y');
insert into types values (2, 'Bob', null, null, null, null, null, null, null, null, null, null, null, null, null, null);
insert into types values (3, 'Cyd', 7, 2.25, 3, 0, '2024-02-01 10:00:00.123456', '2024-01-02', '10:00:00.500000', x'01',
    '[1]', 1, 2, 'a', 'z', 'w');
create table "Odd ""Order" ("Order Id" integer, "select" text, "grüße" int, primary key ("Order Id", "select"));
insert into "Odd ""Order" values (1, 'a', 5), (1, 'b', 6);
create table empty (id integer primary key, name text);
create view young as select id, name from types where id < 3;
create table family (id integer primary key, name text not null, parent integer references family(id), updated_at datetime);
insert into family values (1, 'x', null, '2024-01-01 00:00:00'), (2, 'y', 1, '2024-01-02 00:00:00');
create table genome (accession text primary key, size bigint);
insert into genome values ('A1', 10), ('A2', 20);
"""


@pytest.fixture(autouse=True)
def database(place, monkeypatch):
    with sqlite3.connect("src.db") as connection:
        connection.executescript(SCRIPT)
    return "sqlite:///src.db"


@pytest.fixture(params=["sqlite3", "SQLAlchemy"])
def way(request, monkeypatch, caplog):
    """Both ways that SQLite has; the test fails where rows came by the other one."""
    caplog.set_level(logging.INFO, "tidegate.sources")
    if request.param == "SQLAlchemy":
        monkeypatch.setattr(where.Database, "is_sqlite3", lambda self: False)
    yield request.param
    check_way(caplog, request.param)


def check_way(caplog, way):
    told = [record.getMessage() for record in caplog.get_records("call") if " is read by " in record.getMessage()]
    assert told and all(f"is read by {way}" in text for text in told), told


def change(*statements, file="src.db"):
    with sqlite3.connect(file) as connection:
        for statement in statements:
            connection.execute(statement)


def pipeline(name="p"):
    return dlt.pipeline(name, destination=dlt.destinations.duckdb(in_memory.database(f"{name}.duckdb")), dataset_name="d")


def rows(sql, file="p.duckdb"):
    with in_memory.database(file).cursor() as connection:
        return connection.sql(sql).fetchall()


def tables(file="p.duckdb"):
    found = rows(
        "select table_name from information_schema.tables where table_schema = 'd' and table_name not like '\\_%' escape '\\'", file
    )
    return {name for name, in found}


def columns(table, file="p.duckdb"):
    return rows(
        f"""select column_name, data_type, is_nullable from information_schema.columns
            where table_schema = 'd' and table_name = '{table}' and column_name not like '\\_dlt%' escape '\\' order by ordinal_position""", file
    )


# ---- what is loaded ----


def test_types_are_those_that_dlt_makes(database, way):
    pipeline().run(sql_database(database))
    assert columns("types") == [
        ("id", "BIGINT", "YES"), ("name", "VARCHAR", "NO"), ("price", "DECIMAL(10,2)", "YES"), ("num", "DECIMAL(38,9)", "YES"),
        ("f", "DOUBLE", "YES"), ("b", "BOOLEAN", "YES"), ("at", "TIMESTAMP", "YES"), ("day", "DATE", "YES"), ("t", "TIME", "YES"),
        ("blob", "BLOB", "YES"), ("j", "JSON", "YES"), ("big", "BIGINT", "YES"), ("s", "BIGINT", "YES"), ("ch", "VARCHAR", "YES"),
        ("txt", "VARCHAR", "YES"), ("bare", "VARCHAR", "YES"),
    ]
    first, second, third = rows("select * exclude (_dlt_load_id, _dlt_id) from d.types order by id")
    assert first == (
        1, "Ann", decimal.Decimal("12.50"), decimal.Decimal(3), 1.5, True, datetime.datetime(2024, 1, 1, 10), datetime.date(2024, 1, 1),
        datetime.time(10), b"\x00\xff", '{"a":1}', 9007199254740993, 5, "abc", "x", "y",
    )
    assert second == (2, "Bob", *[None] * 14)
    assert third[6] == datetime.datetime(2024, 2, 1, 10, 0, 0, 123456) and third[3] == decimal.Decimal("2.25")


def test_tables_views_and_names_that_need_quotes(database, way):
    source = sql_database(database)
    assert source.name == "sql_database" and set(source.resources) == {"types", 'Odd "Order', "empty", "family", "genome"}
    assert source.resources['Odd "Order']._hints.primary_key == ["Order Id", "select"]
    source.resources['Odd "Order'].apply_hints(write_disposition="merge")
    pipeline().run(source)
    assert tables() == {"types", "odd_order", "family", "genome"}  # one without rows makes none
    assert rows('select order_id, "select", gr_e from d.odd_order order by 2') == [(1, "a", 5), (1, "b", 6)]
    change('update "Odd ""Order" set "grüße" = 7 where "select" = \'b\'')
    pipeline().run(source)
    assert rows('select "select", gr_e from d.odd_order order by 1') == [("a", 5), ("b", 7)]
    assert set(sql_database(database, include_views=True).resources) == set(source.resources) | {"young"}
    pipeline("views").run(sql_database(database, table_names=["young"]))
    assert rows("select id, name from d.young order by id", "views.duckdb") == [(1, "Ann"), (2, "Bob")]


def test_the_lesson(database, way):
    """Lesson 1, cell "sql": the two tables of a source, and nothing else."""
    info = pipeline().run(sql_database(database).with_resources("family", "genome"))
    assert len(info.loads_ids) == 1 and tables() == {"family", "genome"}
    assert columns("genome") == [("accession", "VARCHAR", "YES"), ("size", "BIGINT", "YES")]
    assert rows("select * exclude (_dlt_load_id, _dlt_id) from d.genome order by 1") == [("A1", 10), ("A2", 20)]


def test_a_cursor_and_a_change_in_between(database, way):
    def run():
        source = sql_database(database).with_resources("family")
        source.family.apply_hints(incremental=dlt.sources.incremental("updated_at"), write_disposition="merge")
        pipeline().run(source)
        return rows("select id, name from d.family order by id")

    assert run() == [(1, "x"), (2, "y")]
    change(
        "update family set name = 'old' where id = 1",  # below the cursor: not asked for
        "update family set name = 'new', updated_at = '2024-01-05 00:00:00' where id = 2",
        "insert into family values (3, 'z', 1, '2024-01-05 00:00:00')",
    )
    assert run() == [(1, "x"), (2, "new"), (3, "z")]
    change("insert into family values (4, 'tie', 1, '2024-01-05 00:00:00')")  # at the last value
    assert run() == [(1, "x"), (2, "new"), (3, "z"), (4, "tie")]


TICKS = {
    "whole": ("integer", ["1", "2"], "2"), "day": ("date", ["'2024-01-01'", "'2024-01-02'"], "'2024-01-02'"),
    "moment": ("datetime", ["'2024-01-01 10:00:00'", "'2024-01-02T10:00:00'"], "'2024-01-02 10:00:00.000000'"),
    "word": ("text", ["'a'", "'b'"], "'b'"), "part": ("float", ["0.1", "0.3"], "0.3"), "price": ("decimal(10,2)", ["1", "2.5"], "2.5"),
}


def test_no_row_at_the_last_value_is_lost_or_doubled(database, way):
    """Of cursors of each type, a table for each."""
    for table, (kind, values, _) in TICKS.items():
        change(
            f"create table {table} (id integer primary key, n {kind})", *(f"insert into {table} (n) values ({value})" for value in values)
        )
    for expected in (2, 2, 3, 3):
        if expected == 3:
            change(*(f"insert or ignore into {table} values (3, {more})" for table, (_, _, more) in TICKS.items()))
        pipeline().run([sql_table(database, table, incremental=dlt.sources.incremental("n")) for table in TICKS])
        counts = {table: rows(f"select count(*) from d.{table}")[0][0] for table in TICKS}
        assert counts == dict.fromkeys(TICKS, expected)


def test_columns_that_are_read(database, way):
    pipeline().run([
        sql_table(database, "types", included_columns=["id", "name"]),
        sql_table(database, "family", excluded_columns=["parent", "updated_at"]),
    ])
    assert [name for name, *_ in columns("types")] == ["id", "name"]
    assert [name for name, *_ in columns("family")] == ["id", "name"]
    part = sql_table(database, 'Odd "Order', included_columns=["select"])
    pipeline("part").run(part)  # without its key, which is no key any more
    assert part._hints.primary_key is None and rows('select "select" from d.odd_order order by 1', "part.duckdb") == [("a",), ("b",)]


def test_hints_of_the_program_win(database, way):
    table = sql_table(database, "types", primary_key="name", write_disposition="merge", included_columns=["id", "name", "price"])
    table.apply_hints(columns={"price": {"data_type": "double"}})
    assert table._hints.primary_key == ["name"] and table.write_disposition == "merge"
    pipeline().run(table)
    pipeline().run(table)
    assert rows("select price from d.types where id = 1") == [(12.5,)] and columns("types")[2][1] == "DOUBLE"
    assert rows("select count(*) from d.types") == [(3,)]


def test_reflection_may_wait(database, way):
    source = sql_database(database, table_names=["later", "family"], defer_table_reflect=True)
    assert set(source.resources) == {"later", "family"} and source.later.columns == {}
    change("create table later (id integer primary key, price decimal(10,2))", "insert into later values (1, 2.5)")
    pipeline().run(source)
    assert columns("later") == [("id", "BIGINT", "YES"), ("price", "DECIMAL(10,2)", "YES")]
    with pytest.raises(ValueError, match="defer_table_reflect needs table_names"):
        sql_database(database, defer_table_reflect=True)


def test_levels_of_reflection(database):
    hints = {level: sql_table(database, "types", reflection_level=level).columns for level in ("minimal", "full", "full_with_precision")}
    assert hints["minimal"]["name"] == {"nullable": False} and "j" not in hints["minimal"]
    assert hints["full"]["name"] == {"nullable": False, "data_type": "text"}
    assert hints["full_with_precision"]["name"] == {"nullable": False, "data_type": "text", "precision": 20}
    assert hints["full_with_precision"]["s"] == {"nullable": True, "data_type": "bigint", "precision": 32}
    with pytest.warns(DeprecationWarning, match="full_with_precision"):
        assert sql_table(database, "types", detect_precision_hints=True).columns == hints["full_with_precision"]
    pipeline().run(sql_table(database, "types", reflection_level="minimal"))
    assert dict((name, kind) for name, kind, _ in columns("types"))["price"] == "DECIMAL(38,9)"


def test_foreign_keys_become_references(database):
    source = sql_database(database, table_names=["family"], resolve_foreign_keys=True)
    assert source.family._hints.references == [{"referenced_table": "family", "referenced_columns": ["id"], "columns": ["parent"]}]
    assert sql_database(database, table_names=["family"]).family._hints.references is None


# ---- code that looks at rows ----


def test_maps_get_what_the_backend_says(database):
    seen = {}
    for backend in ("sqlalchemy", "pyarrow", "pandas", "connectorx"):
        def look(item, backend=backend):
            seen[backend] = item
            return item

        table = sql_table(database, "types", backend=backend, chunk_size=2).add_map(look)
        pipeline(backend).run(table)
        assert columns("types", f"{backend}.duckdb")[2] == ("price", "DECIMAL(10,2)", "YES")
        first = rows("select id, price, num, b, \"at\", day, t, blob, j, txt from d.types order by id", f"{backend}.duckdb")[0]
        assert first == (
            1, decimal.Decimal("12.50"), decimal.Decimal(3), True, datetime.datetime(2024, 1, 1, 10), datetime.date(2024, 1, 1),
            datetime.time(10), b"\x00\xff", '{"a":1}', "x",
        ), backend
    assert seen["sqlalchemy"]["name"] == "Cyd" and seen["sqlalchemy"]["at"] == datetime.datetime(2024, 2, 1, 10, 0, 0, 123456)
    assert {type(item).__name__ for item in seen.values()} == {"dict", "Table", "DataFrame"}
    assert len(seen["pandas"]) == 1  # the second chunk


def test_a_map_changes_what_is_loaded_and_the_cursor_still_narrows(database):
    asked = []

    def look(row):
        asked.append(row["id"])
        return {**row, "name": row["name"].upper()}

    for _ in range(2):
        table = sql_table(database, "family", incremental=dlt.sources.incremental("id")).add_map(look)
        pipeline().run(table)
        change("insert or ignore into family values (3, 'z', 1, null)")
    assert rows("select id, name from d.family order by id") == [(1, "X"), (2, "Y"), (3, "Z")]
    assert asked == [1, 2, 2, 3]  # of the second run only from the last value on


def test_limits_and_transformers(database):
    pipeline().run(sql_table(database, "types", chunk_size=1).add_limit(2))
    assert rows("select count(*) from d.types") == [(2,)]

    @dlt.transformer
    def names(rows):
        for row in rows:
            yield {"upper": row["name"].upper()}

    pipeline().run(sql_table(database, "types") | names)
    assert rows("select upper from d.names order by 1") == [("ANN",), ("BOB",), ("CYD",)]
    assert [row["id"] for row in sql_table(database, "family")] == [1, 2]


def test_callbacks(database):
    def only_first(query, table):
        return query.where(table.c.id == 1)

    def from_start(query, table, incremental, engine):
        assert engine.dialect.name == "sqlite"
        return sqlalchemy.text(f"select id, 'given' as name from {table.name} where id > {incremental.start_value or 0}")

    def without_parent(table):
        table._columns.remove(table.c.parent)

    def subquery(table):
        return table.select().where(table.c.id == 2).subquery()

    def as_text(kind):
        return sqlalchemy.Text if isinstance(kind, sqlalchemy.Numeric) else kind

    run = pipeline().run
    run(sql_table(database, "types", query_adapter_callback=only_first), table_name="one")
    run(sql_table(database, "family", query_adapter_callback=from_start, incremental=dlt.sources.incremental("id")), table_name="given")
    run(sql_table(database, "family", table_adapter_callback=without_parent), table_name="less")
    run(sql_table(database, "family", table_adapter_callback=subquery), table_name="sub")
    run(sql_table(database, "types", type_adapter_callback=as_text), table_name="texts")
    assert rows("select id from d.one") == [(1,)]
    assert rows("select id, name from d.given order by id") == [(1, "given"), (2, "given")]
    assert [name for name, *_ in columns("less")] == ["id", "name", "updated_at"]
    assert rows("select id from d.sub") == [(2,)]
    assert columns("texts")[2] == ("price", "VARCHAR", "YES")
    table = sql_table(database, "types", table_adapter_callback=remove_nullability_adapter)
    assert "nullable" not in table.columns["name"]


def test_loaders_of_a_program(database, monkeypatch):
    class Doubling(TableLoader):
        def _load_rows(self, query, backend_kwargs):
            yield from super()._load_rows(query, backend_kwargs)
            yield from super()._load_rows(query, backend_kwargs)

    pipeline().run(sql_table(database, "genome", table_loader_class=Doubling))
    assert rows("select count(*) from d.genome") == [(4,)]
    monkeypatch.setattr(helpers, "table_loaders", {})
    with pytest.raises(ValueError, match="backend is sqlalchemy, pyarrow, pandas, connectorx, not 'twice'"):
        sql_table(database, "genome", backend="twice")
    register_table_loader_backend("twice", Doubling)
    pipeline("q").run(sql_table(database, "genome", backend="twice"))
    assert rows("select count(*) from d.genome", "q.duckdb") == [(4,)]
    with pytest.raises(ValueError, match="subclass of BaseTableLoader"):
        register_table_loader_backend("x", dict)


@pytest.mark.parametrize("backend, kwargs, text", [
    ("pyarrow", {"zone": "UTC"}, "backend_kwargs of 'pyarrow' are tz, parallel in tidegate, not 'zone'"),
    ("connectorx", {"conn": "mysql://x"}, "not 'conn'"), ("pandas", {"dtype_backend": "numpy"}, "pyarrow or numpy_nullable, not 'numpy'"),
    ("sqlalchemy", {"tz": "UTC"}, "in tidegate, not 'tz'"), ("sqlalchemy", {"commit_safe": True}, "not 'commit_safe'"),
])
def test_options_that_would_do_nothing(database, backend, kwargs, text):
    with pytest.raises(ValueError, match=text):
        sql_database(database, backend=backend, backend_kwargs=kwargs)


# ---- how the database is said ----


def test_credentials_in_all_forms(database, monkeypatch):
    path = os.path.abspath("src.db")
    forms = [
        database, f"sqlite:///{path}", sqlalchemy.make_url(database), {"drivername": "sqlite", "database": path},
        ConnectionStringCredentials.of(database), ConnectionStringCredentials(database), sqlalchemy.create_engine(database),
    ]
    for said in forms:
        assert [row["accession"] for row in sql_table(said, "genome")] == ["A1", "A2"]
        pipeline().run(sql_table(said, "genome", write_disposition="replace"))
        assert rows("select count(*) from d.genome") == [(2,)]


def test_credentials_of_the_configuration(database, monkeypatch):
    with pytest.raises(ConfigFieldMissingException, match="SOURCES__SQL_DATABASE__CREDENTIALS"):
        sql_database()
    os.mkdir(".dlt")
    with open(".dlt/secrets.toml", "w") as file:
        file.write('[sources.sql_database.credentials]\ndrivername = "sqlite"\ndatabase = "src.db"\n')
    assert "genome" in sql_database().resources
    os.rename(".dlt/secrets.toml", ".dlt/config.toml")
    with pytest.raises(ValueNotSecretException):
        sql_database()
    os.remove(".dlt/config.toml")
    monkeypatch.setenv("SOURCES__SQL_DATABASE__CREDENTIALS__DRIVERNAME", "sqlite")
    monkeypatch.setenv("SOURCES__SQL_DATABASE__CREDENTIALS__DATABASE", "src.db")
    monkeypatch.setenv("SOURCES__SQL_DATABASE__TABLE_NAMES", '["genome", "family"]')
    monkeypatch.setenv("SOURCES__SQL_DATABASE__FAMILY__INCLUDED_COLUMNS", '["id"]')
    source = sql_database()
    assert set(source.resources) == {"genome", "family"} and list(source.family.columns) == ["id"]
    monkeypatch.setenv("SOURCES__SQL_DATABASE__CREDENTIALS", "sqlite:///src.db")
    assert sql_table(table="genome").name == "genome"
    with pytest.raises(TypeError, match="needs the name of a table"):
        sql_table()


def test_a_cursor_of_the_configuration(database):
    os.mkdir(".dlt")
    with open(".dlt/config.toml", "w") as file:
        file.write('[sources.sql_database.family.incremental]\ncursor_path = "id"\ninitial_value = 2\n')
    pipeline().run(sql_database(database, table_names=["family"]))
    assert rows("select id from d.family") == [(2,)]


def test_an_engine_that_connects_in_its_own_way(database):
    memory = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
    with memory.begin() as connection:
        connection.execute(sqlalchemy.text("create table t (id integer)"))
        connection.execute(sqlalchemy.text("insert into t values (7)"))
    made = sqlalchemy.create_engine("sqlite:///nowhere.db", creator=lambda: sqlite3.connect("src.db"))
    with open("nowhere.db", "w"):
        pass
    listened = sqlalchemy.create_engine(database)
    sqlalchemy.event.listen(listened, "connect", lambda connection, record: connection.execute("attach 'src.db' as other"))
    run = pipeline().run
    run(sql_table(memory, "t"))
    run(sql_table(made, "genome"))
    run(sql_table(listened, "family", schema="other"))
    run(sql_table(database, "types", engine_kwargs={"connect_args": {"timeout": 3}}))
    run(sql_table(database, "young", engine_adapter_callback=lambda engine: engine.execution_options(isolation_level="SERIALIZABLE")))
    assert [rows(f"select count(*) from d.{name}")[0][0] for name in ("t", "genome", "family", "types", "young")] == [1, 2, 2, 3, 2]
    with memory.connect() as connection:  # which is the program's, and was left open
        assert connection.execute(sqlalchemy.text("select id from t")).scalar() == 7


def test_columns_that_are_not_there(database, caplog):
    with pytest.raises(ValueError, match="no column of the table 'genome' is read, by included_columns and excluded_columns; it has accession, size"):
        sql_table(database, "genome", included_columns=["acession"])
    pipeline().run(sql_table(database, "genome", included_columns=["accession", "siez"], excluded_columns=["x"]))
    assert [each.getMessage() for each in caplog.records if each.name == "tidegate.sources"] == [
        "the table 'genome' has no column siez, which included_columns names"
    ]
    assert rows("select accession from d.genome order by 1") == [("A1",), ("A2",)]


def test_what_is_not_there(database, monkeypatch):
    with pytest.raises(FileNotFoundError, match="no SQLite database at .*typo.db"):
        sql_database("sqlite:///typo.db")
    assert not os.path.exists("typo.db")
    with pytest.raises(sqlalchemy.exc.NoSuchTableError, match="no table 'nope' in the database 'src.db': look at the name, its case, and schema="):
        sql_table(database, "nope")
    with pytest.raises(NotInTidegate, match="duckdb.connect"):
        sql_database("duckdb:///x.duckdb")
    with pytest.raises(MissingDependencyException, match="pip install mysqlclient"):
        sql_database("mysql://u:secret@localhost/x")
    with pytest.raises(ValueError, match="this is neither") as failed:
        sql_database("no url with secret")
    assert "secret" not in str(failed.value)
    with pytest.raises(ValueError, match="with a drivername, and this is neither"):
        sql_database({"host": "x", "password": "secret"})
    for call in (lambda: dlt.sources.rest_api.rest_api_source({}), lambda: dlt.sources.helpers, lambda: dlt.sources.config):
        with pytest.raises(NotInTidegate, match="is not in tidegate; use"):
            call()
    monkeypatch.setitem(__import__("sys").modules, "sqlalchemy", None)
    with pytest.raises(MissingDependencyException, match=r"pip install 'tidegate\[sql\]'"):
        sql_database(database)


def test_values_that_are_not_of_their_column_s_type(database, way):
    """SQLite takes anything anywhere. Nothing is lost; what SQLAlchemy cannot make fails."""
    change(
        "create table dirty (id integer primary key, n integer, t text, flag boolean, at datetime)",
        "insert into dirty values (1, 5, 'a', 1, '2024-01-01 10:00:00')", "insert into dirty values (2, 1.23456789012, x'00ff', 0, '2024-01-02')",
    )
    strange = ["insert into dirty values (3, 'abc', 7, 7, 'never')", "insert into dirty values (4, 9007199254740993, 'b', 'yes', 1704067200)"]
    if way == "sqlite3":
        change(*strange)
    pipeline().run(sql_table(database, "dirty"))
    assert rows("select id, n, t, flag, \"at\" from d.dirty where id <= 2 order by id") == [
        (1, 5.0, "a", True, datetime.datetime(2024, 1, 1, 10)), (2, 1.23456789012, "AP8=", False, datetime.datetime(2024, 1, 2)),
    ]
    if way == "sqlite3":
        assert rows("select n, t, flag, \"at\" from d.dirty where id > 2 order by id") == [(None, "7", None, None), (None, "b", True, datetime.datetime(2024, 1, 1))]
        assert rows("select n__v_text, at__v_text from d.dirty where id = 3") == [("abc", "never")]
        assert rows("select n__v_bigint from d.dirty where id = 4") == [(9007199254740993,)]


def test_a_cursor_column_that_is_not_there(database, way):
    with pytest.raises(PipelineStepFailed, match="nope"):
        pipeline().run(sql_table(database, "family", incremental=dlt.sources.incremental("nope")))


def test_a_failed_read_leaves_nothing(database, way):
    run = pipeline().run
    run(sql_table(database, "family", incremental=dlt.sources.incremental("id")))
    change("insert into family values (3, 'z', 1, null)", "insert into genome values ('A3', 1)", "create table wrong (id integer, n bigint)",
           "insert into wrong values (1, 'no number')")
    wrong = sql_table(database, "wrong").apply_hints(schema_contract="freeze")
    with pytest.raises(PipelineStepFailed):
        run([sql_table(database, "family", incremental=dlt.sources.incremental("id")), wrong, sql_table(database, "nowhere", defer_table_reflect=True)])
    assert rows("select count(*) from d.family") == [(2,)]
    run(sql_table(database, "family", incremental=dlt.sources.incremental("id")))
    assert rows("select id from d.family order by id") == [(1,), (2,), (3,)]


# ---- PostgreSQL ----

POSTGRES = """
drop schema if exists "Src 1" cascade; create schema "Src 1"; set search_path = "Src 1";
create type mood as enum ('happy', 'sad');
create table types (id serial primary key, s smallint, r real, d double precision, n numeric, n2 numeric(10,2), bo boolean, v varchar(20),
    t text, by bytea, u uuid, js json, jb jsonb, da date, ti time, tz timetz, ts timestamp, tstz timestamptz, arr int[], ine inet, mo mood);
insert into types (s, r, d, n, n2, bo, v, t, by, u, js, jb, da, ti, tz, ts, tstz, arr, ine, mo) values (2, 1.5, 2.5, 1.25, 3.50, true, 'v', 't',
    '\\x00ff', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": 1}', '{"a": [1]}', '2024-01-01', '10:00', '10:00+02', '2024-01-01 10:00',
    '2024-01-01 10:00+02', '{1,2}', '10.0.0.1', 'happy');
insert into types (s) values (null);
create table "Odd ""Order" ("Order Id" int, "select" text, n int, primary key ("Order Id", "select"));
insert into "Odd ""Order" values (1, 'a', 5), (1, 'b', 6);
create table empty (id int primary key);
create view young as select id from types where id < 2;
create table family (id int primary key, name text, updated_at timestamptz default now());
insert into family values (1, 'x', '2024-01-01'), (2, 'y', '2024-01-02');
"""


@pytest.fixture
def postgres():
    url = os.environ.get("TIDEGATE_TEST_POSTGRES")
    if not url or not shutil.which("psql"):
        pytest.skip("there is no PostgreSQL server")
    pytest.importorskip("psycopg2")
    psql(POSTGRES)
    return url


def psql(script):
    """Its arguments are for all to see: the password is none of them."""
    url = urllib.parse.urlsplit(os.environ["TIDEGATE_TEST_POSTGRES"])
    place = url._replace(netloc=f"{url.username}@{url.hostname}:{url.port}").geturl()
    subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", place], input=script, text=True, check=True, stderr=subprocess.DEVNULL, env={**os.environ, "PGPASSWORD": url.password})


@pytest.fixture(params=["the library", "SQLAlchemy"])
def postgres_way(request, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "tidegate.sources")
    if request.param == "SQLAlchemy":
        monkeypatch.setattr(where, "_has_libpq", lambda: False)
    yield request.param
    check_way(caplog, request.param)


@pytest.mark.filterwarnings("ignore:Did not recognize type")
def test_postgres_types(postgres, postgres_way):
    pipeline().run(sql_database(postgres, schema="Src 1", include_views=True))
    assert tables() == {"types", "odd_order", "young", "family"}
    assert {name: kind for name, kind, _ in columns("types")} == {
        "id": "BIGINT", "s": "BIGINT", "r": "DOUBLE", "d": "DOUBLE", "n": "DECIMAL(38,9)", "n2": "DECIMAL(10,2)", "bo": "BOOLEAN",
        "v": "VARCHAR", "t": "VARCHAR", "by": "BLOB", "u": "VARCHAR", "js": "JSON", "jb": "JSON", "da": "DATE", "ti": "TIME", "tz": "VARCHAR",
        "ts": "TIMESTAMP", "tstz": "TIMESTAMP WITH TIME ZONE", "arr": "JSON", "ine": "VARCHAR", "mo": "VARCHAR",
    }
    assert columns("types")[0] == ("id", "BIGINT", "NO")
    assert rows('select s, n, n2, u, js, jb, da, ti, ts, epoch(tstz), arr, ine, mo, "by" from d.types order by id') == [
        (2, decimal.Decimal("1.25"), decimal.Decimal("3.5"), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", '{"a":1}', '{"a":[1]}',
         datetime.date(2024, 1, 1), datetime.time(10), datetime.datetime(2024, 1, 1, 10), 1704096000.0, "[1,2]", "10.0.0.1", "happy", b"\x00\xff"),
        (None,) * 14,
    ]
    assert rows('select order_id, "select" from d.odd_order order by 2') == [(1, "a"), (1, "b")]


def test_postgres_cursor(postgres, postgres_way):
    def run():
        pipeline().run(sql_table(postgres, "family", schema="Src 1", incremental=dlt.sources.incremental("updated_at"), write_disposition="merge"))
        return rows("select id, name from d.family order by id")

    assert run() == [(1, "x"), (2, "y")]
    psql("""update "Src 1".family set name = 'below' where id = 1;
            update "Src 1".family set name = 'new', updated_at = '2024-01-05' where id = 2;
            insert into "Src 1".family values (3, 'z', '2024-01-02')""")
    assert run() == [(1, "x"), (2, "new"), (3, "z")]


def test_all_tables_are_read_as_of_one_moment(postgres):
    """A change while the first table is read is not seen in the second."""
    source = sql_database(postgres, schema="Src 1", table_names=["family", "types"])
    seen = []

    def progress_of(name):
        if name == "family" and name not in seen:
            psql("""insert into "Src 1".family values (9, 'late', '2023-01-01'); insert into "Src 1".types (s) values (9)""")
        seen.append(name)

    class Collector:
        def start(self, step):
            """Nothing."""

        def update(self, name, count, total=None):
            progress_of(name)

        def stop(self):
            """Nothing."""

    one = pipeline()
    one.progress = Collector()
    one.run(source)
    assert "family" in seen and (rows("select count(*) from d.family"), rows("select count(*) from d.types")) == ([(2,)], [(2,)])
    pipeline("q").run(source)
    assert rows("select count(*) from d.family", "q.duckdb") == [(3,)]


def test_postgres_rows_that_are_not_committed(postgres, caplog):
    import psycopg2

    def run(name, **options):
        cursor = dlt.sources.incremental("updated_at", **options)
        pipeline(name).run(sql_table(postgres, "family", schema="Src 1", incremental=cursor, backend_kwargs={"parallel": 1}))
        return [row for row, in rows("select id from d.family order by id", f"{name}.duckdb")]

    other = psycopg2.connect(postgres)
    try:
        other.cursor().execute("""insert into "Src 1".family (id) values (3)""")
        psql("""insert into "Src 1".family (id) values (4)""")
        assert run("safe") == [1, 2] and run("unsafe", commit_safe=False) == [1, 2, 4]
        other.commit()
    finally:
        other.close()
    assert run("safe") == [1, 2, 3, 4]
    assert run("unsafe", commit_safe=False) == [1, 2, 4]  # the control: what a cursor loses that does not wait
    table = sql_table(postgres, "family", schema="Src 1", backend_kwargs={"parallel": 1}).add_map(lambda row: row)
    with pytest.raises(PipelineStepFailed, match="parallel is the library's, which does not read table 'family': maps"):
        pipeline().run(table)


def test_postgres_engines(postgres, caplog):
    caplog.set_level(logging.INFO, "tidegate.sources")
    url = sqlalchemy.make_url(postgres).set(drivername="postgresql+psycopg2")
    pipeline().run(sql_table(sqlalchemy.create_engine(url), "family", schema="Src 1"))
    listened = sqlalchemy.create_engine(url)
    sqlalchemy.event.listen(listened, "do_connect", lambda dialect, record, args, options: None)
    pipeline().run(sql_table(listened, "family", schema="Src 1"))
    told = [record.getMessage() for record in caplog.records if " is read by " in record.getMessage()]
    assert ["the library" in text for text in told] == [True, False] and "way of its own to connect" in told[1]
    assert rows("select count(*) from d.family") == [(4,)]


UTC = datetime.timezone.utc


@pytest.mark.parametrize("kind, options, value, condition", [
    ("Integer", {}, 5, "t.c >= 5 OR t.c IS NULL"),
    ("Integer", {"on_cursor_value_missing": "exclude"}, 5, "t.c IS NOT NULL AND t.c >= 5"),
    ("Integer", {"range_start": "open"}, 5, "t.c > 5 OR t.c IS NULL"),
    ("Integer", {"last_value_func": min}, 5, "t.c <= 5 OR t.c IS NULL"),
    ("Integer", {"last_value_func": lambda values: max(values)}, 5, ""),
    ("Integer", {"initial_value": 1, "end_value": 9}, 5, "t.c >= 5 AND t.c < 9 OR t.c IS NULL"),
    ("Integer", {"initial_value": 1, "end_value": 9, "range_end": "closed"}, 5, "t.c >= 5 AND t.c <= 9 OR t.c IS NULL"),
    ("DateTime", {}, datetime.datetime(2024, 1, 1, 10, tzinfo=UTC), "t.c >= '2024-01-01 10:00:00' OR t.c IS NULL"),
    ("Date", {}, datetime.date(2024, 1, 1), "t.c >= '2024-01-01' OR t.c IS NULL"),
    ("Float", {}, 1.5, ""), ("String", {}, "x", ""), ("Integer", {}, "x", ""), ("Integer", {}, None, ""),
])
def test_what_another_database_is_asked_for(kind, options, value, condition):
    """It may not be asked for less than the cursor would take: where that is unsure, for all."""
    column = sqlalchemy.Column("c", getattr(sqlalchemy, kind))
    sqlalchemy.Table("t", sqlalchemy.MetaData(), column)
    cursor = dlt.sources.incremental("c", **options)
    cursor._begin(value, value)
    query = sqlalchemy.select(column).where(*helpers.conditions("mysql", column, cursor))
    text = " ".join(str(query.compile(dialect=sqlalchemy.dialects.mysql.dialect(), compile_kwargs={"literal_binds": True})).split())
    assert text.partition(" WHERE ")[2] == condition


def test_how_a_url_is_told_to_libpq():
    url = sqlalchemy.make_url("postgresql+psycopg2://an%40n:p%2F+ w@h:5433/d b?sslmode=disable&application_name=a%26b")
    assert where._postgres_url(url) == "postgresql://an%40n:p%2F%2B%20w@h:5433/d%20b?sslmode=disable&application_name=a%26b"
    assert where._postgres_url(sqlalchemy.make_url("postgresql:///shop?host=/run/pg")) == "postgresql:///shop?host=%2Frun%2Fpg"
    assert where._postgres_url(sqlalchemy.make_url("postgresql://u@[::1]:5432/x")) == "postgresql://u@[::1]:5432/x"
