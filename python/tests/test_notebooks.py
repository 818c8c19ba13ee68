"""The notebooks of examples/notebooks give what they show; what they load is there. (That of Prefect: test_prefect.py.)"""

import duckdb
import pytest

pytest.importorskip("nbclient")
pytest.importorskip("pandas")

import notebooks  # noqa: E402


@pytest.fixture
def run(place, monkeypatch):
    return lambda name: notebooks.execute(name, place, monkeypatch)


def rows(file, sql):
    with duckdb.connect(file) as connection:
        return connection.sql(sql).fetchall()


def test_1_first_pipeline(run):
    said = "\n".join(run("1_first_pipeline"))
    assert "(10, 10000)" in said and "Pipeline dummy_source_to_duckdb load step did not start" in said
    file = "dummy_source_to_duckdb.duckdb"
    assert rows(file, "select count(*), count(distinct id) from bronze.person") == [(10, 10)]
    assert rows(file, "select count(*), min(id), max(id), count(distinct id) from bronze.clickstream") == [(20_000, 0, 19_999, 20_000)]
    assert rows(file, "select count(*) from bronze.person group by _dlt_load_id order by _dlt_load_id") == [(8,), (2,)]
    assert rows(file, "select name from bronze.person where visits = 1 order by 1") == [("Chen",), ("Hana",)]
    assert rows(file, "select count(*) from bronze._dlt_loads") == [(2,)]


def test_2_only_what_is_new(run):
    said = run("2_only_what_is_new")
    assert said[1] == "this run begins at None\n\n[1, 2]" and said[2] == "this run begins at 2024-05-02\n\n[1, 2, 3, 4]"
    assert "1 row was left out that came late" in "".join(said)
    table_ids = {
        "order": [1, 2, 3, 4, 5], "asked": [2, 3, 4, 5], "patient": [1, 2, 3, 4, 5, 6], "part": [2, 3, 4, 6],
        "paged": [1, 2, 3, 4, 5, 6, 7],
    }
    for table, ids in table_ids.items():
        found = [id for id, in rows("orders.duckdb", f'select id from bronze."{table}" order by id')]
        assert found == sorted(ids), table
    assert said[-1].count("page with") == 2 and said[-2].count("page with") == 3


def test_3_append_replace_merge(run):
    said = "".join(run("3_append_replace_merge"))
    assert "plain keeps the row's id: False" in said and "upserted keeps the row's id: True" in said
    prices = "select list(price order by price) filter (item = 'cup'), count(*) from bronze."
    found = {table: rows("prices.duckdb", prices + table)[0] for table in ("appended", "replaced", "merged", "upserted", "first")}
    assert found == {
        "appended": ([5, 6], 4), "replaced": ([6], 2), "merged": ([6], 3), "upserted": ([6], 3), "first": ([5], 3),
    }
    history = "select id, price, _dlt_valid_to is null from bronze.history order by id, _dlt_valid_from"
    assert rows("prices.duckdb", history) == [(1, 5, False), (1, 6, True), (2, 20, False), (3, 9, True)]


def test_4_deletes_and_late_rows(run):
    said = "\n".join(run("4_deletes_and_late_rows"))
    assert "14 of the 29 rows of table 'thing' (dataset 'bronze') are absent from the source" in said
    count = "select count(*), count(distinct id) from bronze."
    found = {table: rows("stock.duckdb", count + table)[0][0] for table in ("thing", "kept", "measurement", "visit")}
    assert found == {"thing": 15, "kept": 2, "measurement": 3, "visit": 31}
    assert rows("stock.duckdb", count + "visit") == [(31, 31)]
    assert rows("stock.duckdb", "select count(*) from bronze.thing where id = 5") == [(0,)]


def test_5_plan_and_undo(run):
    said = "\n".join(run("5_plan_and_undo"))
    assert "[('1', '4000', '4200'), ('2', '4500', '45000')]" in said
    assert "{'employee': {'removed': 3, 'restored': 2}}" in said and "\n2024-01-01\n" in said
    assert rows("payroll.duckdb", "select id, salary, team from bronze.employee order by id") == [
        (1, 4200, None), (2, 4600, None), (3, 5000, None), (4, 3900, "sales"),
    ]
