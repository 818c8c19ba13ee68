"""The example of docs/dagster.md, materialised in this process; `make test-orchestrators` runs it."""

import os
import shutil
import subprocess
import sys

import dagster as dg
import duckdb
import pytest

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


@pytest.fixture
def assets(tmp_path, monkeypatch):
    for name in ("assets.py", "shop.py"):
        shutil.copy(os.path.join(TREE, "examples", "orchestrators", name), tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SHOP_API_KEY", "key")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    os.mkdir(tmp_path / "home")
    for name in ("assets", "shop"):
        sys.modules.pop(name, None)
    import assets

    yield assets
    for name in ("assets", "shop"):
        sys.modules.pop(name, None)


def rows(sql):
    with duckdb.connect("shop.duckdb") as connection:
        return connection.sql(sql).fetchall()


def materialize(assets, day, **more):
    return dg.materialize([assets.shop], partition_key=day, raise_on_error=False, **more)


def test_nothing_is_read_at_import(assets):
    assert "shop" not in sys.modules and not os.path.exists("shop.duckdb")
    assert assets.defs.resolve_asset_graph().get_all_asset_keys() == {dg.AssetKey("orders"), dg.AssetKey("countries")}


def test_a_day_and_its_metadata(assets):
    result = materialize(assets, "2024-05-02")
    assert result.success
    (orders,), (countries,) = (result.asset_materializations_for_node("shop")[n:n + 1] for n in (0, 1))
    assert orders.metadata["dagster/partition_row_count"].value == 3 and countries.metadata["dagster/partition_row_count"].value == 2
    columns = {each.name: each.type for each in orders.metadata["dagster/column_schema"].value.columns}
    assert columns["id"] == "text" and columns["ordered_at"] == "timestamp"
    assert rows("select min(id), max(id), count(*) from bronze.orders") == [("2024-05-02-12", "2024-05-02-9", 3)]
    # Once more, and a part of it: nothing is there twice.
    again = materialize(assets, "2024-05-02", selection=["orders"])
    assert again.success and [each.metadata["dagster/partition_row_count"].value for each in again.asset_materializations_for_node("shop")] == [0]
    assert rows("select count(*), (select count(*) from bronze.countries) from bronze.orders") == [(3, 2)]


def test_several_days_at_once(assets):
    tags = {"dagster/asset_partition_range_start": "2024-05-01", "dagster/asset_partition_range_end": "2024-05-03"}
    assert dg.materialize([assets.shop], tags=tags).success
    assert rows("select count(*), count(distinct id) from bronze.orders") == [(9, 9)]


def test_what_is_tried_again(assets, monkeypatch):
    """An error that may pass is left to the retry policy; another one ends the run."""
    monkeypatch.setenv("SHOP_API_KEY", "")
    result = materialize(assets, "2024-05-02")
    assert not result.success and not [e for e in result.all_events if e.event_type_value == "STEP_UP_FOR_RETRY"]
    monkeypatch.setenv("SHOP_API_KEY", "key")
    import shop

    calls, real = [], shop.ask_for_orders

    def away(*said):
        calls.append(said)
        if len(calls) < 3:
            raise ConnectionResetError("the shop has gone")
        return real(*said)

    monkeypatch.setattr(shop, "ask_for_orders", away)
    monkeypatch.setattr(assets.shop.node_def, "_retry_policy", dg.RetryPolicy(max_retries=3))
    result = materialize(assets, "2024-05-02")
    assert result.success and len(calls) == 3
    assert len([e for e in result.all_events if e.event_type_value == "STEP_UP_FOR_RETRY"]) == 2
    assert rows("select count(*) from bronze.orders") == [(3,)]


def test_the_commands_of_the_page(assets):
    with open(os.path.join(TREE, "docs", "dagster.md")) as page:
        commands = "\n".join(part.split("\n```")[0] for part in page.read().split("```sh\n")[1:])
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows("select count(*), min(id)[:10] from bronze.orders") == [(3, "2024-05-02")]
