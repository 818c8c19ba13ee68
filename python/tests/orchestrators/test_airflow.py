"""The example of docs/airflow.md, run by `dag.test()` on SQLite in a scratch folder; `make test-orchestrators` runs it."""

import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile

import duckdb
import pytest

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
HOME = tempfile.mkdtemp(prefix="airflow-")
os.environ.update({
    "AIRFLOW_HOME": HOME, "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": os.path.join(HOME, "dags"), "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "AIRFLOW_CONN_SHOP": json.dumps({"conn_type": "generic", "password": "s3cr3t-of-the-shop"}),
    "DLT_DATA_DIR": os.path.join(HOME, "data"),
})


@pytest.fixture(scope="module", autouse=True)
def home():
    shutil.copytree(os.path.join(TREE, "examples", "orchestrators"), os.path.join(HOME, "dags"))
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
    yield
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture
def dag(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(os.path.join(HOME, "dags"))
    for name in ("shop_dag", "shop"):
        sys.modules.pop(name, None)
    import shop_dag

    assert "shop" not in sys.modules  # nothing is done at import
    return shop_dag.dag_of_the_shop


def rows(sql):
    with duckdb.connect("shop.duckdb") as connection:
        return connection.sql(sql).fetchall()


def day(n):
    return datetime.datetime(2024, 5, n, tzinfo=datetime.timezone.utc)


def test_a_day_and_once_more(dag):
    """The run of May 3 loads what lies before it, from May 2 on."""
    assert dag.test(logical_date=day(3)).state == "success"
    assert rows("select min(id), max(id), count(*) from bronze.orders") == [("2024-05-02-12", "2024-05-02-9", 3)]
    assert rows("select count(*) from bronze.countries") == [(2,)]
    assert dag.test(logical_date=day(3)).state == "success"
    assert rows("select count(*), count(distinct id) from bronze.orders") == [(3, 3)]


def test_what_is_tried_again(dag, monkeypatch):
    """An error that may pass is Airflow's to try again; another one fails the task for good."""
    import shop
    import shop_dag

    load = shop_dag.load.function
    monkeypatch.setattr(shop_dag, "get_current_context", lambda: {"data_interval_start": day(2), "data_interval_end": day(3)})
    monkeypatch.setattr(shop, "ask_for_orders", lambda *said: (_ for _ in ()).throw(ConnectionResetError("gone")))
    with pytest.raises(Exception, match="gone") as caught:
        load("orders")
    assert not isinstance(caught.value, shop_dag.AirflowFailException)
    with pytest.raises(shop_dag.AirflowFailException, match="no resource 'nope'"):
        load("nope")
    assert json.loads(json.dumps(load("countries")))["tables"][0]["inserted"] == 2


def test_the_commands_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open(os.path.join(TREE, "docs", "airflow.md")) as page:
        commands = "\n".join(part.split("\n```")[0] for part in page.read().split("```sh\n")[1:])
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows("select count(*), min(id)[:10] from bronze.orders") == [(3, "2024-05-02")]
